// The scalars of YAML 1.2: what a plain one means by the core schema (§10.3.2), how lines fold (§6.5), what double quotes escape (§5.7).

/** What a scalar without quotes means. */
export function bareScalar(text) {
  if (/^(?:~|null|Null|NULL|)$/.test(text)) return null;
  if (/^(?:true|True|TRUE)$/.test(text)) return true;
  if (/^(?:false|False|FALSE)$/.test(text)) return false;
  if (/^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$/.test(text)) return whole(text);
  if (/^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/.test(text)) return Number(text);
  if (/^[-+]?\.(?:inf|Inf|INF)$/.test(text)) return text.startsWith("-") ? -Infinity : Infinity;
  return /^\.(?:nan|NaN|NAN)$/.test(text) ? NaN : text;
}

function whole(text) {
  const number = Number(text);
  if (Number.isSafeInteger(number)) return number + 0;
  return text.startsWith("-") ? -BigInt(text.slice(1)) : BigInt(text.replace("+", ""));
}

/** Lines as one: a break is a space, empty lines between are breaks; in a block, lines that are indented further keep theirs. */
export function folded(lines, isBlock = false) {
  let text = "";
  let before = null;
  let empty = 0;
  for (const line of lines) {
    if (line === "") {
      empty += 1;
      continue;
    }
    const isKept = isBlock && (/^[ \t]/.test(line) || (before !== null && /^[ \t]/.test(before)));
    if (before === null) text += "\n".repeat(empty);
    else if (isKept) text += "\n".repeat(empty + 1);
    else text += empty ? "\n".repeat(empty) : " ";
    text += line;
    before = line;
    empty = 0;
  }
  return text + "\n".repeat(empty);
}

const ESCAPES = {
  0: "\0",
  a: "\x07",
  b: "\b",
  t: "\t",
  "\t": "\t",
  n: "\n",
  v: "\v",
  f: "\f",
  r: "\r",
  e: "\x1b",
  " ": " ",
  '"': '"',
  "/": "/",
  "\\": "\\",
  N: "\x85",
  _: "\xa0",
  L: "\u2028",
  P: "\u2029",
};

/** What stands between quotes, with the lines folded; `fail` is told what can't be. */
export function quotedScalar(text, fail) {
  const inner = text.slice(1, -1);
  if (text.startsWith("'")) return breaks(inner).replaceAll("''", "'");
  // An escaped break joins two lines as they are; the mark keeps it from being folded.
  return breaks(inner.replace(/\\[^]/g, (pair) => (pair === "\\\n" ? "\\\n" : pair)))
    .replace(/\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[^])/g, (_, code) => {
      if (code.length > 1) return String.fromCodePoint(parseInt(code.slice(1), 16));
      if (code === "\n") return "";
      return ESCAPES[code] ?? fail(`the escape \\${code}, expected one of YAML's`);
    });
}

/** Breaks of a quoted scalar: one is a space, more are one less. */
function breaks(text) {
  return text.replace(/(\\)?[ \t]*\n((?:[ \t]*\n)*)[ \t]*/g, (_all, escape, empty, at) => {
    const lines = "\n".repeat(empty.split("\n").length - 1);
    if (escape && /(?:^|[^\\])(?:\\\\)*$/.test(text.slice(0, at))) return `\\\n${lines}`;
    return (escape ?? "") + (lines || " ");
  });
}
