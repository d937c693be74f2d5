// Which version an alias points to, where it pointed before and why, and moving it.

import { button, h, labelled, select } from "../dom.js";
import { link } from "../address.js";
import { change, get } from "../server.js";
import { confirmed } from "../dialog.js";
import { receiptPanel } from "../receipt.js";
import { when } from "./run-words.js";

/** How many moves a history shows by itself. */
const SHORT = 5;

/** The aliases of a model, each with its history, and a form for another one; `done` is called after every change. */
export function aliasSections(model, path, signal, done) {
  const { name } = model;
  const aliasPath = (alias) => `${path}/aliases/${encodeURIComponent(alias)}`;

  async function move(alias, version, from, reason) {
    await change("PUT", aliasPath(alias), { version, ...(from ? { from } : {}), ...(reason ? { reason } : {}) });
    await done();
  }

  async function made(alias, version, from, reason) {
    if (!alias) throw new Error("The alias has no name, expected one such as live or candidate.");
    await move(alias, version, from, reason);
  }

  function section({ alias, version }) {
    const reason = h("input", { type: "text", autocomplete: "off" });
    const past = h("div", {});
    const others = model.versions.map((entry) => entry.version).filter((other) => other !== version).sort((one, other) => other - one);
    const to = select(others.map((other) => [String(other), `version ${other}`]), undefined);
    const back = h("span", {});
    const call = `registry.promote(${JSON.stringify(name)}, ${version}, alias=${JSON.stringify(alias)})`;
    fillHistory(past, back, alias, () => reason.value.trim());
    return h(
      "section",
      { class: "alias" },
      h("h3", {}, alias),
      h(
        "p",
        {},
        h("b", {}, `${name}@${alias}`),
        " means ",
        h("a", { href: link(["models", `${name}@${version}`]) }, `version ${version}`),
        ".",
      ),
      h(
        "div",
        { class: "controls" },
        labelled("Reason", reason, "For the history."),
        others.length
          ? [labelled("Point it to", to), button("Move", () => move(alias, Number(to.value), version, reason.value.trim()))]
          : null,
        back,
        button("Delete the alias …", () => removed(alias, reason.value.trim()), { class: "danger" }),
      ),
      past,
      receiptPanel(null, { method: "PUT", path: aliasPath(alias), body: { version }, call }),
    );
  }

  async function fillHistory(past, back, alias, reason) {
    let moves;
    try {
      moves = (await get(`${aliasPath(alias)}/history`, {}, { signal })).history;
    } catch (error) {
      if (error.name !== "AbortError") past.append(h("p", { class: "fault" }, error.message));
      return;
    }
    const last = moves[0];
    if (last?.from && last.to && model.versions.some(({ version }) => version === last.from)) {
      back.append(
        button(`Roll back to version ${last.from}`, () => move(alias, last.from, last.to, reason() || "rolled back"), { class: "quiet" }),
      );
    }
    const list = h("ol", { class: "history" }, moves.map(moveLine));
    past.append(h("details", { open: moves.length <= SHORT }, h("summary", {}, `History of ${alias}`), list));
  }

  async function removed(alias, reason) {
    const isDone = await confirmed({
      title: `Delete ${name}@${alias}?`,
      verb: "Delete the alias",
      signal,
      content: h(
        "p",
        {},
        alias === "live" ? "The bare name answers no more until live points to a version again. " : "",
        "The versions and the history stay.",
      ),
      act: () => change("DELETE", aliasPath(alias), undefined, { query: { reason } }),
    });
    if (isDone) await done();
  }

  function making() {
    if (!model.versions.length) return null;
    const isLive = model.aliases.some(({ alias }) => alias === "live");
    const alias = h("input", { type: "text", autocomplete: "off", spellcheck: "false", value: isLive ? "" : "live" });
    const reason = h("input", { type: "text", autocomplete: "off" });
    const newestFirst = model.versions.map(({ version }) => version).sort((one, other) => other - one);
    const to = select(newestFirst.map((version) => [String(version), `version ${version}`]), String(newestFirst[0]));
    return h(
      "section",
      {},
      h("h3", {}, "Another alias"),
      h(
        "div",
        { class: "controls" },
        labelled("Alias", alias),
        labelled("Point it to", to),
        labelled("Reason", reason),
        button("Point", () => made(alias.value.trim(), Number(to.value), undefined, reason.value.trim())),
      ),
    );
  }

  return [h("h2", {}, "Aliases"), model.aliases.map(section), making()];
}

function moveLine({ time, from, to, actor, reason }) {
  const what = to === null ? `deleted, was at version ${from}` : from === null ? `to version ${to}` : `from version ${from} to ${to}`;
  return h("li", {}, when(time), ` ${what} by ${actor}`, reason ? [": ", h("q", {}, reason)] : null);
}
