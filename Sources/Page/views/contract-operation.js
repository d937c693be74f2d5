// One operation of the contract: parameters, bodies, answers, and the request for a shell.

import { h, unfolding } from "../dom.js";
import { code, curl } from "../receipt.js";
import { inline, prose, schemaLine, written } from "./contract-schema.js";
import { referenceName } from "./contract-document.js";

/** Examples are cut for reading. */
const LIMIT = 1500;

export function operationDetails(contract, operation) {
  const parameters = operation.parameters.map((parameter) => contract.resolved(parameter));
  const body = operation.requestBody ? contract.resolved(operation.requestBody) : null;
  return h(
    "div",
    { class: "about" },
    operation.deprecated ? h("p", { class: "fault" }, "Deprecated.") : null,
    operation.description ? prose(operation.description) : null,
    h("p", {}, h("small", {}, h("code", {}, operation.operationId), `; needs a key ${contract.keyOf(operation)}.`)),
    parameters.length
      ? [h("h4", {}, "Parameters"), h("ul", { class: "members" }, parameters.map((one) => parameterLine(contract, one)))]
      : null,
    body
      ? [
        h("h4", {}, `Body${body.required ? "" : " (may be absent)"}`),
        body.description ? prose(body.description) : null,
        contents(contract, body.content),
      ]
      : null,
    code("curl", curl(exampleRequest(contract, operation, parameters, body))),
    h("h4", {}, "Answers"),
    h("dl", { class: "answers" }, Object.entries(operation.responses).map(([status, response]) => answer(contract, status, response))),
  );
}

function parameterLine(contract, { name, in: place, required, schema, description, style, explode, example }) {
  return h(
    "li",
    {},
    h("code", {}, name),
    " ",
    h("small", {}, place),
    " ",
    schemaLine(contract, schema),
    required ? h("b", {}, " required") : null,
    description ? h("div", {}, inline(description.trim())) : null,
    style ? h("small", {}, `style ${style}${explode === undefined ? "" : `, explode ${explode}`}`) : null,
    example === undefined ? null : h("small", {}, ` for example ${written(example)}`),
  );
}

function contents(contract, content) {
  return h(
    "ul",
    { class: "members" },
    Object.entries(content ?? {}).map(([type, media]) =>
      h(
        "li",
        {},
        h("code", {}, type),
        " ",
        media.schema ? schemaLine(contract, media.schema) : null,
        contract.examples(media).map(([name, value]) => exampleView(name, value)),
      )
    ),
  );
}

function exampleView(name, value) {
  const whole = JSON.stringify(value, (_, part) => (typeof part === "bigint" ? String(part) : part), 2) ?? "";
  const text = typeof value === "string" ? value : whole.length > LIMIT ? written(value) : whole;
  return h(
    "details",
    {},
    h("summary", {}, name ? `Example: ${name}` : "Example"),
    h("pre", { tabindex: "0" }, text.length > LIMIT ? `${text.slice(0, LIMIT)} … (${text.length} characters)` : text),
  );
}

function answer(contract, status, reference) {
  const response = contract.resolved(reference);
  const headers = Object.entries(response.headers ?? {});
  return [
    h("dt", {}, status),
    h(
      "dd",
      {},
      h("div", {}, inline(response.description.trim())),
      headers.length
        ? unfolding(`Fields: ${headers.map(([name]) => name).join(", ")}`, () =>
          h(
            "ul",
            { class: "members" },
            headers.map(([name, header]) => headerLine(contract, name, contract.resolved(header))),
          ))
        : null,
      response.content ? contents(contract, response.content) : null,
    ),
  ];
}

function headerLine(contract, name, { schema, description }) {
  return h("li", {}, h("code", {}, name), " ", schemaLine(contract, schema), description ? h("div", {}, inline(description)) : null);
}

/** The request of the first example; what has none is written in capitals. */
function exampleRequest(contract, operation, parameters, body) {
  const known = (parameter) => parameter.example ?? parameter.schema?.example ?? parameter.schema?.const;
  let { path } = operation;
  for (const parameter of parameters.filter((one) => one.in === "path")) {
    path = path.replace(`{${parameter.name}}`, encodeURIComponent(known(parameter) ?? parameter.name.toUpperCase()));
  }
  const query = {};
  for (const parameter of parameters.filter((one) => one.in === "query")) {
    const value = known(parameter) ?? (parameter.required ? parameter.name.toUpperCase() : undefined);
    if (value !== undefined) query[parameter.name] = typeof value === "object" ? written(value) : value;
  }
  const request = { method: operation.method.toUpperCase(), path, query, accept: accepted(operation, contract) };
  if (!body) return request;
  const [type, media] = Object.entries(body.content)[0];
  const [, value] = contract.examples(media)[0] ?? [];
  if (type === "application/json" && value !== undefined) return { ...request, body: value };
  const schema = contract.resolved(media.schema ?? {});
  if (!body.required && schema.format !== "binary") return request;
  return { ...request, type, file: type === "application/json" ? `${referenceName(media.schema?.$ref) ?? "request"}.json` : "FILE" };
}

/** The type of the answer to a request that went well. */
function accepted(operation, contract) {
  const success = Object.entries(operation.responses).find(([status]) => status.startsWith("2"));
  return success ? Object.keys(contract.resolved(success[1]).content ?? {})[0] : undefined;
}
