// JSON Schema in words: types, bounds and members; what is nested opens, and what holds itself is only named.

import { h, unfolding } from "../dom.js";
import { referenceName } from "./contract-document.js";

/** Keywords that the text says in words of its own; all others stand there as they are. */
const WORDED = new Set([
  "type",
  "properties",
  "required",
  "items",
  "allOf",
  "oneOf",
  "anyOf",
  "description",
  "enum",
  "const",
  "$ref",
  "additionalProperties",
  "unevaluatedProperties",
  "title",
  "format",
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "exclusiveMaximum",
]);

/** Text of the contract: paragraphs by empty lines, code between backticks. */
export function prose(text) {
  return h("div", {}, text.trim().split(/\n\s*\n/).map((paragraph) => h("p", {}, inline(paragraph))));
}

export function inline(text) {
  return text.split("`").map((part, index) => (index % 2 ? h("code", {}, part) : part));
}

/** A value of the contract as JSON; whole numbers beyond 2^53 are as exact as they were read. */
export function written(value) {
  if (typeof value === "bigint") return String(value);
  return JSON.stringify(value, (_, part) => (typeof part === "bigint" ? String(part) : part));
}

function bounds(schema) {
  const [low, high] = [schema.minimum ?? schema.exclusiveMinimum, schema.maximum ?? schema.exclusiveMaximum];
  const parts = [];
  if (low !== undefined) parts.push(`${schema.minimum === undefined ? "above" : "from"} ${low}`);
  if (high !== undefined) parts.push(`${schema.maximum === undefined ? "below" : "to"} ${high}`);
  return parts.length ? ` ${parts.join(" ")}` : "";
}

/** A type in few words. */
export function typeWords(contract, schema) {
  if (schema === true || schema === undefined) return "anything";
  if (schema === false) return "nothing";
  const whole = contract.resolved(schema);
  const name = schema.$ref ? referenceName(schema.$ref) : null;
  if (whole.const !== undefined) return written(whole.const);
  if (whole.enum) return whole.enum.map(written).join(" | ");
  if (whole.oneOf || whole.anyOf) return name ?? (whole.oneOf ?? whole.anyOf).map((part) => typeWords(contract, part)).join(" or ");
  const types = [whole.type ?? (whole.properties || whole.allOf ? "object" : "anything")].flat();
  return types.map((type) => {
    if (type === "array") return `list of ${whole.items === undefined ? "anything" : typeWords(contract, whole.items)}`;
    if (type === "object") return name ?? "object";
    const basis = whole.format ? `${type} (${whole.format})` : type;
    return type === "null" ? type : `${basis}${bounds(whole)}`;
  }).join(" or ");
}

function facts(schema) {
  const found = Object.entries(schema).filter(([keyword]) => !WORDED.has(keyword)).map(([keyword, value]) =>
    `${keyword} ${written(value)}`
  );
  if (schema.additionalProperties === false || schema.unevaluatedProperties === false) found.push("no other members");
  return found.length ? h("small", {}, found.join("; ")) : null;
}

/** The schemas within one that have members or choices to show. */
function nested(contract, schema) {
  if (schema === null || typeof schema !== "object") return [];
  const whole = contract.resolved(schema);
  if (whole.properties || whole.allOf || whole.oneOf || whole.anyOf) return [schema];
  return [whole.items, whole.additionalProperties].flatMap((part) => nested(contract, part));
}

/** The members and choices of a schema; `trail` are the names that it stands within, `isDescribed` whether its description stands there already. */
function schemaView(contract, schema, trail, isDescribed) {
  const name = schema.$ref ? referenceName(schema.$ref) : null;
  const whole = contract.resolved(schema);
  const here = name ? [...trail, name] : trail;
  const choices = whole.oneOf ?? whole.anyOf;
  return h(
    "div",
    { class: "schema" },
    isDescribed ? null : [whole.description ? h("p", {}, inline(whole.description)) : null, facts(whole)],
    (whole.allOf ?? []).map((part) => schemaView(contract, part, here, false)),
    choices
      ? [
        h("p", {}, whole.oneOf ? "One of:" : "Any of:"),
        h("ul", {}, choices.map((part) => h("li", {}, typeWords(contract, part), opened(contract, part, here)))),
      ]
      : null,
    whole.properties
      ? h(
        "ul",
        { class: "members" },
        Object.entries(whole.properties).map(([member, part]) =>
          memberLine(contract, member, part, whole.required?.includes(member), here)
        ),
      )
      : null,
    typeof whole.additionalProperties === "object"
      ? [
        h("p", {}, "Every other member: ", typeWords(contract, whole.additionalProperties)),
        opened(contract, whole.additionalProperties, here),
      ]
      : null,
    !whole.properties && whole.items
      ? [h("p", {}, "Every item: ", typeWords(contract, whole.items)), opened(contract, whole.items, here)]
      : null,
  );
}

function memberLine(contract, name, schema, isRequired, trail) {
  const whole = typeof schema === "object" ? contract.resolved(schema) : {};
  return h(
    "li",
    {},
    h("code", {}, name),
    " ",
    h("span", { class: "type" }, typeWords(contract, schema)),
    isRequired ? h("b", {}, " required") : null,
    " ",
    facts(whole),
    whole.description ? h("div", {}, inline(whole.description)) : null,
    opened(contract, schema, trail, true),
  );
}

/** What opens to the members within a schema, built then; nothing for plain ones, and for those that it stands within already. */
function opened(contract, schema, trail, isDescribed = false) {
  return nested(contract, schema).map((part) => {
    const name = part.$ref ? referenceName(part.$ref) : null;
    if (name && trail.includes(name)) return h("small", {}, ` ${name} is described further up.`);
    return unfolding(name ? `Members of ${name}` : "Members", () => schemaView(contract, part, trail, isDescribed && part === schema));
  });
}

/** A schema of a parameter, body or answer: its type, and what opens to the rest, its description among it. */
export function schemaLine(contract, schema) {
  const type = h("span", { class: "type" }, typeWords(contract, schema));
  const inner = opened(contract, schema, []);
  if (inner.length) return [type, " ", inner];
  const whole = contract.resolved(schema);
  return [type, " ", facts(whole), whole.description ? h("div", {}, inline(whole.description)) : null];
}
