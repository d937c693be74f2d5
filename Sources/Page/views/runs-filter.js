// The filter of runs: what it understands, and its completion from the runs that are there.

import { h, identifier } from "../dom.js";
import { KINDS, STATUSES } from "./run-words.js";

export const FACTS = [
  "kind",
  "model",
  "version",
  "family",
  "status",
  "started",
  "duration",
  "seed",
  "operation",
  "items",
  "http_status",
  "model_digest",
  "data_digest",
  "input_digest",
  "output_digest",
];
const COMPARISONS = ["=", "!=", "<", "<=", ">", ">="];
const TESTS = [...COMPARISONS, "in (", "not in (", "like '", "not like '", "contains '", "not contains '", "is null", "is not null"];

/** A field of the filter's grammar; odd names stand in quotes. */
export function field(group, name) {
  if (/^[A-Za-z0-9_][A-Za-z0-9_.+/-]*$/.test(name)) return `${group}.${name}`;
  return name.includes('"') ? `${group}.\`${name}\`` : `${group}."${name}"`;
}

/** What fields there are and what values they have, of some runs and the metrics that are known of them. */
export function vocabulary(runs, metrics) {
  const values = new Map([["kind", new Set(KINDS.map((kind) => `'${kind}'`))], [
    "status",
    new Set(STATUSES.map((status) => `'${status}'`)),
  ]]);
  const note = (name, value) => {
    if (!values.has(name)) values.set(name, new Set());
    if (value === null || value === undefined || values.get(name).size > 30) return;
    values.get(name).add(typeof value === "string" ? `'${value.replaceAll("'", "''")}'` : String(value));
  };
  for (const run of runs) {
    for (const name of ["model", "family", "version", "seed"]) note(name, run[name]);
    note("operation", run.inference?.operation);
    for (const [name, text] of Object.entries(run.parameters)) {
      note(field("params", name), text !== "" && Number.isFinite(Number(text)) ? Number(text) : text);
    }
    for (const [name, text] of Object.entries(run.tags)) note(field("tags", name), text);
  }
  const names = new Set([...FACTS, ...values.keys(), ...metrics.map((name) => field("metrics", name))]);
  return { names: [...names].sort(), values };
}

const WORD = /("[^"]*"|`[^`]*`|'(?:[^']|'')*'|[^\s()=<>!,'"`])+$|$/;

/** How a filter may go on: whole texts, as a datalist wants them. */
export function completions(text, { names, values }) {
  const open = (text.match(/'/g) ?? []).length % 2 === 1;
  const start = open ? text.lastIndexOf("'") : text.search(WORD);
  const [head, word] = [text.slice(0, start), text.slice(start)];
  const before = head.trimEnd();
  const previous = /(!=|<=|>=|[=<>(,]|\bin\s*\(|\S+)$/.exec(before)?.[0] ?? "";
  const lower = word.toLowerCase();
  let candidates;
  if (COMPARISONS.includes(previous) || previous === "," || /\bin\s*\($/.test(before)) {
    const name = /(\S+)\s*(?:!=|<=|>=|[=<>]|(?:not\s+)?in\s*\([^()]*)$/.exec(before)?.[1];
    candidates = [...(values.get(name) ?? [])].filter((value) => value.toLowerCase().startsWith(lower));
  } else if (["", "and", "or", "("].includes(previous.toLowerCase())) {
    candidates = names.filter((name) => name.toLowerCase().includes(lower));
    candidates.sort((a, b) => b.toLowerCase().startsWith(lower) - a.toLowerCase().startsWith(lower));
  } else if (names.includes(previous)) candidates = TESTS.filter((test) => test.startsWith(lower));
  else candidates = ["and", "or"].filter((joint) => joint.startsWith(lower));
  const space = head === "" || /[\s('(]$/.test(head) ? "" : " ";
  return candidates.slice(0, 40).map((candidate) => head + space + candidate);
}

/** The control; `words()` is the vocabulary of the moment, `apply(text)` is called when it is settled. */
export function filterField(text, words, apply) {
  const list = h("datalist", { id: identifier("completions") });
  const complete = () => {
    if (input.selectionStart !== input.value.length) return;
    list.replaceChildren(...completions(input.value, words()).map((value) => h("option", { value })));
  };
  const input = h("input", {
    type: "search",
    value: text,
    list: list.id,
    autocomplete: "off",
    spellcheck: "false",
    placeholder: "metrics.train.elbo_nats > -240 and params.latent in (8, 32)",
    oninput: complete,
    onfocus: complete,
    onchange: () => apply(input.value.trim()),
    onkeydown: (event) => {
      if (event.key === "Enter") apply(input.value.trim());
    },
  });
  return { input, list };
}

const EXAMPLES = [
  ["metrics.validation.elbo_nats > -240 and params.latent = 32", "A last value and a parameter."],
  ["(tags.team = 'vision' or tags.team = 'tables') and status = 'finished'", "Brackets; and binds more than or."],
  ["started >= '2026-01-31' and duration > 60", "Since a day; seconds."],
  ["model like 'wine%' and family in ('mixture', 'vaeac')", "% stands for any characters, _ for one."],
  ["operation = 'impute' and http_status != 200", "Requests that were refused."],
  ["tags.note contains 'dropout' and metrics.train.elbo_nats is not null", "A part of a text; runs that have a metric."],
];

export function filterHelp(use) {
  return h(
    "details",
    {},
    h("summary", {}, "How a filter is written"),
    h(
      "p",
      {},
      "Conditions joined by ",
      h("code", {}, "and"),
      " and ",
      h("code", {}, "or"),
      ". Fields are ",
      h("code", {}, "params.NAME"),
      ", ",
      h("code", {}, "metrics.NAME"),
      " (the last value), ",
      h("code", {}, "tags.NAME"),
      ", odd names in double quotes, and ",
      FACTS.map((name, index) => [index ? ", " : "", h("code", {}, name)]),
      ".",
    ),
    h(
      "p",
      {},
      "Comparisons are = != < <= > >=; then in (…), like '…', contains '…', each with not before it, is null and is not null. ",
      "Texts stand in single quotes. A run without a field meets no other condition on it.",
    ),
    h(
      "table",
      {},
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Example"), h("th", { scope: "col" }, "What it asks"))),
      h(
        "tbody",
        {},
        EXAMPLES.map(([example, words]) =>
          h(
            "tr",
            {},
            h("td", {}, h("button", { type: "button", class: "plain mono", onclick: () => use(example) }, example)),
            h("td", {}, words),
          )
        ),
      ),
    ),
    h(
      "p",
      {},
      "The address holds the filter, the order and the columns: a bookmark is a saved filter, and the link shows others the same list.",
    ),
  );
}
