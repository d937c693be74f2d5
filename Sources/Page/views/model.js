// One model: a tab for each operation that it supports, as the server tells, and its card.

import { fill, h, select } from "../dom.js";
import { go, link } from "../address.js";
import { get } from "../server.js";
import * as audit from "./audit.js";
import * as card from "./card.js";
import * as classify from "./classify.js";
import * as cluster from "./cluster.js";
import * as fillTable from "./fill-table.js";
import * as inpaint from "./inpaint.js";
import * as latent from "./latent.js";
import * as operation from "./operation.js";
import * as sample from "./sample.js";
import * as score from "./score.js";

/** Who shows an operation; one that is not here has the general form. */
const TABS = { sample, encode: latent, cluster, classify, score, robustness: audit };
const ORDER = ["sample", "impute", "cluster", "classify", "encode", "reconstruct", "decode", "score", "robustness"];
/** Streams of bytes are for programs. */
const STREAMS = ["compress", "decompress"];
const TITLES = {
  sample: "Samples",
  impute: "Fill in",
  cluster: "Clusters",
  classify: "Classes",
  encode: "Latent map",
  reconstruct: "Reconstruct",
  decode: "Decode",
  score: "Score",
  robustness: "Audit",
};

function viewOf(name, signature) {
  if (name === "impute") return signature.kind === "image" ? inpaint : fillTable;
  return TABS[name] ?? operation;
}

let families = null;
/** What /v1/families tells, asked for once. */
export async function operationTables() {
  families ??= await get("/v1/families");
  return families;
}

/** The fields of an operation, those of the server's own bookkeeping left out. */
export async function fieldsOf(name) {
  const tables = await operationTables();
  return (name === "robustness" ? tables.audit : tables.operations.find((entry) => entry.name === name)).fields;
}

export async function show(frame, { path, query, signal }) {
  const [reference, asked] = path;
  const model = await get(`/v1/models/${encodeURIComponent(reference)}`);
  if (model.version === null) {
    fill(
      frame,
      h("h1", {}, model.name),
      h("p", {}, "This model has no version that is live yet. ", h("a", { href: link(["registry", model.name]) }, "Its versions"), "."),
    );
    return;
  }
  model.reference = reference;
  const operations = model.operations.filter((name) => !STREAMS.includes(name)).sort((a, b) =>
    (ORDER.indexOf(a) + 1 || 99) - (ORDER.indexOf(b) + 1 || 99)
  );
  const tab = asked ?? operations[0] ?? "card";
  const tabs = [...operations, "card"];
  const body = h("div", {});
  const versions = model.versions.map(({ version }) => [`${model.name}@${version}`, `version ${version}`]).reverse();
  const aliases = model.aliases.map((
    { alias, version },
  ) => [alias === "live" ? model.name : `${model.name}@${alias}`, `${alias} (version ${version})`]);
  fill(
    frame,
    h("h1", {}, model.name, " ", h("small", {}, `version ${model.version}, ${model.family}`)),
    model.description ? h("p", {}, model.description) : null,
    h(
      "div",
      { class: "controls" },
      h(
        "label",
        {},
        "Version ",
        select([...aliases, ...versions], reference, (value) => go(["models", value, tab], query)),
      ),
    ),
    h(
      "nav",
      { "aria-label": "What this model can do" },
      h(
        "ul",
        { class: "tabs" },
        tabs.map((name) =>
          h(
            "li",
            {},
            h(
              "a",
              { href: link(["models", reference, name]), "aria-current": name === tab ? "page" : undefined },
              name === "card" ? "Card" : TITLES[name] ?? name,
            ),
          )
        ),
      ),
    ),
    body,
  );
  if (!tabs.includes(tab)) {
    fill(body, h("p", {}, `${model.name} can't ${tab}; it can ${operations.join(", ")}.`));
    return;
  }
  const view = tab === "card" ? card : viewOf(tab, model.signature);
  await view.show(body, { model, query, signal, operation: tab });
}
