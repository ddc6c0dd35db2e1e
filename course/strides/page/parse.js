// A typed chain of operations, read and never evaluated; the same as course/strides/parse.py. Python has its own parser
// read the text; here a small one does, so only what is no Python at all is refused in other words.
import { COMPUTES, computes } from "./computing.js";
import { ATTRIBUTES, METHODS } from "./operations.js";
import { ELLIPSIS, Slice, listOf, repr } from "./python.js";

export const STARTS = ["arange", "zeros", "ones"];
const NO_START = `a chain starts with ${STARTS.map((name) => `${name}(…)`).join(", ")}, or with the dot or bracket of its first operation`;
const LARGEST_NUMBER = 1_000_000, LONGEST_TEXT = 1_000, MOST_STEPS = 50;
const NUMBER = /^(0[xX](_?[0-9a-fA-F])+|0[oO](_?[0-7])+|0[bB](_?[01])+|0(_?0)*|[1-9](_?[0-9])*)$/;
const OPERATOR = /^([-+*/%@&|^<>=!~]|(and|or|in|is|not)\b)/;
const OPEN = "([{", CLOSE = ")]}";

/** A chain that is refused. */
export class ChainError extends Error {}

const short = (piece) => ([...piece].length <= 60 ? piece : `${[...piece].slice(0, 57).join("")}...`);
const known = (name, names) => (computes(name) ? COMPUTES : `known are ${Object.keys(names).join(", ")}`);
const has = (names, name) => Object.hasOwn(names, name);

/** `{ start, steps }`: a start or null, and steps `{ name, args, kwargs, text }`. */
export function parse(text) {
  const letters = [...text];
  if (letters.length > LONGEST_TEXT) throw new ChainError(`the chain has ${letters.length} characters, the limit is ${LONGEST_TEXT}`);
  const stripped = text.trim().replace(/[\n\r]/g, " ");
  if (!stripped) throw new ChainError("the chain is empty: try .view(3, 8).t() or arange(24).view(2, 3, 4)");
  return new Reader([...stripped], letters.length - [...text.trimStart()].length).chain();
}

class Reader {
  constructor(letters, shift) { Object.assign(this, { letters, shift, at: 0 }); }

  get here() { return this.letters[this.at] ?? ""; }
  get rest() { return this.letters.slice(this.at).join(""); }
  text(from, to) { return this.letters.slice(from, to).join(""); }
  space() { while (/\s/.test(this.here)) this.at += 1; }
  take(sign) {
    this.space();
    if (this.here !== sign) this.unreadable();
    this.at += 1;
  }

  refuse(piece, place, why) {
    throw new ChainError(`${short(piece)} is refused at position ${place + this.shift}: ${why}`);
  }
  refuseNode(node, why) { this.refuse(this.text(node.from, node.to), node.from, why); }
  unreadable() { throw new ChainError(`not readable at position ${this.at + this.shift}: ${this.here ? repr(`'${this.here}'`) : "the end"} was not expected here`); }

  chain() {
    for (const sign of ["#", "\\", "\0", ";"]) {
      const place = this.letters.indexOf(sign);
      if (place < 0) continue;
      const shown = { "\\": "'\\\\'", "\0": "'\\x00'" }[sign] ?? `'${sign}'`;
      throw new ChainError(`${shown} is refused at position ${place + this.shift}: a chain has no such sign`);
    }
    if (/[-+*/%@&|^<>=!~]/.test(this.here)) this.refuse(this.text(0), 0, COMPUTES);
    const { base, steps } = this.expression(".[".includes(this.here));
    this.space();
    if (this.at < this.letters.length) this.unreadable();
    if (steps.length > MOST_STEPS) throw new ChainError(`the chain has more than ${MOST_STEPS} steps`);
    const start = base === null ? null : this.started(base);
    return { start, steps: steps.map((step) => this.step(step)) };
  }

