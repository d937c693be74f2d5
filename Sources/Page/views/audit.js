// An audit: how far a bounded change of an item moves what the model makes of it; it runs on the server and is kept as a run.

import { announce, button, fill, h } from "../dom.js";
import { remember } from "../address.js";
import { ask, events, get, post } from "../server.js";
import { form } from "../form.js";
import { receiptPanel } from "../receipt.js";
import { auditPanel } from "./run-audit.js";
import { itemPlace, itemRequest } from "./items.js";
import { fieldsOf } from "./model.js";

export async function show(frame, { model, query, signal }) {
  const values = Object.fromEntries(query);
  values.attack ??= JSON.stringify({ steps: 40, restarts: 2 });
  const options = form(await fieldsOf("robustness"), values, (name, value) => remember({ [name]: value }));
  const shown = h("div", { "aria-live": "polite" });
  let set = null;

  async function run() {
    if (!set) throw new Error("Give it items first.");
    const request = itemRequest(model, "robustness", set, options.values(), "application/json");
    const { response, receipt } = await ask("POST", request.path, { ...request, headers: { Prefer: "respond-async" }, signal });
    const started = await response.json();
    remember({ run: started.id });
    await follow(started.id, receipt, request);
  }

  async function follow(id, receipt, request) {
    const bar = h("progress", { "aria-label": "Progress of the audit" });
    const words = h("p", {}, "The audit has begun.");
    fill(
      shown,
      words,
      bar,
      button("Cancel", () => post(`/v1/runs/${id}/cancel`), { class: "danger" }),
      h("p", {}, h("a", { href: `#/runs/${id}` }, "The run"), " goes on when this page is left."),
    );
    for await (const event of events(`/v1/runs/${id}/events`, signal)) {
      const told = event.data ? JSON.parse(event.data) : {};
      if (told.name === "progress" || told.progress !== undefined) bar.value = told.value ?? told.progress;
      if (event.event === "end") break;
    }
    if (signal.aborted) return;
    const finished = await get(`/v1/runs/${id}`);
    announce(`The audit is ${finished.status}.`);
    if (finished.status !== "finished") {
      fill(
        shown,
        h(
          "p",
          { class: finished.status === "failed" ? "fault" : "" },
          `The audit is ${finished.status}${finished.failure ? `: ${finished.failure}` : "."}`,
        ),
      );
      return;
    }
    const report = await get(`/v1/runs/${id}/documents/report.json`);
    const hasGrid = finished.documents.some((one) => one.name === "grid.png");
    const picture = hasGrid ? await (await ask("GET", `/v1/runs/${id}/documents/grid.png`, { accept: "image/png" })).response.blob() : null;
    fill(
      shown,
      auditPanel(report),
      picture
        ? h(
          "figure",
          {},
          h("figcaption", {}, "Items, what the attack made of them, and their reconstructions"),
          h("img", {
            class: "pixels",
            src: URL.createObjectURL(picture),
            alt: "Items, their changed versions, and the reconstructions of both",
          }),
        )
        : null,
      h("p", {}, h("a", { href: `#/runs/${id}` }, "The run, with its documents and replay")),
      receipt ? receiptPanel(receipt, request) : null,
    );
  }

  const place = itemPlace(model, async (items) => {
    set = items;
  }, { most: 8 });
  fill(
    frame,
    place.element,
    h("details", { class: "options", open: true }, h("summary", {}, "Options"), options.element),
    button("Audit", run),
    shown,
  );
  await place.begin();
  const before = query.get("run");
  if (before) {
    follow(before).catch((error) => {
      if (error.name !== "AbortError") fill(shown, h("p", { class: "fault" }, error.message));
    });
  }
}
