// Sample images: cells of a few PNG sheets. Gray images on a plain ground are drawn as ink, so that they suit light and dark. Callers: map.js, details.js.
const PICTURES = DATA.images;
const sheets = [];
const inked = new Map();

function loadPictures() {
  if (!PICTURES) return Promise.resolve();
  return Promise.all(PICTURES.sheets.map((source) => new Promise((done) => {
    const image = new Image();
    image.onload = image.onerror = () => done(image);
    image.src = source;
    sheets.push(image);
  })));
}
function inkSheet(index, colour) {
  const key = `${index} ${colour}`;
  if (inked.has(key)) return inked.get(key);
  const source = sheets[index];
  const canvas = element("canvas");
  canvas.width = source.naturalWidth;
  canvas.height = source.naturalHeight;
  const paint = canvas.getContext("2d", { willReadFrequently: true });
  paint.drawImage(source, 0, 0);
  const pixels = paint.getImageData(0, 0, canvas.width, canvas.height);
  const [r, g, b] = rgb(colour);
  for (let i = 0; i < pixels.data.length; i += 4) {
    const gray = pixels.data[i];
    pixels.data[i] = r; pixels.data[i + 1] = g; pixels.data[i + 2] = b;
    pixels.data[i + 3] = PICTURES.ink === "bright" ? gray : 255 - gray;
  }
  paint.putImageData(pixels, 0, 0);
  inked.set(key, canvas);
  return canvas;
}
function drawPicture(paint, sample, x, y, size, colour) {
  const cell = sample;
  const sheet = Math.floor(cell / PICTURES.per_sheet);
  const at = cell % PICTURES.per_sheet;
  const source = PICTURES.ink ? inkSheet(sheet, colour) : sheets[sheet];
  if (!source || !(source.width || source.naturalWidth)) return;
  const { width, height, columns } = PICTURES;
  const scale = Math.min(size / width, size / height);
  const w = width * scale, h = height * scale;
  paint.imageSmoothingQuality = "high";
  paint.drawImage(source, (at % columns) * width, Math.floor(at / columns) * height, width, height,
    x + (size - w) / 2, y + (size - h) / 2, w, h);
}
function pictureCanvas(width, height) {
  const canvas = element("canvas");
  const ratio = Math.min(2, window.devicePixelRatio || 1);
  canvas.width = Math.max(1, Math.round(width * ratio));
  canvas.height = Math.max(1, Math.round(height * ratio));
  canvas.getContext("2d").scale(ratio, ratio);
  return canvas;
}
// As many of the samples as fill the box, as large as they can be.
function bestCell(box, count) {
  const least = 16, most = 84;
  let best = 0;
  for (let columns = 1; columns <= count; columns++) {
    best = Math.max(best, Math.min(box.w / columns, box.h / Math.ceil(count / columns)));
  }
  return Math.min(Math.max(best, least), most, box.w, box.h);
}
function drawMosaic(box, samples, colour) {
  const canvas = pictureCanvas(box.w, box.h);
  canvas.style.cssText = `left:${box.x}px;top:${box.y}px;width:${box.w}px;height:${box.h}px`;
  paintMosaic(canvas.getContext("2d"), { ...box, x: 0, y: 0 }, samples, colour);
  return canvas;
}
function paintMosaic(paint, box, samples, colour) {
  if (!samples.length) return;
  const cell = bestCell(box, samples.length);
  const columns = Math.max(1, Math.floor(box.w / cell + 1e-6));
  const rows = Math.max(1, Math.floor(box.h / cell + 1e-6));
  const stepX = columns < samples.length ? box.w / columns : cell;
  for (let i = 0; i < Math.min(samples.length, columns * rows); i++) {
    const x = box.x + (i % columns) * stepX + (stepX - cell) / 2;
    drawPicture(paint, samples[i], x, box.y + Math.floor(i / columns) * cell, cell * 0.94, colour);
  }
}
