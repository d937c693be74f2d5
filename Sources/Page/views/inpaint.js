// Inpainting: paint what is missing, and see several ways to fill it in, with their spread pixel by pixel.

import { button, fill, h, labelled } from "../dom.js";
import { remember } from "../address.js";
import { ask } from "../server.js";
import { form } from "../form.js";
import { paint, pictureSize, pixelRange, readNPY, writeNPY } from "../files.js";
import { receiptPanel, warningsPanel } from "../receipt.js";
import { itemPlace } from "./items.js";
import { fieldsOf } from "./model.js";

/** A brush's strokes over one picture: which pixels are hidden, and how it was before each stroke. */
class Mask {
  constructor(height, width) {
    Object.assign(this, { height, width, hidden: new Uint8Array(height * width), past: [], future: [] });
  }
  begin() {
    this.past.push(this.hidden.slice());
    if (this.past.length > 100) this.past.shift();
    this.future = [];
  }
  /** Paints or clears a disc; its centre may lie beyond the edge, so that edges are reached. */
  dab(x, y, radius, value) {
    for (let row = Math.max(0, Math.floor(y - radius)); row <= Math.min(this.height - 1, Math.ceil(y + radius)); row += 1) {
      for (let column = Math.max(0, Math.floor(x - radius)); column <= Math.min(this.width - 1, Math.ceil(x + radius)); column += 1) {
        if ((column + 0.5 - x) ** 2 + (row + 0.5 - y) ** 2 <= radius ** 2) this.hidden[row * this.width + column] = value;
      }
    }
  }
  /** Dabs along a line, so that a quick hand leaves no gaps. */
  stroke([x0, y0], [x1, y1], radius, value) {
    const steps = Math.ceil(Math.hypot(x1 - x0, y1 - y0) / Math.max(0.25, radius / 2)) || 1;
    for (let step = 0; step <= steps; step += 1) this.dab(x0 + ((x1 - x0) * step) / steps, y0 + ((y1 - y0) * step) / steps, radius, value);
  }
  undo() {
    this.swap(this.past, this.future);
  }
  redo() {
    this.swap(this.future, this.past);
  }
  swap(from, to) {
    if (!from.length) return;
    to.push(this.hidden);
    this.hidden = from.pop();
  }
  get count() {
    return this.hidden.reduce((sum, one) => sum + one, 0);
  }
}

