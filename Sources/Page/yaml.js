// YAML as contracts are written in it: blocks, flows, all scalars, comments, anchors; plain scalars mean what the core schema of YAML 1.2 says.
// Tags, directives, several documents, explicit and merge keys are refused, by their line, as is everything that can't be read.

import { bareScalar, folded, quotedScalar } from "./yaml-scalars.js";

// Plain scalars (§7.3.3): how one begins, and what of a line it holds in a block and within brackets.
const FIRST = /[^\s\-?:,[\]{}#&*!|>'"%@`]|[-?:](?=[^\s,[\]{}])/y;
const BARE = /(?:[^\s:#]|:(?=\S)|(?<=\S)#|[ \t]+(?=[^\s:#])|[ \t]+:(?=\S))+/y;
const FLOW_BARE = /(?:[^\s:#,[\]{}]|:(?=[^\s,[\]{}])|(?<=\S)#|[ \t]+(?=[^\s:#,[\]{}])|[ \t]+:(?=[^\s,[\]{}]))+/y;
const KEY = new RegExp(String.raw`(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\n]|'')*'|(?=${FIRST.source})${BARE.source})[ \t]*:(?=\s|$)`, "y");

const DASH = /-(?=\s|$)/y;

class Reader {
  constructor(text) {
    this.text = text.replace(/^\ufeff/, "").replace(/\r\n?/g, "\n");
    this.at = 0;
    this.anchors = new Map();
  }

  fail(message, at = this.at) {
    throw new SyntaxError(`line ${this.text.slice(0, at).split("\n").length}: ${message}`);
  }

  get next() {
    return this.text[this.at] ?? "";
  }

  /** How far from the start of its line the next character stands. */
  get column() {
    return this.at - (this.text.lastIndexOf("\n", this.at - 1) + 1);
  }

  /** What a sticky expression finds here; it is read then. */
  take(expression) {
    expression.lastIndex = this.at;
    const found = expression.exec(this.text);
    if (found) this.at = expression.lastIndex;
    return found?.[0];
  }

  matches(expression) {
    expression.lastIndex = this.at;
    return expression.test(this.text);
  }

  /** Passes blanks and comments, within the line; whether the line ends here. */
  endsLine() {
    const blanks = this.take(/[ \t]*/y);
    if (this.next === "#" && (blanks || this.column === 0)) this.take(/.*/y);
    return this.next === "\n" || this.next === "";
  }

  /** Passes everything up to the next content; its column, -1 at the end. */
  content() {
    this.space();
    if (!this.next) return -1;
    const { column } = this;
    if (/^ *\t/.test(this.text.slice(this.at - column, this.at))) this.fail("a tab indents, expected spaces");
    if (column === 0) {
      if (this.matches(/(?:---|\.\.\.)(?=\s|$)/y)) this.fail("a second document, or the end of one, expected a single document");
      if (this.next === "%") this.fail("a directive, expected none");
    }
    return column;
  }

  /** Passes blanks, comments and breaks. */
  space() {
    while (this.endsLine() && this.next) this.at += 1;
  }

  document() {
    this.space();
    if (this.column === 0 && this.take(/---(?=\s|$)/y) !== undefined && !this.endsLine()) {
      this.fail("content behind ---, expected a line of its own");
    }
    const value = this.content() < 0 ? null : this.block(-1);
    if (this.content() >= 0) this.fail("content behind the document's end, or indented less than what it belongs to");
    return value;
  }

  /** The node that begins here, where it may be a list or a map; `parent` is the column of what it belongs to. */
  block(parent) {
    const { column } = this;
    if (this.matches(DASH)) return this.list(column);
    if (this.matches(KEY)) return this.map(column);
    return this.scalarOrFlow(parent);
  }

  /** A list; one that stands right below the key of a map, no further in, ends where the map goes on. */
  list(column, isBelowKey = false) {
    const items = [];
    do {
      this.at += 1;
      items.push(this.value(column, true));
    } while (
      this.continues(column) && (this.matches(DASH) || (!isBelowKey && this.fail('expected another item of the list, behind "- "')))
    );
    return items;
  }

  map(column) {
    const members = {};
    do {
      if (!this.matches(KEY)) this.fail("expected a key and a colon");
      const start = this.at;
      this.member(members, this.key(), start, () => {
        this.take(/[ \t]*:/y);
        return this.value(column, false);
      });
    } while (this.continues(column));
    return members;
  }

  /** Whether a collection of this column goes on; what is indented otherwise belongs to none. */
  continues(column) {
    const found = this.content();
    if (found > column) this.fail(`indented by ${found}, expected ${column} or less`);
    return found === column;
  }

  member(members, name, start, value) {
    if (name === "<<") this.fail("a merge key, expected the members themselves", start);
    if (Object.hasOwn(members, name)) this.fail(`the key ${name} again, expected every key once`, start);
    // Defined, not set: a key may be called __proto__.
    Object.defineProperty(members, name, { value: value(), enumerable: true, configurable: true, writable: true });
  }

  key() {
    if (this.next === '"' || this.next === "'") return this.quoted();
    return this.take(BARE);
  }

  /** What stands behind a dash or the colon of a key whose column is `parent`. */
  value(parent, isItem) {
    const anchor = this.anchor();
    const value = this.unnamed(parent, isItem && anchor === undefined);
    if (anchor !== undefined) this.anchors.set(anchor, value);
    return value;
  }

  unnamed(parent, isItem) {
    if (!this.endsLine()) {
      this.take(/[ \t]*/y);
      return isItem ? this.block(parent) : this.scalarOrFlow(parent);
    }
    const column = this.content();
    if (column > parent) return this.named(() => this.block(parent));
    return column === parent && !isItem && this.matches(DASH) ? this.list(column, true) : null;
  }

  named(read) {
    const anchor = this.anchor();
    if (anchor !== undefined) this.content();
    const value = read();
    if (anchor !== undefined) this.anchors.set(anchor, value);
    return value;
  }

  anchor() {
    this.take(/[ \t]*(?=[^\s#])/y);
    if (this.next === "!") this.fail("a tag, expected a value");
    return this.take(/&[^\s,[\]{}]+/y)?.slice(1);
  }

  scalarOrFlow(parent) {
    const value = this.next === "|" || this.next === ">" ? this.literal(parent) : this.inline(parent, false);
    if (this.column > 0 && !this.endsLine()) this.fail(`"${this.take(/.{1,20}/y)}" behind the value, expected the line's end`);
    return value;
  }

  /** A quoted or plain scalar, an alias or a flow collection. */
  inline(parent, isFlow) {
    switch (this.next) {
      case "[":
        return this.flowList();
      case "{":
        return this.flowMap();
      case '"':
      case "'":
        return this.quoted();
      case "*": {
        const name = this.take(/\*[^\s,[\]{}]+/y)?.slice(1);
        return this.anchors.has(name) ? this.anchors.get(name) : this.fail(`the alias *${name ?? ""}, expected an anchor before it`);
      }
      case "!":
        return this.fail("a tag, expected a value");
      default:
        return bareScalar(this.plain(parent, isFlow));
    }
  }

  flowSpace() {
    this.space();
    if (!this.next) this.fail("the end of the text within brackets, expected them closed");
  }

  flowValue() {
    this.flowSpace();
    return this.named(() => this.inline(-1, true));
  }

  flowList() {
    const items = [];
    for (this.at += 1, this.flowSpace(); this.next !== "]"; this.flowSpace()) {
      items.push(this.flowValue());
      this.flowSpace();
      if (this.next === ",") this.at += 1;
      else if (this.next !== "]") this.fail(`"${this.next}" in a list, expected a comma or ]`);
    }
    this.at += 1;
    return items;
  }

  flowMap() {
    const members = {};
    for (this.at += 1, this.flowSpace(); this.next !== "}"; this.flowSpace()) {
      const start = this.at;
      const name = this.next === '"' || this.next === "'" ? this.quoted() : this.plain(-1, true);
      this.flowSpace();
      const isGiven = this.next === ":";
      this.member(members, name, start, () => {
        if (!isGiven) return null;
        this.at += 1;
        this.flowSpace();
        return this.next === "," || this.next === "}" ? null : this.flowValue();
      });
      this.flowSpace();
      if (this.next === ",") this.at += 1;
      else if (this.next !== "}") this.fail(`"${this.next}" in a map, expected a comma or }`);
    }
    this.at += 1;
    return members;
  }

  /** A scalar without quotes; it goes on over lines that are indented more than `parent`. */
  plain(parent, isFlow) {
    const line = isFlow ? FLOW_BARE : BARE;
    if (!this.matches(FIRST)) this.fail(`"${this.next}" begins no value`);
    const lines = [this.take(line)];
    for (;;) {
      const end = this.at;
      const gap = this.take(/[ \t]*(?:\n[ \t]*)+/y);
      const isMore = gap !== undefined && this.next && this.next !== "#" && this.column > parent && this.matches(line) &&
        !(this.column === 0 && this.matches(/(?:---|\.\.\.)(?=\s|$)/y));
      if (!isMore) {
        this.at = end;
        return folded(lines);
      }
      for (let blank = gap.split("\n").length - 2; blank > 0; blank -= 1) lines.push("");
      lines.push(this.take(line));
    }
  }

  quoted() {
    const start = this.at;
    const text = this.take(this.next === '"' ? /"(?:[^"\\]|\\[^])*"/y : /'(?:[^']|'')*'/y);
    if (text === undefined) this.fail("a quote that nothing closes");
    return quotedScalar(text, (message) => this.fail(message, start));
  }

  /** A block of text, literal (|) or folded (>). */
  literal(parent) {
    const [, kind, first, second] = this.take(/[|>][-+\d]{0,2}/y).match(/^(.)(.?)(.?)$/);
    const marks = first + second;
    if (/\d\d|[-+][-+]|0/.test(marks) || !this.endsLine()) this.fail("expected | or >, then + or -, then a digit, and the line's end");
    this.at += 1;
    const given = marks.match(/\d/);
    let indent = given ? Math.max(parent, 0) + Number(given[0]) : 0;
    const lines = [];
    while (this.at < this.text.length) {
      const line = /.*/y;
      line.lastIndex = this.at;
      const text = line.exec(this.text)[0];
      const blank = text.match(/^ */)[0].length;
      if (blank < text.length) {
        if (!indent) {
          if (blank <= parent) break;
          if (lines.some((before) => before.length > blank)) this.fail("an empty line before is indented more than the text");
          indent = blank;
        }
        if (blank < indent) break;
      }
      lines.push(indent ? text.slice(indent) : text);
      this.at += text.length + 1;
    }
    this.at = Math.min(this.at, this.text.length);
    const end = lines.findLastIndex((text) => indent && text !== "") + 1;
    const trailing = lines.length - end;
    const body = kind === ">" ? folded(lines.slice(0, end), true) : lines.slice(0, end).join("\n");
    if (marks.includes("-")) return body;
    const isOpen = trailing === 0 && !this.text.endsWith("\n") && this.at === this.text.length;
    const last = end && !isOpen ? "\n" : "";
    return marks.includes("+") ? body + last + "\n".repeat(trailing) : body + last;
  }
}

/** The value of a text in YAML; whole numbers beyond 2^53 are BigInt. What can't be read is a SyntaxError that names the line. */
export function parseYAML(text) {
  return new Reader(text).document();
}
