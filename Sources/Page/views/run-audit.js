// What an audit of robustness found: damage by the attack against noise of the same size, and whether the report can be trusted.

import { h } from "../dom.js";
import { lineChart, number } from "../charts.js";

/** Points of a curve by budget, with one standard error either way where there is one. */
function points(curve) {
  const errors = curve.standard_error ?? [];
  const hasBand = curve.mean.every((_, index) => Number.isFinite(errors[index]));
  return curve.budgets.map((budget, index) => {
    const mean = curve.mean[index];
    return hasBand ? [budget, mean - errors[index], mean, mean + errors[index]] : [budget, mean];
  });
}

const words = (name) => name.replaceAll("_", " ");

/** The damage curves of reports, of one or several runs, each with the noise that it is measured against. */
export function damageChart(reports) {
  const drawn = reports.filter(({ report }) => report.damage_curve);
  if (!drawn.length) return null;
  const { report } = drawn[0];
  const isOne = drawn.length === 1;
  const curves = drawn.flatMap(({ name, report }) => {
    const attack = { name: isOne ? "attack" : name, points: points(report.damage_curve) };
    const noise = Object.entries(report.noise_curve ?? {})
      .map(([kind, { mean }]) => ({ name: `${isOne ? "" : `${name}: `}${words(kind)} noise`, points: points(mean), dashed: true }));
    return [attack, ...(isOne ? noise : noise.slice(0, 1))];
  });
  return lineChart({
    title: "Damage by the attack, and by noise of the same size",
    x: `budget (${report.threat_model.norm})`,
    y: words(report.damage_curve.quantity),
    curves,
    zero: true,
  });
}

/** The share of decisions that stand, or that are right, under attack. */
function accuracyChart({ decisions, threat_model }) {
  const held = decisions.robust_accuracy.filter((entry) => entry.budget !== undefined).map((entry) => [entry.budget, entry.accuracy.mean]);
  const clean = decisions.clean_accuracy ? [[0, decisions.clean_accuracy.mean]] : [];
  return [
    lineChart({
      title: `Decisions that stand against ${decisions.reference}`,
      x: `budget (${threat_model.norm})`,
      y: "share",
      zero: true,
      curves: [{ name: "robust accuracy", points: [...clean, ...held] }],
    }),
    h("p", {}, decisions.note),
  ];
}

/** The same for one audit, with its threat model and its checks. */
export function auditPanel(report) {
  return h(
    "section",
    {},
    h("h2", {}, "Audit"),
    report.sane
      ? h("p", { class: "good" }, "✓ All checks of the attack passed.")
      : h("p", { class: "fault" }, "✗ A check failed: this report proves nothing."),
    report.warnings.length ? h("ul", { class: "warnings" }, report.warnings.map((sentence) => h("li", {}, sentence))) : null,
    damageChart([{ name: "attack", report }]),
    report.damage_curve
      ? h(
        "p",
        {},
        `Area under the damage curve: ${number(report.damage_curve.area)}`,
        Object.entries(report.noise_curve ?? {}).map(([kind, { mean }]) => `, with ${words(kind)} noise ${number(mean.area)}`),
        ".",
      )
      : null,
    report.decisions ? accuracyChart(report) : null,
    h("h3", {}, "Checks"),
    h(
      "ul",
      {},
      report.sanity.map(({ name, passed, detail }) =>
        h("li", {}, h("span", { class: passed ? "good" : "fault" }, passed ? "✓ " : "✗ "), h("b", {}, words(name)), `: ${detail}`)
      ),
    ),
    h(
      "details",
      {},
      h("summary", {}, "Threat model"),
      h(
        "dl",
        {},
        Object.entries(report.threat_model)
          .map((
            [name, value],
          ) => [
            h("dt", {}, words(name)),
            h("dd", {}, value === null || typeof value !== "object" ? String(value) : JSON.stringify(value)),
          ]),
      ),
    ),
  );
}
