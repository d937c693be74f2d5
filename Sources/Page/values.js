// Values as people read them.

import { h } from "./dom.js";

/** How many of something: `counted(1, "version")` is 1 version. */
export function counted(count, noun, nouns = `${noun}s`) {
  return `${count.toLocaleString("en")} ${count === 1 ? noun : nouns}`;
}

/** A model's or a version's tags; `href(name, value)` may lead to what else has them. */
export function tagList(tags, href) {
  const entries = Object.entries(tags ?? {});
  if (!entries.length) return null;
  return h(
    "ul",
    { class: "tags", "aria-label": "Tags" },
    entries.map(([name, value]) => {
      const text = value === "" ? name : `${name}=${value}`;
      return h("li", {}, href ? h("a", { class: "tag", href: href(name, value) }, text) : h("span", { class: "tag" }, text));
    }),
  );
}
