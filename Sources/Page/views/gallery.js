// The models, each with what it draws.

import { button, fill, h, labelled, select } from "../dom.js";
import { link, remember } from "../address.js";
import { get } from "../server.js";
import { receiptPanel } from "../receipt.js";
import { counted, tagList } from "../values.js";
import { thumbnail } from "./gallery-thumbnail.js";

const PAGE = 60;
const PAUSE = 200;
let families;

/** Families by name; they are the same as long as the program is. */
async function knownFamilies() {
  families ??= new Map((await get("/v1/families")).families.map((family) => [family.name, family]));
  return families;
}

export async function show(frame, { query, signal }) {
  const filters = { search: query.get("search") ?? "", family: query.get("family") ?? "", tag: query.get("tag") ?? "" };
  const known = await knownFamilies();
  const cards = h("ul", { class: "cards" });
  const more = h("p", {});
  const state = h("p", { role: "status" });
  const same = h("div", {});
  const seenTags = new Set();
  const tagChoices = h("datalist", { id: "gallery-tags" });
  let listing = new AbortController();
  signal.addEventListener("abort", () => listing.abort());

  const inSight = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      inSight.unobserve(target);
      target.dispatchEvent(new Event("insight"));
    }
  }, { rootMargin: "300px" });
  signal.addEventListener("abort", () => inSight.disconnect());

  async function list() {
    listing.abort();
    listing = new AbortController();
    const asked = listing.signal;
    const conditions = Object.fromEntries(Object.entries(filters).filter(([, value]) => value));
    fill(
      same,
      receiptPanel(null, { method: "GET", path: "/v1/models", query: conditions, call: `models(${named(conditions)})`, each: "model" }),
    );
    await page(undefined, conditions, asked);
  }

  /** Adds a page of cards; without a token the first, in the place of those before. */
  async function page(token, conditions, asked) {
    const answer = await get("/v1/models", { ...conditions, limit: PAGE, page_token: token }, { signal: asked });
    if (asked.aborted) return;
    if (!token) fill(cards);
    for (const model of answer.models) {
      cards.append(card(model, known, inSight, asked));
      for (const [name, value] of Object.entries(model.tags)) seenTags.add(value === "" ? name : `${name}=${value}`);
    }
    fill(tagChoices, [...seenTags].map((tag) => h("option", { value: tag })));
    const next = answer.next_page_token;
    const shown = cards.children.length;
    fill(
      state,
      shown || !Object.keys(conditions).length
        ? (shown ? `${counted(shown, "model")}${next ? " so far" : ""}` : null)
        : "No model meets these conditions.",
    );
    fill(more, next ? button("More models", () => page(next, conditions, asked), { class: "quiet" }) : null);
    if (!shown && !Object.keys(conditions).length) fill(more, firstSteps());
  }

  let pending;
  const changed = (name, value, pause = 0) => {
    filters[name] = value.trim();
    clearTimeout(pending);
    pending = setTimeout(async () => {
      remember({ [name]: filters[name] });
      try {
        await list();
      } catch (error) {
        if (error.name !== "AbortError") fill(state, h("span", { class: "fault" }, error.message));
      }
    }, pause);
  };
  const text = (name, attributes) =>
    h("input", {
      type: "search",
      value: filters[name],
      oninput: (event) => changed(name, event.target.value, PAUSE),
      ...attributes,
    });
  const choices = [["", "all"], ...[...known.keys()].map((name) => [name, name])];
  fill(
    frame,
    h("h1", {}, "Models"),
    h(
      "search",
      { class: "controls" },
      labelled("Search", text("search", { placeholder: "name, description, tag" })),
      labelled("Family", select(choices, filters.family, (value) => changed("family", value))),
      labelled("Tag", text("tag", { list: tagChoices.id, placeholder: "NAME or NAME=VALUE" })),
      tagChoices,
    ),
    state,
    cards,
    more,
    same,
  );
  await list();
}

const named = (conditions) => Object.entries(conditions).map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(", ");

function card(model, known, inSight, signal) {
  const thumb = h("div", { class: "thumb" });
  if (model.live_version !== null && !model.failure) {
    thumb.addEventListener("insight", () => thumbnail(thumb, model, signal));
    inSight.observe(thumb);
  } else fill(thumb, h("p", { class: "empty" }, model.failure ? "It can't answer." : "Nothing is live."));
  const state = model.live_version === null
    ? h(
      "p",
      { class: "fault" },
      model.latest_version === null ? "No version." : `No live version; the last is ${model.latest_version}.`,
      " ",
      h("a", { href: link(["registry", model.name]) }, "Choose one"),
    )
    : h(
      "p",
      {},
      h(
        "small",
        {},
        `live: version ${model.live_version}; ${counted(model.versions, "version")}, ${counted(model.parameter_count, "parameter")}`,
      ),
    );
  const operations = model.operations?.map((name) => h("li", {}, h("span", { class: "tag" }, name))) ?? [];
  return h(
    "li",
    { class: "card" },
    thumb,
    h("h2", {}, h("a", { href: link(["models", model.name]) }, model.name)),
    model.description ? h("p", {}, model.description) : null,
    model.family ? h("p", {}, h("b", {}, model.family), " ", h("small", {}, known.get(model.family)?.summary)) : null,
    operations.length ? h("ul", { class: "tags", "aria-label": "Operations" }, operations) : null,
    tagList(model.tags, (name, value) => link([], { tag: value === "" ? name : `${name}=${value}` })),
    model.failure ? h("p", { class: "fault" }, model.failure) : null,
    state,
  );
}

/** What to do where there is no model yet. */
function firstSteps() {
  return h(
    "section",
    { class: "empty" },
    h("h2", {}, "There is no model yet"),
    h(
      "ul",
      {},
      h("li", {}, h("a", { href: "#/registry" }, "Upload a model file"), " that was trained elsewhere."),
      h("li", {}, h("a", { href: "#/train" }, "Drop a table"), " (CSV): a model of it imputes its missing cells, scores and samples rows."),
      h("li", {}, h("a", { href: "#/train" }, "Train"), " one from a recipe and a data set."),
    ),
  );
}
