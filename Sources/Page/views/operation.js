// An operation that has no tab of its own: its options from the server's table, items, and the answer as it comes.

import { button, download, fill, h } from "../dom.js";
import { remember } from "../address.js";
import { form } from "../form.js";
import { paint, pictureSize, pixelRange, readNPY } from "../files.js";
import { receiptPanel, warningsPanel } from "../receipt.js";
import { askItems, itemElement, itemPlace, itemRequest } from "./items.js";
import { fieldsOf, operationTables } from "./model.js";

/** As much of a long answer as anybody reads here. */
const LIMIT = 20_000;

export async function show(frame, { model, query, signal, operation }) {
  const { operations } = await operationTables();
  const kind = operations.find((entry) => entry.name === operation);
  const size = pictureSize(model.signature);
  const answersItems = operation === "reconstruct" || operation === "decode";
  const options = form(await fieldsOf(operation), Object.fromEntries(query), (name, value) => remember({ [name]: value }));
  const shown = h("div", { "aria-live": "polite" });
  let set = null;

  async function run() {
    if (!set && kind?.takes_items) throw new Error("Give it items first.");
    const accept = answersItems && size ? "application/x-npy" : "application/json";
    const request = itemRequest(model, operation, set ?? { name: null, type: "application/json", body: "{}" }, options.values(), accept);
    const { response, receipt } = await askItems(request, signal);
    fill(
      shown,
      warningsPanel(receipt.warnings),
      accept === "application/json" ? text(await response.text()) : pictures(await response.arrayBuffer()),
      receiptPanel(receipt, request),
    );
  }

  function pictures(buffer) {
    const { values, shape } = readNPY(buffer);
    const width = values.length / shape[0];
    return h(
      "ul",
      { class: "pictures" },
      Array.from({ length: shape[0] }, (_, index) =>
        h(
          "li",
          {},
          operation === "reconstruct" && set.values ? itemElement(set, index, model.signature) : null,
          paint(values.subarray(index * width, (index + 1) * width), size, pixelRange(model.signature)),
        )),
    );
  }

  function text(content) {
    const pretty = content.length < LIMIT ? JSON.stringify(JSON.parse(content), null, 1) : content.slice(0, LIMIT);
    return [
      h("pre", { tabindex: "0" }, pretty),
      content.length < LIMIT ? null : h("p", {}, `The first ${LIMIT} of ${content.length} characters.`),
      h(
        "p",
        {},
        h(
          "button",
          { type: "button", class: "quiet", onclick: () => download(`${operation}.json`, content, "application/json") },
          "Download JSON",
        ),
      ),
    ];
  }

  const isCode = operation === "decode";
  const place = itemPlace(model, async (items) => {
    set = items;
    if (operation === "reconstruct") await run();
  });
  fill(
    frame,
    kind ? h("p", {}, kind.summary) : null,
    isCode ? h("p", {}, "Codes as encode answers them, in CSV or NPY; the latent map decodes what lies under the pointer.") : null,
    kind?.takes_items === false && !kind?.may_take_items ? null : place.element,
    h("details", { class: "options" }, h("summary", {}, "Options"), options.element),
    button(`Ask ${operation}`, run),
    shown,
  );
  if (!isCode) await place.begin();
}
