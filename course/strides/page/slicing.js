// Operations that choose elements: offsets move, strides multiply, all are views; as course/strides/slicing.py.
import { unsqueezed } from "./dimensions.js";
import { whyOutOfBounds } from "./explain.js";
import { Layout } from "./layout.js";
import { LayoutError, viewOf, wrapDim } from "./outcome.js";
import { ELLIPSIS, Slice, isWhole, modulo, range, replaced, tuple } from "./python.js";

const SECOND = "index: a second Ellipsis leaves no dimension for what follows; one is enough";

/** `tensor[key]` with whole numbers, slices, None and Ellipsis. */
export function index(layout, key) {
  const keys = Array.isArray(key) ? key : [key];
  const used = keys.filter((one) => isWhole(one) || one instanceof Slice).length;
  if (used > layout.ndim) {
    const indexed = used === 1 ? "dimension is" : "dimensions are";
    throw new LayoutError(`index: ${used} ${indexed} indexed, the tensor has ${layout.ndim}: size ${tuple(layout.size)}`);
  }
  const leftOver = layout.ndim - used;
  let result = layout, place = 0; // the dimension of `result` that comes next
  for (const one of keys) {
    if (one === null) {
      result = unsqueezed(result, place).layout;
      place += 1;
    } else if (one === ELLIPSIS) place += leftOver;
    else if (place >= result.ndim) throw new LayoutError(SECOND);
    else if (one instanceof Slice) {
      result = sliced(result, place, one);
      place += 1;
    } else result = select(result, place, one).layout;
    if (place > result.ndim) throw new LayoutError(SECOND);
  }
  return { kind: "view", layout: result };
}

function sliced(layout, dim, { start, stop, step }) {
  const by = step ?? 1, length = layout.size[dim];
  if (by < 1) throw new LayoutError(`index: a slice with step ${by}: torch's steps are 1 or more; flip() reads backwards`);
  const cut = (end, otherwise) => (end === null ? otherwise : Math.min(Math.max(end < 0 ? end + length : end, 0), length));
  const first = cut(start, 0), last = cut(stop, length);
  const count = Math.ceil(Math.max(last - first, 0) / by);
  return layout.over(replaced(layout.size, dim, 1, count), replaced(layout.stride, dim, 1, layout.stride[dim] * by),
    layout.offset + first * layout.stride[dim]);
}

export function select(layout, dim, place) {
  const at = wrapDim(dim, layout.ndim, "select", false), length = layout.size[at];
  if (place < -length || place >= length) {
    const reach = length ? `so ${-length} to ${length - 1} can be asked for` : "so it has no place at all";
    throw new LayoutError(`index ${place} lies outside dimension ${at}: it has size ${length}, ${reach}`);
  }
  return { kind: "view", layout: layout.without(at, layout.offset + modulo(place, length) * layout.stride[at]) };
}

export function narrow(layout, dim, start, length) {
  const place = wrapDim(dim, layout.ndim, "narrow", false), have = layout.size[place];
  if (length < 0) throw new LayoutError(`narrow: length ${length} goes below 0`);
  if (start < -have || start > have) throw new LayoutError(`narrow: start ${start} lies outside dimension ${place}, which has size ${have}`);
  const first = start < 0 ? modulo(start, have) : start;
  if (first + length > have) throw new LayoutError(`narrow: ${first} + ${length} goes beyond dimension ${place}, which has size ${have}`);
  return { kind: "view", layout: sliced(layout, place, new Slice(first, first + length, null)) };
}

export function unfold(layout, dimension, size, step) {
  const place = wrapDim(dimension, layout.ndim, "unfold");
  const [have, stride] = layout.ndim ? [layout.size[place], layout.stride[place]] : [1, 1];
  if (step < 1) throw new LayoutError(`unfold: step ${step}: windows have to move by 1 or more`);
  if (size < 0) throw new LayoutError(`unfold: size ${size} goes below 0`);
  if (size > have) throw new LayoutError(`unfold: a window of ${size} does not fit into dimension ${place}, which has size ${have}`);
  if (!layout.ndim) return viewOf(layout, [size], [1]);
  return viewOf(layout, [...replaced(layout.size, place, 1, Math.floor((have - size) / step) + 1), size],
    [...replaced(layout.stride, place, 1, stride * step), stride]);
}

export function diagonal(layout, offset = 0, dim1 = 0, dim2 = 1) {
  const [rows, columns] = [dim1, dim2].map((dim) => wrapDim(dim, layout.ndim, "diagonal"));
  if (rows === columns) throw new LayoutError(`diagonal: dim1 ${dim1} and dim2 ${dim2} are the same dimension`);
  const below = Math.max(-offset, 0), right = Math.max(offset, 0);
  const length = Math.max(Math.min(layout.size[rows] - below, layout.size[columns] - right), 0);
  const start = layout.offset + (length ? below * layout.stride[rows] + right * layout.stride[columns] : 0);
  const kept = range(layout.ndim).filter((dim) => dim !== rows && dim !== columns);
  return viewOf(layout, [...kept.map((dim) => layout.size[dim]), length],
    [...kept.map((dim) => layout.stride[dim]), layout.stride[rows] + layout.stride[columns]], start);
}

export function asStrided(layout, size, stride, storageOffset = null) {
  let asked;
  try {
    asked = new Layout(size, stride, storageOffset ?? layout.offset, layout.storageSize);
  } catch (error) {
    throw new LayoutError(`as_strided: ${error.message}`);
  }
  const problem = whyOutOfBounds(asked);
  if (problem) throw new LayoutError(`as_strided: ${problem}`);
  return { kind: "view", layout: asked };
}
