// The data that something is learnt from: registered ones, and files that are brought.

import { announce, button, dropZone, fill, h, labelled, select } from "../dom.js";
import { change, post, Problem } from "../server.js";
import { rowTable } from "../rows.js";
import { number } from "../charts.js";
import { size } from "./run-words.js";
import { confirmed } from "../dialog.js";

export const hasHoles = ({ description }) => (description.columns ?? []).some((column) => column.missing > 0);

const TYPES = { csv: "text/csv", tsv: "text/csv", npy: "application/x-npy", txt: "text/plain" };

/** A name that the registry takes, of a file's name. */
function nameOf(file) {
  const stem = file.name.toLowerCase().replace(/\.gz$/, "").replace(/\.[a-z]+$/, "").normalize("NFKD").replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, "");
  return stem.slice(0, 60) || "data";
}

/** Registers files under a name; where other files have it already, the next free one is taken. */
async function register(files, wanted) {
  const stem = wanted ||
    nameOf(files.length > 1 && files[0].webkitRelativePath ? { name: files[0].webkitRelativePath.split("/")[0] } : files[0]);
  for (let attempt = 1;; attempt += 1) {
    const path = `/v1/admin/datasets/${encodeURIComponent(attempt > 1 ? `${stem}-${attempt}` : stem)}`;
    try {
      if (files.length === 1) {
        const [file] = files;
        const type = TYPES[file.name.split(".").pop().toLowerCase()] ?? "application/octet-stream";
        return await post(`${path}?${new URLSearchParams({ file: file.name })}`, file, { type });
      }
      const body = new FormData();
      for (const file of files) body.append("file", file, file.webkitRelativePath || file.name);
      return await post(path, body);
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 409 || wanted || attempt >= 50) throw error;
    }
  }
}

const NOUNS = { table: "rows", images: "pictures", vectors: "rows of numbers", texts: "characters or texts", sequences: "sequences" };

/** What the server found in the files. */
function description(dataset) {
  const { kind, count, shape, notes, columns } = dataset.description;
  const left = (columns ?? []).filter((column) => !column.type);
  const missing = (columns ?? []).reduce((sum, column) => sum + column.missing, 0);
  return [
    h(
      "p",
      {},
      h("b", {}, dataset.name),
      `: ${kind}, ${number(count)} ${NOUNS[kind] ?? "items"}`,
      columns ? ` of ${columns.length} columns` : shape.length ? `, each ${shape.join(" × ")}` : "",
      `, ${size(dataset.bytes)}`,
      columns ? (missing ? `; ${number(missing)} cells are missing.` : "; no cell is missing.") : ".",
    ),
    notes.length ? h("ul", { class: "warnings" }, notes.map((note) => h("li", {}, note))) : null,
    left.length ? h("p", { class: "warnings" }, `Nothing is learnt from: ${left.map((column) => column.name).join(", ")}.`) : null,
    columns
      ? rowTable({
        label: "Columns",
        count: () => columns.length,
        row: (index) => columns[index],
        height: Math.min(8, columns.length),
        columns: [
          { name: "column", cell: (column) => h("th", { scope: "row" }, column.name) },
          { name: "type", cell: (column) => column.type ?? "left out" },
          { name: "because", cell: (column) => column.reason },
          { name: "observed", number: true, cell: (column) => number(column.observed) },
          { name: "missing", number: true, cell: (column) => number(column.missing) },
        ],
      }).element
      : null,
    dataset.files.length > 1
      ? h(
        "details",
        {},
        h("summary", {}, `${dataset.files.length} files`),
        h("ul", {}, dataset.files.slice(0, 200).map((file) => h("li", {}, `${file.file}, ${size(file.bytes)}`))),
      )
      : null,
  ];
}

/** The choice of data; `choose(dataset)` is told of it. */
export function dataPanel(datasets, chosen, choose) {
  const list = h("div");
  const found = h("div", { role: "status" });
  const name = h("input", { autocomplete: "off", spellcheck: "false", placeholder: "as the file" });
  const entry = ({ name, description: { kind, count } }) => [name, `${name} (${kind}, ${number(count)})`];
  const draw = () => {
    fill(
      list,
      datasets.length
        ? labelled(
          "Registered data",
          select([["", "none"], ...datasets.map(entry)], chosen?.name ?? "", (value) => {
            chosen = datasets.find((dataset) => dataset.name === value) ?? null;
            draw();
            choose(chosen);
          }),
        )
        : null,
    );
    fill(
      found,
      chosen
        ? [
          description(chosen),
          h(
            "div",
            { class: "controls" },
            button("Delete these data", async () => {
              const isDone = await confirmed({
                title: `Delete ${chosen.name} from this server?`,
                content: h("p", {}, "Runs that have begun keep what they learn from."),
                verb: "Delete",
                act: () => change("DELETE", `/v1/admin/datasets/${encodeURIComponent(chosen.name)}`),
              });
              if (!isDone) return;
              datasets.splice(datasets.indexOf(chosen), 1);
              chosen = null;
              draw();
              choose(null);
            }, { class: "danger" }),
          ),
        ]
        : null,
    );
  };
  const take = async (files) => {
    fill(found, h("p", {}, `${files.length > 1 ? `${files.length} files are` : `${files[0].name} is`} sent and looked through …`));
    try {
      chosen = await register(files, name.value.trim());
    } catch (error) {
      draw();
      throw error;
    }
    const place = datasets.findIndex((dataset) => dataset.name === chosen.name);
    datasets.splice(place < 0 ? datasets.length : place, place < 0 ? 0 : 1, chosen);
    draw();
    choose(chosen);
    announce(`${chosen.name} is here.`);
  };
  draw();
  return h(
    "section",
    {},
    h("h2", {}, "Data"),
    dropZone("Drop a table (.csv, .tsv), an array (.npy, IDX), a text (.txt) or several PNGs here, or choose them", take, {
      multiple: true,
    }),
    h("div", { class: "controls" }, labelled("Name for new data", name), list),
    found,
  );
}
