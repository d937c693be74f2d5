// One run: what it was given, how it goes on, what came of it.

import { announce, button, dropZone, fill, h, labelled } from "../dom.js";
import { link } from "../address.js";
import { change, events, get, post, session } from "../server.js";
import { receiptPanel } from "../receipt.js";
import { curves, redraw, Series, valueTable } from "./run-series.js";
import { cellTable, documentPanel, downloadButton, text } from "./run-documents.js";
import { readCSV } from "../files.js";
import { auditPanel } from "./run-audit.js";
import { qualityTable } from "./run-quality.js";
import { modelLink, modelReference, status, title, took, when } from "./run-words.js";

const folder = (id) => `/v1/runs/${encodeURIComponent(id)}`;

export async function show(frame, { path: [id], query, signal }) {
  let run = await get(folder(id), {}, { signal });
  const series = await new Series(id).load(signal);
  const parts = { progress: h("div"), curves: h("div"), values: h("div") };
  const fault = h("p", { class: "fault", role: "alert" });

  const measured = () => {
    fill(parts.progress, progress(run, series));
    redraw(parts.curves, curves(series));
    redraw(parts.values, valueTable(series));
  };
  const again = async () => {
    run = await get(folder(id), {}, { signal });
    draw();
  };
  const draw = () => {
    fill(
      frame,
      heading(run),
      actions(run, again),
      fault,
      parts.progress,
      facts(run),
      outcome(run, signal),
      parts.curves,
      parts.values,
      parameters(run),
      documentPanel(run, query.get("document"), signal, again),
      tags(run, again),
      replay(run),
      receiptPanel({ run: run.id, model: modelReference(run) ?? undefined, seed: run.seed ?? undefined }, {
        method: "GET",
        path: folder(id),
        call: `run(${JSON.stringify(id)}).refresh()`,
      }),
    );
    measured();
  };
  draw();
  if (run.status === "running") {
    follow(series, signal, measured, async () => {
      await again();
      announce(`${title(run)}: ${run.status}.`);
    }).catch((error) => {
      if (!signal.aborted) fault.textContent = `The run can't be followed: ${error.message}`;
    });
  }
}

/** Takes in what a run measures as it comes, and draws it a few times a second at most. */
async function follow(series, signal, measured, ended) {
  let isQueued = false;
  for await (const event of events(`${folder(series.id)}/events?after=${series.after}`, signal)) {
    if (event.event === "metric") series.add(JSON.parse(event.data));
    if (event.event === "end") return ended();
    if (isQueued) continue;
    isQueued = true;
    setTimeout(() => {
      isQueued = false;
      if (!signal.aborted) measured();
    }, 400);
  }
}

function heading(run) {
  return [
    h("p", {}, h("a", { href: "#/runs" }, "Runs")),
    h("h1", {}, title(run)),
    h("p", {}, status(run), " ", h("span", { class: "mono" }, run.id)),
    run.failure ? h("p", { class: "fault" }, run.failure) : null,
  ];
}

function progress(run, series) {
  if (run.status !== "running") return null;
  const share = series.last("progress");
  const left = series.last("seconds_left");
  if (share === undefined) return h("p", {}, "It waits for its turn, or begins.");
  return h(
    "p",
    {},
    h("progress", { value: share, max: 1, "aria-label": "Progress" }),
    ` ${Math.floor(100 * share)} %`,
    left > 0 ? `, about ${took(Math.ceil(left))} left` : "",
  );
}

function actions(run, again) {
  const isJob = run.documents.some((document) => document.name === "job.json");
  return h(
    "div",
    { class: "controls" },
    run.status === "running"
      ? button("Cancel", async () => {
        await post(`${folder(run.id)}/cancel`, undefined);
        await again();
      }, { class: "danger" })
      : null,
    isJob || run.kind === "train"
      ? h(
        "a",
        { class: "link-button", href: link(["train"], { from: run.id }) },
        run.kind === "train" ? "The recipe again" : "The same again",
      )
      : null,
  );
}

function facts(run) {
  const known = [
    ["model", modelReference(run) ? modelLink(run) : null],
    ["family", run.family],
    ["started", when(run.started_at)],
    ["finished", run.finished_at ? when(run.finished_at) : null],
    ["took", run.duration_seconds === null ? null : took(run.duration_seconds)],
    ["seed", run.seed],
    ["replay of", run.parameters.replay_of ? h("a", { href: link(["runs", run.parameters.replay_of]) }, run.parameters.replay_of) : null],
    ["operation", run.inference?.operation],
    ["items", run.inference?.items],
    ["HTTP status", run.inference?.http_status],
  ];
  const exact = [
    ["digest of the model", run.model_digest],
    ["digest of the data", run.data_digest],
    ["digest of the input", run.inference?.input_digest],
    ["digest of the output", run.output_digest],
    ["trace", run.inference?.trace_id],
    ...Object.entries(run.build).map(([name, value]) => [name.replaceAll("_", " "), value]),
  ];
  const list = (entries) =>
    h(
      "dl",
      {},
      entries.filter(([, value]) => value !== null && value !== undefined)
        .map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]),
    );
  return [list(known), h("details", {}, h("summary", {}, "Digests and build"), list(exact))];
}

