// What an operation gives: a view or a copy with its layout, or an error that says why not; as course/strides/outcome.py.
import { Layout } from "./layout.js";
import { modulo } from "./python.js";

/** An operation that torch refuses on this layout. */
export class LayoutError extends Error {}

export const viewOf = (layout, size, stride, offset = layout.offset) => ({ kind: "view", layout: layout.over(size, stride, offset) });
export const copyOf = (size, stride) => ({ kind: "copy", layout: new Layout(size, stride) });

/** The dimension that `dim` names among `ndim`, counted from 0; 0 and -1 name one of a 0-d tensor if `scalar`. */
export function wrapDim(dim, ndim, operation, scalar = true) {
  if (ndim === 0 && !scalar) throw new LayoutError(`${operation}: dimension ${dim} was asked of a tensor that has none`);
  const count = Math.max(ndim, 1);
  if (dim < -count || dim >= count) {
    throw new LayoutError(`${operation}: there is no dimension ${dim}: the tensor has ${ndim}, so ${-count} to ${count - 1} can be named`);
  }
  return modulo(dim, count);
}
