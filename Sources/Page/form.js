// Forms made of the option tables that the server tells (`fields` of /v1/families): a new option appears by itself.

import { h, identifier } from "./dom.js";

const RARE = new Set(["first_item"]);

/** What a control's text says, as the schema reads it; undefined for nothing. */
function read(control, schema) {
  if (control.type === "checkbox") return control.checked;
  const text = control.value.trim();
  if (text === "") return undefined;
  switch (schema.type) {
    case "boolean":
      return text === "true";
    case "integer":
    case "number":
      return Number(text);
    case "array": {
      if (text.startsWith("[")) return JSON.parse(text);
      return text.split(",").map((part) => (["integer", "number"].includes(schema.items?.type) ? Number(part) : part.trim()));
    }
    case "string":
      return text;
    default:
      return JSON.parse(text);
  }
}

function written(value) {
  if (value === undefined || value === null) return "";
  if (typeof value === "string") return value;
  if (Array.isArray(value) && value.every((part) => typeof part !== "object")) return value.join(",");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** The options of an option, in a frame of their own. */
function group(field, value, change) {
  const fields = Object.entries(field.schema.properties).map(([name, schema]) => ({
    name,
    schema,
    type: words(schema),
    summary: schema.description ?? "",
  }));
  const inner = form(fields, value ?? {}, () => change());
  const element = h("fieldset", {}, h("legend", {}, field.name), field.summary ? h("small", {}, field.summary) : null, inner.element);
  return { element, inner };
}

function words(schema) {
  if (schema.enum) return schema.enum.join(" | ");
  if (schema.type === "array") return `[${words(schema.items ?? {})}]`;
  return schema.type ?? "JSON";
}

function control(field, value, change) {
  const { schema } = field;
  const shown = value === undefined ? schema.default : value;
  const standard = written(schema.default);
  if (schema.type === "boolean" && typeof schema.default === "boolean") {
    return h("input", { type: "checkbox", checked: Boolean(shown), onchange: change });
  }
  if (schema.enum || schema.type === "boolean") {
    const choices = schema.enum ?? ["true", "false"];
    return h(
      "select",
      { onchange: change },
      standard ? null : h("option", { value: "" }, "–"),
      choices.map((choice) => h("option", { value: choice, selected: choice === written(shown) }, choice)),
    );
  }
  const isNumber = schema.type === "integer" || schema.type === "number";
  return h("input", {
    type: isNumber ? "number" : "text",
    value: value === undefined ? "" : written(value),
    placeholder: standard || undefined,
    min: isNumber ? schema.minimum ?? schema.exclusiveMinimum : undefined,
    max: isNumber ? schema.maximum ?? schema.exclusiveMaximum : undefined,
    step: schema.type === "integer" ? 1 : isNumber ? "any" : undefined,
    onchange: change,
    autocomplete: "off",
    spellcheck: "false",
  });
}

/**
 * Controls for fields of {name, type, default, summary, schema}.
 *
 * `values` are what is set already (texts or JSON); `changed` is called with the name and value of what a person changes.
 * The result has `element`, and `values()`: only what differs from the default, so that requests stay short; what can't be read is an error
 * that names the field.
 */
export function form(fields, values = {}, changed = () => {}) {
  const controls = new Map();
  const entries = fields.map((field) => {
    const prior = values[field.name];
    const known = typeof prior === "string" ? parsedText(prior, field.schema) : prior;
    if (field.schema.properties) {
      const { element, inner } = group(field, known, () => changed(field.name, written(safe(field))));
      controls.set(field.name, { inner, field });
      return element;
    }
    const input = control(field, known, () => changed(field.name, written(safe(field))));
    input.id = identifier(field.name);
    input.setAttribute("name", field.name);
    controls.set(field.name, { input, field });
    const note = h("small", { id: `${input.id}-note` }, field.summary);
    input.setAttribute("aria-describedby", note.id);
    const name = h("label", { for: input.id }, field.name, h("span", { class: "type" }, ` ${field.type}`));
    return h("div", { class: `field ${input.type === "checkbox" ? "check" : ""}` }, name, input, note);
  });
  // What few need stands behind the rest, unless it is set.
  const isRare = (field) => field.schema.properties !== undefined || RARE.has(field.name);
  const split = (rare) => entries.filter((_, index) => isRare(fields[index]) === rare);
  const isOpen = fields.some((field) => isRare(field) && values[field.name] !== undefined);
  const element = h(
    "div",
    {},
    h("div", { class: "fields" }, split(false)),
    split(true).length
      ? h("details", { class: "options", open: isOpen }, h("summary", {}, "More options"), h("div", { class: "fields" }, split(true)))
      : null,
  );

  function safe(field) {
    try {
      return value(field);
    } catch {
      return undefined;
    }
  }

  function value(field) {
    const { input, inner } = controls.get(field.name);
    if (inner) {
      const found = inner.values();
      return Object.keys(found).length ? found : undefined;
    }
    try {
      const found = read(input, field.schema);
      if (typeof found === "number" && Number.isNaN(found)) throw new SyntaxError("no number");
      return written(found) === written(field.schema.default) ? undefined : found;
    } catch {
      throw new Error(`${field.name} is "${input.value}", expected ${field.type}.`);
    }
  }

  return {
    element,
    values() {
      const found = {};
      for (const field of fields) {
        const one = value(field);
        if (one !== undefined) found[field.name] = one;
      }
      return found;
    },
    set(name, text) {
      const entry = controls.get(name);
      if (!entry) return;
      if (entry.inner) return;
      if (entry.input.type === "checkbox") entry.input.checked = text === true || text === "true";
      else entry.input.value = written(text);
    },
  };
}

function parsedText(text, schema) {
  if (text === "") return undefined;
  if (schema.type === "boolean") return text === "true";
  if (!schema.properties) return text;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