/** What somebody came for: the completed table, or the curves of an audit. */
function outcome(run, signal) {
  const has = (name) => run.documents.find((document) => document.name === name);
  const place = h("div", {});
  const later = (work) => work.then((content) => fill(place, content), (error) => fill(place, h("p", { class: "fault" }, error.message)));
  if (run.kind === "impute" && has("completed.csv")) later(completed(run, has("completed.csv"), has("log.txt"), signal));
  if (run.kind === "robustness" && has("report.json")) {
    later(text(run, "report.json", signal).then((report) => auditPanel(JSON.parse(report))));
  }
  return place;
}

async function completed(run, document, log, signal) {
  const quality = log ? qualityTable(await text(run, log.name, signal)) : null;
  const table = document.byte_count < 20e6 ? readCSV(await text(run, document.name, signal)) : null;
  return [
    h("h2", {}, "The completed table"),
    h(
      "div",
      { class: "controls" },
      downloadButton(run, document, "Download the table"),
      document.expires_at ? h("span", {}, "It is kept until ", when(document.expires_at), ".") : null,
    ),
    table ? cellTable("The completed table", table.header, table.rows) : null,
    quality,
  ];
}

function parameters(run) {
  const names = Object.keys(run.parameters).sort();
  if (!names.length) return null;
  return h(
    "details",
    { open: names.length < 16 },
    h("summary", {}, h("h2", { class: "inline" }, `Parameters (${names.length})`)),
    h("dl", {}, names.map((name) => [h("dt", {}, name), h("dd", {}, run.parameters[name])])),
  );
}

function tags(run, again) {
  if (run.kind === "inference") return null;
  const entries = Object.entries(run.tags);
  const annotate = async (name, value) => {
    await change("PATCH", `/v1/admin/runs/${encodeURIComponent(run.id)}`, { tags: { [name]: value } });
    await again();
  };
  const name = h("input", { autocomplete: "off", maxlength: 200 });
  const value = h("input", { autocomplete: "off", maxlength: 5000 });
  return h(
    "section",
    {},
    h("h2", {}, "Tags"),
    entries.length
      ? h(
        "ul",
        { class: "plain" },
        entries.map(([tag, text]) =>
          h(
            "li",
            { class: "tag" },
            `${tag}: ${text} `,
            session.key ? button("×", () => annotate(tag, null), { class: "plain", "aria-label": `Remove the tag ${tag}` }) : null,
          )
        ),
      )
      : h("p", { class: "empty" }, "None."),
    session.key
      ? h(
        "div",
        { class: "controls" },
        labelled("Tag", name),
        labelled("Value", value),
        button("Set", async () => {
          if (!name.value.trim()) throw new Error("The tag has no name.");
          await annotate(name.value.trim(), value.value);
        }, { class: "quiet" }),
        h("small", {}, "A note is a tag, too, such as note: first try with dropout."),
      )
      : null,
  );
}

/** Computes a request or an audit again here; trainings and evaluations take longer than a request. */
function replay(run) {
  if (run.status === "running" || !run.output_digest) return null;
  const place = h("div", { role: "status" });
  const ask = async (body) => {
    const verdict = await post(`${folder(run.id)}/replay`, body, { type: body ? "application/octet-stream" : undefined });
    const changes = Object.entries(verdict.differences.build);
    fill(
      place,
      h("p", { class: verdict.equal ? "good" : "fault" }, verdict.equal ? "✓ The same bytes." : "✗ Other bytes."),
      verdict.corrected_in
        ? h(
          "p",
          {},
          `Since version ${verdict.corrected_in} this answer has another form; `,
          "compared are the bytes of the form before it.",
        )
        : null,
      h(
        "dl",
        {},
        h("dt", {}, "then"),
        h("dd", {}, verdict.expected),
        h("dt", {}, "now"),
        h("dd", {}, verdict.actual),
        h("dt", {}, "replay"),
        h("dd", {}, h("a", { href: link(["runs", verdict.run]) }, verdict.run)),
      ),
      changes.length
        ? [
          h("p", {}, "What else is not as it was then:"),
          h("dl", {}, changes.map(([name, { expected, actual }]) => [h("dt", {}, name), h("dd", {}, `${expected}, now ${actual}`)])),
        ]
        : null,
    );
  };
  const isHere = run.kind === "inference" || run.kind === "robustness";
  if (!isHere && run.kind === "replay") return null;
  const needsInput = run.inference && run.inference.input_digest && !run.inference.input_kept;
  return h(
    "section",
    {},
    h("h2", {}, "Replay"),
    isHere
      ? [
        h("p", {}, "The same model file, seed and parameters once more; the bytes are compared."),
        needsInput
          ? [
            h("p", {}, "The body of this request was not kept. Bring the same file, byte for byte:"),
            dropZone("Drop the body of the request, or choose it", ([file]) => ask(file)),
          ]
          : button("Replay", () => ask()),
      ]
      : [
        h("p", {}, "A run of this kind takes longer than a request. Beside the store:"),
        h("pre", { tabindex: "0" }, `posterior runs replay ${run.id}`),
      ],
    place,
  );
}
