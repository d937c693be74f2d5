// Train: bring data, say what becomes of them, and start it.

import { announce, button, fill, h } from "../dom.js";
import { go, remember } from "../address.js";
import { get, post, Problem, session } from "../server.js";
import { python, receiptPanel } from "../receipt.js";
import { dataPanel, hasHoles } from "./train-data.js";
import { taskForm, TASKS } from "./train-task.js";
import { text } from "./run-documents.js";

export async function show(frame, { query, signal }) {
  if (!session.key) return void fill(frame, needed());
  let datasets;
  try {
    datasets = (await get("/v1/admin/datasets", {}, { signal })).datasets;
  } catch (error) {
    if (error instanceof Problem && (error.status === 401 || error.status === 403)) return void fill(frame, needed(error.message));
    throw error;
  }
  const [families, models, before] = await Promise.all([
    get("/v1/families", {}, { signal }),
    get("/v1/models", { limit: 1000 }, { signal }),
    earlier(query.get("from"), signal),
  ]);
  const prior = before.job;
  let dataset = datasets.find(({ name }) => name === (query.get("dataset") ?? prior.dataset)) ?? null;
  // What somebody chose stays; else it follows from the data.
  let chosenTask = query.get("task") ?? prior.kind ?? null;
  let task;
  let form;
  const choice = h("div");
  const work = h("div");
  const receipt = h("div");

  const describe = () => {
    try {
      const body = form.body();
      const { kind, ...members } = body;
      const given = Object.entries(members).map(([name, value]) => `${name}=${python(value)}`);
      const call = `start_run(${[JSON.stringify(kind), ...given].join(", ")}).wait()`;
      fill(receipt, receiptPanel(null, { method: "POST", path: "/v1/admin/runs", body, call }));
    } catch (error) {
      fill(receipt, h("p", { class: "empty" }, `Not ready: ${error.message}`));
    }
  };
  const draw = () => {
    const possible = TASKS.filter(({ name }) => name !== "impute" || !dataset || dataset.description.kind === "table");
    task = possible.some(({ name }) => name === chosenTask) ? chosenTask : dataset && hasHoles(dataset) ? "impute" : "train";
    fill(
      choice,
      h(
        "fieldset",
        {},
        h("legend", {}, "What becomes of them"),
        possible.map(({ name, title, words }) =>
          h(
            "label",
            { class: "tick" },
            h("input", {
              type: "radio",
              name: "task",
              value: name,
              checked: name === task,
              onchange: () => {
                chosenTask = name;
                remember({ task: name });
                draw();
              },
            }),
            h("b", {}, ` ${title}`),
            h("small", {}, ` ${words}`),
          )
        ),
      ),
    );
    form = taskForm(task, {
      dataset,
      datasets,
      families,
      models: models.models,
      prior: prior.kind === task ? prior : {},
      how: query.get("how"),
      changed: () => describe(),
    });
    fill(work, form.element);
    describe();
  };
  const start = button("Start", async () => {
    const run = await post("/v1/admin/runs", form.body());
    announce("It has begun.");
    go(["runs", run.id]);
  });
  fill(
    frame,
    h("h1", {}, "Train"),
    h("p", {}, "Bring a table, pictures or texts; a model is learnt from them here, in the background. Nothing leaves this server."),
    before.words ? h("p", {}, before.words) : null,
    dataPanel(datasets, dataset, (chosen) => {
      dataset = chosen;
      remember({ dataset: chosen?.name });
      draw();
    }),
    choice,
    work,
    h("div", { class: "controls" }, start),
    receipt,
  );
  draw();
}

/** What this place is for and what it needs, before anybody brings anything. */
function needed(reason) {
  return [
    h("h1", {}, "Train"),
    h(
      "p",
      {},
      "Here models are learnt from your own data, and holes of a table are filled in. As that takes the server's time and disk, ",
      "it needs a key with the scope ",
      h("code", {}, "admin"),
      "; so please sign in before you bring your data.",
    ),
    reason ? h("p", { class: "fault" }, reason) : null,
    h(
      "p",
      {},
      "The one who runs this server gives such a key: ",
      h("code", {}, "posterior link"),
      " prints a link that signs in, ",
      h("code", {}, "admin.key"),
      " beside the store holds the first key.",
    ),
    h("p", {}, h("a", { class: "link-button", href: "#/sign-in" }, "Sign in")),
  ];
}

/** What a run was asked to do, for doing it again: its job, or the recipe of one that a command line started. */
async function earlier(id, signal) {
  if (!id) return { job: {} };
  const run = await get(`/v1/runs/${encodeURIComponent(id)}`, {}, { signal });
  const words = ["As in run ", h("a", { href: `#/runs/${encodeURIComponent(id)}` }, id), "."];
  if (run.documents.some((document) => document.name === "job.json")) {
    return { job: JSON.parse(await text(run, "job.json", signal)), words };
  }
  return { job: { kind: "train", recipe: run.configuration, dataset: run.parameters.dataset }, words };
}
