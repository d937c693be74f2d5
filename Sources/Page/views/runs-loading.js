// Runs of the list, a page at a time, and the metrics of those in sight.

import { Away, get } from "../server.js";
import { isMeasure } from "./run-series.js";

const PAGE = 200;
/** Runs whose metrics are asked for at once. */
const COMPARED = 20;

export class RunList {
  /** `changed` is called whenever there is more to show. */
  constructor(query, signal, changed) {
    Object.assign(this, { query, signal, changed, runs: [], token: undefined, isOver: false, fault: null, isLoading: false });
    this.metrics = new Map();
    this.wanted = new Set();
  }

  /** The next page, unless one is on its way. */
  async more() {
    if (this.isLoading || this.isOver || this.signal.aborted) return;
    this.isLoading = true;
    try {
      const page = await get("/v1/runs", { ...this.query, page_token: this.token, limit: PAGE }, { signal: this.signal });
      this.runs.push(...page.runs);
      this.token = page.next_page_token ?? undefined;
      this.isOver = !this.token;
    } catch (error) {
      if (error.name === "AbortError") return;
      this.isOver = true;
      this.fault = error;
    } finally {
      this.isLoading = false;
    }
    this.changed();
  }

  /** {last, min, max} of a metric; asked for in the background where it is not known. */
  metric(run, name) {
    const known = this.metrics.get(run.id);
    if (known) return known[name];
    this.want(run);
    return undefined;
  }

  /** Has the metrics of a run fetched with those of others. Requests and replays measure nothing. */
  want(run) {
    if (this.metrics.has(run.id) || run.kind === "inference" || run.kind === "replay") return;
    if (!this.wanted.size) setTimeout(() => this.fetchMetrics(), 30);
    this.wanted.add(run.id);
  }

  async fetchMetrics() {
    const all = [...this.wanted];
    this.wanted.clear();
    for (let start = 0; start < all.length && !this.signal.aborted; start += COMPARED) {
      const ids = all.slice(start, start + COMPARED);
      ids.forEach((id) => this.metrics.set(id, {}));
      try {
        // Nothing is compared with itself: a run that is alone takes any other with it.
        const other = ids.length === 1 ? this.runs.find((run) => run.id !== ids[0])?.id : undefined;
        if (other) ids.push(other);
        if (ids.length === 1) {
          const run = await get(`/v1/runs/${encodeURIComponent(ids[0])}`, {}, { signal: this.signal });
          this.metrics.set(
            ids[0],
            Object.fromEntries(run.latest_metrics.map(({ name, value }) => [name, { last: value, min: null, max: null }])),
          );
          continue;
        }
        const { metrics } = await get("/v1/runs/compare", { ids: ids.join(",") }, { signal: this.signal });
        ids.forEach((id, index) => this.metrics.set(id, at(metrics, index)));
      } catch (error) {
        if (error.name === "AbortError") return;
        this.fault = error;
      }
    }
    this.changed();
  }

  get metricNames() {
    return [...new Set([...this.metrics.values()].flatMap(Object.keys))].filter(isMeasure).sort();
  }

  /** Looks again at the runs that go on, the first few of them. */
  async refreshRunning() {
    const running = this.runs.filter((run) => run.status === "running").slice(0, 8);
    for (const { id } of running) {
      try {
        const run = await get(`/v1/runs/${encodeURIComponent(id)}`, {}, { signal: this.signal });
        this.runs[this.runs.findIndex((one) => one.id === id)] = run;
        this.metrics.delete(id);
      } catch (error) {
        if (error instanceof Away || error.name === "AbortError") return;
        this.fault = error;
      }
    }
    if (running.length) this.changed();
  }
}

function at(metrics, index) {
  return Object.fromEntries(
    Object.entries(metrics).filter(([, values]) => values.last[index] !== null)
      .map(([name, values]) => [name, { last: values.last[index], min: values.min[index], max: values.max[index] }]),
  );
}
