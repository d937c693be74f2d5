// The latent map: codes of a set of items on a plane, what lies under the pointer, and walks along one variable.

import { announce, fill, h, labelled, select, svg } from "../dom.js";
import { remember } from "../address.js";
import { ask } from "../server.js";
import { number, ticks } from "../charts.js";
import { paint, pictureSize, pixelRange, readCSV, readNPY } from "../files.js";
import { receiptPanel } from "../receipt.js";
import { askItems, itemElement, itemPlace, itemRequest } from "./items.js";

const SIDE = 640;
const MARGIN = 46;

/** The two directions of greatest variance, by power iteration on the covariance; orthonormal. */
export function principalDirections(points) {
  const width = points[0].length;
  const mean = points[0].map((_, index) => points.reduce((sum, point) => sum + point[index], 0) / points.length);
  const centred = points.map((point) => point.map((value, index) => value - mean[index]));
  const found = [];
  for (let direction = 0; direction < 2; direction += 1) {
    let vector = Array.from({ length: width }, (_, index) => Math.sin(index + 1 + direction));
    for (let round = 0; round < 100; round += 1) {
      const next = new Array(width).fill(0);
      for (const point of centred) {
        const along = point.reduce((sum, value, index) => sum + value * vector[index], 0);
        for (let index = 0; index < width; index += 1) next[index] += along * point[index];
      }
      for (const other of found) {
        const along = next.reduce((sum, value, index) => sum + value * other[index], 0);
        for (let index = 0; index < width; index += 1) next[index] -= along * other[index];
      }
      const length = Math.hypot(...next) || 1;
      vector = next.map((value) => value / length);
    }
    found.push(vector);
  }
  return { mean, directions: found };
}

