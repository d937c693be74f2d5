"""The results as Markdown."""

from collections import defaultdict

import numpy as np

import methods
import tables

# Masks of a whole comparison; a cell of fewer says how many.
FULL = 5
TITLES = {method.name: method.title for method in methods.every(None)}


def markdown(results):
    latest = {}
    for result in results:  # The last settings of a method are the ones that count.
        latest[tuple(result[name] for name in ("set", "mechanism", "rate", "mask", "method"))] = result
    groups = defaultdict(list)
    for (name, mechanism, rate, _, method), result in latest.items():
        groups[name, mechanism, rate, method].append(result)
    parts = [_main(groups), _rates(groups), _calibration(groups), _regression(groups), _seconds(groups)]
    return "\n\n".join("\n".join(part) for part in parts if len(part) > 2)


def _cell(results, measure):
    values = [result[measure] for result in results if result.get(measure) is not None]
    if not values:
        return next((f"> {result['stopped']} s" for result in results if "stopped" in result), "")
    spread = f" +- {np.std(values, ddof=1):.3f}" if len(values) > 1 else ""
    return f"{np.mean(values):.3f}{spread}" + (f" ({len(values)})" if len(values) < FULL else "")


def _rows(groups, cases, columns):
    """One line a case and measure; in bold the best and what is tied with it."""
    lines = []
    for label, case, measure in cases:
        cells = {method: _cell(groups.get((*case, method), []), measure) for method in columns}
        if not any(cells.values()):
            continue
        best = _tied(groups, case, measure, [m for m in columns if any(r.get(measure) is not None for r in groups.get((*case, m), []))])
        lines.append(f"| {label} | " + " | ".join(f"**{cells[m]}**" if m in best else cells[m] for m in columns) + " |")
    return lines


def _tied(groups, case, measure, columns):
    """Over the masks that all methods have: the one of the smallest mean, and those within one standard error of the paired differences to it."""
    values = {m: {r["mask"]: r[measure] for r in groups[*case, m] if r.get(measure) is not None} for m in columns}
    shared = sorted(set.intersection(*(set(v) for v in values.values())))
    if not shared:
        return set()
    errors = {m: np.array([values[m][k] for k in shared]) for m in columns}
    first = min(columns, key=lambda m: errors[m].mean())
    best = {first}
    for m in columns:
        difference = errors[m] - errors[first]
        if len(shared) > 1 and difference.mean() <= difference.std(ddof=1) / np.sqrt(len(shared)):
            best.add(m)
    return best


def _head(title, columns):
    return [f"| {title} | " + " | ".join(TITLES[method] for method in columns) + " |", "|---|" + "---|" * len(columns)]


def _present(groups, candidates):
    return [method for method in candidates if any(key[3] == method for key in groups)]


def _main(groups):
    columns = _present(groups, TITLES)
    cases = [
        (f"{name}, {measure.upper()}", (name, "mcar", 0.5), measure) for name in tables.READERS for measure in ("nrmse", "pfc")
    ]
    return _head("50 % MCAR", columns) + _rows(groups, cases, columns)


def _rates(groups):
    columns = [m for m in _present(groups, TITLES) if any(key[3] == m and key[1:3] != ("mcar", 0.5) for key in groups)]
    cases = []
    for name in tables.READERS:
        for mechanism, rate in (("mcar", 0.1), ("mcar", 0.3), ("mcar", 0.7), ("mar", 0.5)):
            for measure in ("nrmse", "pfc"):
                cases.append((f"{name}, {rate:.0%} {mechanism.upper()}, {measure.upper()}", (name, mechanism, rate), measure))
    return _head("other holes", columns) + _rows(groups, cases, columns)


def _calibration(groups):
    columns = [m for m in TITLES if any(key[3] == m and any("crps" in r for r in groups[key]) for key in groups)]
    lines = _head("50 % MCAR, real columns", columns)
    for name in tables.READERS:
        case = (name, "mcar", 0.5)
        lines += _rows(groups, [(f"{name}, CRPS", case, "crps")], columns)
        for measure, title in (("coverage50", "50 % interval"), ("coverage90", "90 % interval")):
            cells = [_cell(groups.get((*case, method), []), measure) for method in columns]
            if any(cells):
                lines.append(f"| {name}, {title} covers | " + " | ".join(cells) + " |")
    return lines


def _regression(groups):
    """Over coefficients and masks: how far pooled ones are from the complete table's, and what is said of the uncertainty."""
    lines = [
        "| regression on imputed tables | mean of abs(pooled - complete) / pooled se | 95 % intervals that hold the complete estimate "
        "| pooled se / complete se | fmi |", "|---|---|---|---|---|",
    ]
    for name in tables.READERS:
        for method in TITLES:
            found = [r["regression"] for r in groups.get((name, "mcar", 0.5, method), []) if "regression" in r]
            if not found:
                continue
            part = {k: np.array([r[k] for r in found]) for k in ("qbar", "t", "df", "fmi", "complete", "complete_se")}
            z = np.abs(part["qbar"] - part["complete"]) / np.sqrt(part["t"])
            covered = np.mean(z <= _t_quantile(part["df"]))
            lines.append(
                f"| {name}, {TITLES[method]}, m = {found[0]['m']} | {z.mean():.2f} | {covered:.2f} "
                f"| {np.mean(np.sqrt(part['t']) / part['complete_se']):.2f} | {part['fmi'].mean():.2f} |")
    return lines


def _t_quantile(df):
    from scipy.stats import t

    return t.ppf(0.975, df)


def _seconds(groups):
    columns = _present(groups, TITLES)
    lines = _head("processor seconds a table", columns)
    for name in tables.READERS:
        cells = [[r["seconds"] for r in groups.get((name, "mcar", 0.5, m), [])] for m in columns]
        if any(cells):
            lines.append(f"| {name} | " + " | ".join(f"{np.median(c):.1f}" if c else "" for c in cells) + " |")
    return lines
