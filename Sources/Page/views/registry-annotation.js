// Description and tags of a model or of a version, for changing.

import { button, h, labelled, unfolding } from "../dom.js";
import { change } from "../server.js";

/** The form, closed at first; `entry` has what is written now, and only what differs from that is sent (RFC 7396). */
export function annotation({ path, entry, what, done }) {
  function form() {
    const description = h("textarea", { value: entry.description, class: "short" });
    const rows = h("div", {});
    const add = (name, value) => rows.append(tagRow(name, value));
    for (const [name, value] of Object.entries(entry.tags)) add(name, value);
    return h(
      "div",
      {},
      labelled("Description", description),
      h(
        "fieldset",
        {},
        h("legend", {}, "Tags"),
        rows,
        h("button", { type: "button", class: "quiet", onclick: () => add("", "") }, "Add a tag"),
      ),
      button("Save", async () => {
        const tags = written(rows);
        for (const name of Object.keys(entry.tags)) if (!Object.hasOwn(tags, name)) tags[name] = null;
        for (const [name, value] of Object.entries(entry.tags)) if (tags[name] === value) delete tags[name];
        const patch = {};
        if (description.value !== entry.description) patch.description = description.value || null;
        if (Object.keys(tags).length) patch.tags = tags;
        if (Object.keys(patch).length) await change("PATCH", path, patch);
        await done();
      }),
    );
  }

  return unfolding(`Describe ${what}`, form);
}

function tagRow(name, value) {
  const row = h(
    "div",
    { class: "controls tag-row" },
    labelled("Name", h("input", { type: "text", value: name, autocomplete: "off", "data-part": "name" })),
    labelled("Value", h("input", { type: "text", value, autocomplete: "off", "data-part": "value" })),
    h(
      "button",
      { type: "button", class: "quiet", onclick: () => row.remove() },
      "Take away",
      h("span", { class: "unseen" }, ` the tag ${name}`),
    ),
  );
  return row;
}

/** The tags as they stand in the rows. */
function written(rows) {
  const tags = {};
  for (const row of rows.children) {
    const [name, value] = ["name", "value"].map((part) => row.querySelector(`[data-part=${part}]`).value.trim());
    if (!name && !value) continue;
    if (!name) throw new Error(`The tag of the value "${value}" has no name.`);
    if (Object.hasOwn(tags, name)) throw new Error(`The tag ${name} stands here twice, expected once.`);
    tags[name] = value;
  }
  return tags;
}
