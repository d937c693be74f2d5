// Columns of the list of runs: what every run has, and any parameter, metric or tag.

import { h } from "../dom.js";
import { number } from "../charts.js";
import { field } from "./runs-filter.js";
import { modelLink, runLink, status, took } from "./run-words.js";

/** How far a run that goes on is, once it was looked at. */
function progress(run) {
  const share = run.status === "running" ? run.latest_metrics?.find((metric) => metric.name === "progress")?.value : undefined;
  return share === undefined ? "" : ` ${Math.floor(100 * share)} %`;
}

/** What every run has: how the filter calls it, and what a cell shows. */
const FACTS = {
  started: { title: "started", cell: runLink },
  kind: { title: "kind", cell: (run) => run.kind },
  operation: { title: "operation", cell: (run) => run.inference?.operation ?? "" },
  model: { title: "model", cell: modelLink },
  family: { title: "family", cell: (run) => run.family },
  status: { title: "status", cell: (run) => [status(run), progress(run)] },
  duration: { title: "took", number: true, cell: (run) => took(run.duration_seconds) },
  seed: { title: "seed", number: true, cell: (run) => run.seed ?? "" },
  items: { title: "items", number: true, cell: (run) => run.inference?.items ?? run.parameters.items ?? "" },
  http_status: { title: "HTTP status", number: true, cell: (run) => run.inference?.http_status ?? "" },
  data_digest: { title: "data", cell: (run) => run.data_digest?.slice(7, 19) ?? "" },
};
const STANDARD = ["started", "kind", "model", "family", "status", "duration"];
const VALUES = { metrics: ["last", "last"], smallest: ["min", "smallest"], largest: ["max", "largest"] };

/** Columns by name, `started` or `params.epochs`; commas in names are kept apart from those between them. */
export function readColumns(text) {
  return text ? text.split(",").map(decodeURIComponent) : STANDARD;
}

export function writtenColumns(columns) {
  const text = columns.map(encodeURIComponent).join(",");
  return text === STANDARD.join(",") ? null : text;
}

/** A column by its name. */
export function columnOf(name, list) {
  const cut = name.indexOf(".");
  const [group, rest] = cut < 0 ? [name, ""] : [name.slice(0, cut), name.slice(cut + 1)];
  const fact = FACTS[name];
  if (fact) return { ...fact, name, by: name, sort: true, cell: (run) => (run ? fact.cell(run) : "") };
  if (group === "params" || group === "tags") {
    const member = group === "params" ? "parameters" : "tags";
    return {
      name,
      title: group === "params" ? rest : `#${rest}`,
      by: field(group, rest),
      sort: true,
      cell: (run) => run?.[member][rest] ?? "",
    };
  }
  const [value, word] = VALUES[group] ?? VALUES.metrics;
  return {
    name,
    title: word === "last" ? rest : `${word} ${rest}`,
    number: true,
    by: field("metrics", rest),
    sort: word === "last",
    cell: (run) => {
      const found = run && list.metric(run, rest)?.[value];
      return found === undefined || found === null ? "" : number(found);
    },
  };
}

/** Boxes for every column there can be, of the runs that are loaded; parameters in which these differ come first. */
export function columnChooser(chosen, list, change) {
  const columns = [...chosen];
  const boxes = (entries) =>
    h(
      "div",
      { class: "fields" },
      entries.map(([name, title]) =>
        h(
          "label",
          { class: "tick" },
          h("input", {
            type: "checkbox",
            checked: columns.includes(name),
            onchange: (event) => {
              if (event.target.checked) columns.push(name);
              else columns.splice(columns.indexOf(name), 1);
              change([...columns]);
            },
          }),
          ` ${title}`,
        )
      ),
    );
  const make = () => {
    const values = (member) => {
      const found = new Map();
      for (const [name, value] of list().runs.flatMap((run) => Object.entries(run[member]))) {
        found.set(name, (found.get(name) ?? new Set()).add(value));
      }
      return [...found].sort(([a, one], [b, other]) => (other.size > 1) - (one.size > 1) || a.localeCompare(b)).map(([name]) => name);
    };
    const metrics = list().metricNames;
    return [
      h("fieldset", {}, h("legend", {}, "Of every run"), boxes(Object.entries(FACTS).map(([name, { title }]) => [name, title]))),
      h("fieldset", {}, h("legend", {}, "Parameters"), boxes(values("parameters").map((name) => [`params.${name}`, name]))),
      h(
        "fieldset",
        {},
        h("legend", {}, "Metrics"),
        boxes(metrics.flatMap((name) => Object.entries(VALUES).map(([group, [, word]]) => [`${group}.${name}`, `${name}, ${word}`]))),
      ),
      h("fieldset", {}, h("legend", {}, "Tags"), boxes(values("tags").map((name) => [`tags.${name}`, name]))),
    ];
  };
  const body = h("div", {});
  const element = h(
    "details",
    {
      ontoggle: () => {
        if (element.open) body.replaceChildren(...make());
      },
    },
    h("summary", {}, "Columns"),
    body,
  );
  return element;
}
