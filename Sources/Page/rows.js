// Tables of any length: only the rows in sight are in the document.

import { fill, h } from "./dom.js";

const ROW = 30;
const AHEAD = 12;

/**
 * A table of `columns` of {name, title, number, cell(row, index) -> text or element, sort}, whose rows are asked for by index.
 *
 * `count()` and `row(index)` give the rows; `choose(row, index)` is called for a click or Enter. The result has `element` and `refresh()`.
 */
export function rowTable({ label, columns, count, row, choose, sort, height = 18 }) {
  const head = h("thead", {});
  const body = h("tbody", {});
  const table = h("table", { class: "rows" }, head, body);
  const scroll = h("div", {
    class: "scroll tall",
    tabindex: "0",
    role: "region",
    "aria-label": label,
    style: { "max-height": `${height * ROW + 44}px` },
  }, table);
  let shown = [-1, -1];

  function header() {
    fill(
      head,
      h(
        "tr",
        {},
        columns.map((column) =>
          h(
            "th",
            { scope: "col", class: column.number ? "number" : undefined, "aria-sort": column.order },
            column.sort
              ? h(
                "button",
                {
                  type: "button",
                  class: "plain",
                  onclick: () => sort(column),
                },
                column.title ?? column.name,
                { ascending: " ▲", descending: " ▼" }[column.order] ?? "",
              )
              : column.title ?? column.name,
          )
        ),
      ),
    );
  }

  function line(index) {
    const value = row(index);
    const element = h(
      "tr",
      { "aria-rowindex": index + 2, "data-index": index },
      columns.map((column) => {
        const content = column.cell(value, index);
        return content instanceof HTMLTableCellElement ? content : h("td", { class: column.number ? "number" : undefined }, content);
      }),
    );
    if (choose) {
      element.classList.add("choice");
      element.addEventListener("click", (event) => {
        if (!event.target.closest("a, button, input, label")) choose(value, index);
      });
    }
    return element;
  }

  function draw(force) {
    const total = count();
    table.setAttribute("aria-rowcount", total + 1);
    const first = Math.max(0, Math.min(Math.floor(scroll.scrollTop / ROW) - AHEAD, total - 1));
    const last = Math.min(total, Math.ceil((scroll.scrollTop + (scroll.clientHeight || height * ROW)) / ROW) + AHEAD);
    if (!force && first === shown[0] && last === shown[1]) return;
    shown = [first, last];
    const lines = [];
    for (let index = first; index < last; index += 1) lines.push(line(index));
    const gap = (rows) =>
      h("tr", { class: "gap", "aria-hidden": "true" }, h("td", { colspan: columns.length, style: { height: `${rows * ROW}px` } }));
    fill(body, first > 0 ? gap(first) : null, lines, last < total ? gap(total - last) : null);
  }

  let queued = false;
  scroll.addEventListener("scroll", () => {
    if (queued) return;
    queued = true;
    requestAnimationFrame(() => {
      queued = false;
      draw(false);
    });
  });
  header();
  draw(true);
  return {
    element: scroll,
    refresh(newColumns) {
      if (newColumns) columns = newColumns;
      header();
      draw(true);
    },
  };
}
