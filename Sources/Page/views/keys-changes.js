// The change log: who changed what, newest first.

import { button, fill, h, labelled } from "../dom.js";
import { link, remember } from "../address.js";
import { get } from "../server.js";
import { rowTable } from "../rows.js";
import { receiptPanel } from "../receipt.js";
import { counted } from "../values.js";
import { when } from "./run-words.js";

const PAGE = 500;
export async function showChanges(frame, query, signal) {
  const filters = Object.fromEntries(["action", "target", "key", "since"].map((name) => [name, query.get(name) ?? ""]));
  const entries = [];
  const state = h("p", { role: "status" });
  const more = h("p", {});
  const same = h("div", {});
  const seenActions = new Set();
  const actions = h("datalist", { id: "change-actions" });
  let listing = new AbortController();
  signal.addEventListener("abort", () => listing.abort());

  const table = rowTable({
    label: "Changes",
    columns: [
      { name: "time", title: "Time", cell: (entry) => when(entry.time) },
      { name: "actor", title: "Who", cell: (entry) => entry.actor },
      { name: "key", title: "Key", cell: (entry) => entry.key ? h("span", { class: "mono" }, entry.key) : "–" },
      { name: "action", title: "Action", cell: (entry) => entry.action },
      { name: "target", title: "What", cell: (entry) => target(entry) },
      { name: "detail", title: "Detail", cell: (entry) => detail(entry.detail) },
      { name: "address", title: "From", cell: (entry) => entry.address ?? "–" },
    ],
    count: () => entries.length,
    row: (index) => entries[index],
  });

  async function page(token, asked) {
    const conditions = Object.fromEntries(Object.entries(filters).filter(([, value]) => value));
    const answer = await get("/v1/admin/changes", { ...conditions, limit: PAGE, page_token: token }, { signal: asked });
    if (asked.aborted) return;
    if (!token) entries.length = 0;
    entries.push(...answer.entries);
    const next = answer.next_page_token;
    const shown = `${counted(entries.length, "change")}${next ? " so far" : ""}, the newest first.`;
    fill(state, entries.length ? shown : "No change meets these conditions.");
    fill(more, next ? button("Earlier changes", () => page(next, asked), { class: "quiet" }) : null);
    for (const { action } of answer.entries) seenActions.add(action);
    fill(actions, [...seenActions].sort().map((action) => h("option", { value: action })));
    fill(same, receiptPanel(null, { method: "GET", path: "/v1/admin/changes", query: conditions }));
    table.element.hidden = !entries.length;
    table.refresh();
  }

  async function list() {
    listing.abort();
    listing = new AbortController();
    await page(undefined, listing.signal);
  }

  const hints = { action: "alias.move", target: "name, name@3, name@alias", key: "an identifier, or admin", since: "2026-05-01T00:00:00Z" };
  const controls = Object.fromEntries(
    Object.entries(hints).map((
      [name, placeholder],
    ) => [
      name,
      h("input", { type: "search", value: filters[name], autocomplete: "off", placeholder, list: name === "action" ? actions.id : null }),
    ]),
  );
  const apply = async () => {
    for (const [name, control] of Object.entries(controls)) filters[name] = control.value.trim();
    // A day by itself is its beginning.
    if (/^\d{4}-\d\d-\d\d$/.test(filters.since)) filters.since += "T00:00:00Z";
    remember(filters);
    await list();
  };
  const applying = button("Filter", apply, { type: "submit" });
  const form = h(
    "form",
    { class: "controls", role: "search", onsubmit: (event) => event.preventDefault() },
    labelled("Action", controls.action),
    actions,
    labelled("What", controls.target),
    labelled("Key", controls.key),
    labelled("Since", controls.since),
    applying,
  );
  fill(frame, form, state, table.element, more, same);
  await list();
}

/** What a change was about, as a link where that still has a place here. */
function target({ action, target: text }) {
  const isModel = /^(?:alias|model|version)\./.test(action);
  return isModel && !action.endsWith("delete") ? h("a", { href: link(["registry", text.replace(/@.*$/, "")]) }, text) : text;
}

function detail(members) {
  const text = Object.entries(members).filter(([, value]) => value !== null && value !== "")
    .map(([name, value]) => `${name} ${typeof value === "object" ? JSON.stringify(value) : value}`).join(", ");
  return h("span", { title: text }, text);
}
