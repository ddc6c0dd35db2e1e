// Why, in words and with the numbers at hand; as course/strides/explain.py.
import { contiguousStride } from "./layout.js";
import { blockedMerges } from "./merging.js";
import { modulo, product, range, same, tuple } from "./python.js";

export function slotArithmetic(layout, place) {
  const terms = place.map((at, dim) => `${modulo(at, layout.size[dim])}·${layout.stride[dim]}`);
  return `${[layout.offset, ...terms].join(" + ")} = ${layout.slot(place)}`;
}

const elements = (count) => `${count} element${count === 1 ? "" : "s"}`;

function whyNoView(layout, newSize) {
  const reasons = blockedMerges(layout.size, layout.stride, newSize).map((pair) =>
    `dimensions ${pair.outer} and ${pair.inner} cannot merge: stride ${pair.stride} ≠ ${pair.innerSize} × ${pair.innerStride} ` +
    `(dimension ${pair.inner}'s size × stride), and the new dimension ${pair.newDim} of size ${newSize[pair.newDim]} would run over both`);
  return reasons.length ? `no view of size ${tuple(newSize)}: ${reasons.join("; ")}` : "";
}

export function whyNotView(layout, newSize) {
  const reasons = whyNoView(layout, newSize);
  if (!reasons) return "";
  return `${reasons}. reshape(${newSize.join(", ")}) would copy ${elements(layout.numel)} to new memory with stride ${tuple(contiguousStride(newSize))}`;
}

export function whyNotContiguous(layout) {
  if (layout.isContiguous) return "";
  let expected = 1, dim = layout.ndim - 1;
  for (; dim >= 0; dim -= 1) {
    if (layout.size[dim] === 1) continue;
    if (layout.stride[dim] !== expected) break;
    expected *= layout.size[dim];
  }
  const reason = `not contiguous: dimension ${dim} has stride ${layout.stride[dim]}, row by row it would be ${expected}. `;
  const span = layout.lastSlot - layout.offset + 1;
  if (layout.overlaps) return `${reason}Some elements share a slot`;
  if (layout.isDense) {
    const order = range(layout.ndim).sort((a, b) => layout.stride[b] - layout.stride[a]);
    return `${reason}The ${layout.numel} elements fill ${span} neighbouring slots, in another order: after permute(${order.join(", ")}) it would be contiguous`;
  }
  return `${reason}The ${layout.numel} elements lie scattered over ${span} slots, ${layout.offset} to ${layout.lastSlot}: ` +
    `${span - layout.numel} of these belong to no element`;
}

export function zeroStrides(layout) {
  if (!layout.numel) return "";
  return range(layout.ndim).filter((dim) => layout.size[dim] > 1 && layout.stride[dim] === 0).map((dim) =>
    `dimension ${dim} has stride 0: its ${layout.size[dim]} places are the same memory, not ${layout.size[dim]} copies of it`).join("; ");
}

export function whyOverlap(layout) {
  if (!layout.overlaps) return "";
  const [first, second] = firstPair(layout);
  const shared = `elements ${tuple(first)} and ${tuple(second)} share slot ${layout.slot(first)}: writing to one changes the other. `;
  if (zeroStrides(layout)) return `${shared}torch notices the stride 0: add_ and its like raise an error. clone() first`;
  return `${shared}torch does not notice here: add_ and its like raise no error, and what they leave in shared slots is not to be relied on. clone() first`;
}

function firstPair(layout) {
  const dims = range(layout.ndim);
  const repeated = dims.find((dim) => layout.stride[dim] === 0 && layout.size[dim] > 1);
  if (repeated !== undefined) return [dims.map(() => 0), dims.map((dim) => Number(dim === repeated))];
  const seen = new Map(), here = dims.map(() => 0);
  for (;;) { // row by row, until two share a slot: the caller knows that some do
    const slot = layout.slot(here);
    if (seen.has(slot)) return [seen.get(slot), [...here]];
    seen.set(slot, [...here]);
    let dim = layout.ndim - 1;
    while (here[dim] === layout.size[dim] - 1) { here[dim] = 0; dim -= 1; }
    here[dim] += 1;
  }
}

