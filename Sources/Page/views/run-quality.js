// How well the cells of a table are filled in, as the run's log tells it of cells that were hidden on purpose.

import { h } from "../dom.js";

const NUMBERS = /^(.+): error (.+?) on (\d+) hidden cells, (.+?) with the mean; (\d+ %) within their 90 % intervals$/;
const CATEGORIES = /^(.+): (\d+ %) of (\d+) hidden cells wrong, (\d+ %) with the commonest value$/;

/** One entry a column of {name, error, cells, plain, inside}; empty where the log has none. */
function readQuality(log) {
  return log.split("\n").flatMap((line) => {
    const number = NUMBERS.exec(line);
    if (number) return [{ name: number[1], error: number[2], cells: number[3], plain: `${number[4]} (mean)`, inside: number[5] }];
    const category = CATEGORIES.exec(line);
    if (!category) return [];
    const [, name, wrong, cells, plain] = category;
    return [{ name, error: `${wrong} wrong`, cells, plain: `${plain} wrong (commonest value)`, inside: "–" }];
  });
}

/** Whether filling a column in is better than writing its mean, or its commonest value, everywhere. */
function isBetter({ error, plain }) {
  return Number.parseFloat(error) < Number.parseFloat(plain);
}

const HEADER = ["column", "error", "of the plain guess", "within 90 %", "hidden cells"];

export function qualityTable(log) {
  const columns = readQuality(log);
  if (!columns.length) return null;
  const worse = columns.filter((column) => !isBetter(column));
  return [
    h("h3", {}, "How good the filled cells are"),
    h(
      "p",
      {},
      "Some known cells were hidden and filled in like the holes. The error is that of those cells, in the column's own unit; ",
      "beside it stands what the column's mean, or its commonest value, would have been off by. ",
      "Nine in ten cells should lie within their 90 % intervals.",
    ),
    worse.length
      ? h(
        "p",
        { class: "warnings" },
        `No better than that: ${worse.map((column) => column.name).join(", ")}. `,
        `The other columns tell little about ${worse.length > 1 ? "these" : "this one"}.`,
      )
      : null,
    h(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": "Quality of the filled cells" },
      h(
        "table",
        {},
        h("thead", {}, h("tr", {}, HEADER.map((name) => h("th", { scope: "col" }, name)))),
        h(
          "tbody",
          {},
          columns.map((column) =>
            h(
              "tr",
              {},
              h("th", { scope: "row" }, column.name),
              isBetter(column) ? h("td", { class: "good" }, column.error, " ✓") : h("td", {}, column.error),
              h("td", {}, column.plain),
              h("td", {}, column.inside),
              h("td", { class: "number" }, column.cells),
            )
          ),
        ),
      ),
    ),
  ];
}
