// A recipe made in a form, from the option tables that the server tells.

import { fill, h, labelled, select } from "../dom.js";
import { form } from "../form.js";

/** What a recipe has beside the family and what is the family's own. */
const APART = new Set(["family", "data", "configuration", "training"]);
const ALWAYS = new Set(["name", "epochs", "batch_size", "validation", "seed"]);

/** The members of an option as fields of a form. */
export const members = (schema) =>
  Object.entries(schema.properties)
    .map(([name, part]) => ({ name, type: part.enum?.join(" | ") ?? part.type ?? "JSON", summary: part.description ?? "", schema: part }));

/** {element, recipe()} of what a family can be told; `recipe` is where it begins. */
export function recipeForm({ families, recipe: fields }, recipe, dataset, changed) {
  const able = families.filter(({ training }) => training);
  let family = able.find(({ name }) => name === recipe.family) ?? able[0];
  const data = fields.find(({ name }) => name === "data");
  const others = fields.filter(({ name }) => !APART.has(name));
  const forms = {
    data: form(members(data.schema), recipe.data ?? {}, () => changed()),
    main: form(others.filter(({ name }) => ALWAYS.has(name)), recipe, () => changed()),
    rest: form(others.filter(({ name }) => !ALWAYS.has(name)), recipe, () => changed()),
  };
  const summary = h("p", {});
  const own = h("div");
  const draw = (configuration, training) => {
    forms.configuration = form(family.configuration, configuration, () => changed());
    forms.training = form(family.training, training, () => changed());
    fill(summary, `${family.summary} Choose it ${family.choose}.`);
    fill(
      own,
      h("details", { class: "options", open: true }, h("summary", {}, `Configuration of ${family.name}`), forms.configuration.element),
      family.training.length
        ? h("details", { class: "options", open: true }, h("summary", {}, `How ${family.name} learns`), forms.training.element)
        : null,
    );
  };
  draw(recipe.configuration ?? {}, recipe.training ?? {});
  return {
    element: [
      h(
        "div",
        { class: "controls" },
        labelled(
          "Family",
          select(able.map(({ name }) => [name, name]), family.name, (name) => {
            family = able.find((one) => one.name === name);
            draw({}, {});
            changed();
          }),
        ),
      ),
      summary,
      forms.main.element,
      own,
      h(
        "details",
        { class: "options" },
        h("summary", {}, "Data: which file, which columns, how it is read"),
        dataset
          ? h(
            "p",
            {},
            `Files of ${dataset.name}: `,
            dataset.files.slice(0, 20).map(({ file }) => file).join(", "),
            dataset.files.length > 20 ? " …" : "",
          )
          : null,
        forms.data.element,
      ),
      h("details", { class: "options" }, h("summary", {}, "Optimiser, schedule and labels"), forms.rest.element),
    ],
    recipe() {
      const parts = Object.fromEntries(
        ["configuration", "training"].map((name) => [name, forms[name].values()])
          .filter(([, values]) => Object.keys(values).length),
      );
      return { family: family.name, ...forms.main.values(), data: forms.data.values(), ...parts, ...forms.rest.values() };
    },
  };
}
