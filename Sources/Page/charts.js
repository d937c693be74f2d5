// Charts in SVG, with axes, units, a reading under the pointer or the arrow keys, and their numbers as a table for those who can't see them.

import { fill, h, identifier, svg } from "./dom.js";

/** At most four significant digits, as people write them. */
export function number(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4) return value.toExponential(3).replace(/\.?0+e/, "e").replace("e+", "e");
  if (Number.isInteger(value)) return value.toLocaleString("en", { useGrouping: size >= 10000 });
  return String(Number(value.toPrecision(4)));
}

/** Round places on an axis: steps of 1, 2 or 5 times a power of ten. */
export function ticks(low, high, count = 5) {
  if (!(high > low)) return [low];
  const raw = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= raw) * power;
  const found = [];
  for (let index = Math.ceil(low / step - 1e-9); index * step <= high + 1e-9 * step; index += 1) {
    found.push(Number((index * step).toPrecision(12)));
  }
  return found;
}

function extent(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (Number.isFinite(value)) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  if (low > high) return [0, 1];
  if (low === high) return [low - (Math.abs(low) || 1) / 2, high + (Math.abs(high) || 1) / 2];
  return [low, high];
}

const SIZE = { width: 640, height: 280, left: 64, right: 16, top: 12, bottom: 44 };

/** A long tick is squeezed into the margin: cut off at the left it would lose its sign. */
function squeezed(text) {
  return text.length > 7 ? { textLength: SIZE.left - 22, lengthAdjust: "spacingAndGlyphs" } : {};
}

function frame(title, x, y, xs, ys) {
  const { width, height, left, right, top, bottom } = SIZE;
  const across = (value) => left + ((value - xs[0]) / (xs[1] - xs[0])) * (width - left - right);
  const up = (value) => height - bottom - ((value - ys[0]) / (ys[1] - ys[0])) * (height - top - bottom);
  const axes = svg(
    "g",
    { class: "axes", "aria-hidden": "true" },
    ticks(ys[0], ys[1]).map((tick) => [
      svg("line", { x1: left, x2: width - right, y1: up(tick), y2: up(tick) }),
      svg("text", { x: left - 6, y: up(tick) + 4, "text-anchor": "end", ...squeezed(number(tick)) }, number(tick)),
    ]),
    ticks(xs[0], xs[1], 6).map((tick) => svg("text", { x: across(tick), y: height - bottom + 17, "text-anchor": "middle" }, number(tick))),
    svg("text", { class: "name", x: (left + width - right) / 2, y: height - 6, "text-anchor": "middle" }, x),
    svg("text", {
      class: "name",
      x: 14,
      y: (top + height - bottom) / 2,
      "text-anchor": "middle",
      transform: `rotate(-90 14 ${(top + height - bottom) / 2})`,
    }, y),
  );
  const label = identifier("chart");
  const drawing = svg(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-labelledby": label, tabindex: "0" },
    svg("title", { id: label }, title),
    axes,
  );
  return { drawing, across, up };
}

function dataTable(title, header, rows) {
  const most = 200;
  const step = Math.ceil(rows.length / most) || 1;
  return h(
    "details",
    { class: "numbers" },
    h("summary", {}, "Numbers"),
    h(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": `Numbers: ${title}` },
      h(
        "table",
        {},
        h("thead", {}, h("tr", {}, header.map((name) => h("th", { scope: "col" }, name)))),
        h(
          "tbody",
          {},
          rows.filter((_, index) => index % step === 0 || index === rows.length - 1)
            .map((row) => h("tr", {}, row.map((cell) => h("td", {}, typeof cell === "number" ? number(cell) : cell ?? "")))),
        ),
      ),
    ),
    step > 1 ? h("small", {}, `Every ${step}th of ${rows.length} rows.`) : null,
  );
}

/**
 * Curves of {name, points: [[x, y] or [x, low, y, high]], dashed}; names and units stand on the axes.
 * The pointer and the arrow keys read the values at a place.
 */