  /** A base (null where the chain is bare) and, unjudged, what is done to it. */
  expression(bare) {
    const from = this.at;
    let base = bare ? null : this.primary(), steps = [];
    if (base?.inner) [steps, base] = [base.inner.steps, base.inner.base]; // it stood in brackets
    for (;;) {
      const before = this.at;
      this.space();
      const mark = this.at;
      if (this.here === "." && this.letters[this.at + 1] !== ".") {
        this.at += 1;
        const { name, from: nameFrom } = this.name();
        this.space();
        const call = this.here === "(" ? this.call() : null;
        steps.push({ name, nameFrom, call, from: mark, to: call ? this.at : nameFrom + [...name].length });
        if (!call) this.at = steps.at(-1).to;
      } else if (this.here === "[") {
        steps.push({ key: this.subscript(), from: mark, to: this.at });
      } else if (this.here === "(") { // a call of what is no method
        this.call();
        this.refuse(this.text(from, this.at), from, NO_START);
      } else {
        if (OPERATOR.test(this.rest)) {
          this.raw(")");
          this.refuse(this.text(mark, this.at).trimEnd(), mark, COMPUTES);
        }
        this.at = before;
        return { base, steps };
      }
    }
  }

  /** What a chain begins with: `arange(6)`, `torch.arange(6)`, or a chain in brackets. */
  primary() {
    const from = this.at;
    if (this.here === "(") {
      this.at += 1;
      this.space();
      if (this.here === ")") this.refuse(this.text(from, this.at + 1), from, NO_START);
      const inner = this.expression(false);
      this.take(")");
      return { inner };
    }
    if (!/[\p{L}_]/u.test(this.here)) {
      this.raw(")");
      this.refuse(this.text(from, this.at).trimEnd(), from, NO_START);
    }
    let { name } = this.name();
    const end = this.at;
    this.space();
    if (name === "torch" && this.here === ".") {
      this.at += 1;
      ({ name } = this.name());
      this.space();
      if (this.here !== "(") this.refuse("torch", from, NO_START);
    }
    if (this.here !== "(") {
      this.at = end;
      return { from, to: end, name };
    }
    const call = this.call();
    return { from, to: this.at, name, call };
  }

  name() {
    this.space();
    const from = this.at;
    while (/[\p{L}\p{N}_]/u.test(this.here)) this.at += 1;
    if (this.at === from || /\p{N}/u.test(this.letters[from])) { this.at = from; this.unreadable(); }
    return { name: this.text(from, this.at), from };
  }

  started(base) {
    if (!base.call || !STARTS.includes(base.name)) this.refuseNode(base, NO_START);
    return { name: base.name, ...this.arguments(base.call), text: this.text(base.from, base.to) };
  }

  step({ name, nameFrom, call, key, from, to }) {
    const text = this.text(from, to);
    if (key) return { name: "index", args: [this.key(key)], kwargs: [], text };
    const refuse = (why) => this.refuse(`.${name}`, nameFrom, why);
    if (call) {
      if (!has(METHODS, name)) refuse(has(ATTRIBUTES, name) ? `${name} is written without brackets` : known(name, METHODS));
      return { name, ...this.arguments(call), text };
    }
    if (!has(ATTRIBUTES, name)) refuse(has(METHODS, name) ? `to call it, write .${name}(…)` : known(name, ATTRIBUTES));
    return { name, args: [], kwargs: [], text };
  }

  // Items between brackets: nodes { from, to, kind, ... } with kind number, none, ellipsis, tuple, list or other.

  call() {
    this.take("(");
    return this.items(")", () => {
      const from = this.at;
      const named = /^([\p{L}_][\p{L}\p{N}_]*)\s*=(?!=)/u.exec(this.rest);
      if (named) this.at += [...named[0]].length;
      const doubled = !named && this.rest.startsWith("**");
      if (doubled) this.at += 2;
      this.space();
      return { ...this.item(",)"), keyword: named?.[1], doubled, whole: from };
    }).nodes;
  }

  subscript() {
    this.take("[");
    const { nodes, comma } = this.items("]", () => {
      const from = this.at, ends = [];
      for (;;) {
        this.space();
        ends.push(":,]".includes(this.here) ? null : this.item(":,]"));
        this.space();
        if (this.here !== ":" || ends.length > 2) break;
        this.at += 1;
      }
      if (ends.length > 1) return { kind: "slice", ends, from, to: this.at };
      return ends[0] ?? this.unreadable();
    });
    if (!nodes.length) this.unreadable();
    const alone = !comma && nodes.length === 1;
    return alone && nodes[0].kind === "tuple" ? { nodes: nodes[0].nodes, alone: false } : { nodes, alone };
  }

  /** Nodes up to the closing sign, and whether a comma was among them. */
  items(close, one) {
    const nodes = [];
    let comma = false;
    for (;;) {
      this.space();
      if (this.here === close) break;
      nodes.push(one());
      this.space();
      if (this.here === close) break;
      this.take(",");
      comma = true;
    }
    this.at += 1;
    return { nodes, comma };
  }

