// New items, and others like one of them.

import { button, download, fill, h } from "../dom.js";
import { remember } from "../address.js";
import { ask, post } from "../server.js";
import { form } from "../form.js";
import { paint, pictureSize, pixelRange, readCSV, readNPY } from "../files.js";
import { receiptPanel, warningsPanel } from "../receipt.js";
import { rowTable } from "../rows.js";
import { fieldsOf } from "./model.js";

/** What of `given` this model may be conditioned on. */
function fittingFields(fields, model) {
  const { signature } = model;
  const fits = {
    label: Boolean(signature.classes),
    text: signature.kind === "text",
    cluster: model.operations.includes("cluster"),
    layer: model.operations.includes("cluster"),
    layers: model.operations.includes("encode"),
  };
  return fields.filter((field) => field.name !== "length" || signature.kind === "text").map((field) => {
    if (field.name !== "given") return field;
    const properties = Object.fromEntries(
      Object.entries(field.schema.properties).filter(([name]) => fits[name] ?? true).map(([name, schema]) => {
        const classes = name === "label" && Array.isArray(signature.classes)
          ? { ...schema, type: "string", enum: signature.classes }
          : schema;
        return [name, classes];
      }),
    );
    return { ...field, schema: { ...field.schema, properties } };
  }).filter((field) => field.name !== "given" || Object.keys(field.schema.properties).length);
}

