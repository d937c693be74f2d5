// A table with holes, filled in: which cells were, and how sure the model is of each.

import { button, download, dropZone, fill, h } from "../dom.js";
import { remember } from "../address.js";
import { ask } from "../server.js";
import { bars, number } from "../charts.js";
import { form } from "../form.js";
import { readCSV } from "../files.js";
import { receiptPanel, warningsPanel } from "../receipt.js";
import { rowTable } from "../rows.js";
import { fieldsOf } from "./model.js";

let kept = null;

/** What the model says of a cell, in a sentence. */
function sureness(cell) {
  if (cell.probabilities) {
    const [best, share] = Object.entries(cell.probabilities).sort((a, b) => b[1] - a[1])[0];
    return `${best} with ${number(100 * share)} %`;
  }
  return `${number(cell.mean)} ± ${number(cell.sd)}, 90 % between ${number(cell.q05)} and ${number(cell.q95)}`;
}

export async function show(frame, { model, query, signal }) {
  const fields = (await fieldsOf("impute")).filter((field) => !["mask", "compare", "cells"].includes(field.name));
  const values = { mode: "point", ...Object.fromEntries(query) };
  values.seed ??= String(Math.floor(Math.random() * 1e6));
  remember({ seed: values.seed, mode: values.mode });
  const options = form(fields, values, (name, value) => remember({ [name]: value }));
  const results = h("div", { "aria-live": "polite" });
  const quality = h("div", { "aria-live": "polite" });
  const path = `/v1/models/${encodeURIComponent(model.reference)}/impute`;

  async function complete() {
    if (!kept) throw new Error("Drop a table first.");
    const { text, name } = kept;
    const asked = options.values();
    const request = {
      method: "POST",
      path,
      query: asked,
      type: "text/csv",
      file: name,
      accept: "text/csv",
      model: model.reference,
      operation: "impute",
    };
    const send = (accept) => ask("POST", path, { query: asked, body: text, type: "text/csv", accept, signal });
    // The same seed gives the same numbers, so that the table and what is known of its cells fit.
    const [filled, known] = await Promise.all([send("text/csv"), send("application/json")]);
    const csv = await filled.response.text();
    const { cells = [] } = await known.response.json();
    present(csv, cells, filled.receipt, request, known.receipt.warnings);
  }

  function present(csv, cells, receipt, request, warnings) {
    const table = readCSV(csv);
    const before = readCSV(kept.text);
    const names = new Map(table.header.map((name, index) => [name, index]));
    const found = new Map();
    for (const cell of cells) found.set(`${cell.row},${names.get(String(cell.column)) ?? cell.column}`, cell);
    const first = table.header[0] !== before.header[0] && table.header.length === before.header.length + 1 ? 1 : 0;
    const rowsOnce = first ? table.rows.length / Number(table.rows.at(-1)[0]) : table.rows.length;
    const detail = h(
      "div",
      { class: "detail", "aria-live": "polite" },
      h("p", { class: "empty" }, "Point at a filled cell, or choose it, to see how sure it is."),
    );
    const tell = (cell, name, shown) =>
      fill(
        detail,
        h("h3", {}, `Row ${cell.row + 1}, ${name}: ${shown}`),
        h("p", {}, sureness(cell)),
        cell.probabilities ? bars(Object.entries(cell.probabilities)) : interval(cell),
      );
    const columns = table.header.map((name, column) => ({
      name,
      cell: (row, index) => {
        const cell = found.get(`${index % rowsOnce},${column}`);
        if (!cell) return row[column];
        const explain = () => tell(cell, name, row[column]);
        return h(
          "td",
          { class: "filled", title: sureness(cell), onpointerenter: explain },
          h("button", {
            type: "button",
            class: "plain",
            onclick: explain,
            onfocus: explain,
            "aria-label": `${name} filled in: ${row[column]}, ${sureness(cell)}`,
          }, row[column]),
        );
      },
    }));
    columns.unshift({ name: "row", number: true, cell: (_, index) => String((index % rowsOnce) + 1) });
    const counts = table.header.map((
      name,
      column,
    ) => [name, cells.filter((cell) => (names.get(String(cell.column)) ?? cell.column) === column).length]).filter(([, count]) => count);
    const known = new Set((model.signature.columns ?? []).map((column) => column.name));
    const others = before.header.filter((name) => !known.has(name));
    fill(
      results,
      h("h2", {}, `${cells.length} cells filled in`),
      warningsPanel(receipt.warnings, warnings),
      h("p", {}, counts.map(([name, count]) => h("span", { class: "tag" }, `${name}: ${count}`))),
      others.length ? h("p", {}, h("small", {}, `Left out by the model, and as they were: ${others.join(", ")}.`)) : null,
      h(
        "div",
        { class: "controls" },
        button("Download CSV", () => download(kept.name.replace(/(\.[^.]*)?$/, "-filled.csv"), csv, "text/csv")),
        button("Quality on hidden cells", measure, { class: "quiet" }),
      ),
      quality,
      detail,
      rowTable({
        label: "The filled table; filled cells are marked",
        columns,
        count: () => table.rows.length,
        row: (index) => table.rows[index],
      }).element,
      receiptPanel(receipt, request),
    );
  }

  /** Hides a tenth of the cells that are there and compares what is filled in with what they were. */
  async function measure() {
    const { header, rows, separator } = readCSV(kept.text);
    const random = mulberry(Number(options.values().seed ?? 0));
    const columns = new Set((model.signature.columns ?? []).map((column) => column.name));
    const missing = /^\s*(|NA|N\/A|NULL|None|nan|NaN|\?|-)\s*$/;
    const hidden = [];
    const holed = rows.map((row, index) =>
      row.map((cell, column) => {
        if (!columns.has(header[column]) || missing.test(cell) || random() >= 0.1) return cell;
        hidden.push({ row: index, column, cell });
        return "";
      })
    );
    if (!hidden.length) throw new Error("There is no cell to hide.");
    const quoted = (cell) => (/["\r\n]/.test(cell) || cell.includes(separator) ? `"${cell.replaceAll('"', '""')}"` : cell);
    const text = [header, ...holed].map((row) => row.map(quoted).join(separator)).join("\n") + "\n";
    const answer = await (await ask("POST", path, { query: { ...options.values(), mode: "point" }, body: text, type: "text/csv", signal }))
      .response.json();
    const found = new Map((answer.cells ?? []).map((cell) => [`${cell.row},${cell.column}`, cell]));
    const lines = header.map((name, column) => {
      const here = hidden.filter((one) => one.column === column).map((one) => ({ truth: one.cell, cell: found.get(`${one.row},${name}`) }))
        .filter((one) => one.cell);
      if (!here.length) return null;
      if (here[0].cell.probabilities) {
        const wrong = here.filter((one) =>
          Object.entries(one.cell.probabilities).sort((a, b) => b[1] - a[1])[0][0] !== one.truth.trim()
        ).length;
        return [name, here.length, `wrong: ${number((100 * wrong) / here.length)} %`, "", ""];
      }
      const numbers = here.map((one) => ({ ...one, truth: Number(one.truth) })).filter((one) => Number.isFinite(one.truth));
      if (!numbers.length) return null;
      const rms = (values) => Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length);
      const all = rows.map((row) => Number(row[column])).filter(Number.isFinite);
      const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
      const inside = numbers.filter((one) => one.truth >= one.cell.q05 && one.truth <= one.cell.q95).length;
      return [
        name,
        numbers.length,
        number(rms(numbers.map((one) => one.truth - one.cell.mean))),
        number(rms(numbers.map((one) => one.truth - mean))),
        `${number((100 * inside) / numbers.length)} %`,
      ];
    }).filter(Boolean);
    fill(
      quality,
      h("h3", {}, "On cells that were hidden for this"),
      h(
        "div",
        { class: "scroll", tabindex: "0", role: "region", "aria-label": "Quality by column" },
        h(
          "table",
          {},
          h(
            "thead",
            {},
            h(
              "tr",
              {},
              ["column", "cells", "error (RMS, its units)", "error of filling in the mean", "inside of the 90 % interval"].map((name) =>
                h("th", { scope: "col" }, name)
              ),
            ),
          ),
          h(
            "tbody",
            {},
            lines.map((line) =>
              h("tr", {}, line.map((cell, index) => (index ? h("td", { class: "number" }, cell) : h("th", { scope: "row" }, cell))))
            ),
          ),
        ),
      ),
      h("p", {}, h("small", {}, "Rows of the model's own training may be among these; then this flatters.")),
    );
  }

  const zone = dropZone("Drop a CSV with holes here, or choose one", async ([file]) => {
    kept = { name: file.name, text: await file.text() };
    await complete();
  }, { accept: ".csv,.tsv,.txt,text/csv" });
  fill(
    frame,
    h(
      "p",
      {},
      "Columns that the model left out when it learnt pass through as they are; one that it has never seen is refused by name. The model knows ",
      (model.signature.columns ?? []).map((column) => h("span", { class: "tag" }, `${column.name}: ${column.type}`)),
    ),
    zone,
    h("details", { class: "options" }, h("summary", {}, "Options"), options.element),
    button("Fill in", complete),
    results,
  );
  if (kept && readCSV(kept.text).header.some((name) => (model.signature.columns ?? []).some((column) => column.name === name))) {
    await complete();
  }
}

/** The interval of a number, drawn. */
function interval({ mean, q05, q95 }) {
  const [low, high] = [Math.min(q05, mean), Math.max(q95, mean)];
  return h(
    "p",
    {},
    h("meter", {
      min: low,
      max: high === low ? low + 1 : high,
      value: mean,
      "aria-label": `mean ${number(mean)} between ${number(q05)} and ${number(q95)}`,
    }),
    ` ${number(q05)} – ${number(q95)}`,
  );
}

/** A small generator, so that the same seed hides the same cells. */
function mulberry(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let word = Math.imul(state ^ (state >>> 15), 1 | state);
    word = (word + Math.imul(word ^ (word >>> 7), 61 | word)) ^ word;
    return ((word ^ (word >>> 14)) >>> 0) / 4294967296;
  };
}