export async function show(frame, { model, query, signal }) {
  const size = pictureSize(model.signature);
  const canDecode = model.operations.includes("decode");
  const canGroup = model.operations.includes("classify") ? "classify" : model.operations.includes("cluster") ? "cluster" : null;
  const path = `/v1/models/${encodeURIComponent(model.reference)}`;
  const place = h("div", {});
  const under = h("figure", { class: "under" });
  const walk = h("div", {});
  const fault = h("p", { class: "fault", role: "alert" });
  let state = null;

  const take = itemPlace(model, async (set) => {
    const request = itemRequest(model, "encode", set, { seed: 0 }, "application/json");
    const { response, receipt } = await askItems(request, signal);
    const { layers } = await response.json();
    const gaussian = layers.map((layer, index) => ({ ...layer, index })).filter((layer) => layer.scale);
    if (!gaussian.length) throw new Error("The codes of this model are no numbers on a plane; ask /encode for them.");
    let groups = null;
    if (canGroup) {
      const answer = await (await askItems(itemRequest(model, canGroup, set, { seed: 0 }, "application/json"), signal)).response.json();
      groups = canGroup === "cluster"
        ? answer.layers[0].assignments.map((one) => `cluster ${one}`)
        : answer.items.map((item) => item.label ?? `cluster ${item.component}`);
    }
    state = { set, gaussian, layers, groups, request, receipt };
    draw();
  }, { most: 200 });

  /** The code of item 0 of each layer, with one layer's mean replaced. */
  function codes(layer, means) {
    return state.layers.map((
      one,
      index,
    ) => (index === layer ? { mean: means } : one.scale ? { mean: means.map(() => one.mean[state.item ?? 0]) } : {}));
  }

  async function decoded(layer, means) {
    const body = { layers: codes(layer, means), seed: 0 };
    const accept = size ? "application/x-npy" : model.signature.kind === "table" ? "text/csv" : "application/x-npy";
    const { response } = await ask("POST", `${path}/decode`, { body, accept, signal });
    if (accept === "text/csv") {
      const table = readCSV(await response.text());
      return table.rows.map((row) => h("dl", {}, row.map((cell, index) => [h("dt", {}, table.header[index]), h("dd", {}, cell)])));
    }
    const { values, shape } = readNPY(await response.arrayBuffer());
    const width = values.length / shape[0];
    return Array.from({ length: shape[0] }, (_, index) => {
      const item = values.subarray(index * width, (index + 1) * width);
      return size
        ? paint(item, size, pixelRange(model.signature))
        : h("span", { class: "mono" }, [...item].slice(0, 12).map(number).join(" "));
    });
  }

  function draw() {
    const { gaussian, set, groups } = state;
    const chosen = gaussian.find((layer) => String(layer.index) === query.get("layer")) ?? gaussian.at(-1);
    const { mean: points } = chosen;
    const width = points[0].length;
    const axes = query.get("axes") ?? (points.length > 2 && width > 2 ? "pc" : `0,${Math.min(1, width - 1)}`);
    const isPrincipal = axes === "pc";
    const [first, second] = isPrincipal ? [0, 1] : axes.split(",").map((text) => Math.min(width - 1, Number(text) || 0));
    const plane = isPrincipal ? principalDirections(points) : {
      mean: points[0].map((_, index) => points.reduce((sum, point) => sum + point[index], 0) / points.length),
      directions: [first, second].map((axis) => points[0].map((_, index) => (index === axis ? 1 : 0))),
    };
    const dot = (a, b) => a.reduce((sum, value, index) => sum + value * b[index], 0);
    const offsets = isPrincipal ? plane.directions.map((direction) => dot(plane.mean, direction)) : [0, 0];
    const at = points.map((point) => plane.directions.map((direction, axis) => dot(point, direction) - offsets[axis]));
    const reach = Math.max(...at.flat().map(Math.abs), 1) * 1.08;
    const across = (value) => MARGIN + ((value + reach) / (2 * reach)) * (SIDE - MARGIN - 8);
    const up = (value) => SIDE - MARGIN - ((value + reach) / (2 * reach)) * (SIDE - MARGIN - 8);
    const names = isPrincipal ? ["first principal component", "second principal component"] : [`z${first}`, `z${second}`];
    const kinds = groups ? [...new Set(groups)].sort() : [];
    const cursor = svg("g", { class: "cursor" }, svg("circle", { r: 9, class: "curve c5", fill: "none" }));
    const map = svg(
      "svg",
      {
        viewBox: `0 0 ${SIDE} ${SIDE}`,
        tabindex: "0",
        role: "application",
        "aria-label": `Codes of ${points.length} items by ${names[0]} and ${
          names[1]
        }; arrow keys move, what lies there is decoded beside it`,
      },
      svg(
        "g",
        { class: "axes", "aria-hidden": "true" },
        ticks(-reach, reach, 7).map((tick) => [
          svg("line", { x1: across(-reach), x2: across(reach), y1: up(tick), y2: up(tick) }),
          svg("text", { x: MARGIN - 6, y: up(tick) + 4, "text-anchor": "end" }, number(tick)),
          svg("text", { x: across(tick), y: SIDE - MARGIN + 16, "text-anchor": "middle" }, number(tick)),
        ]),
        svg("text", { x: SIDE / 2, y: SIDE - 8, "text-anchor": "middle" }, names[0]),
        svg("text", { x: 12, y: SIDE / 2, "text-anchor": "middle", transform: `rotate(-90 12 ${SIDE / 2})` }, names[1]),
      ),
      at.map(([x, y], index) =>
        svg("circle", {
          class: `point c${groups ? kinds.indexOf(groups[index]) % 8 : 0}`,
          cx: across(x),
          cy: up(y),
          r: 5,
          "data-item": index,
        }, svg("title", {}, `item ${index}${groups ? `, ${groups[index]}` : ""}`))
      ),
      cursor,
    );
    let here = [0, 0];
    let busy = false;
    let wanted = null;
    async function look(x, y, item) {
      here = [x, y];
      cursor.setAttribute("transform", `translate(${across(x)} ${up(y)})`);
      if (!canDecode) return;
      wanted = { x, y, item };
      if (busy) return;
      busy = true;
      try {
        while (wanted) {
          const aim = wanted;
          wanted = null;
          const code = plane.mean.map((value, index) => {
            if (isPrincipal) return value + aim.x * plane.directions[0][index] + aim.y * plane.directions[1][index];
            return index === first ? aim.x : index === second ? aim.y : value;
          });
          const [element] = await decoded(chosen.index, [code]);
          fill(
            under,
            h("figcaption", {}, `What lies at ${number(aim.x)}, ${number(aim.y)}`),
            element,
            aim.item === undefined
              ? null
              : h("div", {}, h("figcaption", {}, `Item ${aim.item}`), itemElement(set, aim.item, model.signature)),
          );
        }
      } catch (error) {
        if (error.name !== "AbortError") fault.textContent = error.message;
      } finally {
        busy = false;
      }
    }
    const inverse = (event) => {
      const box = map.getBoundingClientRect();
      const scale = (2 * reach) / (SIDE - MARGIN - 8);
      return [
        (((event.clientX - box.left) / box.width) * SIDE - MARGIN) * scale - reach,
        (SIDE - MARGIN - ((event.clientY - box.top) / box.height) * SIDE) * scale - reach,
      ];
    };
    map.addEventListener("pointermove", (event) => {
      const item = event.target.dataset?.item ?? event.target.parentElement?.dataset?.item;
      look(...inverse(event), item === undefined ? undefined : Number(item));
    });
    map.addEventListener("click", (event) => {
      const item = event.target.dataset?.item;
      if (item !== undefined) {
        state.item = Number(item);
        traverse(chosen);
      }
    });
    map.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
      if (!step) return;
      event.preventDefault();
      look(here[0] + (step[0] * reach) / 20, here[1] + (step[1] * reach) / 20);
      announce(`${number(here[0])}, ${number(here[1])}`);
    });
    const variables = [["pc", "principal components"], ...pairs(width).map(([a, b]) => [`${a},${b}`, `z${a} and z${b}`])];
    if (!variables.some(([value]) => value === axes)) variables.push([axes, names.join(" and ")]);
    fill(
      place,
      h(
        "div",
        { class: "controls" },
        gaussian.length > 1
          ? labelled(
            "Layer",
            select(
              gaussian.map((layer) => [String(layer.index), `${layer.index}, ${layer.mean[0].length} variables`]),
              String(chosen.index),
              (value) => set2({ layer: value, axes: null }),
            ),
          )
          : null,
        labelled("Plane", select(variables, axes, (value) => set2({ axes: value }))),
        isPrincipal ? null : [
          labelled(
            "Across",
            axisInput(first, width, (value) => set2({ axes: `${value},${second}` })),
          ),
          labelled("Up", axisInput(second, width, (value) => set2({ axes: `${first},${value}` }))),
        ],
        canDecode
          ? labelled(
            "Walks from item",
            h("input", {
              type: "number",
              min: 0,
              max: points.length - 1,
              value: state.item ?? 0,
              onchange: (event) => {
                state.item = Math.min(points.length - 1, Number(event.target.value));
                traverse(chosen);
              },
            }),
          )
          : null,
      ),
      h(
        "div",
        { class: "beside" },
        h(
          "figure",
          { class: "chart map" },
          map,
          kinds.length
            ? h(
              "ul",
              { class: "legend" },
              kinds.slice(0, 30).map((kind, index) => h("li", {}, h("span", { class: `swatch c${index % 8}` }), kind)),
            )
            : null,
        ),
        under,
      ),
      receiptPanel(state.receipt, state.request),
    );
    if (canDecode) {
      look(0, 0);
      traverse(chosen);
    }
  }

  function set2(changes) {
    remember(changes);
    for (const [name, value] of Object.entries(changes)) {
      if (value === null) query.delete(name);
      else query.set(name, value);
    }
    draw();
  }

  /** A row for each of the variables that say most, from -3 to 3 in steps, all others as in the chosen item. */
  async function traverse(layer) {
    const item = state.item ?? 0;
    const base = layer.mean[item];
    // What q(z|x) knows of a variable beyond N(0, 1), averaged over the items, in nats.
    const known = base.map((_, variable) =>
      layer.mean.reduce((sum, means, index) => {
        const scale = layer.scale[index][variable];
        return sum + (means[variable] ** 2 + scale ** 2 - 1) / 2 - Math.log(scale);
      }, 0) / layer.mean.length
    );
    const variables = known.map((value, index) => [value, index]).sort((a, b) => b[0] - a[0]).slice(0, 8).map(([, index]) => index);
    const steps = [-3, -2, -1, 0, 1, 2, 3];
    const means = variables.flatMap((variable) => steps.map((step) => base.map((value, index) => (index === variable ? step : value))));
    try {
      const elements = await decoded(layer.index, means);
      fill(
        walk,
        h("h2", {}, `Walks from item ${item}`),
        h("p", {}, h("small", {}, "One variable at a time, those first that the codes say most with.")),
        h(
          "div",
          { class: "scroll", tabindex: "0", role: "region", "aria-label": "Walks along variables" },
          h(
            "table",
            {},
            h(
              "thead",
              {},
              h(
                "tr",
                {},
                h("th", { scope: "col" }, "variable"),
                steps.map((step) => h("th", { scope: "col" }, String(step))),
              ),
            ),
            h(
              "tbody",
              {},
              variables.map((variable, row) =>
                h(
                  "tr",
                  {},
                  h("th", { scope: "row" }, `z${variable}`, h("br"), h("small", {}, `${number(known[variable])} nats`)),
                  steps.map((_, column) => h("td", {}, elements[row * steps.length + column])),
                )
              ),
            ),
          ),
        ),
      );
    } catch (error) {
      if (error.name !== "AbortError") fault.textContent = error.message;
    }
  }

  fill(frame, take.element, fault, place, walk);
  await take.begin();
}

function pairs(width) {
  const found = [];
  for (let first = 0; first + 1 < Math.min(width, 8); first += 2) found.push([first, first + 1]);
  return found;
}

function axisInput(value, width, change) {
  return h("input", {
    type: "number",
    min: 0,
    max: width - 1,
    value,
    onchange: (event) => change(Math.max(0, Math.min(width - 1, Number(event.target.value)))),
  });
}
