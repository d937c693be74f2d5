// The items that operations are asked about: dropped, or drawn from the model. They are kept while the page is open, for every tab of a model.

import { button, dropZone, fill, h } from "../dom.js";
import { ask } from "../server.js";
import { mediaType, paint, pictureSize, pixelRange, readCSV, readNPY, readPicture, writeNPY } from "../files.js";

const kept = new Map();

/** Items of one body: {name, count, type, body, values, width, table}; `values` where they are numbers, `table` where they are records. */
function items(name, members) {
  return { name, ...members };
}

/** Items of dropped files. */
export async function itemsOf(files, signature) {
  const size = pictureSize(signature);
  if (files.length > 1 || (size && files[0].type === "image/png")) {
    if (!size) throw new Error("Several files at once are pictures, and this model is not of pictures.");
    const width = size.height * size.width * size.channels;
    const values = new Float32Array(width * files.length);
    for (const [index, file] of files.entries()) values.set(await readPicture(file, size), index * width);
    const isOne = files.length === 1;
    return items(isOne ? files[0].name : "items.npy", {
      count: files.length,
      values,
      width,
      type: isOne ? "image/png" : "application/x-npy",
      body: isOne ? files[0] : writeNPY(values, [files.length, ...signature.shape]),
    });
  }
  const [file] = files;
  const type = mediaType(file);
  if (type === "application/x-npy") {
    const { shape, values } = readNPY(await file.arrayBuffer());
    return items(file.name, { count: shape[0], values, width: values.length / shape[0], type, body: file });
  }
  if (type === "text/csv") {
    const table = readCSV(await file.text());
    return items(file.name, { count: table.rows.length, table, type, body: file });
  }
  return items(file.name, { count: 1, type, body: file });
}

/** Samples of the model, as items. */
export async function drawn(model, n, { seed = Math.floor(Math.random() * 2 ** 31), mean = true } = {}) {
  const isTable = model.signature.kind === "table";
  const { response } = await ask("POST", `/v1/models/${encodeURIComponent(model.reference)}/sample`, {
    query: { n, seed, mean: isTable ? undefined : mean },
    accept: isTable ? "text/csv" : "application/x-npy",
    body: "",
    type: "application/json",
  });
  const body = await response.blob();
  if (isTable) return items("samples.csv", { count: n, table: readCSV(await body.text()), type: "text/csv", body });
  const { values, shape } = readNPY(await body.arrayBuffer());
  return items("samples.npy", { count: n, values, width: values.length / shape[0], type: "application/x-npy", body });
}

/** Item `index` as an element. */
export function itemElement(set, index, signature) {
  const size = pictureSize(signature);
  if (size && set.values) {
    return h("span", {}, paint(set.values.subarray(index * set.width, (index + 1) * set.width), size, pixelRange(signature)));
  }
  return h("span", { class: "mono" }, itemText(set, index, signature));
}

/** Item `index` in words. */
export function itemText(set, index, signature) {
  if (set.table) return set.table.rows[index].map((cell, column) => `${set.table.header[column]} ${cell}`).join(", ");
  if (set.values && !pictureSize(signature)) {
    return [...set.values.subarray(index * set.width, Math.min((index + 1) * set.width, index * set.width + 8))].map((value) =>
      value.toFixed(3)
    ).join(" ");
  }
  return `item ${index}`;
}

/**
 * A place for items, with those that this model was given last; `use(set)` is called with them now and whenever others come.
 *
 * What `use` throws is shown here.
 */
export function itemPlace(model, use, { most = 64 } = {}) {
  const status = h("p", { class: "empty", "aria-live": "polite" });
  const kind = pictureSize(model.signature)
    ? "PNG pictures or an NPY file"
    : model.signature.kind === "table"
    ? "a CSV"
    : "an NPY or CSV file";
  const take = async (set) => {
    kept.set(model.digest, set);
    const words = `${set.name}: ${set.count} ${set.count === 1 ? "item" : "items"}`;
    fill(status, `${words}; asking the model …`);
    try {
      await use(set);
    } finally {
      fill(status, words);
    }
  };
  const element = h(
    "div",
    {},
    dropZone(`Drop ${kind} here, or choose files`, async (files) => take(await itemsOf(files, model.signature)), { multiple: true }),
    h(
      "div",
      { class: "controls" },
      model.operations.includes("sample")
        ? button(`Take ${most} samples of this model`, async () => take(await drawn(model, most)), { class: "quiet" })
        : null,
      status,
    ),
  );
  const before = kept.get(model.digest);
  return {
    element,
    begin: async () => {
      if (before) await take(before);
    },
  };
}

/** What a request about items is, for asking and for its receipt. */
export function itemRequest(model, operation, set, options, accept) {
  const query = Object.fromEntries(
    Object.entries(options).map(([name, value]) => [name, typeof value === "object" ? JSON.stringify(value) : value]),
  );
  return {
    method: "POST",
    path: `/v1/models/${encodeURIComponent(model.reference)}/${operation}`,
    query,
    type: set.type,
    body: set.body,
    file: set.name,
    accept,
    model: model.reference,
    operation,
    options,
  };
}

/** Sends it. */
export async function askItems(request, signal) {
  return ask(request.method, request.path, {
    query: request.query,
    body: request.body,
    type: request.type,
    accept: request.accept,
    signal,
  });
}
