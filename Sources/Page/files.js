// Files that people bring and arrays that the server answers: NPY, CSV for the eye, pictures as numbers.

/** An NPY file of the server: {shape, values}. */
export function readNPY(buffer) {
  const view = new DataView(buffer);
  const major = view.getUint8(6);
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const start = (major === 1 ? 10 : 12) + length;
  const header = new TextDecoder("latin1").decode(new Uint8Array(buffer, 0, start));
  const kind = /'descr': '([<>|=][a-z]\d)'/.exec(header)?.[1];
  const shape = (/'shape': \(([^)]*)\)/.exec(header)?.[1] ?? "").split(",").filter((part) => part.trim()).map(Number);
  const body = buffer.slice(start);
  const arrays = { "<f4": Float32Array, "<f8": Float64Array, "|u1": Uint8Array, "<i4": Int32Array };
  if (!arrays[kind]) throw new Error(`This page reads NPY of float32, float64, uint8 and int32, not ${kind ?? "this"}.`);
  return { shape, values: new arrays[kind](body) };
}

/** An NPY file of float32. */
export function writeNPY(values, shape) {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(", ")}${shape.length === 1 ? "," : ""}), }`;
  const padded = `${text.padEnd(Math.ceil((text.length + 11) / 64) * 64 - 11)}\n`;
  const header = new Uint8Array(10 + padded.length);
  header.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, padded.length & 255, padded.length >> 8]);
  header.set([...padded].map((character) => character.charCodeAt(0)), 10);
  return new Blob([header, Float32Array.from(values)], { type: "application/x-npy" });
}

/** The records of a CSV with its separator: the first of , ; tab | that parts the first line; quotes as RFC 4180 has them. */
export function readCSV(text) {
  const content = text.replace(/^\ufeff/, "");
  const firstLine = content.slice(0, content.search(/\r?\n|$/));
  const separator = [",", ";", "\t", "|"].reduce(
    (best, one) => (firstLine.split(one).length > firstLine.split(best).length ? one : best),
    ",",
  );
  const records = [];
  let record = [];
  let cell = "";
  let quoted = false;
  for (let index = 0; index < content.length; index += 1) {
    const character = content[index];
    if (quoted) {
      if (character === '"') {
        if (content[index + 1] === '"') {
          cell += '"';
          index += 1;
        } else quoted = false;
      } else cell += character;
    } else if (character === '"' && cell === "") quoted = true;
    else if (character === separator) {
      record.push(cell);
      cell = "";
    } else if (character === "\n" || character === "\r") {
      if (character === "\r" && content[index + 1] === "\n") index += 1;
      record.push(cell);
      if (record.length > 1 || record[0] !== "") records.push(record);
      record = [];
      cell = "";
    } else cell += character;
  }
  record.push(cell);
  if (record.length > 1 || record[0] !== "") records.push(record);
  return { header: records[0] ?? [], rows: records.slice(1), separator };
}

/** What a model's items are as pictures: {height, width, channels}, or null. */
export function pictureSize(signature) {
  if (signature?.kind !== "image") return null;
  const [height, width, channels = 1] = signature.shape;
  return { height, width, channels };
}

/** Raw numbers of one item as a canvas; `low` and `high` are black and white. */
export function paint(values, { height, width, channels }, [low, high] = [0, 255], canvas = document.createElement("canvas")) {
  canvas.width = width;
  canvas.height = height;
  const pixels = new ImageData(width, height);
  for (let index = 0; index < height * width; index += 1) {
    for (let channel = 0; channel < 3; channel += 1) {
      const value = values[index * channels + Math.min(channel, channels - 1)];
      pixels.data[4 * index + channel] = Math.round((255 * (value - low)) / (high - low));
    }
    pixels.data[4 * index + 3] = 255;
  }
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  return canvas;
}

/** The range of raw numbers in a picture of this model. */
export function pixelRange(signature) {
  return signature.range ?? [0, 255];
}

/**
 * The pixels of a PNG as raw numbers of a model, as the server reads them: no colour management, alpha dropped, colour as grey by the luma of BT.601.
 */
export async function readPicture(file, { height, width, channels }) {
  const bitmap = await createImageBitmap(file, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
  if (bitmap.width !== width || bitmap.height !== height) {
    throw new Error(`${file.name} has ${bitmap.width} x ${bitmap.height} pixels, expected ${width} x ${height}.`);
  }
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  const values = new Float32Array(height * width * channels);
  for (let index = 0; index < height * width; index += 1) {
    const [red, green, blue] = data.subarray(4 * index, 4 * index + 3);
    if (channels === 1) values[index] = red === green && green === blue ? red : (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
    else values.set([red, green, blue], index * channels);
  }
  return values;
}

/** The media type of a file that operations take as it is. */
export function mediaType(file) {
  const type = {
    csv: "text/csv",
    tsv: "text/csv",
    txt: "text/csv",
    png: "image/png",
    npy: "application/x-npy",
  }[file.name.split(".").pop().toLowerCase()];
  if (!type) throw new Error(`${file.name} is none of .csv, .png and .npy.`);
  return type;
}
