// What becomes of the data: a training, a table filled in, or an evaluation, each with its form.

import { fill, h, labelled, select } from "../dom.js";
import { remember } from "../address.js";
import { form } from "../form.js";
import { members, recipeForm } from "./train-recipe.js";

export const TASKS = [
  { name: "train", title: "Train a model", words: "that samples, fills in, encodes or clusters, as its family can." },
  { name: "impute", title: "Fill in the table", words: "A model is learnt of it, and the holes are filled in; you get the table back." },
  { name: "evaluate", title: "Evaluate a model", words: "on these data." },
];

const option = (name, type, summary, schema) => ({ name, type, summary, schema: { type, ...schema } });
const SEED = option("seed", "integer", "Chooses the random numbers.", { minimum: 0, default: 0 });
const IMPUTE = [
  option(
    "mode",
    "point | draws",
    "One table of means, likeliest categories and medians; or tables of sampled values, one below the other.",
    { type: "string", enum: ["point", "draws"], default: "point" },
  ),
  option("draws", "integer", "Latent draws; with mode draws as many completed tables.", { minimum: 1, maximum: 1000 }),
  option("hours", "integer", "How long the completed table is kept.", { minimum: 1, maximum: 87600, default: 168 }),
  SEED,
];
const EVALUATE = [
  option(
    "labels",
    "string",
    "The classes of the items: #COLUMN of the table, or a file of the data, FILE.csv#COLUMN or one of whole numbers (IDX, NPY).",
  ),
  option("limit", "integer", "At most so many items, from the first.", { minimum: 1 }),
  option("k", "integer", "Draws of the importance-weighted bound; 0 measures no bounds.", { minimum: 0, maximum: 10000, default: 100 }),
  SEED,
];

const given = (members) =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined && value !== null && value !== ""));
const folded = (title, content) => h("details", { class: "options" }, h("summary", {}, title), content);

/** {element, body()} of a task; `prior` is the request of an earlier run. */
export function taskForm(task, context) {
  return { train: trainForm, impute: imputeForm, evaluate: evaluateForm }[task](context);
}

/** The file that is meant of several, how a table is read, and by what family: for those who leave the recipe to the server. */
function choices({ dataset, families, prior, changed }, able) {
  const files = dataset?.files.map(({ file }) => file) ?? [];
  let file = files.includes(prior.file) && files.length > 1 ? prior.file : "";
  let family = prior.family ?? "";
  const data = families.recipe.find(({ name }) => name === "data").schema.properties;
  const reading = form(members(data.reading), prior.reading ?? {}, () => changed());
  const isTable = dataset?.description.kind === "table";
  return {
    element: [
      h(
        "div",
        { class: "controls" },
        labelled(
          "Family",
          select(
            [
              ["", "the one that fits best"],
              ...families.families.filter((one) => one.training && able(one))
                .map(({ name }) => [name, name]),
            ],
            family,
            (value) => {
              family = value;
              changed();
            },
          ),
        ),
        files.length > 1 && files.length < 200
          ? labelled(
            "File",
            select([["", "–"], ...files.map((name) => [name, name])], file, (value) => {
              file = value;
              changed();
            }),
          )
          : null,
      ),
      isTable ? folded("How the table is read", reading.element) : null,
    ],
    body: () => {
      const options = isTable ? reading.values() : {};
      return given({ dataset: dataset?.name, file, family, reading: Object.keys(options).length ? options : undefined });
    },
  };
}

/** Where the model goes that is learnt. */
function publication(prior, changed, title, note) {
  const text = (name, placeholder) =>
    h("input", { value: prior.publish?.[name] ?? "", placeholder, autocomplete: "off", spellcheck: "false", oninput: changed });
  const inputs = { model: text("model", "none"), alias: text("alias", "none"), reason: text("reason") };
  return {
    element: h(
      "fieldset",
      {},
      h("legend", {}, title),
      h("small", {}, note),
      h(
        "div",
        { class: "controls" },
        labelled("Model name", inputs.model),
        labelled("Alias, such as live", inputs.alias),
        labelled("Reason, for the change log", inputs.reason),
      ),
    ),
    body: () => {
      const [model, alias, reason] = Object.values(inputs).map((input) => input.value.trim());
      if (!model && alias) throw new Error("An alias needs the name of a model.");
      return model ? { publish: given({ model, alias, reason }) } : {};
    },
  };
}

const WAYS = [["auto", "by the server, from what the data are"], ["form", "by me, field by field"], ["json", "by a recipe in JSON"]];

