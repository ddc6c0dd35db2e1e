// A tensor's layout as plain integers; the same as course/strides/layout.py.
import { modulo, product, range, replaced, tuple } from "./python.js";

/** The strides of a fresh tensor: the last dimension moves by one slot; a size of 0 counts as 1. */
export function contiguousStride(size) {
  const stride = size.map(() => 1);
  for (let dim = size.length - 2; dim >= 0; dim -= 1) stride[dim] = stride[dim + 1] * Math.max(size[dim + 1], 1);
  return stride;
}

function fillsInOrder(pairs) {
  let expected = 1;
  for (const [step, length] of pairs) {
    if (length === 1) continue;
    if (step !== expected) return false;
    expected *= length;
  }
  return true;
}

const pairsOf = (size, stride) => size.map((length, dim) => [stride[dim], length]);
const byStep = (a, b) => a[0] - b[0] || a[1] - b[1];

export const isContiguous = (size, stride) => size.includes(0) || fillsInOrder(pairsOf(size, stride).reverse());
export const isDense = (size, stride) => size.includes(0) || fillsInOrder(pairsOf(size, stride).sort(byStep));

/** The strides of torch's `clone()` and `flip()`: dimensions keep their order in memory, gaps close. */
export function denseStride(size, stride) {
  if (isDense(size, stride)) return [...stride];
  const order = range(size.length).reverse();
  for (let start = 1; start < order.length; start += 1) { // torch's insertion sort: a stride of 0 compares with nothing
    let place = start;
    for (let other = start - 1; other >= 0; other -= 1) {
      const before = order[other], here = order[place];
      if (stride[before] === 0 || stride[here] === 0) continue;
      if (stride[before] > stride[here] || (stride[before] === stride[here] && size[before] > size[here])) {
        [order[other], order[place]] = [here, before];
        place = other;
      } else if (stride[before] < stride[here]) break;
    }
  }
  const result = size.map(() => 0);
  let step = 1;
  for (const dim of order) { result[dim] = step; step *= Math.max(size[dim], 1); }
  return result;
}

/** The slots of all elements, row by row. Strides may be below 0 here: `flip` reads backwards to copy. */
export function slotsOf(size, stride, offset) {
  let slots = [offset];
  size.forEach((length, dim) => {
    slots = slots.flatMap((slot) => range(length).map((place) => slot + place * stride[dim]));
  });
  return slots;
}

/** `slot = offset + Σ index·stride`, all counted in elements. */
export class Layout {
  constructor(size, stride, offset = 0, storageSize = null) {
    if (size.length !== stride.length) {
      throw new RangeError(`size ${tuple(size)} and stride ${tuple(stride)} differ in length: one stride for every size`);
    }
    for (const [word, numbers] of [["size", size], ["stride", stride], ["offset", [offset]]]) {
      if (numbers.some((number) => number < 0)) {
        const shown = word === "offset" ? offset : tuple(numbers);
        throw new RangeError(`${word} ${shown} goes below 0: torch's sizes, strides and offsets are 0 or more`);
      }
    }
    Object.assign(this, { size: [...size], stride: [...stride], offset });
    this.storageSize = storageSize ?? (this.numel ? this.lastSlot + 1 : 0);
    Object.freeze(this);
  }

  static contiguous(size) { return new Layout(size, contiguousStride(size)); }

  get ndim() { return this.size.length; }
  get numel() { return product(this.size); }
  get lastSlot() {
    return this.numel ? this.size.reduce((slot, length, dim) => slot + (length - 1) * this.stride[dim], this.offset) : this.offset - 1;
  }
  get fits() { return !this.numel || this.lastSlot < this.storageSize; }
  get isContiguous() { return isContiguous(this.size, this.stride); }
  get isDense() { return isDense(this.size, this.stride); }

  slot(index) {
    return index.reduce((slot, place, dim) => slot + modulo(place, this.size[dim]) * this.stride[dim], this.offset);
  }

  slots() { return slotsOf(this.size, this.stride, this.offset); }

  equals(other) {
    return JSON.stringify(this) === JSON.stringify(other);
  }

  /** The first element in `slot`, row by row, or null. */
  firstAt(slot) {
    const reach = range(this.ndim + 1).map((dim) =>
      this.size.slice(dim).reduce((all, length, at) => all + (length - 1) * this.stride[dim + at], 0));
    const search = (left, dim) => {
      if (dim === this.ndim) return left === 0 ? [] : null;
      const step = this.stride[dim], behind = reach[dim + 1];
      const first = step ? Math.max(0, Math.ceil((left - behind) / step)) : 0;
      const last = step ? Math.min(this.size[dim] - 1, Math.floor(left / step)) : (left >= 0 && left <= behind ? this.size[dim] - 1 : -1);
      for (let place = first; place <= last; place += 1) {
        const rest = search(left - place * step, dim + 1);
        if (rest) return [place, ...rest];
      }
      return null;
    };
    return this.numel ? search(slot - this.offset, 0) : null;
  }

  /** Whether some slot holds more than one element; exact. */
  get overlaps() {
    if (!this.numel) return false;
    const dims = pairsOf(this.size, this.stride).filter(([, length]) => length > 1).sort(byStep);
    const reachOf = (some) => some.reduce((all, [step, length]) => all + (length - 1) * step, 0);
    // A stride longer than all that the smaller ones reach together moves to fresh slots: it cannot collide.
    while (dims.length && dims.at(-1)[0] > reachOf(dims.slice(0, -1))) dims.pop();
    if (product(dims.map(([, length]) => length)) > reachOf(dims) + 1) return true; // more elements than slots
    let seen = new Set([0]);
    for (const [step, length] of dims) {
      const wider = new Set();
      for (let place = 0; place < length; place += 1) for (const slot of seen) wider.add(slot + place * step);
      if (wider.size < seen.size * length) return true;
      seen = wider;
    }
    return false;
  }

  /** Over the same storage, with other sizes, strides and perhaps another offset. */
  over(size, stride, offset = this.offset) { return new Layout(size, stride, offset, this.storageSize); }

  /** A dimension left out (no length given), or another length, stride and offset for it. */
  without(dim, offset = this.offset) {
    return this.over(replaced(this.size, dim, 1), replaced(this.stride, dim, 1), offset);
  }
}
