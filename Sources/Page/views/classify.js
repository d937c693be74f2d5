// Classes, with the probability of each, and the clusters that no label names.

import { button, fill, h } from "../dom.js";
import { remember } from "../address.js";
import { form } from "../form.js";
import { bars, number } from "../charts.js";
import { receiptPanel, warningsPanel } from "../receipt.js";
import { groups } from "./cluster.js";
import { askItems, itemElement, itemPlace, itemRequest } from "./items.js";
import { fieldsOf } from "./model.js";

/** As many items are shown one by one; more are grouped. */
const FEW = 12;

export async function show(frame, { model, query, signal }) {
  const options = form(await fieldsOf("classify"), Object.fromEntries(query), (name, value) => remember({ [name]: value }));
  const shown = h("div", { "aria-live": "polite" });
  let set = null;

  async function run() {
    if (!set) throw new Error("Give it items first.");
    const request = itemRequest(model, "classify", set, options.values(), "application/json");
    const { response, receipt } = await askItems(request, signal);
    const { items } = await response.json();
    const found = byLabel(items);
    fill(
      shown,
      warningsPanel(receipt.warnings),
      items.length <= FEW
        ? h(
          "ul",
          { class: "cards" },
          items.map((item, index) =>
            h(
              "li",
              { class: "card" },
              itemElement(set, index, model.signature),
              h("h3", {}, item.label, item.is_new ? " (no label names it)" : ""),
              bars(Object.entries(item.probabilities), 5),
              h("small", {}, `entropy ${number(item.entropy_nats)} nats`),
            )
          ),
        )
        : groups(
          set,
          model.signature,
          [...found].sort((a, b) => b[1].length - a[1].length).map(([title, members]) => ({ title, items: members })),
        ),
      receiptPanel(receipt, request),
    );
  }

  const place = itemPlace(model, async (items) => {
    set = items;
    await run();
  });
  fill(
    frame,
    place.element,
    h("details", { class: "options" }, h("summary", {}, "Options"), options.element),
    button("Classify", run),
    shown,
  );
  await place.begin();
}

function byLabel(items) {
  const found = new Map();
  items.forEach((item, index) => found.set(item.label, [...(found.get(item.label) ?? []), { ...item, index, share: item.probability }]));
  return found;
}
