// Model files that are dropped: sent with their progress, checked by the server, registered as a version.

import { announce, dropZone, fill, h, labelled, select } from "../dom.js";
import { link } from "../address.js";
import { Away, Problem, root, session } from "../server.js";
import { receiptPanel } from "../receipt.js";
import { counted } from "../values.js";
import { size } from "./run-words.js";

/** A name that the registry takes, of a file's: what is no letter, digit, dot, hyphen or underscore goes. */
export function suggestedName(fileName) {
  return fileName.replace(/\.[^.]*$/, "").toLowerCase().replace(/[^a-z0-9._-]+/g, "-").replace(/^[^a-z0-9]+|-+$/g, "").slice(0, 64);
}

/** A place to drop a model file on; `name` is the model that it belongs to where that is known, `done` is called when a version was registered. */
export function upload({ name, done, signal }) {
  const naming = name ? null : h("input", { type: "text", autocomplete: "off", spellcheck: "false", required: true });
  const alias = select([["live", "live"], ["", "none"]], "live");
  const reason = h("input", { type: "text", autocomplete: "off" });
  const chosen = h("p", {});
  const outcome = h("div", {});
  const send = h("button", { type: "submit" }, "Upload");
  let file = null;

  const form = h(
    "form",
    {
      hidden: true,
      onsubmit: async (event) => {
        event.preventDefault();
        send.disabled = true;
        try {
          await sent(name ?? naming.value.trim());
        } finally {
          send.disabled = false;
        }
      },
    },
    chosen,
    h(
      "div",
      { class: "controls" },
      naming ? labelled("Name", naming, "Of the model; a new version where it is there already.") : null,
      labelled("Alias to point to it", alias),
      labelled("Reason", reason, "For the alias' history."),
      send,
    ),
  );

  async function sent(model) {
    const bar = h("progress", { max: file.size, value: 0, "aria-label": "Sent" });
    const stage = h("p", { role: "status" });
    fill(outcome, bar, stage);
    const query = { alias: alias.value, reason: reason.value.trim() };
    const path = `/v1/admin/models/${encodeURIComponent(model)}/versions`;
    try {
      const publication = await posted(path, query, file, (count) => {
        bar.value = count;
        const isSent = count >= file.size;
        fill(
          stage,
          isSent
            ? "Sent. The server checks the file: it is loaded, and every operation answers once."
            : `${size(count)} of ${size(file.size)}`,
        );
        if (isSent) bar.removeAttribute("value");
      }, signal);
      fill(
        outcome,
        registered(publication),
        receiptPanel(null, {
          method: "POST",
          path,
          query,
          type: "application/octet-stream",
          file: file.name,
          call: `registry.upload(${JSON.stringify(file.name)}, ${JSON.stringify(model)}, alias=${
            query.alias ? JSON.stringify(query.alias) : "None"
          })`,
        }),
      );
      announce(`${publication.model}@${publication.version} is registered.`);
      form.hidden = true;
      await done?.();
    } catch (error) {
      if (error.name !== "AbortError") fill(outcome, refusal(error));
    }
  }

  const zone = dropZone("Drop a model file (.safetensors) here, or choose one", ([first, ...others]) => {
    if (others.length) throw new Error(`These are ${others.length + 1} files, expected one at a time.`);
    file = first;
    if (naming) naming.value = suggestedName(file.name);
    fill(chosen, h("b", {}, file.name), `, ${size(file.size)}`);
    fill(outcome);
    form.hidden = false;
    (naming ?? send).focus();
  }, { accept: ".safetensors", "aria-label": "Model file" });
  return h("section", { "aria-label": "Upload" }, zone, form, outcome);
}

function registered(publication) {
  const { model, version, digest, family, operations, alias, new: isNew } = publication;
  return h(
    "div",
    { class: "outcome" },
    h(
      "p",
      { class: "good" },
      isNew ? "Registered: " : "These bytes were there already: ",
      h("a", { href: link(["models", `${model}@${version}`]) }, `${model}@${version}`),
      alias ? `, which ${model}@${alias} means now.` : ", which no alias was pointed to.",
    ),
    h(
      "dl",
      {},
      h("dt", {}, "digest"),
      h("dd", { class: "mono" }, digest),
      h("dt", {}, "family"),
      h("dd", {}, family),
      h("dt", {}, "size"),
      h("dd", {}, `${size(publication.bytes)}, ${counted(publication.parameter_count, "parameter")}`),
      h("dt", {}, "check"),
      h("dd", {}, `loaded; ${operations.join(", ")} answered`),
    ),
  );
}

/** An error with what was given and what was expected. */
function refusal(error) {
  const facts = ["field", "given", "expected"].filter((name) => error.members?.[name] !== undefined);
  return h(
    "div",
    { class: "outcome", role: "alert" },
    h("p", { class: "fault" }, h("b", {}, "Not registered. "), error.message),
    facts.length ? h("dl", {}, facts.map((name) => [h("dt", {}, name), h("dd", {}, error.members[name])])) : null,
  );
}

/** Posts a file, and says how many of its bytes are sent: what `fetch` can't. */
function posted(path, query, file, progress, signal) {
  const url = new URL(path.replace(/^\//, ""), root);
  for (const [name, value] of Object.entries(query)) if (value) url.searchParams.append(name, value);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("Content-Type", "application/octet-stream");
    if (session.key) request.setRequestHeader("Authorization", `Bearer ${session.key}`);
    request.upload.onprogress = ({ loaded }) => progress(loaded);
    request.upload.onload = () => progress(file.size);
    request.onload = () => {
      let members;
      try {
        members = JSON.parse(request.responseText);
      } catch {
        members = { detail: `The server answered ${request.status} ${request.statusText}.` };
      }
      if (request.status < 300) resolve(members);
      else reject(new Problem(request.status, members));
    };
    request.onerror = () => reject(new Away());
    request.onabort = () => reject(new DOMException("The upload was given up.", "AbortError"));
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.send(file);
  });
}