export async function show(frame, { model, query, signal }) {
  const size = pictureSize(model.signature);
  const isText = model.signature.kind === "text";
  const isTable = model.signature.kind === "table";
  const values = Object.fromEntries(query);
  values.seed ??= String(Math.floor(Math.random() * 1e6));
  values.n ??= size ? "32" : isText ? "3" : "20";
  if (size && values.mean === undefined) values.mean = "true";
  const options = form(fittingFields(await fieldsOf("sample"), model), values, (name, value) => {
    remember({ [name]: value });
    draw().catch(tell);
  });
  const shown = h("div", { "aria-live": "polite" });
  const like = h("div", {});
  const status = h("p", { class: "fault", role: "alert" });
  const tell = (error) => {
    if (error.name !== "AbortError") status.textContent = error.message;
  };
  let drawing = 0;

  async function draw() {
    status.textContent = "";
    drawing += 1;
    const mine = drawing;
    const asked = options.values();
    const request = {
      method: "POST",
      path: `/v1/models/${encodeURIComponent(model.reference)}/sample`,
      body: asked,
      model: model.reference,
      operation: isText ? "sample_texts" : "sample",
      accept: isText ? "application/json" : isTable ? "text/csv" : "application/x-npy",
    };
    const { response, receipt } = await ask("POST", request.path, { body: asked, accept: request.accept, signal });
    const content = isText ? await response.json() : isTable ? await response.text() : await response.arrayBuffer();
    if (mine !== drawing) return;
    fill(like);
    fill(shown, warningsPanel(receipt.warnings), presented(content), receiptPanel(receipt, request));
  }

  function presented(content) {
    if (isText) return content.texts.map((text) => h("pre", { tabindex: "0" }, text));
    if (isTable) {
      const table = readCSV(content);
      return [
        rowTable({
          label: "Samples",
          count: () => table.rows.length,
          row: (index) => table.rows[index],
          columns: table.header.map((name, column) => ({ name, cell: (row) => row[column] })),
        }).element,
        h(
          "p",
          {},
          h(
            "button",
            { type: "button", class: "quiet", onclick: () => download(`${model.name}-samples.csv`, content, "text/csv") },
            "Download CSV",
          ),
        ),
      ];
    }
    const { values: numbers, shape } = readNPY(content);
    const width = numbers.length / shape[0];
    const item = (index) => numbers.subarray(index * width, (index + 1) * width);
    const canvases = Array.from(
      { length: shape[0] },
      (_, index) => (size ? paint(item(index), size, pixelRange(model.signature)) : h(
        "span",
        { class: "mono" },
        [...item(index)].slice(0, 8).map((x) => x.toFixed(2)).join(" "),
      )),
    );
    const canVary = size && model.operations.includes("encode") && model.operations.includes("decode");
    return [
      h(
        "ul",
        { class: size ? "pictures" : "rows" },
        canvases.map((canvas, index) =>
          h(
            "li",
            {},
            canVary
              ? h("button", {
                type: "button",
                title: "More like this",
                "aria-label": `Sample ${index}: more like this`,
                onclick: () => vary(item(index), index).catch(tell),
              }, canvas)
              : canvas,
          )
        ),
      ),
      canVary ? h("p", {}, h("small", {}, "Choose a picture for more like it.")) : null,
      h(
        "p",
        {},
        h(
          "button",
          { type: "button", class: "quiet", onclick: () => download(`${model.name}-samples.npy`, content, "application/x-npy") },
          "Download NPY",
        ),
      ),
    ];
  }

  /** Codes drawn from q(z|x) of a sample, its deviations widened, and decoded. */
  async function vary(item, index, spread = 2) {
    const path = `/v1/models/${encodeURIComponent(model.reference)}`;
    const inputs = nested([...item], model.signature.shape);
    const code = await post(`${path}/encode`, { inputs: [inputs], seed: 0 }, { signal });
    const count = 16;
    // Layers far from the data say what the item is; those that can't be widened are left to their prior.
    const layers = code.layers.map((
      layer,
    ) => (layer.kind === "gaussian" || layer.scale
      ? { mean: Array(count).fill(layer.mean[0]), scale: Array(count).fill(layer.scale[0].map((value) => value * spread)) }
      : layer.kind === "categorical"
      ? { codes: Array(count).fill(layer.codes[0]), probabilities: Array(count).fill(layer.probabilities[0]) }
      : {})
    );
    const body = { layers, sampling: true, seed: Number(options.values().seed ?? 0) };
    const { response, receipt } = await ask("POST", `${path}/decode`, { body, accept: "application/x-npy", signal });
    const { values: numbers } = readNPY(await response.arrayBuffer());
    const width = item.length;
    const slider = h("input", {
      type: "range",
      min: 0.5,
      max: 6,
      step: 0.5,
      value: spread,
      onchange: (event) => vary(item, index, Number(event.target.value)).catch(tell),
    });
    fill(
      like,
      h("h2", {}, `More like sample ${index}`),
      h("p", {}, h("label", {}, `Spread of the code, ${spread} times its own `, slider)),
      h(
        "ul",
        { class: "pictures" },
        [item, ...Array.from({ length: count }, (_, one) => numbers.subarray(one * width, (one + 1) * width))]
          .map((pixels) => h("li", {}, paint(pixels, size, pixelRange(model.signature)))),
      ),
      receiptPanel(receipt, {
        method: "POST",
        path: `${path}/decode`,
        body,
        accept: "application/x-npy",
        model: model.reference,
        operation: "decode",
      }),
    );
    like.scrollIntoView({ block: "nearest" });
  }

  remember({ seed: values.seed, n: values.n, mean: values.mean });
  fill(
    frame,
    h("details", { class: "options", open: true }, h("summary", {}, "Options"), options.element),
    h(
      "div",
      { class: "controls" },
      button("Draw others", async () => {
        const seed = String(Math.floor(Math.random() * 1e6));
        options.set("seed", seed);
        remember({ seed });
        await draw();
      }),
      button("Draw", draw, { class: "quiet" }),
    ),
    status,
    shown,
    like,
  );
  await draw().catch(tell);
}

/** Numbers in the nesting of a shape. */
export function nested(values, shape) {
  if (shape.length <= 1) return values;
  const step = values.length / shape[0];
  return Array.from({ length: shape[0] }, (_, index) => nested(values.slice(index * step, (index + 1) * step), shape.slice(1)));
}
