// How likely the model finds items: a histogram of the bound, beside what the model draws itself and what evaluations on record say of its data.

import { button, fill, h } from "../dom.js";
import { remember } from "../address.js";
import { get } from "../server.js";
import { form } from "../form.js";
import { histogram, number } from "../charts.js";
import { receiptPanel, warningsPanel } from "../receipt.js";
import { rowTable } from "../rows.js";
import { askItems, drawn, itemPlace, itemRequest, itemText } from "./items.js";
import { fieldsOf } from "./model.js";

const COMPARED = 128;
const TERMS = {
  bits_per_dim: "bits per dimension",
  elbo_nats: "ELBO (nats)",
  iwae_nats: "importance-weighted bound (nats)",
  log_likelihood_nats: "ln p(x) (nats)",
};

/** Evaluations on record of this version, with the mean and its standard error. */
async function evaluations(model) {
  const { runs } = await get("/v1/runs", { kind: "evaluate", model: model.name, limit: 50 });
  return runs.filter((run) => run.model_digest === model.digest && run.status === "finished");
}

export async function show(frame, { model, query, signal }) {
  const options = form(await fieldsOf("score"), { k: "100", ...Object.fromEntries(query) }, (name, value) => remember({ [name]: value }));
  const shown = h("div", { "aria-live": "polite" });
  let set = null;

  async function scores(items) {
    const request = itemRequest(model, "score", items, options.values(), "application/json");
    const { response, receipt } = await askItems(request, signal);
    return { answer: await response.json(), receipt, request };
  }

  async function run() {
    if (!set) throw new Error("Give it items first.");
    const mine = await scores(set);
    const term = query.get("term") ?? Object.keys(TERMS).find((name) => mine.answer.items[0]?.[name] !== undefined) ??
      Object.keys(mine.answer.items[0])[0];
    const sets = [{ name: set.name, values: mine.answer.items.map((item) => item[term]) }];
    let note = null;
    if (model.operations.includes("sample")) {
      const own = await scores(await drawn(model, COMPARED, { seed: 1, mean: false }));
      sets.push({ name: "drawn by the model itself", values: own.answer.items.map((item) => item[term]) });
    }
    const recorded = await evaluations(model);
    if (recorded.length) {
      note = h(
        "section",
        {},
        h("h2", {}, "On record for this version"),
        h(
          "ul",
          {},
          recorded.slice(0, 5).map((one) =>
            h(
              "li",
              {},
              h("a", { href: `#/runs/${one.id}` }, one.parameters.data ?? one.parameters.dataset ?? one.id),
              `: ${
                Object.entries(one.metrics ?? {}).filter(([name]) => name.includes(term)).map(([name, value]) =>
                  `${name} ${number(value.last ?? value)}`
                ).join(", ")
              }`,
            )
          ),
        ),
      );
    }
    const names = Object.keys(mine.answer.items[0]);
    const order = mine.answer.items.map((item, index) => ({ index, item })).sort((a, b) => a.item[term] - b.item[term]);
    fill(
      shown,
      warningsPanel(mine.receipt.warnings),
      h(
        "p",
        {},
        `Mean ${TERMS[term] ?? term}: `,
        h("b", {}, number(mine.answer.mean[term])),
        mine.answer.standard_error?.[term] != null
          ? ` ± ${number(mine.answer.standard_error[term])} (standard error of ${set.count} items)`
          : "",
        mine.answer.observation_model ? `; ${mine.answer.observation_model}` : "",
        ".",
      ),
      histogram({ title: `${TERMS[term] ?? term} of the items`, x: TERMS[term] ?? term, sets }),
      note,
      h("h2", {}, "Item by item"),
      rowTable({
        label: "Scores, the least likely first",
        count: () => order.length,
        row: (index) => order[index],
        columns: [{
          name: "item",
          cell: ({ index }) => (set.values || !set.table ? `${index}` : `${index}: ${itemText(set, index, model.signature)}`),
        }, ...names.map((name) => ({ name, number: true, cell: ({ item }) => number(item[name]) }))],
      }).element,
      receiptPanel(mine.receipt, mine.request),
    );
  }

  const place = itemPlace(model, async (items) => {
    set = items;
    await run();
  });
  fill(frame, place.element, h("details", { class: "options" }, h("summary", {}, "Options"), options.element), button("Score", run), shown);
  await place.begin();
}
