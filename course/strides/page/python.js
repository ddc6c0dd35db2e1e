// Values as Python writes them, so that a sentence reads the same in a notebook and in a page.
// A tuple is an array; a list is an array made by `listOf`; None is null; Ellipsis is ELLIPSIS; a slice is a Slice.

export const ELLIPSIS = Symbol("...");

export class Slice {
  constructor(start, stop, step) { Object.assign(this, { start, stop, step }); }
}

const lists = new WeakSet();
export function listOf(values) { lists.add(values); return values; }

export const isWhole = (value) => typeof value === "number";
export const isTupleOrList = (value) => Array.isArray(value);

/** `tuple([2, 3])` is "(2, 3)", `tuple([2])` is "(2,)". */
export function tuple(values) {
  return values.length === 1 ? `(${values[0]},)` : `(${[...values].join(", ")})`;
}

export function repr(value) {
  if (value === null) return "None";
  if (value === ELLIPSIS) return "Ellipsis";
  if (Array.isArray(value)) return lists.has(value) ? `[${value.join(", ")}]` : tuple(value);
  return String(value);
}

/** `12,345` */
export const grouped = (number) => number.toLocaleString("en-US");
export const range = (count) => Array.from({ length: count }, (_, place) => place);
/** The remainder as Python has it: never below 0 for a divisor above 0. */
export const modulo = (number, by) => ((number % by) + by) % by;
export const product = (numbers) => numbers.reduce((all, one) => all * one, 1);
/** Exact, however large: what is typed may multiply to more than a double counts. */
export const exactProduct = (numbers) => numbers.reduce((all, one) => all * BigInt(one), 1n);
/** `values` with `count` of them, from `place` on, replaced by `others`. */
export const replaced = (values, place, count, ...others) => [...values.slice(0, place), ...others, ...values.slice(place + count)];
export const same = (a, b) => a.length === b.length && a.every((one, place) => one === b[place]);
