// The page: which view is shown, who is signed in, and whether the server is there.

import { announce, button, fill, h, labelled } from "./dom.js";
import { address, go, link } from "./address.js";
import { Away, change, isAway, onChange, post, Problem, session } from "./server.js";
import * as gallery from "./views/gallery.js";
import * as model from "./views/model.js";
import * as train from "./views/train.js";
import * as runs from "./views/runs.js";
import * as registry from "./views/registry.js";
import * as keys from "./views/keys.js";
import * as contract from "./views/contract.js";

/** The first segment of an address, what the header calls it, and who shows it. */
const PLACES = [
  ["", "Gallery", gallery],
  ["models", null, model],
  ["train", "Train", train],
  ["runs", "Runs", runs],
  ["registry", "Registry", registry],
  ["keys", "Keys", keys],
  ["api", "API", contract],
];

const content = document.getElementById("content");
let leaving = new AbortController();
let shown = null;

async function show() {
  const place = address();
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  header(place.path[0] ?? "");
  if (place.path[0] === "sign-in") return signIn(place.path[1]);
  const [, title, view] = PLACES.find(([segment]) => segment === (place.path[0] ?? "")) ?? [null, null, null];
  const isNew = shown !== place.path.join("/");
  shown = place.path.join("/");
  if (!view) {
    return fill(
      content,
      h("h1", {}, "Nothing here"),
      h("p", {}, "No view has this address; the ", h("a", { href: "#/" }, "gallery"), " shows the models."),
    );
  }
  document.title = [place.path[1], title ?? "Model", "Posterior"].filter(Boolean).join(" – ");
  const frame = h("div", { class: "view" });
  const waiting = setTimeout(() => {
    if (!signal.aborted) fill(content, h("p", { class: "empty" }, "Loading …"));
  }, 300);
  try {
    await view.show(frame, { ...place, path: place.path.slice(1), signal });
    if (!signal.aborted) fill(content, frame);
  } catch (error) {
    if (!signal.aborted && error.name !== "AbortError") fill(content, fault(error));
  } finally {
    clearTimeout(waiting);
  }
  if (isNew && !signal.aborted) {
    scrollTo(0, 0);
    announce(document.title);
  }
}

/** What stands in the place of a view that can't be shown. */
function fault(error) {
  if (error instanceof Away) return h("p", { class: "empty" }, "The server does not answer. This view comes back with it.");
  if (!(error instanceof Problem)) {
    console.error(error);
    return h("div", {}, h("h1", {}, "This view failed"), h("p", { class: "fault" }, error.message));
  }
  if (error.status === 401 || error.status === 403) {
    return h("div", {}, h("h1", {}, "This needs a key"), h("p", {}, error.message), keyForm());
  }
  return h("div", {}, h("h1", {}, error.members.title ?? "This can't be shown"), h("p", { class: "fault" }, error.message));
}

/** Trades the token of a one-time link for a key of this tab. */
async function signIn(token) {
  if (!token) return fill(content, h("h1", {}, "Sign in"), keyForm());
  history.replaceState(null, "", link([]));
  try {
    const issued = await post("/v1/sign-in", { token });
    session.enter(issued.secret, issued.name);
    await show();
  } catch (error) {
    fill(content, h("h1", {}, "This link no longer signs in"), h("p", {}, error.message), keyForm());
  }
}

function keyForm() {
  const input = h("input", { type: "password", autocomplete: "off", spellcheck: "false", required: true });
  const enter = () => {
    if (!input.value.trim()) return;
    session.enter(input.value.trim(), "a key");
    if (address().path[0] === "sign-in") go([]);
    else show();
  };
  return h(
    "form",
    {
      class: "key",
      onsubmit: (event) => {
        event.preventDefault();
        enter();
      },
    },
    labelled(
      "Key",
      input,
      "Of posterior keys create or admin.key; it is kept for this tab alone. posterior keys link prints a link that signs in without one.",
    ),
    h("button", { type: "submit" }, "Use this key"),
  );
}

function header(place) {
  const entries = PLACES.filter(([, title]) => title).map(([segment, title]) => {
    const isHere = segment === place || (segment === "" && place === "models");
    return h("li", {}, h("a", { href: link(segment ? [segment] : []), "aria-current": isHere ? "page" : undefined }, title));
  });
  const signed = session.key
    ? h("span", { class: "signed" }, `signed in: ${session.name} `, button("Sign out", signOut, { class: "quiet" }))
    : h("a", { class: "signed", href: "#/sign-in" }, "Sign in");
  fill(
    document.getElementById("header"),
    h("a", { class: "brand", href: "#/" }, "Posterior"),
    h("nav", { "aria-label": "Places" }, h("ul", {}, entries)),
    signed,
  );
}

async function signOut() {
  // A key that a link made ends with its use; one that was typed in is somebody's own.
  if (session.name.startsWith("page ")) await change("DELETE", "/v1/sign-in").catch(() => {});
  session.leave();
  await show();
}

let wasAway = false;
onChange(() => {
  header(address().path[0] ?? "");
  fill(document.getElementById("notice"), isAway ? h("p", {}, "The server does not answer; this page tries again by itself.") : null);
  if (wasAway && !isAway) {
    announce("The server answers again.");
    if (content.querySelector(".empty")) show();
  }
  wasAway = isAway;
});

addEventListener("hashchange", show);
show();
