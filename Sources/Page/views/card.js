// The model's card: what it is, where it came from, and its score sheet.

import { button, fill, h } from "../dom.js";
import { link } from "../address.js";
import { change, get, session } from "../server.js";
import { number } from "../charts.js";
import { receiptPanel } from "../receipt.js";
import { when } from "./run-words.js";

const plain = (value) => (value !== null && typeof value === "object" ? JSON.stringify(value) : String(value));
const list = (object) =>
  h("dl", {}, Object.entries(object ?? {}).map(([name, value]) => [h("dt", {}, name.replaceAll("_", " ")), h("dd", {}, plain(value))]));

export async function show(frame, { model }) {
  const path = `/v1/models/${encodeURIComponent(model.reference)}`;
  const { configuration, signature } = model;
  const { notes, ...provenance } = model.provenance ?? {};
  const { columns, scaling: _scaling, ...form } = signature;
  const request = { method: "GET", path, call: `model(${JSON.stringify(model.reference)}).describe()` };
  fill(
    frame,
    h("h2", {}, "What it is"),
    list({
      family: model.family,
      parameters: model.parameter_count.toLocaleString("en"),
      digest: model.digest,
      operations: model.operations.join(", "),
      items: plain(form),
    }),
    columns
      ? h(
        "details",
        { open: columns.length <= 30 },
        h("summary", {}, `${columns.length} columns`),
        h(
          "div",
          { class: "scroll", tabindex: "0", role: "region", "aria-label": "Columns" },
          h(
            "table",
            {},
            h("thead", {}, h("tr", {}, ["name", "type", "categories"].map((name) => h("th", { scope: "col" }, name)))),
            h(
              "tbody",
              {},
              columns.map((column) =>
                h(
                  "tr",
                  {},
                  h("th", { scope: "row" }, column.name),
                  h("td", {}, column.type),
                  h("td", {}, (column.categories ?? []).join(", ")),
                )
              ),
            ),
          ),
        ),
      )
      : null,
    h("h2", {}, "Score sheet"),
    await sheet(path),
    h("h2", {}, "Configuration"),
    list(configuration),
    h("h2", {}, "Provenance"),
    model.provenance ? list({ ...provenance, ...notes }) : h("p", { class: "empty" }, "Its file says nothing of where it came from."),
    h("p", {}, session.key ? h("a", { href: `#/registry/${encodeURIComponent(model.name)}` }, "Versions and aliases") : null),
    receiptPanel({ model: `${model.name}@${model.version}`, digest: model.digest }, request),
  );
}

/** What recorded runs say of this version, each with its protocol, and what is missing. */
async function sheet(path) {
  const { entries } = await get(`${path}/scores`);
  const lacking = entries.filter((entry) => !entry.supported);
  return [
    h("div", { class: "scores" }, entries.filter((entry) => entry.supported).map(scored)),
    lacking.length ? h("p", {}, h("small", {}, lacking.map((entry) => `${entry.name}: ${entry.lack}`).join(" "))) : null,
  ];
}

function scored({ name, summary, latest, runs, missing }) {
  const running = runs.filter((run) => run.status === "running");
  return h(
    "section",
    { class: "card" },
    h("h3", {}, name),
    h("p", {}, h("small", {}, summary)),
    latest ? measured(latest) : h("p", { class: "empty" }, "No run on record."),
    running.map((run) => h("p", {}, h("a", { href: link(["runs", run.id]) }, "A run of this is under way"), ".")),
    latest ? repeated(latest.how) : null,
    missing ? ways(missing) : null,
  );
}

/** The figures of a run, with what they were measured on and how. */
function measured(run) {
  const told = Object.entries(run.protocol).filter(([, value]) => value !== null);
  return [
    h(
      "dl",
      {},
      run.metrics.map((metric) => [
        h("dt", {}, metric.name.replaceAll("_", " ")),
        h("dd", {}, h("b", {}, number(metric.value)), metric.standard_error === null ? "" : ` ± ${number(metric.standard_error)}`),
      ]),
    ),
    h(
      "p",
      {},
      h("small", {}, [
        h("a", { href: link(["runs", run.id]) }, when(run.finished_at)),
        run.data.name ? ` on ${run.data.name}` : "",
        told.length ? `; ${told.map(([field, value]) => `${field.replaceAll("_", " ")} ${plain(value)}`).join(", ")}` : "",
        ".",
      ]),
    ),
  ];
}

async function begin({ method, path, body }) {
  const run = await change(method, path, body);
  location.hash = link(["runs", run.id]);
}

function repeated({ request, command }) {
  return h("p", {}, request ? button("Run it again", () => begin(request), { class: "quiet" }) : h("code", {}, command));
}

/** What would fill an entry: a button for every registered data set that fits. */
function ways({ needs, how }) {
  const buttons = how.filter((way) => way.request && session.key)
    .map((way) => button(way.dataset ? `Run it on ${way.dataset}` : "Run it", () => begin(way.request)));
  const commands = how.filter((way) => !way.request || !session.key).map((way) => h("code", {}, way.command));
  return [needs && !how.length ? h("p", {}, h("small", {}, needs)) : null, h("div", { class: "controls" }, buttons), commands];
}
