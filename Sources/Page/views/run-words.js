// How runs are worded: times, sizes, states, and what a run is called.

import { h } from "../dom.js";
import { link } from "../address.js";

export const KINDS = ["train", "evaluate", "impute", "robustness", "inference", "replay"];
export const STATUSES = ["running", "finished", "failed", "cancelled"];

/** A time as the person's clock has it. */
export function when(time) {
  if (!time) return "–";
  const date = new Date(time);
  return h("time", { datetime: time, title: time }, `${date.toLocaleDateString("sv")} ${date.toLocaleTimeString("sv")}`);
}

export function took(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 1) return `${Number((1000 * seconds).toPrecision(3))} ms`;
  if (seconds < 60) return `${Number(seconds.toPrecision(3))} s`;
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours} h ${minutes} min` : `${minutes} min ${whole % 60} s`;
}

export function size(bytes) {
  if (bytes < 1000) return `${bytes} bytes`;
  if (bytes < 1e6) return `${(bytes / 1e3).toPrecision(3)} kB`;
  return `${Number((bytes / 1e6).toPrecision(3))} MB`;
}

const MARKS = { running: "◐", finished: "✓", failed: "✗", cancelled: "⊘" };

export function status(run) {
  const tone = { finished: "good", failed: "fault" }[run.status];
  return h("span", { class: tone }, `${MARKS[run.status]} ${run.status}`);
}

export function modelReference(run) {
  if (run.tags?.published) return run.tags.published;
  if (!run.model) return null;
  return run.version ? `${run.model}@${run.version}` : run.model;
}

/** The model of a run as a link where it stands in the registry. */
export function modelLink(run) {
  const reference = modelReference(run);
  if (!reference) return "–";
  return reference.includes("@") ? h("a", { href: link(["models", reference]) }, reference) : reference;
}

/** What a run is called where there is room for a few words. */
export function title(run) {
  const model = modelReference(run) ?? run.family;
  switch (run.kind) {
    case "train":
      return `Training of ${model}`;
    case "evaluate":
      return `Evaluation of ${model}`;
    case "impute":
      return `Table filled in: ${run.parameters.dataset ?? run.family}`;
    case "robustness":
      return `Audit of ${model}`;
    case "replay":
      return `Replay on ${model}`;
    default:
      return `Request: ${run.inference?.operation ?? run.kind} on ${model}`;
  }
}

/** The run as a link, with its identifier's end, which tells runs of one minute apart. */
export function runLink(run) {
  return h("a", { href: link(["runs", run.id]) }, when(run.started_at), h("span", { class: "mono" }, ` …${run.id.slice(-4)}`));
}
