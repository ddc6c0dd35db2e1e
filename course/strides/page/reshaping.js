// Operations that count the elements off anew: a view where strides allow it, or a copy; as course/strides/reshaping.py.
import { whyNotView } from "./explain.js";
import { contiguousStride, denseStride } from "./layout.js";
import { viewStride } from "./merging.js";
import { LayoutError, copyOf, viewOf, wrapDim } from "./outcome.js";
import { exactProduct, isWhole, product, replaced, tuple } from "./python.js";

/** The size with its -1 worked out, so that it holds `numel` elements. */
export function inferSize(numel, asked) {
  asked.forEach((length, dim) => {
    if (length < -1) throw new LayoutError(`size ${tuple(asked)} has ${length} at dimension ${dim}: a size is 0 or more, or -1 to infer it`);
  });
  const unknown = asked.filter((length) => length === -1).length;
  if (unknown > 1) throw new LayoutError(`size ${tuple(asked)} has ${unknown} times -1: only one dimension can be inferred`);
  const known = exactProduct(asked.filter((length) => length !== -1)), all = BigInt(numel);
  if (!unknown) {
    if (known !== all) throw new LayoutError(`size ${tuple(asked)} holds ${known} elements, the tensor has ${numel}`);
    return [...asked];
  }
  if (known === 0n) {
    if (!numel) throw new LayoutError(`size ${tuple(asked)}: with 0 elements and another size 0, -1 could be any number`);
    throw new LayoutError(`size ${tuple(asked)} has a size 0, so it holds nothing, whatever -1 is; the tensor has ${numel} elements`);
  }
  if (all % known) {
    throw new LayoutError(`size ${tuple(asked)}: ${numel} elements do not divide by ${known}, so there is no number for -1`);
  }
  return asked.map((length) => (length === -1 ? Number(all / known) : length));
}

export function view(layout, size) {
  const newSize = inferSize(layout.numel, size);
  const stride = viewStride(layout.size, layout.stride, newSize);
  if (stride === null) throw new LayoutError(whyNotView(layout, newSize));
  return viewOf(layout, newSize, stride);
}

export function reshape(layout, shape) {
  const newSize = inferSize(layout.numel, shape);
  const stride = viewStride(layout.size, layout.stride, newSize);
  return stride === null ? copyOf(newSize, contiguousStride(newSize)) : viewOf(layout, newSize, stride);
}

export function flatten(layout, startDim = 0, endDim = -1) {
  const [start, end] = [startDim, endDim].map((dim) => wrapDim(dim, layout.ndim, "flatten"));
  if (start > end) throw new LayoutError(`flatten: start_dim ${startDim} comes after end_dim ${endDim}`);
  if (!layout.ndim) return reshape(layout, [1]);
  if (start === end) return viewOf(layout, layout.size, layout.stride);
  return reshape(layout, replaced(layout.size, start, end - start + 1, product(layout.size.slice(start, end + 1))));
}

export function unflatten(layout, dim, sizes) {
  const place = wrapDim(dim, layout.ndim, "unflatten", false);
  if (!sizes.length) throw new LayoutError("unflatten: sizes is empty: at least one is needed");
  let split;
  try {
    split = inferSize(layout.size[place], sizes);
  } catch (error) {
    throw new LayoutError(`unflatten: dimension ${place} has size ${layout.size[place]}: ${error.message}`);
  }
  return view(layout, replaced(layout.size, place, 1, ...split));
}

export const contiguous = (layout) => layout.isContiguous
  ? viewOf(layout, layout.size, layout.stride) : copyOf(layout.size, contiguousStride(layout.size));

export const clone = (layout) => copyOf(layout.size, denseStride(layout.size, layout.stride));

/** Always a copy: torch has no negative strides to read backwards with. `flipped` says which dimensions are turned. */
export function flip(layout, dims) {
  const named = isWhole(dims) ? [dims] : dims;
  const flipped = named.map((dim) => wrapDim(dim, layout.ndim, "flip"));
  if (new Set(flipped).size < flipped.length) throw new LayoutError(`flip: ${tuple(named)} names a dimension twice`);
  return { ...clone(layout), flipped };
}
