// How the hierarchy was made, with its certificates. Callers: looks.js.
function showRecord() {
  const place = document.getElementById("record");
  if (place.children.length) return;
  const { sections, notes } = DATA.made;
  if (!sections.length && !notes.length) place.append(element("p", "empty", "Nothing is recorded of how this hierarchy was made."));
  if (!sections.some(([title]) => title === "Certificates")) place.append(element("p", "note", "The maker left no certificates."));
  for (const [title, lines] of sections) {
    place.append(element("h2", "", title));
    const list = element("dl");
    for (const [name, text] of lines) list.append(element("dt", "", name), element("dd", "", text));
    place.append(list);
  }
  if (!notes.length) return;
  place.append(element("h2", "", "Notes"));
  const list = element("ul");
  for (const note of notes) list.append(element("li", "", note));
  place.append(list);
}