export function lineChart({ title, x, y, curves, zero = false }) {
  const known = curves.map((curve) => ({ ...curve, points: curve.points.filter((point) => point.every(Number.isFinite)) })).filter((
    curve,
  ) => curve.points.length);
  if (!known.length) return h("p", { class: "empty" }, `${title}: no values yet.`);
  const mid = (point) => (point.length === 4 ? point[2] : point[1]);
  const xs = extent(known.flatMap((curve) => curve.points.map((point) => point[0])));
  const ys = extent([...known.flatMap((curve) => curve.points.flatMap((point) => point.slice(1))), ...(zero ? [0] : [])]);
  const { drawing, across, up } = frame(title, x, y, xs, ys);
  known.forEach((curve, index) => {
    const color = `curve c${index % 8}`;
    if (curve.points[0].length === 4) {
      const there = curve.points.map((point) => `${across(point[0])},${up(point[3])}`);
      const back = [...curve.points].reverse().map((point) => `${across(point[0])},${up(point[1])}`);
      drawing.append(svg("polygon", { class: `band c${index % 8}`, points: [...there, ...back].join(" ") }));
    }
    const points = curve.points.map((point) => `${across(point[0]).toFixed(1)},${up(mid(point)).toFixed(1)}`).join(" ");
    drawing.append(svg("polyline", { class: color + (curve.dashed ? " dashed" : ""), points }));
    if (curve.points.length < 30) {
      for (const point of curve.points) drawing.append(svg("circle", { class: color, cx: across(point[0]), cy: up(mid(point)), r: 2.5 }));
    }
  });
  const places = [...new Set(known.flatMap((curve) => curve.points.map((point) => point[0])))].sort((a, b) => a - b);
  const rule = svg("line", { class: "rule", y1: SIZE.top, y2: SIZE.height - SIZE.bottom, visibility: "hidden" });
  drawing.append(rule);
  const reading = h("p", { class: "reading", "aria-live": "polite" }, " ");
  let at = -1;
  const show = (index) => {
    at = Math.max(0, Math.min(places.length - 1, index));
    const place = places[at];
    rule.setAttribute("x1", across(place));
    rule.setAttribute("x2", across(place));
    rule.setAttribute("visibility", "visible");
    const values = known.map((curve) => {
      const point = curve.points.find((candidate) => candidate[0] === place);
      return point
        ? `${curve.name} ${number(mid(point))}${point.length === 4 ? ` (${number(point[1])} to ${number(point[3])})` : ""}`
        : null;
    }).filter(Boolean);
    fill(reading, `${x} ${number(place)}: ${values.join(", ")}`);
  };
  drawing.addEventListener("pointermove", (event) => {
    const box = drawing.getBoundingClientRect();
    const place = xs[0] +
      (((event.clientX - box.left) / box.width) * SIZE.width - SIZE.left) / (SIZE.width - SIZE.left - SIZE.right) * (xs[1] - xs[0]);
    let best = 0;
    places.forEach((candidate, index) => {
      if (Math.abs(candidate - place) < Math.abs(places[best] - place)) best = index;
    });
    show(best);
  });
  drawing.addEventListener("keydown", (event) => {
    const move = { ArrowLeft: -1, ArrowRight: 1, Home: -places.length, End: places.length }[event.key];
    if (!move) return;
    event.preventDefault();
    show(at < 0 ? (move > 0 ? 0 : places.length - 1) : at + move);
  });
  const legend = known.length > 1 || known[0].name
    ? h(
      "ul",
      { class: "legend" },
      known.map((curve, index) => h("li", {}, h("span", { class: `swatch c${index % 8}${curve.dashed ? " dashed" : ""}` }), curve.name)),
    )
    : null;
  const rows = places.map((place) => [
    place,
    ...known.map((curve) => {
      const point = curve.points.find((candidate) => candidate[0] === place);
      return point && mid(point);
    }),
  ]);
  return h(
    "figure",
    { class: "chart" },
    h("figcaption", {}, title),
    drawing,
    reading,
    legend,
    dataTable(title, [x, ...known.map((curve) => curve.name)], rows),
  );
}

/** Shares of values in equal bins, several sets over one another. */
export function histogram({ title, x, sets, bins = 30 }) {
  const known = sets.map((set) => ({ ...set, values: set.values.filter(Number.isFinite) })).filter((set) => set.values.length);
  if (!known.length) return h("p", { class: "empty" }, `${title}: no values.`);
  const xs = extent(known.flatMap((set) => set.values));
  const width = (xs[1] - xs[0]) / bins;
  const heights = known.map((set) => {
    const counts = new Array(bins).fill(0);
    for (const value of set.values) counts[Math.min(bins - 1, Math.floor((value - xs[0]) / width))] += 1;
    return counts.map((count) => count / set.values.length);
  });
  const { drawing, across, up } = frame(title, x, "share", xs, [0, Math.max(...heights.flat())]);
  known.forEach((set, index) => {
    heights[index].forEach((share, bin) => {
      if (!share) return;
      const left = across(xs[0] + bin * width);
      drawing.append(
        svg(
          "rect",
          {
            class: `bar c${index % 8}`,
            x: left,
            width: Math.max(0.5, across(xs[0] + (bin + 1) * width) - left - 0.5),
            y: up(share),
            height: up(0) - up(share),
          },
          svg("title", {}, `${set.name}: ${number(xs[0] + bin * width)} to ${number(xs[0] + (bin + 1) * width)}: ${number(100 * share)} %`),
        ),
      );
    });
  });
  const rows = heights[0].map((
    _,
    bin,
  ) => [`${number(xs[0] + bin * width)} to ${number(xs[0] + (bin + 1) * width)}`, ...heights.map((shares) => shares[bin])]);
  return h(
    "figure",
    { class: "chart" },
    h("figcaption", {}, title),
    drawing,
    h(
      "ul",
      { class: "legend" },
      known.map((set, index) => h("li", {}, h("span", { class: `swatch c${index % 8}` }), `${set.name} (${set.values.length})`)),
    ),
    dataTable(title, [x, ...known.map((set) => set.name)], rows),
  );
}

/** Named shares of a whole, largest first. */
export function bars(entries, most = 10) {
  const sorted = [...entries].sort((a, b) => b[1] - a[1]);
  const shown = sorted.slice(0, most);
  return h(
    "table",
    { class: "bars" },
    h(
      "tbody",
      {},
      shown.map(([name, share]) =>
        h(
          "tr",
          {},
          h("th", { scope: "row" }, name),
          h("td", {}, h("meter", { min: 0, max: 1, value: share, "aria-label": `${name}: ${number(100 * share)} %` })),
          h("td", { class: "number" }, `${number(100 * share)} %`),
        )
      ),
    ),
    sorted.length > shown.length ? h("caption", {}, `the ${shown.length} likeliest of ${sorted.length}`) : null,
  );
}
