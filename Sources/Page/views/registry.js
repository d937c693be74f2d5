// The registry: all models with their versions and aliases, and what is done to them.

import { fill, h, labelled } from "../dom.js";
import { link, remember } from "../address.js";
import { get, pages, session } from "../server.js";
import { rowTable } from "../rows.js";
import { receiptPanel } from "../receipt.js";
import { counted } from "../values.js";
import { upload } from "./registry-upload.js";
import { showModel } from "./registry-model.js";
import { when } from "./run-words.js";

const PAUSE = 200;

export async function show(frame, { path, query, signal }) {
  if (path[0]) return showModel(frame, path[0], signal);
  const models = [];
  let search = query.get("search") ?? "";
  let listing = new AbortController();
  signal.addEventListener("abort", () => listing.abort());
  const state = h("p", { role: "status" });
  const same = h("div", {});
  const aliases = aliasCells(signal);
  const table = rowTable({
    label: "Models",
    columns: [
      { name: "name", title: "Model", cell: (model) => h("a", { href: link(["registry", model.name]) }, model.name) },
      { name: "live", title: "Live", number: true, cell: (model) => model.live_version ?? "–" },
      { name: "versions", title: "Versions", number: true, cell: (model) => model.versions },
      { name: "aliases", title: "Aliases", cell: aliases },
      { name: "family", title: "Family", cell: (model) => model.family ?? "–" },
      { name: "parameters", title: "Parameters", number: true, cell: (model) => model.parameter_count?.toLocaleString("en") ?? "–" },
      { name: "created", title: "Made", cell: (model) => when(model.created_at) },
      { name: "state", title: "State", cell: stateOf },
    ],
    count: () => models.length,
    row: (index) => models[index],
  });

  async function list() {
    listing.abort();
    listing = new AbortController();
    const asked = listing.signal;
    const conditions = search ? { search } : {};
    const call = `models(${search ? `search=${JSON.stringify(search)}` : ""})`;
    fill(same, receiptPanel(null, { method: "GET", path: "/v1/models", query: conditions, call }));
    let isFirst = true;
    for await (const page of pages("/v1/models", "models", { ...conditions, limit: 1000 })) {
      if (asked.aborted) return;
      if (isFirst) models.length = 0;
      isFirst = false;
      models.push(...page);
      const none = search ? "No model has this in its name, description or tags." : "There is no model yet: drop a file above.";
      fill(state, models.length ? counted(models.length, "model") : none);
      table.refresh();
    }
  }

  let pending;
  const searching = h("input", {
    type: "search",
    value: search,
    placeholder: "name, description, tag",
    oninput: () => {
      clearTimeout(pending);
      pending = setTimeout(() => {
        search = searching.value.trim();
        remember({ search });
        list().catch((error) => fill(state, h("span", { class: "fault" }, error.message)));
      }, PAUSE);
    },
  });
  fill(
    frame,
    h("h1", {}, "Registry"),
    session.key ? null : h("p", {}, "Uploads and changes need a key of the scope admin: ", h("a", { href: "#/sign-in" }, "sign in"), "."),
    upload({ signal, done: list }),
    h("h2", {}, "Models"),
    h("search", { class: "controls" }, labelled("Search", searching)),
    state,
    table.element,
    same,
  );
  await list();
}

function stateOf(model) {
  if (model.failure) return h("span", { class: "fault" }, model.failure);
  return model.live_version === null ? "nothing is live" : "";
}

/** Cells that ask for a model's aliases when they come in sight. */
function aliasCells(signal) {
  const known = new Map();
  return (model) => {
    const cell = h("td", {});
    const key = `${model.name} ${model.live_version} ${model.latest_version}`;
    if (!known.has(key)) known.set(key, get(`/v1/models/${encodeURIComponent(model.name)}`, {}, { signal }));
    const listed = ({ aliases }) => fill(cell, aliases.map(({ alias, version }) => `${alias} → ${version}`).join(", ") || "–");
    known.get(key).then(listed, () => known.delete(key));
    return cell;
  };
}