export async function show(frame, { model, query, signal }) {
  const size = pictureSize(model.signature);
  const { height, width, channels } = size;
  const range = pixelRange(model.signature);
  const fields = (await fieldsOf("impute")).filter((field) => !["mask", "cells", "compare", "mode"].includes(field.name));
  const values = Object.fromEntries(query);
  values.seed ??= String(Math.floor(Math.random() * 1e6));
  remember({ seed: values.seed });
  const options = form(fields, values, (name, value) => remember({ [name]: value }));
  let picture = new Float32Array(height * width * channels).fill(range[0]);
  let set = null;
  let mask = new Mask(height, width);
  let erases = false;
  let radius = Math.max(1, Math.round(Math.min(height, width) / 14));
  let cursor = [width / 2, height / 2];

  const paper = h("canvas", {
    class: "paper",
    tabindex: "0",
    role: "application",
    "aria-label": "The picture: paint over what is to be filled in. Arrow keys move, space paints, U undoes.",
  });
  const overlay = h("p", { "aria-live": "polite", class: "reading" });
  const results = h("div", { "aria-live": "polite" });
  const choice = h("div", {});

  function redraw() {
    paint(picture, size, range, paper);
    const context = paper.getContext("2d");
    // A checkered hole, so that it is seen on black and on white.
    mask.hidden.forEach((isHidden, index) => {
      if (!isHidden) return;
      const [row, column] = [Math.floor(index / width), index % width];
      context.fillStyle = (row + column) % 2 ? "#f08228" : "#c85a14";
      context.fillRect(column, row, 1, 1);
    });
    fill(overlay, `${mask.count} of ${height * width} pixels are hidden.`);
  }

  const inside = (event) => {
    const box = paper.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * width, ((event.clientY - box.top) / box.height) * height];
  };
  let last = null;
  paper.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    paper.setPointerCapture(event.pointerId);
    mask.begin();
    last = inside(event);
    mask.stroke(last, last, radius, erases || event.button === 2 ? 0 : 1);
    redraw();
  });
  paper.addEventListener("pointermove", (event) => {
    if (!last) return;
    const next = inside(event);
    mask.stroke(last, next, radius, erases || event.buttons === 2 ? 0 : 1);
    last = next;
    redraw();
  });
  const lift = () => {
    last = null;
  };
  paper.addEventListener("pointerup", lift);
  paper.addEventListener("pointercancel", lift);
  paper.addEventListener("contextmenu", (event) => event.preventDefault());
  paper.addEventListener("keydown", (event) => {
    const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (move) cursor = [Math.max(0, Math.min(width, cursor[0] + move[0])), Math.max(0, Math.min(height, cursor[1] + move[1]))];
    else if (event.key === " ") {
      mask.begin();
      mask.stroke(cursor, cursor, radius, erases ? 0 : 1);
    } else if (event.key === "u") mask.undo();
    else return;
    event.preventDefault();
    redraw();
    fill(overlay, `${mask.count} of ${height * width} pixels are hidden; the brush is at column ${cursor[0]}, row ${cursor[1]}.`);
  });

  async function complete() {
    if (!mask.count) throw new Error("Paint over something first.");
    const holes = picture.slice();
    mask.hidden.forEach((isHidden, index) => {
      if (isHidden) holes.fill(NaN, index * channels, (index + 1) * channels);
    });
    const asked = options.values();
    const request = {
      method: "POST",
      path: `/v1/models/${encodeURIComponent(model.reference)}/impute`,
      query: asked,
      type: "application/x-npy",
      file: "with-holes.npy",
      accept: "application/x-npy",
      model: model.reference,
      operation: "impute",
    };
    const { response, receipt } = await ask("POST", request.path, {
      query: asked,
      body: writeNPY(holes, [1, ...model.signature.shape]),
      type: request.type,
      accept: request.accept,
      signal,
    });
    const { values: numbers } = readNPY(await response.arrayBuffer());
    const count = numbers.length / picture.length;
    const draws = Array.from({ length: count }, (_, draw) => numbers.subarray(draw * picture.length, (draw + 1) * picture.length));
    const spread = picture.map((_, index) => {
      const mean = draws.reduce((sum, draw) => sum + draw[index], 0) / count;
      return Math.sqrt(draws.reduce((sum, draw) => sum + (draw[index] - mean) ** 2, 0) / Math.max(1, count - 1));
    });
    const most = Math.max(...spread, 1e-9);
    const mean = picture.map((_, index) => draws.reduce((sum, draw) => sum + draw[index], 0) / count);
    const shown = (title, numbersOf, bounds = range) =>
      h("li", {}, h("figure", {}, h("figcaption", {}, title), paint(numbersOf, size, bounds)));
    fill(
      results,
      h("h2", {}, "Filled in"),
      warningsPanel(receipt.warnings),
      h(
        "ul",
        { class: "pictures large" },
        draws.map((draw, index) => shown(`draw ${index + 1}`, draw)),
        count > 1 ? [shown("mean", mean), shown(`standard deviation, white is ${most.toPrecision(3)}`, spread, [0, most])] : null,
        shown("as it was", picture),
      ),
      receiptPanel(receipt, request),
    );
  }

  const brush = h("input", {
    type: "range",
    min: 0.5,
    max: Math.max(4, Math.min(height, width) / 4),
    step: 0.5,
    value: radius,
    oninput: (event) => {
      radius = Number(event.target.value);
    },
  });
  const mode = (title, value) =>
    h("button", {
      type: "button",
      class: "quiet",
      "aria-pressed": String(erases === value),
      onclick: (event) => {
        erases = value;
        for (const one of event.target.parentElement.children) one.setAttribute("aria-pressed", String(one === event.target));
      },
    }, title);
  const place = itemPlace(model, async (items) => {
    if (!items.values) throw new Error("These are no pictures of numbers; drop PNG or NPY.");
    set = items;
    const pick = (index) => {
      picture = set.values.slice(index * set.width, (index + 1) * set.width);
      mask = new Mask(height, width);
      // Holes that an array has already are holes.
      picture.forEach((value, at) => {
        if (Number.isNaN(value)) {
          mask.hidden[Math.floor(at / channels)] = 1;
          picture[at] = range[0];
        }
      });
      redraw();
    };
    fill(
      choice,
      set.count > 1
        ? labelled(
          "Item",
          h("input", {
            type: "number",
            min: 0,
            max: set.count - 1,
            value: 0,
            onchange: (event) => pick(Math.max(0, Math.min(set.count - 1, Number(event.target.value)))),
          }),
        )
        : null,
    );
    pick(0);
  });
  redraw();
  fill(
    frame,
    h("p", {}, "Paint over what is to be filled in; everything else stays as it is, to the bit."),
    place.element,
    choice,
    h(
      "div",
      { class: "beside" },
      h("div", {}, paper, overlay),
      h(
        "div",
        {},
        h("div", { class: "controls", role: "group", "aria-label": "Tool" }, mode("Brush", false), mode("Eraser", true)),
        labelled("Size of the brush", brush),
        h(
          "div",
          { class: "controls" },
          button("Undo", () => {
            mask.undo();
            redraw();
          }, { class: "quiet" }),
          button("Redo", () => {
            mask.redo();
            redraw();
          }, { class: "quiet" }),
          button("Clear", () => {
            mask.begin();
            mask.hidden = new Uint8Array(height * width);
            redraw();
          }, { class: "quiet" }),
          button("Lower half", () => {
            mask.begin();
            mask.hidden = Uint8Array.from(mask.hidden, (_, index) => (index >= (height * width) / 2 ? 1 : 0));
            redraw();
          }, { class: "quiet" }),
        ),
        h("details", { class: "options" }, h("summary", {}, "Options"), options.element),
        button("Fill in", complete),
      ),
    ),
    results,
  );
  await place.begin();
}
