// Runs: all of them, filtered and ordered; one; and several side by side.

import { button, download, fill, h, labelled, select } from "../dom.js";
import { go, link, remember } from "../address.js";
import { ask, get } from "../server.js";
import { rowTable } from "../rows.js";
import { counted } from "../values.js";
import { receiptPanel } from "../receipt.js";
import { RunList } from "./runs-loading.js";
import { filterField, filterHelp, vocabulary } from "./runs-filter.js";
import { columnChooser, columnOf, readColumns, writtenColumns } from "./runs-columns.js";
import { KINDS, STATUSES } from "./run-words.js";
import * as one from "./run.js";
import * as comparison from "./runs-compare.js";

export async function show(frame, context) {
  if (context.path[0] === "compare") return comparison.show(frame, context);
  if (context.path[0]) return one.show(frame, context);
  return showList(frame, context);
}

/** Most runs that are compared at once. */
const MOST = 20;

async function showList(frame, { query, signal }) {
  const asked = Object.fromEntries(["filter", "kind", "model", "status", "order_by"].map((name) => [name, query.get(name)]));
  const picked = new Set((query.get("picked") ?? "").split(",").filter(Boolean));
  let columns = readColumns(query.get("columns"));
  let list;
  const status = h("p", { role: "status" });
  const fault = h("p", { class: "fault", role: "alert" });
  const receipt = h("div");
  const picker = h("div");
  const comparing = h("div", { class: "controls" });

  const request = () => Object.fromEntries(Object.entries(asked).filter(([, value]) => value));
  const table = rowTable({
    label: "Runs",
    columns: [],
    count: () => (list ? list.runs.length + (list.isOver ? 0 : 1) : 0),
    row: (index) => {
      if (index >= list.runs.length - 40) list.more();
      return list.runs[index];
    },
    choose: (run) => {
      if (run) go(["runs", run.id]);
    },
    sort: (column) => {
      const next = { [`${column.by} desc`]: `${column.by} asc`, [`${column.by} asc`]: null };
      asked.order_by = asked.order_by in next ? next[asked.order_by] : `${column.by} desc`;
      load();
    },
  });

  const words = () => vocabulary(list.runs, list.metricNames);
  const draw = () => {
    table.refresh([tick(picked, drawComparing), ...columns.map((name) => ordered(columnOf(name, list), asked.order_by))]);
    fill(fault, list.fault?.message);
    const none = list.fault ? "" : Object.keys(request()).length ? "No run meets these conditions." : "There are no runs yet.";
    fill(
      status,
      list.runs.length || !list.isOver ? counted(list.runs.length, "run") : none,
      list.isOver ? null : " so far, more as you scroll",
      asked.order_by && !/^started /.test(asked.order_by)
        ? h("small", {}, `, those without ${asked.order_by.split(" ")[0]} left out`)
        : null,
    );
  };
  function drawComparing() {
    remember({ picked: [...picked].join(",") });
    fill(
      comparing,
      picked.size
        ? [
          picked.size < 2
            ? h("span", {}, "Tick another run to compare.")
            : picked.size > MOST
            ? h("span", { class: "fault" }, `${picked.size} runs are ticked, expected at most ${MOST}.`)
            : h(
              "a",
              { class: "link-button", href: link(["runs", "compare"], { ids: [...picked].join(",") }) },
              `Compare ${picked.size} runs`,
            ),
          button("Untick all", () => {
            picked.clear();
            drawComparing();
            draw();
          }, { class: "quiet" }),
        ]
        : null,
    );
  }
  const load = async () => {
    remember(asked);
    list = new RunList(request(), signal, () => {
      if (list === own) draw();
    });
    const own = list;
    table.element.scrollTop = 0;
    fill(
      receipt,
      receiptPanel(null, {
        method: "GET",
        path: "/v1/runs",
        query: request(),
        each: "run",
        call: `runs(${Object.entries(request()).map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(", ")})`,
      }),
    );
    await own.more();
    own.runs.filter((run) => run.kind !== "inference").slice(0, MOST).forEach((run) => own.want(run));
  };

  const models = await get("/v1/models", { limit: 1000 }, { signal });
  const names = models.models.map((model) => model.name);
  if (asked.model && !names.includes(asked.model)) names.push(asked.model);
  const choice = (title, name, values) =>
    labelled(
      title,
      select([["", `any ${title.toLowerCase()}`], ...values.map((value) => [value, value])], asked[name] ?? "", (value) => {
        asked[name] = value;
        load();
      }),
    );
  const apply = (text) => {
    if (text !== (asked.filter ?? "")) {
      asked.filter = text;
      load();
    }
  };
  const { input, list: completions } = filterField(asked.filter ?? "", words, apply);
  const use = (text) => {
    input.value = text;
    input.focus();
  };
  fill(
    frame,
    h("h1", {}, "Runs"),
    h(
      "div",
      { class: "controls" },
      choice("Kind", "kind", KINDS),
      choice("Model", "model", names),
      choice("Status", "status", STATUSES),
      button("Refresh", load, { class: "quiet" }),
      button("Download as CSV", async () => {
        const { response } = await ask("GET", "/v1/runs", { query: request(), accept: "text/csv" });
        download("runs.csv", await response.blob());
      }, { class: "quiet" }),
    ),
    h("div", { class: "wide" }, labelled("Filter", input), completions),
    fault,
    filterHelp(use),
    picker,
    comparing,
    status,
    table.element,
    receipt,
  );
  await load();
  fill(
    picker,
    columnChooser(columns, () => list, (chosen) => {
      columns = chosen;
      remember({ columns: writtenColumns(columns) });
      draw();
    }),
  );
  drawComparing();
  const clock = setInterval(() => {
    if (document.visibilityState === "visible") list.refreshRunning();
  }, 4000);
  signal.addEventListener("abort", () => clearInterval(clock));
}

/** The column of boxes by which runs are chosen. */
function tick(picked, changed) {
  return {
    name: "compare",
    title: h("span", { class: "unseen" }, "compare"),
    cell: (run) => (run
      ? h("input", {
        type: "checkbox",
        checked: picked.has(run.id),
        "aria-label": `Compare run ${run.id}`,
        onchange: (event) => {
          if (event.target.checked) picked.add(run.id);
          else picked.delete(run.id);
          changed();
        },
      })
      : "…"),
  };
}

function ordered(column, order) {
  const [, by, way] = /^(.*?)(?: (asc|desc))?$/.exec(order ?? "started desc");
  return { ...column, order: column.sort && by === column.by ? (way === "desc" ? "descending" : "ascending") : undefined };
}
