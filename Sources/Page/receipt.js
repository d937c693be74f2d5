// The receipt of an answer, and the same request for a shell and for Python.

import { copyButton, h } from "./dom.js";
import { root, session } from "./server.js";

const shellQuoted = (text) => `'${String(text).replaceAll("'", "'\\''")}'`;

export function python(value) {
  if (value === null || value === undefined) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (Array.isArray(value)) return `[${value.map(python).join(", ")}]`;
  if (typeof value === "object") {
    return `{${Object.entries(value).map(([name, part]) => `${JSON.stringify(name)}: ${python(part)}`).join(", ")}}`;
  }
  return JSON.stringify(value);
}

/** Large bodies are cut for reading: nobody copies ten thousand numbers. */
const LIMIT = 2000;

/**
 * The line for curl.
 *
 * `request` is {method, path, query, body, type, accept, file}; `file` is the name of what a body of bytes came from.
 */
export function curl(request) {
  const url = new URL(request.path.replace(/^\//, ""), root);
  for (const [name, value] of Object.entries(request.query ?? {})) {
    if (value !== undefined && value !== null && value !== "") url.searchParams.append(name, value);
  }
  const parts = ["curl -s", shellQuoted(url)];
  if (request.method !== "GET" && !(request.method === "POST" && (request.body !== undefined || request.file))) {
    parts.splice(1, 0, `-X ${request.method}`);
  }
  if (session.key) parts.push('-H "Authorization: Bearer $POSTERIOR_KEY"');
  if (request.accept && request.accept !== "application/json") parts.push(`-H ${shellQuoted(`Accept: ${request.accept}`)}`);
  if (request.file) {
    parts.push(`-H ${shellQuoted(`Content-Type: ${request.type}`)}`, `--data-binary ${shellQuoted(`@${request.file}`)}`);
  } else if (request.body !== undefined) {
    const text = JSON.stringify(request.body);
    parts.push("-H 'Content-Type: application/json'", text.length > LIMIT ? "-d @request.json" : `-d ${shellQuoted(text)}`);
  }
  return parts.join(" \\\n  ");
}

/**
 * The same through the Python package.
 *
 * `request` has `call`, an expression on `server`, and `each`, what one of its results is called, where it is a list; or `model`, `operation`,
 * `options` and what the items come from.
 */
export function pythonLines(request) {
  const lines = ["from posterior import Posterior", ""];
  const key = session.key ? ', key=os.environ["POSTERIOR_KEY"]' : "";
  if (key) lines.unshift("import os");
  lines.push(`server = Posterior(${JSON.stringify(root.href.replace(/\/$/, ""))}${key})`);
  if (request.each) return [...lines, `for ${request.each} in server.${request.call}:`, `    print(${request.each})`].join("\n");
  if (request.call) return [...lines, `print(server.${request.call})`].join("\n");
  let items = null;
  if (request.file) items = JSON.stringify(request.file);
  else if (request.body?.inputs || request.body?.rows || request.body?.layers) items = "items";
  if (items === "items") {
    lines.unshift(request.body.rows ? "import pandas" : "import numpy");
    lines.push(request.body.rows ? 'items = pandas.read_csv("items.csv")' : 'items = numpy.load("items.npy")');
  }
  const options = {
    ...(request.options ?? request.query),
    ...(typeof request.body === "object" && !(request.body instanceof Blob) ? request.body : {}),
  };
  for (const name of ["inputs", "rows", "layers"]) delete options[name];
  if (request.operation === "sample_texts" && options.given) options.given = options.given.text;
  const given = Object.entries(options).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const call = [items, ...given.map(([name, value]) => `${name}=${python(value)}`)].filter(Boolean).join(", ");
  lines.push(`answer = server.model(${JSON.stringify(request.model)}).${request.operation}(${call})`, "print(answer.receipt)");
  return lines.join("\n");
}

/** A text to copy, with its name. */
export function code(title, text) {
  const block = h("div", { class: "code" }, h("p", { class: "title" }, title), copyButton(() => text), h("pre", { tabindex: "0" }, text));
  return block;
}

/** What says how an answer came about, for reading and for repeating. */
export function receiptPanel(receipt, request) {
  const names = { model: "model", digest: "digest", seed: "seed", first_item: "first item", run: "run" };
  const facts = Object.entries(names).filter(([name]) => receipt?.[name] !== undefined);
  return h(
    "details",
    { class: "receipt" },
    h(
      "summary",
      {},
      facts.length
        ? h(
          "span",
          {},
          "Receipt: ",
          facts.filter(([name]) => name !== "digest").map((
            [name, title],
            index,
          ) => [index ? ", " : "", `${title} `, h("b", {}, receipt[name])]),
        )
        : "The same for a shell and for Python",
    ),
    facts.length
      ? h(
        "dl",
        {},
        facts.map((
          [name, title],
        ) => [
          h("dt", {}, title),
          h("dd", {}, name === "run" ? h("a", { href: `#/runs/${encodeURIComponent(receipt.run)}` }, receipt.run) : receipt[name]),
        ]),
      )
      : null,
    code("curl", curl(request)),
    request.call || request.operation ? code("Python", pythonLines(request)) : null,
  );
}

/** Sentences about doubtful input. */
export function warningsPanel(...lists) {
  const sentences = [...new Set(lists.flat().filter(Boolean))];
  return sentences.length ? h("ul", { class: "warnings" }, sentences.map((sentence) => h("li", {}, sentence))) : null;
}
