"""Find topics in texts that every reader has: the documentation of SciPy."""

import inspect

import scipy.interpolate
import scipy.linalg
import scipy.signal
import scipy.stats

import partita as pt

texts = {}
for module in (scipy.interpolate, scipy.linalg, scipy.signal, scipy.stats):
    for name in module.__all__:
        text = inspect.getdoc(getattr(module, name)) or ""
        if len(text) > 200:
            texts[text] = f"{module.__name__}.{name}"
documents, functions = list(texts), list(texts.values())

h = pt.text.TopicTree().fit(documents).hierarchy_
print(h)

topics = h.cut(n_clusters=12)
for part in sorted(topics.parts, key=lambda part: -h.sizes[part]):
    members = ", ".join(functions[item] for item in h.members(part)[:3])
    print(f"{h.sizes[part]:4d}  {h.part_data['name'][part]:40}  {members}")
