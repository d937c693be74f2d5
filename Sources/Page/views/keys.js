// The keys of the server: made, shown once, revoked. The change log stands beside them.

import { announce, button, copyButton, fill, h, labelled } from "../dom.js";
import { link } from "../address.js";
import { change, pages, post } from "../server.js";
import { rowTable } from "../rows.js";
import { receiptPanel } from "../receipt.js";
import { confirmed } from "../dialog.js";
import { counted } from "../values.js";
import { showChanges } from "./keys-changes.js";
import { when } from "./run-words.js";

const SCOPES = [
  ["infer", "Inference, lists and runs, of all models or of those named here."],
  ["metrics", "/metrics alone, for Prometheus."],
  ["admin", "Everything: uploads, aliases, keys."],
];

export async function show(frame, { path, query, signal }) {
  const isLog = path[0] === "changes";
  const tab = (segments, title, isHere) =>
    h("li", {}, h("a", { href: link(segments), "aria-current": isHere ? "page" : undefined }, title));
  const content = h("div", {});
  fill(
    frame,
    h("h1", {}, isLog ? "Change log" : "Keys"),
    h(
      "nav",
      { "aria-label": "Keys" },
      h("ul", { class: "tabs" }, tab(["keys"], "Keys", !isLog), tab(["keys", "changes"], "Change log", isLog)),
    ),
    content,
  );
  await (isLog ? showChanges(content, query, signal) : showKeys(content, signal));
}

async function showKeys(frame, signal) {
  const keys = [];
  const state = h("p", { role: "status" });
  const table = rowTable({
    label: "Keys",
    columns: [
      { name: "name", title: "Name", cell: (key) => key.name },
      { name: "id", title: "Identifier", cell: changesOf },
      { name: "scopes", title: "Scopes", cell: (key) => key.scopes.join(", ") },
      { name: "models", title: "Models", cell: (key) => key.models?.join(", ") ?? "all" },
      { name: "state", title: "State", cell: (key) => key.state },
      { name: "created", title: "Made", cell: (key) => when(key.created_at) },
      { name: "expires", title: "Expires", cell: (key) => (key.expires_at ? when(key.expires_at) : "never") },
      { name: "used", title: "Last used", cell: (key) => (key.last_used_at ? when(key.last_used_at) : "never") },
      {
        name: "end",
        title: "End",
        cell: (key) =>
          key.revoked_at ? ["revoked ", when(key.revoked_at)] : h("button", {
            type: "button",
            class: "plain link",
            "aria-label": `Revoke ${key.name}`,
            onclick: () => revoked(key),
          }, "Revoke …"),
      },
    ],
    count: () => keys.length,
    row: (index) => keys[index],
  });

  async function list() {
    const found = [];
    for await (const page of pages("/v1/admin/keys", "keys", { limit: 1000 })) found.push(...page);
    if (signal.aborted) return;
    keys.splice(0, keys.length, ...found.reverse());
    fill(state, keys.length ? `${counted(keys.length, "key")}, the newest first.` : "There is no key beside the store's own, admin.key.");
    table.element.hidden = !keys.length;
    table.refresh();
  }

  async function revoked(key) {
    const isDone = await confirmed({
      title: `Revoke ${key.name}?`,
      verb: "Revoke the key",
      signal,
      content: h(
        "p",
        {},
        "Whoever uses ",
        h("span", { class: "mono" }, key.id),
        " is refused from now on. ",
        "A key can't be brought back; make another one instead.",
      ),
      act: () => change("DELETE", `/v1/admin/keys/${encodeURIComponent(key.id)}`),
    });
    if (!isDone) return;
    announce(`${key.name} is revoked.`);
    await list();
  }

  fill(frame, making(list), h("h2", {}, "All keys"), state, table.element, receiptPanel(null, { method: "GET", path: "/v1/admin/keys" }));
  await list();
}

/** A key's identifier, which leads to what was done with it. */
function changesOf({ id }) {
  return h("a", { class: "mono", href: link(["keys", "changes"], { key: id }), title: "What was done with it" }, id);
}

/** The form for a key, and the secret of the one that was made last. */
function making(done) {
  const name = h("input", { type: "text", autocomplete: "off", maxlength: 100 });
  const models = h("input", { type: "text", autocomplete: "off", spellcheck: "false" });
  const expiry = h("input", { type: "datetime-local" });
  const scopes = SCOPES.map((
    [scope, note],
  ) => [scope, note, h("input", { type: "checkbox", checked: scope === "infer", onchange: () => sync() })]);
  const sync = () => {
    models.disabled = scopes.find(([scope]) => scope === "admin")[2].checked;
  };
  const outcome = h("div", { "aria-live": "polite" });

  async function make() {
    const body = { name: name.value.trim(), scopes: scopes.filter(([, , box]) => box.checked).map(([scope]) => scope) };
    if (!body.name) throw new Error("The name is empty, expected whose key it is, or what it is for.");
    if (!body.scopes.length) throw new Error("No scope is chosen, expected one at least.");
    const named = models.value.split(",").map((part) => part.trim()).filter(Boolean);
    if (named.length && !models.disabled) body.models = named;
    if (expiry.value) body.expires_at = new Date(expiry.value).toISOString();
    const issued = await post("/v1/admin/keys", body);
    fill(outcome, secretPanel(issued, () => fill(outcome)), receiptPanel(null, { method: "POST", path: "/v1/admin/keys", body }));
    [name.value, models.value, expiry.value] = ["", "", ""];
    await done();
  }

  return h(
    "section",
    { "aria-label": "A new key" },
    h(
      "details",
      {},
      h("summary", {}, "Make a key"),
      h(
        "div",
        { class: "fields" },
        labelled("Name", name, "Whose it is, or what it is for."),
        labelled("Models", models, "Names with commas between; all where empty. Not beside the scope admin."),
        labelled("Expires", expiry, "In your own time zone; never where empty."),
      ),
      h(
        "fieldset",
        {},
        h("legend", {}, "Scopes"),
        scopes.map(([scope, note, box]) => {
          const field = labelled(scope, box, note);
          field.classList.add("check");
          return field;
        }),
      ),
      button("Make the key", make),
    ),
    outcome,
  );
}

function secretPanel(issued, close) {
  return h(
    "div",
    { class: "secret" },
    h("h2", {}, `The key ${issued.name}`),
    h("p", {}, "Its secret is shown this once; the store keeps only a hash of it."),
    h("div", { class: "code" }, copyButton(() => issued.secret), h("pre", { tabindex: "0" }, issued.secret)),
    h("button", { type: "button", class: "quiet", onclick: close }, "I have kept it"),
  );
}
