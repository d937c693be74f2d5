// Documents of a run: JSON as a tree, CSV as a table, pictures and texts as they are.

import { button, download, fill, h } from "../dom.js";
import { confirmed } from "../dialog.js";
import { remember } from "../address.js";
import { ask, change } from "../server.js";
import { rowTable } from "../rows.js";
import { readCSV } from "../files.js";
import { size, when } from "./run-words.js";

/** What is shown in the page at most, in bytes; the rest is for a download. */
const MOST = 20e6;

const address = (run, name) => `/v1/runs/${encodeURIComponent(run.id)}/documents/${encodeURIComponent(name)}`;

/** The bytes of a document. */
export async function content(run, name, signal) {
  const { response } = await ask("GET", address(run, name), { accept: "*/*", signal });
  return response.blob();
}

export async function text(run, name, signal) {
  return (await content(run, name, signal)).text();
}

export function downloadButton(run, document, label = "Download") {
  return button(label, async () => download(document.name, await content(run, document.name)), {
    class: label === "Download" ? "quiet" : undefined,
    "aria-label": `${label}: ${document.name}`,
  });
}

/** A table of text cells by its header; `long` rows are only there while they are in sight. */
export function cellTable(label, header, rows) {
  return rowTable({
    label,
    count: () => rows.length,
    row: (index) => rows[index],
    height: Math.min(16, Math.max(2, rows.length)),
    columns: header.map((name, index) => ({ name: name || `column ${index + 1}`, cell: (row) => row[index] ?? "" })),
  }).element;
}

const isPlain = (value) => value === null || typeof value !== "object";
const SHOWN = 200;

/** JSON for reading: members by name, lists of like objects as tables, long ones folded away until somebody opens them. */
function tree(value, depth = 0) {
  if (isPlain(value)) return String(value);
  if (Array.isArray(value)) {
    if (value.every(isPlain)) {
      return value.length > SHOWN ? folded(`${value.length} values`, () => value.join(", ")) : `[${value.join(", ")}]`;
    }
    const names = [...new Set(value.flatMap((part) => (isPlain(part) || Array.isArray(part) ? [] : Object.keys(part))))];
    const isFlat = names.length > 0 && value.every((part) => !isPlain(part) && Object.values(part).every(isPlain));
    if (isFlat) {
      return cellTable(
        "Entries",
        names,
        value.map((part) => names.map((name) => (part[name] === undefined ? "" : String(part[name])))),
      );
    }
    return folded(`${value.length} entries`, () =>
      h(
        "dl",
        {},
        value.slice(0, SHOWN)
          .map((part, index) => [h("dt", {}, String(index)), h("dd", {}, tree(part, depth + 1))]),
        value.length > SHOWN ? [h("dt", {}, "…"), h("dd", {}, `${value.length - SHOWN} more are in the file.`)] : null,
      ));
  }
  const entries = Object.entries(value);
  if (!entries.length) return "{}";
  const list = () => h("dl", {}, entries.map(([name, part]) => [h("dt", {}, name), h("dd", {}, tree(part, depth + 1))]));
  return depth > 1 ? folded(`${entries.length} members`, list) : list();
}

function folded(summary, make) {
  const open = () => {
    if (element.open && element.children.length === 1) element.append(h("div", {}, make()));
  };
  const element = h("details", { ontoggle: open }, h("summary", {}, summary));
  return element;
}

async function shown(run, document, signal) {
  const type = document.media_type.split(";")[0];
  const refusal = (reason) => h("p", { class: "empty" }, `${document.name} ${reason}: download it.`);
  if (document.byte_count > MOST) return refusal(`has ${size(document.byte_count)}, which is too much to show`);
  if (type === "image/png") {
    const url = URL.createObjectURL(await content(run, document.name, signal));
    signal.addEventListener("abort", () => URL.revokeObjectURL(url));
    return h("img", { src: url, alt: `${document.name} of run ${run.id}`, class: "document" });
  }
  if (type !== "application/json" && !type.startsWith("text/")) return refusal(`is of the type ${type}, which is not shown here`);
  const found = await text(run, document.name, signal);
  if (type === "application/json") return tree(JSON.parse(found));
  if (type === "text/csv") {
    const { header, rows } = readCSV(found);
    return [h("p", {}, `${rows.length} rows`), cellTable(document.name, header, rows)];
  }
  return h("pre", { tabindex: "0" }, found);
}

/** The list of documents, the one called `open` shown below it. */
export function documentPanel(run, open, signal, changed) {
  if (!run.documents?.length) return null;
  const place = h("div", { class: "shown" });
  const show = async (document) => {
    remember({ document: document.name });
    fill(place, h("h3", {}, document.name), await shown(run, document, signal));
    place.querySelector("h3").scrollIntoView({ block: "nearest" });
  };
  const expiring = run.documents.some((document) => document.expires_at) ||
    run.documents.some((document) => document.name === "model.safetensors");
  const chosen = run.documents.find((document) => document.name === open);
  if (chosen) {
    shown(run, chosen, signal).then(
      (found) => fill(place, h("h3", {}, chosen.name), found),
      (error) => fill(place, h("p", { class: "fault" }, error.message)),
    );
  }
  return h(
    "section",
    {},
    h("h2", {}, "Documents"),
    h(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": "Documents" },
      h(
        "table",
        {},
        h(
          "thead",
          {},
          h("tr", {}, ["name", "type", "size", "kept until", ""].map((name) => (name ? h("th", { scope: "col" }, name) : h("td", {})))),
        ),
        h(
          "tbody",
          {},
          run.documents.map((document) =>
            h(
              "tr",
              {},
              h("th", { scope: "row" }, document.name),
              h("td", {}, document.media_type),
              h("td", { class: "number" }, size(document.byte_count)),
              h("td", {}, document.expires_at ? when(document.expires_at) : "it stays"),
              h(
                "td",
                { class: "acts" },
                button("Show", () => show(document), { class: "quiet", "aria-label": `Show ${document.name}` }),
                " ",
                downloadButton(run, document),
              ),
            )
          ),
        ),
      ),
    ),
    expiring
      ? h(
        "div",
        { class: "controls" },
        button("Delete what it made", async () => {
          const isDone = await confirmed({
            title: "Delete what this run made?",
            verb: "Delete",
            signal,
            content: h("p", {}, "Its tables and models go, with their bytes. What it published stays."),
            act: () => change("DELETE", `/v1/admin/runs/${encodeURIComponent(run.id)}/files`),
          });
          if (isDone) await changed();
        }, { class: "danger" }),
      )
      : null,
    place,
  );
}