export function whyOutOfBounds(layout) {
  if (layout.fits) return "";
  const last = layout.size.map((length) => length - 1), slots = layout.storageSize;
  const have = slots ? `${slots} slot${slots === 1 ? "" : "s"}, 0 to ${slots - 1}` : "no slots";
  return `element ${tuple(last)} would lie in slot ${layout.lastSlot} (${slotArithmetic(layout, last)}), but the storage has ${have}`;
}

const RULES = new Map([
  ...["view", "reshape", "flatten", "unflatten"].map((name) => [name, "The same elements in the same order, counted off in other dimensions. "]),
  ...["transpose", "swapaxes", "swapdims", "t", "permute", "movedim", "moveaxis", "T", "mT", "H", "mH"].map((name) =>
    [name, "Sizes and strides change places together. "]),
  ["squeeze", "Dimensions of size 1 are left out: they never moved anything. "],
  ["unsqueeze", "A dimension of size 1 comes in: only its place 0 exists, so its stride never counts. "],
  ["unfold", "Windows over the same slots: the new last dimension has the old stride, the old dimension step × it. "],
  ["diagonal", "One place along a diagonal moves both dimensions: its stride is the sum of the two. "],
  ["as_strided", "Size, stride and offset are taken as told, over the same storage. "],
]);
const NO_NEGATIVE_STRIDE = "Reading backwards would need a negative stride, which torch does not have. ";
const sentence = (words) => words[0].toUpperCase() + words.slice(1);

/** What an operation did with the layout `before`: what changed, by which rule, and what to look out for. */
export function stepInWords(before, operation, { kind, layout }) {
  return (kind === "view" ? viewInWords : copyInWords)(before, operation, layout).trim();
}

function viewInWords(before, operation, after) {
  if (before.equals(after)) return "A view: the same layout as before over the same memory.";
  const changes = ["size", "stride"].filter((name) => !same(before[name], after[name]))
    .map((name) => `${name} ${tuple(before[name])} → ${tuple(after[name])}`);
  if (before.offset !== after.offset) changes.push(`offset ${before.offset} → ${after.offset}`);
  let words = `A view: ${changes.join(", ")}. ${RULES.get(operation) ?? ""}`;
  if (["index", "select", "narrow"].includes(operation)) words += chosenInWords(before, after);
  const repeated = zeroStrides(after), shared = before.overlaps ? "" : whyOverlap(after);
  if (repeated && repeated !== zeroStrides(before)) words += `${sentence(repeated)}. `;
  if (shared) words += `${sentence(shared)}.`;
  return words;
}

function chosenInWords(before, after) {
  const moved = after.offset - before.offset;
  let words = moved ? `The offset moves by ${moved}: every place skipped counts its dimension's stride. `
    : after.numel ? "The offset stays: no place in front is skipped. " : "The offset stays. ";
  // None brings in dimensions of size 1 with strides of their own; only a step gives a longer one a new stride.
  if (after.size.some((length, dim) => length > 1 && !before.stride.includes(after.stride[dim]))) {
    words += "A step multiplies its dimension's stride. ";
  }
  return words;
}

function copyInWords(before, operation, after) {
  let words = `A copy: ${elements(after.numel)} in new memory, ${after.storageSize} slots with stride ${tuple(after.stride)}. `;
  if (operation === "reshape" || operation === "flatten") return `${words}There is ${whyNoView(before, after.size)}.`;
  if (operation === "contiguous") return `${words}It was ${whyNotContiguous(before)}.`;
  words += operation === "clone" ? "clone() always copies. " : NO_NEGATIVE_STRIDE;
  if (after.isContiguous) return words;
  if (same(before.stride, after.stride)) return `${words}The old strides left no gap, so the copy keeps them: it is not contiguous.`;
  return `${words}The copy is packed without a gap, but not row by row: it is not contiguous.`;
}