  item(stops) {
    const from = this.at;
    const node = this.bracketed() ?? this.plain();
    this.space();
    if (stops.includes(this.here) && this.here) return node;
    this.at = from; // more follows, such as an operator: no plain value, whatever it is
    return this.other(stops);
  }

  bracketed() {
    if (this.here !== "(" && this.here !== "[") return null;
    const from = this.at, close = this.here === "(" ? ")" : "]", kind = close === ")" ? "tuple" : "list";
    this.at += 1;
    const { nodes, comma } = this.items(close, () => this.item(`,${close}`));
    if (kind === "tuple" && nodes.length === 1 && !comma) return nodes[0]; // brackets around one value change nothing
    return { kind, nodes, from, to: this.at };
  }

  plain() {
    const from = this.at;
    const word = /^(-\s*)?([\p{L}\p{N}_.]+)/u.exec(this.rest);
    if (!word) return { kind: "other", from, to: from };
    this.at += [...word[0]].length;
    const [minus, digits] = [word[1] ? -1 : 1, word[2]], to = this.at;
    if (NUMBER.test(digits)) return { kind: "number", value: minus * Number(digits.replaceAll("_", "")) || 0, digits, from, to };
    if (!word[1] && digits === "None") return { kind: "none", from, to };
    if (!word[1] && digits === "...") return { kind: "ellipsis", from, to };
    return { kind: "other", from, to };
  }

  other(stops) {
    const from = this.at;
    this.raw(stops);
    const to = from + [...this.text(from, this.at).trimEnd()].length;
    if (to === from) this.unreadable();
    return { kind: "other", from, to };
  }

  /** On to the first of `stops` that stands in no bracket and no quotes. */
  raw(stops) {
    const open = [];
    for (; this.at < this.letters.length; this.at += 1) {
      const sign = this.here;
      if (!open.length && stops.includes(sign)) return;
      if (sign === "'" || sign === '"') {
        const end = this.letters.indexOf(sign, this.at + 1);
        if (end < 0) this.unreadable();
        this.at = end;
      } else if (OPEN.includes(sign)) open.push(CLOSE[OPEN.indexOf(sign)]);
      else if (CLOSE.includes(sign) && open.pop() !== sign) this.unreadable();
    }
    if (open.length) this.unreadable();
  }

  // Judged: nodes to values.

  arguments(nodes) {
    const args = nodes.filter((node) => !node.keyword && !node.doubled);
    nodes.forEach((node, place) => {
      if (args.includes(node) && nodes.slice(0, place).some((one) => one.keyword)) { this.at = node.from; this.unreadable(); }
    });
    const kwargs = nodes.filter((node) => !args.includes(node)).map((node) => {
      if (node.doubled) this.refuseNode(node, "** is not taken apart here");
      return [node.keyword, this.argument(node)];
    });
    return { args: args.map((node) => this.argument(node)), kwargs };
  }

  argument(node) {
    if (node.kind === "none") return null;
    if (node.kind === "tuple") return node.nodes.map((one) => this.number(one));
    if (node.kind === "list") return listOf(node.nodes.map((one) => this.number(one)));
    return this.number(node);
  }

  key({ nodes, alone }) {
    const keys = nodes.map((node) => this.keyPart(node));
    const ellipses = nodes.filter((node) => node.kind === "ellipsis");
    if (ellipses.length > 1) this.refuseNode(ellipses[1], "one Ellipsis stands for all dimensions that are left; a second has none");
    return alone ? keys[0] : keys;
  }

  keyPart(node) {
    if (node.kind === "slice") {
      const ends = [0, 1, 2].map((place) => node.ends[place] ?? null);
      return new Slice(...ends.map((end) => (end === null || end.kind === "none" ? null : this.number(end))));
    }
    if (node.kind === "none") return null;
    if (node.kind === "ellipsis") return ELLIPSIS;
    if (node.kind === "list" || node.kind === "tuple") {
      this.refuseNode(node, "indexing with a list gathers elements into a copy; use whole numbers and slices here");
    }
    return this.number(node);
  }

  number(node) {
    if (node.kind !== "number") this.refuseNode(node, "only whole numbers, written out, can stand here");
    if (Math.abs(node.value) > LARGEST_NUMBER) this.refuseNode(node, `the largest number that is taken is ${LARGEST_NUMBER}`);
    return node.value;
  }
}
