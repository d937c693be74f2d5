// One model of the registry: its versions, what they are called, what is written about them, and the end of them.

import { button, download, fill, h, labelled } from "../dom.js";
import { go, link } from "../address.js";
import { ask, change, get, post } from "../server.js";
import { receiptPanel } from "../receipt.js";
import { confirmed } from "../dialog.js";
import { counted, tagList } from "../values.js";
import { aliasSections } from "./registry-aliases.js";
import { annotation } from "./registry-annotation.js";
import { upload } from "./registry-upload.js";
import { size, when } from "./run-words.js";

export async function showModel(frame, name, signal) {
  const path = `/v1/admin/models/${encodeURIComponent(name)}`;

  const uploading = upload({ name, signal, done: changed });

  /** Shows the model as it is now, and begins at its head again. */
  async function changed() {
    await draw();
    frame.querySelector("h1").focus();
  }

  async function draw() {
    const model = await get(`/v1/models/${encodeURIComponent(name)}`, {}, { signal });
    const isLive = model.aliases.some(({ alias }) => alias === "live");
    fill(
      frame,
      h("p", {}, h("a", { href: "#/registry" }, "Registry")),
      h("h1", { tabindex: "-1" }, name),
      h(
        "p",
        {},
        isLive
          ? h("a", { href: link(["models", name]) }, "Use it")
          : "Nothing is live: the bare name answers when the alias live points to a version.",
        ` Made ${model.created_at.slice(0, 10)}, ${counted(model.versions.length, "version")}.`,
      ),
      described(model),
      annotation({ path, entry: model, what: "the model", done: changed }),
      h("h2", {}, "Versions"),
      versions(model),
      aliasSections(model, path, signal, changed),
      h("h2", {}, "A further version"),
      uploading,
      h("h2", {}, "Name and end"),
      renaming(),
      deletion(model),
      receiptPanel(null, {
        method: "GET",
        path: `/v1/models/${encodeURIComponent(name)}`,
        call: `model(${JSON.stringify(name)}).describe()`,
      }),
    );
  }

  function described(entry) {
    return [entry.description ? h("p", {}, entry.description) : null, tagList(entry.tags)];
  }

  function versions(model) {
    if (!model.versions.length) return h("p", { class: "empty" }, "None.");
    const newestFirst = [...model.versions].sort((one, other) => other.version - one.version);
    return h(
      "ul",
      { class: "versions" },
      newestFirst.map((version) => {
        const reference = `${name}@${version.version}`;
        const pointing = model.aliases.filter((alias) => alias.version === version.version).map(({ alias }) => alias);
        return h(
          "li",
          {},
          h(
            "h3",
            {},
            h("a", { href: link(["models", reference]) }, `Version ${version.version}`),
            pointing.map((alias) => [" ", h("span", { class: "tag" }, alias)]),
          ),
          h(
            "p",
            {},
            `${version.family}, ${counted(version.parameter_count, "parameter")}, ${size(version.bytes)}, made `,
            when(version.created_at),
          ),
          h("p", { class: "mono" }, version.digest),
          described(version),
          h(
            "div",
            { class: "controls" },
            button("Download", () => fetched(reference), { class: "quiet", "aria-label": `Download ${reference}` }),
            pointing.length
              ? h("small", {}, "It can be deleted when no alias points to it.")
              : button("Delete …", () => removed(version), { class: "danger", "aria-label": `Delete ${reference}` }),
          ),
          annotation({ path: `${path}/versions/${version.version}`, entry: version, what: reference, done: changed }),
        );
      }),
    );
  }

  async function fetched(reference) {
    const { response } = await ask("GET", `/v1/models/${encodeURIComponent(reference)}/file`, {
      accept: "application/octet-stream",
      signal,
    });
    download(`${reference}.safetensors`, await response.blob());
  }

  async function removed({ version, digest }) {
    const isDone = await confirmed({
      title: `Delete ${name}@${version}?`,
      verb: "Delete the version",
      signal,
      content: h(
        "p",
        {},
        "Its file goes, too, where no other version has these bytes (",
        h("span", { class: "mono" }, digest.slice(0, 19)),
        " …). Runs that used it stay.",
      ),
      act: () => change("DELETE", `${path}/versions/${version}`),
    });
    if (isDone) await changed();
  }

  function renaming() {
    const to = h("input", { type: "text", autocomplete: "off", spellcheck: "false", placeholder: name });
    return h(
      "div",
      { class: "controls" },
      labelled("New name", to, "Versions, aliases and their history go with it; keys that name the model keep the old name."),
      button("Rename", async () => {
        if (!to.value.trim()) throw new Error("The new name is empty.");
        const entry = await post(`${path}/rename`, { to: to.value.trim() });
        go(["registry", entry.name]);
      }, { class: "quiet" }),
    );
  }

  function deletion(model) {
    return button("Delete the model …", async () => {
      const isDone = await confirmed({
        title: `Delete ${name}?`,
        verb: "Delete the model",
        typed: name,
        signal,
        content: h(
          "p",
          {},
          `${counted(model.versions.length, "version")} and ${
            counted(model.aliases.length, "alias", "aliases")
          } go with it. Its runs stay.`,
        ),
        act: () => change("DELETE", path),
      });
      if (isDone) go(["registry"]);
    }, { class: "danger" });
  }

  await draw();
}
