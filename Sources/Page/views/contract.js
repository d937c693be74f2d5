// The contract, readable: every operation of openapi.yaml by its tag, opened to what it takes and answers.

import { announce, fill, h, labelled, unfolding } from "../dom.js";
import { address, link, remember } from "../address.js";
import { ask, root } from "../server.js";
import { parseYAML } from "../yaml.js";
import { Contract } from "./contract-document.js";
import { prose } from "./contract-schema.js";
import { operationDetails } from "./contract-operation.js";
import { counted } from "../values.js";

let last = { text: null, contract: null };

/** The server's contract, read anew only where it changed. */
async function read(signal) {
  const text = await (await ask("GET", "/openapi.yaml", { accept: "application/yaml", signal })).response.text();
  if (text !== last.text) last = { text, contract: new Contract(parseYAML(text)) };
  return last.contract;
}

export async function show(frame, { path, query, signal }) {
  const contract = await read(signal);
  const { info } = contract.document;
  const state = h("p", { role: "status" });
  const entries = contract.operations.map((operation) => entry(contract, operation, path[0]));
  const sections = contract.tags.map(({ name, description }) => {
    const own = entries.filter(({ operation }) => operation.tag === name);
    return {
      own,
      element: h("section", {}, h("h2", {}, name), description ? prose(description) : null, own.map(({ element }) => element)),
    };
  });

  function filter(text) {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const { own, element } of sections) {
      for (const { operation, element: one } of own) {
        one.hidden = !words.every((word) => operation.words.includes(word));
        count += one.hidden ? 0 : 1;
      }
      element.hidden = own.every(({ element: one }) => one.hidden);
    }
    fill(state, counted(count, "operation"));
  }

  const search = h("input", {
    type: "search",
    value: query.get("search") ?? "",
    placeholder: "path, name, what it does",
    oninput: () => {
      remember({ search: search.value.trim() });
      filter(search.value);
    },
  });
  fill(
    frame,
    h("h1", {}, "API"),
    h(
      "p",
      {},
      info.summary,
      " The contract is ",
      h("a", { href: new URL("openapi.yaml", root) }, "openapi.yaml"),
      `, ${info.title} ${info.version}.`,
    ),
    h("details", {}, h("summary", {}, "What holds for every request"), prose(info.description)),
    h("search", { class: "controls" }, labelled("Search", search)),
    state,
    sections.map(({ element }) => element),
  );
  filter(search.value);
  const chosen = entries.find(({ operation }) => operation.operationId === path[0]);
  if (path[0] && !chosen) fill(state, h("span", { class: "fault" }, `The contract has no operation ${path[0]}.`));
  if (!chosen) return;
  chosen.element.hidden = false;
  chosen.element.parentElement.hidden = false;
  // Once the view stands in the document.
  requestAnimationFrame(() => {
    if (signal.aborted) return;
    chosen.element.scrollIntoView();
    chosen.element.querySelector("summary").focus({ preventScroll: true });
    announce(chosen.operation.summary);
  });
}

/** One operation, closed unless it is chosen; the one that is opened is what the address says. */
function entry(contract, operation, chosen) {
  const { operationId, method, path, summary } = operation;
  const title = [h("h3", {}, h("span", { class: "method" }, method.toUpperCase()), " ", h("code", {}, path)), " ", h("span", {}, summary)];
  const element = unfolding(title, () => operationDetails(contract, operation), {
    class: "operation",
    id: `operation-${operationId}`,
    open: operationId === chosen,
    ontoggle: () => {
      const { path: [, shown], query } = address();
      if (element.open && shown !== operationId) history.replaceState(null, "", link(["api", operationId], query));
      if (!element.open && shown === operationId) history.replaceState(null, "", link(["api"], query));
    },
  });
  return { operation, element };
}
