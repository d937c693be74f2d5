// What a model draws with seed 1, small: pictures, a few rows, or the beginning of a text.

import { fill, h } from "../dom.js";
import { ask, get } from "../server.js";
import { readCSV } from "../files.js";

const SEED = 1;
const SIDE = 4;
const ROWS = 4;
const COLUMNS = 4;
const CHARACTERS = 300;

/** Fills `frame`; the addresses name a version, so that a browser keeps the answers. */
export async function thumbnail(frame, model, signal) {
  const reference = `${model.name}@${model.live_version}`;
  const path = `/v1/models/${encodeURIComponent(reference)}`;
  try {
    const { signature, operations } = await get(path, {}, { signal });
    fill(frame, await drawing(path, reference, signature, operations, signal));
  } catch (error) {
    if (error.name !== "AbortError") fill(frame, h("p", { class: "empty" }, error.message));
  }
}

async function drawing(path, reference, signature, operations, signal) {
  const sample = async (query, accept) =>
    (await ask("GET", `${path}/sample`, { query: { ...query, seed: SEED }, accept, signal })).response;
  if (operations.includes("sample")) {
    switch (signature.kind) {
      case "image":
        return picture(await sample({ n: SIDE * SIDE, mean: true }, "image/png"), `${SIDE * SIDE} samples of ${reference}`, signal);
      case "tokens": {
        const length = Math.min(CHARACTERS, signature.at_most ?? CHARACTERS);
        return h("pre", {}, await (await sample({ n: 1, length }, "text/plain")).text());
      }
      default:
        return table(await sample({ n: ROWS }, "text/csv"), `Rows that ${reference} samples`);
    }
  }
  if (operations.includes("impute")) return imputed(path, reference, signature, signal);
  return h(
    "p",
    { class: "empty" },
    signature.classes ? `Knows ${signature.classes.slice(0, 12).join(", ")}.` : "It draws nothing by itself.",
  );
}

/** Items of which every number is missing: what fills them in are samples, too. */
async function imputed(path, reference, signature, signal) {
  const isImage = signature.kind === "image";
  const size = signature.columns?.length ?? signature.shape.reduce((product, extent) => product * extent, 1);
  const { response } = await ask("POST", `${path}/impute`, {
    // A picture of several draws is a row of them.
    query: { mode: "draws", draws: isImage ? SIDE : 1, seed: SEED, compare: isImage ? false : undefined },
    body: new Float32Array((isImage ? SIDE : ROWS) * size).fill(NaN),
    type: "application/octet-stream",
    accept: isImage ? "image/png" : "text/csv",
    signal,
  });
  if (isImage) return picture(response, `${SIDE * SIDE} pictures that ${reference} makes of nothing`, signal);
  return table(response, `Rows that ${reference} makes of nothing`, signature.columns?.map(({ name }) => name));
}

async function picture(response, alt, signal) {
  const url = URL.createObjectURL(await response.blob());
  signal.addEventListener("abort", () => URL.revokeObjectURL(url), { once: true });
  return h("img", { class: "pixels", src: url, alt });
}

/** The first rows of an answer in CSV; of its columns those of `names`, where there are others beside them. */
async function table(response, caption, names) {
  const { header, rows } = readCSV(await response.text());
  const chosen = header.map((_, index) => index).filter((index) => !names || names.includes(header[index])).slice(0, COLUMNS);
  const short = (text) => (/^-?\d+\.\d{3,}$/.test(text) ? String(Number(Number(text).toPrecision(4))) : text);
  return h(
    "table",
    {},
    h("caption", { class: "unseen" }, caption),
    h("thead", {}, h("tr", {}, chosen.map((index) => h("th", { scope: "col" }, header[index])))),
    h("tbody", {}, rows.slice(0, ROWS).map((row) => h("tr", {}, chosen.map((index) => h("td", {}, short(row[index])))))),
  );
}
