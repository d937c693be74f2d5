// Clusters: a row for each with its surest items, opening to all of them.

import { button, fill, h } from "../dom.js";
import { remember } from "../address.js";
import { form } from "../form.js";
import { number } from "../charts.js";
import { receiptPanel, warningsPanel } from "../receipt.js";
import { askItems, itemElement, itemPlace, itemRequest } from "./items.js";
import { fieldsOf } from "./model.js";

const SUREST = 10;

/** Items in groups of {title, items: [{index, share, note}]}: a row of the surest ones each, which opens to all. */
export function groups(set, signature, entries) {
  const one = ({ index, share }) => h("li", {}, itemElement(set, index, signature), h("small", {}, `${index}: ${number(100 * share)} %`));
  return entries.map(({ title, items }) => {
    const sorted = [...items].sort((a, b) => b.share - a.share);
    const rest = h("div", {});
    const more = sorted.length > SUREST
      ? h(
        "details",
        {
          ontoggle: (event) => {
            if (event.target.open && !rest.firstChild) fill(rest, h("ul", { class: "pictures" }, sorted.slice(SUREST).map(one)));
          },
        },
        h("summary", {}, `${sorted.length - SUREST} more`),
        rest,
      )
      : null;
    return h(
      "section",
      {},
      h("h3", {}, `${title} `, h("small", {}, `${items.length} ${items.length === 1 ? "item" : "items"}`)),
      h("ul", { class: "pictures" }, sorted.slice(0, SUREST).map(one)),
      more,
    );
  });
}

export async function show(frame, { model, query, signal }) {
  const options = form(
    (await fieldsOf("cluster")).filter((field) => field.name !== "responsibilities"),
    Object.fromEntries(query),
    (name, value) => remember({ [name]: value }),
  );
  const shown = h("div", { "aria-live": "polite" });
  let set = null;

  async function run() {
    if (!set) throw new Error("Give it items first.");
    const request = itemRequest(model, "cluster", set, options.values(), "application/json");
    const { response, receipt } = await askItems(request, signal);
    const answer = await response.json();
    fill(
      shown,
      warningsPanel(receipt.warnings),
      answer.layers.map((layer) => {
        const found = new Map();
        layer.assignments.forEach((component, index) => {
          if (!found.has(component)) found.set(component, []);
          found.get(component).push({ index, share: layer.responsibilities?.[index]?.[component] ?? Math.exp(-layer.entropy_nats[index]) });
        });
        const entries = [...found].sort((a, b) => b[1].length - a[1].length).map(([component, items]) => ({
          title: `Cluster ${component}`,
          items,
        }));
        return h(
          "section",
          {},
          h("h2", {}, answer.layers.length > 1 ? `Layer ${layer.layer}` : "Clusters"),
          h(
            "p",
            {},
            `${found.size} of ${layer.components} components have items; the entropy of an item's assignment is ${
              number(layer.mean_entropy_nats)
            } nats on average.`,
          ),
          groups(set, model.signature, entries),
        );
      }),
      receiptPanel(receipt, request),
    );
  }

  const place = itemPlace(model, async (items) => {
    set = items;
    await run();
  }, { most: 200 });
  fill(
    frame,
    place.element,
    h("details", { class: "options" }, h("summary", {}, "Options"), options.element),
    button("Cluster", run),
    shown,
  );
  await place.begin();
}
