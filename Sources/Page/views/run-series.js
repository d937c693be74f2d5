// Metrics of a run over its epochs, as they were recorded and as they come.

import { fill, h } from "../dom.js";
import { get } from "../server.js";
import { lineChart, number } from "../charts.js";

/** What tells how far a run is, rather than what it measured. */
const PROGRESS = new Set(["progress", "seconds_left"]);
export const isMeasure = (name) => !PROGRESS.has(name);
const PACE = new Set(["rate", "items_per_second", "seconds"]);
/** More points of a curve than this are not seen. */
const POINTS = 500;

export class Series {
  constructor(id) {
    this.id = id;
    this.after = 0;
    this.byName = new Map();
    this.hasEpochs = true;
  }

  /** Everything that is recorded behind what is here. */
  async load(signal) {
    for (;;) {
      const page = await get(`/v1/runs/${encodeURIComponent(this.id)}/metrics`, { after: this.after, limit: 10000 }, { signal });
      page.metrics.forEach((metric) => this.add(metric));
      if (page.metrics.length < 10000) return this;
    }
  }

  add(metric) {
    this.after = Math.max(this.after, metric.sequence);
    if (metric.epoch === null && isMeasure(metric.name)) this.hasEpochs = false;
    if (!this.byName.has(metric.name)) this.byName.set(metric.name, []);
    this.byName.get(metric.name).push(metric);
  }

  last(name) {
    return this.byName.get(name)?.at(-1)?.value;
  }

  /** Names of what was measured. */
  get names() {
    return [...this.byName.keys()].filter(isMeasure).sort((a, b) => PACE.has(a) - PACE.has(b) || a.localeCompare(b));
  }

  get axis() {
    return this.hasEpochs ? "epoch" : "step";
  }

  points(name) {
    const all = (this.byName.get(name) ?? []).filter((metric) => metric.value !== null).map((
      metric,
    ) => [metric.epoch ?? metric.step, metric.value]);
    const step = Math.ceil(all.length / POINTS);
    return step > 1 ? all.filter((_, index) => index % step === 0 || index === all.length - 1) : all;
  }

  /** Last, smallest and largest value, the latter two with where they were. */
  summary(name) {
    let [low, high] = [null, null];
    const metrics = this.byName.get(name);
    for (const metric of metrics) {
      if (metric.value === null) continue;
      if (!low || metric.value < low.value) low = metric;
      if (!high || metric.value > high.value) high = metric;
    }
    return { last: metrics.at(-1), low, high, count: metrics.length };
  }
}

/** Names without `train.` and `validation.`, each with the curves that belong together. */
function chartGroups(names) {
  const groups = new Map();
  for (const name of names) {
    const stem = name.replace(/^(train|validation)\./, "");
    if (!groups.has(stem)) groups.set(stem, []);
    groups.get(stem).push(name);
  }
  return groups;
}

/** The unit that stands in a metric's name; empty where none does. */
export function unitOf(name) {
  return (/nats|bits|per_second|seconds/.exec(name)?.[0] ?? "").replace("_", " ");
}

/** A chart for each measure, training and validation over one another; those of the pace are folded away. */
export function curves(series) {
  const [measures, pace] = [[], []];
  for (const [stem, names] of chartGroups(series.names)) {
    const drawn = names.map((name) => ({ name, points: series.points(name), dashed: name.startsWith("validation.") }))
      .filter((curve) => curve.points.length > 1);
    if (!drawn.length) continue;
    const chart = lineChart({ title: stem.replaceAll("_", " "), x: series.axis, y: unitOf(stem), curves: drawn });
    (PACE.has(stem) ? pace : measures).push(chart);
  }
  if (!measures.length && !pace.length) return null;
  return [
    h("h2", {}, "Curves"),
    h("div", { class: "charts" }, measures),
    pace.length ? h("details", {}, h("summary", {}, "Learning rate and pace"), h("div", { class: "charts" }, pace)) : null,
  ];
}

/** Draws anew without closing what somebody opened; while the keyboard is within, it waits. */
export function redraw(element, content) {
  if (element.contains(document.activeElement)) return false;
  const open = [...element.querySelectorAll("details")].map((part) => part.open);
  fill(element, content);
  element.querySelectorAll("details").forEach((part, index) => {
    if (open[index]) part.open = true;
  });
  return true;
}

/** Last and best values; which of smallest and largest is the better one is the reader's to know. */
export function valueTable(series) {
  if (!series.names.length) return null;
  const at = (metric) => {
    if (!metric) return "–";
    const place = metric.epoch ?? metric.step;
    return [number(metric.value), place ? h("small", {}, ` at ${series.axis} ${place}`) : null];
  };
  const hasCourse = series.names.some((name) => series.byName.get(name).length > 1);
  const header = hasCourse ? ["metric", "last", "smallest", "largest"] : ["metric", "value"];
  return [
    h("h2", {}, "Metrics"),
    h(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": "Metrics" },
      h(
        "table",
        {},
        h("thead", {}, h("tr", {}, header.map((name) => h("th", { scope: "col" }, name)))),
        h(
          "tbody",
          {},
          series.names.map((name) => {
            const { last, low, high } = series.summary(name);
            return h(
              "tr",
              {},
              h("th", { scope: "row" }, name),
              h("td", { class: "number" }, last.value === null ? "not finite" : number(last.value)),
              hasCourse ? [h("td", {}, at(low)), h("td", {}, at(high))] : null,
            );
          }),
        ),
      ),
    ),
  ];
}
