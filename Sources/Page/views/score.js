// How likely the model finds items: a histogram of the bound, beside other items or what the model draws itself, and what evaluations on record say.

import { button, dropZone, fill, h } from "../dom.js";
import { link, remember } from "../address.js";
import { get } from "../server.js";
import { form } from "../form.js";
import { histogram, number } from "../charts.js";
import { receiptPanel, warningsPanel } from "../receipt.js";
import { rowTable } from "../rows.js";
import { askItems, drawn, itemPlace, itemRequest, itemsOf, itemText } from "./items.js";
import { fieldsOf } from "./model.js";

const COMPARED = 128;
const TERMS = {
  bits_per_dim: "bits per dimension",
  elbo_nats: "ELBO (nats)",
  iwae_nats: "importance-weighted bound (nats)",
  log_likelihood_nats: "ln p(x) (nats)",
};

/** What evaluations on record say of this version, with the data that they were of. */
async function recorded(model) {
  const { entries } = await get(`/v1/models/${encodeURIComponent(model.reference)}/scores`, { entry: "likelihood" });
  return (entries[0]?.runs ?? []).filter((run) => run.status === "finished").slice(0, 5);
}

export async function show(frame, { model, query, signal }) {
  const options = form(await fieldsOf("score"), { k: "100", ...Object.fromEntries(query) }, (name, value) => remember({ [name]: value }));
  const shown = h("div", { "aria-live": "polite" });
  let set = null;
  let beside = null;

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
    const compared = beside ?? (model.operations.includes("sample") ? await drawn(model, COMPARED, { seed: 1, mean: false }) : null);
    if (compared) {
      const other = await scores(compared);
      sets.push({ name: beside ? beside.name : "drawn by the model itself", values: other.answer.items.map((item) => item[term]) });
    }
    const evaluations = await recorded(model);
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
      comparison,
      evaluations.length
        ? h("section", {}, h("h2", {}, "On record for this version"), h("ul", {}, evaluations.map((one) => onRecord(one, term))))
        : null,
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

  const comparison = dropZone("Compare with other items, such as those of training: drop them here, or choose files", async (files) => {
    beside = await itemsOf(files, model.signature);
    await run();
  }, { multiple: true });
  const place = itemPlace(model, async (items) => {
    set = items;
    await run();
  });
  fill(frame, place.element, h("details", { class: "options" }, h("summary", {}, "Options"), options.element), button("Score", run), shown);
  await place.begin();
}

function onRecord(run, term) {
  const metric = run.metrics.find((one) => one.name === term);
  const figure = metric ? `: ${number(metric.value)}${metric.standard_error === null ? "" : ` ± ${number(metric.standard_error)}`}` : "";
  return h("li", {}, h("a", { href: link(["runs", run.id]) }, run.data.name ?? run.id), figure);
}