function trainForm(context) {
  const { prior, changed, dataset } = context;
  let way = WAYS.some(([name]) => name === context.how) ? context.how : prior.recipe ? "json" : "auto";
  const place = h("div");
  let part;
  const makers = {
    auto: () => {
      const chosen = choices(context, () => true);
      const seed = form([SEED], { seed: prior.recipe?.seed ?? prior.seed }, () => changed());
      return { element: [chosen.element, seed.element], body: () => ({ ...chosen.body(), ...seed.values() }) };
    },
    form: () => {
      const recipe = recipeForm(context.families, recipeNow(), dataset, changed);
      return { element: recipe.element, body: () => given({ dataset: dataset?.name, recipe: recipe.recipe() }) };
    },
    json: () => {
      const area = h("textarea", { value: JSON.stringify(recipeNow(), null, 2), spellcheck: "false", rows: 18, oninput: changed });
      return {
        element: labelled("Recipe", area, "As posterior train --print-recipe shows one. Paths are those of the files of the data."),
        body: () => {
          let recipe;
          try {
            recipe = JSON.parse(area.value);
          } catch (error) {
            throw new Error(`The recipe is no JSON: ${error.message}`);
          }
          return given({ dataset: dataset?.name, recipe });
        },
      };
    },
  };
  let latest = prior.recipe;
  const source = () => {
    if (!dataset) return "fashion-mnist";
    const names = dataset.files.map(({ file }) => file);
    if (names.length > 1 && names.every((name) => name.toLowerCase().endsWith(".png"))) return ".";
    return names.find((name) => !name.includes("label")) ?? names[0];
  };
  const family = () => ({ table: "mixture", texts: "char_lstm" })[dataset?.description.kind] ?? "vae";
  function recipeNow() {
    return latest ?? { family: family(), data: { source: source() } };
  }
  const draw = () => {
    part = makers[way]();
    fill(place, part.element);
  };
  const publish = publication(
    prior,
    changed,
    "Publish",
    "Under this name others can use the model. Without one the model file stays with the run, for a download.",
  );
  draw();
  return {
    element: [
      h(
        "div",
        { class: "controls" },
        labelled(
          "The recipe is chosen",
          select(WAYS, way, (value) => {
            try {
              latest = part.body().recipe ?? latest;
            } catch { /* What can't be read stays behind. */ }
            way = value;
            remember({ how: value === "auto" ? null : value });
            draw();
            changed();
          }),
        ),
      ),
      place,
      publish.element,
    ],
    body: () => {
      if (way === "auto" && !dataset) throw new Error("choose or bring the data first.");
      return { kind: "train", ...part.body(), ...publish.body() };
    },
  };
}

/** Families that fill in images alone. */
const IMAGE_IMPUTERS = new Set(["inpainting_hvae", "vaeac_image"]);

function imputeForm(context) {
  const chosen = choices(context, (family) => family.operations.includes("impute") && !IMAGE_IMPUTERS.has(family.name));
  const options = form(IMPUTE, context.prior, () => context.changed());
  const publish = publication(context.prior, context.changed, "Keep the model", "Only needed to fill in other tables by the same model.");
  return {
    element: [folded("Options", [chosen.element, options.element, publish.element])],
    body: () => {
      if (!context.dataset) throw new Error("choose or bring the table first.");
      return { kind: "impute", ...chosen.body(), ...options.values(), ...publish.body() };
    },
  };
}

function evaluateForm({ dataset, datasets, models, prior, changed }) {
  let model = prior.model ?? models[0]?.name ?? "";
  let fit = prior.fit_dataset ?? "";
  const names = models.map(({ name }) => name);
  if (model && !names.includes(model)) names.unshift(model);
  const options = form(EVALUATE, prior, () => changed());
  const known = h("input", {
    value: dataset ? "" : prior.dataset ?? "",
    placeholder: "fashion-mnist",
    autocomplete: "off",
    oninput: changed,
  });
  return {
    element: [
      h(
        "div",
        { class: "controls" },
        labelled(
          "Model",
          select(names.map((name) => [name, name]), model, (value) => {
            model = value;
            changed();
          }),
        ),
        dataset ? null : labelled("Or data that every server knows", known),
      ),
      folded("Options", [
        options.element,
        labelled(
          "Clusters are mapped to classes by",
          select([["", "the evaluated items alone"], ...datasets.map(({ name }) => [name, name])], fit, (value) => {
            fit = value;
            changed();
          }),
        ),
      ]),
    ],
    body: () => {
      const name = dataset?.name ?? known.value.trim();
      if (!name) throw new Error("choose or bring the data first.");
      return given({ kind: "evaluate", model, dataset: name, fit_dataset: fit, ...options.values() });
    },
  };
}
