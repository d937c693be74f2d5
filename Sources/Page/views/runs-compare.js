// Runs side by side: what differs, and their curves over one another.

import { fill, h, labelled, select } from "../dom.js";
import { link, remember } from "../address.js";
import { get } from "../server.js";
import { lineChart, number } from "../charts.js";
import { receiptPanel } from "../receipt.js";
import { isMeasure, Series, unitOf } from "./run-series.js";
import { text } from "./run-documents.js";
import { damageChart } from "./run-audit.js";
import { modelReference, runLink, title } from "./run-words.js";

export async function show(frame, { query, signal }) {
  const ids = (query.get("ids") ?? "").split(",").filter(Boolean);
  if (ids.length < 2) {
    return void fill(
      frame,
      h("h1", {}, "Runs side by side"),
      h("p", {}, "Tick two or more of the ", h("a", { href: "#/runs" }, "runs"), " to compare them."),
    );
  }
  const [answer, series] = await Promise.all([
    get("/v1/runs/compare", { ids: ids.join(",") }, { signal }),
    Promise.all(ids.map((id) => new Series(id).load(signal))),
  ]);
  const { runs } = answer;
  const place = h("div");
  const draw = () => fill(place, table(answer, allBox.checked));
  const allBox = h("input", {
    type: "checkbox",
    checked: query.get("all") === "1",
    onchange: () => {
      remember({ all: allBox.checked ? "1" : null });
      draw();
    },
  });
  draw();
  fill(
    frame,
    h("p", {}, h("a", { href: "#/runs" }, "Runs")),
    h("h1", {}, `${runs.length} runs side by side`),
    h("h2", {}, "What differs"),
    h("label", { class: "tick" }, allBox, " show what is the same, too"),
    place,
    curves(runs, series, query.get("metric")),
    await audits(answer, signal),
    receiptPanel(null, { method: "GET", path: "/v1/runs/compare", query: { ids: ids.join(",") } }),
  );
}

const shortName = (run) => `${modelReference(run) ?? run.family} …${run.id.slice(-4)}`;

function shortened(value) {
  if (value === null || value === undefined) return "–";
  return value.startsWith("sha256:") ? h("span", { class: "mono", title: value }, value.slice(7, 19)) : value;
}

function table({ runs, differences, metrics }, isAll) {
  const group = (
    name,
    rows,
  ) => (rows.length
    ? h(
      "tbody",
      {},
      h("tr", {}, h("th", { colspan: runs.length + 1, scope: "rowgroup" }, name)),
      rows.map(([row, cells]) => h("tr", {}, h("th", { scope: "row" }, row), cells.map((cell) => h("td", {}, cell)))),
    )
    : null);
  const facts = isAll
    ? {
      kind: runs.map((run) => run.kind),
      status: runs.map((run) => run.status),
      family: runs.map((run) => run.family),
      model: runs.map(modelReference),
      seed: runs.map((run) => run.seed?.toString()),
      data_digest: runs.map((run) => run.data_digest),
      ...differences.facts,
    }
    : differences.facts;
  const union = (member) =>
    Object.fromEntries(
      [...new Set(runs.flatMap((run) => Object.keys(run[member])))].sort()
        .map((name) => [name, runs.map((run) => run[member][name])]),
    );
  const lines = (values) =>
    Object.entries(values).filter(([name]) => name !== "configuration").map(([name, cells]) => [name, cells.map(shortened)]);
  const measured = Object.entries(metrics).filter(([name, { last }]) =>
    isMeasure(name) &&
    (isAll || new Set(last).size > 1)
  ).map(([name, { last, min, max }]) => [
    name,
    last.map((value, index) => [
      number(value),
      value !== null && min[index] !== max[index] ? h("small", {}, ` (${number(min[index])} to ${number(max[index])})`) : null,
    ]),
  ]);
  const groups = [
    group("Facts", lines(facts)),
    group("Parameters", lines(isAll ? union("parameters") : differences.parameters)),
    group("Build", lines(isAll ? union("build") : differences.build)),
    group("Metrics: last (smallest to largest)", measured),
  ];
  if (!groups.some(Boolean)) return h("p", {}, "Nothing: they are alike in all that is recorded.");
  return h(
    "div",
    { class: "scroll tall", tabindex: "0", role: "region", "aria-label": "Comparison" },
    h(
      "table",
      { class: "compared" },
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          h("td", {}),
          runs.map((run) => h("th", { scope: "col" }, runLink(run), h("br"), h("small", {}, title(run)))),
        ),
      ),
      groups,
    ),
  );
}

function curves(runs, series, chosen) {
  const names = [...new Set(series.flatMap((one) => one.names.filter((name) => one.byName.get(name).length > 1)))].sort();
  if (!names.length) return null;
  // What most of them measured, and of that rather what was held out.
  const preference = (name) => (name.startsWith("validation.") ? 0.5 : name.startsWith("train.") ? 0.4 : 0);
  const worth = (name) => series.filter((one) => one.byName.has(name)).length + preference(name);
  const first = names.includes(chosen) ? chosen : names.reduce((best, name) => (worth(name) > worth(best) ? name : best));
  const place = h("div");
  const draw = (name) =>
    fill(
      place,
      lineChart({
        title: name,
        x: series[0].axis,
        y: unitOf(name),
        curves: runs.map((run, index) => ({ name: shortName(run), points: series[index].points(name) })),
      }),
    );
  draw(first);
  return h(
    "section",
    {},
    h("h2", {}, "Curves"),
    h(
      "div",
      { class: "controls" },
      labelled(
        "Metric",
        select(names.map((name) => [name, name]), first, (name) => {
          remember({ metric: name });
          draw(name);
        }),
      ),
    ),
    place,
  );
}

/** Of audits: their damage curves over one another, and who withstands best, where that can be said. */
async function audits({ runs, robustness }, signal) {
  if (!robustness) return null;
  const reports = [];
  for (const run of runs.filter((run) => run.status === "finished")) {
    reports.push({ name: shortName(run), report: JSON.parse(await text(run, "report.json", signal)) });
  }
  const called = (id) => h("a", { href: link(["runs", id]) }, shortName(runs.find((run) => run.id === id)));
  const reasons = new Map();
  for (const [name, reason] of Object.entries(robustness.not_ranked)) reasons.set(reason, [...reasons.get(reason) ?? [], name]);
  return h(
    "section",
    {},
    h("h2", {}, "Robustness"),
    damageChart(reports),
    h(
      "dl",
      {},
      Object.entries(robustness.most_robust_first)
        .map((
          [name, ids],
        ) => [h("dt", {}, name), h("dd", {}, "most robust first: ", ids.map((id, index) => [index ? ", " : "", called(id)]))]),
      [...reasons].map(([reason, names]) => [h("dt", {}, "not ranked"), h("dd", {}, `${names.join(", ")}: ${reason}`)]),
    ),
  );
}
