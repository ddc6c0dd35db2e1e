// Where `view` can go: which neighbouring dimensions merge; as course/strides/merging.py.
import { contiguousStride } from "./layout.js";
import { product, range, same } from "./python.js";

/** The strides with which the same slots are read in `newSize` (no -1), or null where no strides do that. */
export function viewStride(size, stride, newSize) {
  if (product(size) !== product(newSize)) return null;
  if (size.includes(0)) return same(size, newSize) ? [...stride] : contiguousStride(newSize);
  if (!size.length) return newSize.map(() => 1);
  const result = newSize.map(() => 0);
  let newDim = newSize.length - 1;
  let step = stride.at(-1), elements = 1; // of a block: a run of dimensions that merge into one
  for (let dim = size.length - 1; dim >= 0; dim -= 1) {
    elements *= size[dim];
    const ends = dim === 0 || (size[dim - 1] !== 1 && stride[dim - 1] !== elements * step);
    if (!ends) continue;
    let filled = 1;
    while (newDim >= 0 && (filled < elements || newSize[newDim] === 1)) {
      result[newDim] = filled * step;
      filled *= newSize[newDim];
      newDim -= 1;
    }
    if (filled !== elements) return null;
    step = stride[dim - 1];
    elements = 1;
  }
  return result;
}

/** All pairs of dimensions whose failing to merge makes a view of `newSize` impossible. */
export function blockedMerges(size, stride, newSize) {
  if (size.includes(0)) return [];
  const real = range(size.length).filter((dim) => size[dim] !== 1);
  const behind = range(newSize.length + 1).map((dim) => product(newSize.slice(dim)));
  return real.slice(1).flatMap((inner, place) => {
    const outer = real[place], cut = product(size.slice(inner));
    if (stride[outer] === size[inner] * stride[inner] || behind.includes(cut)) return [];
    const newDim = range(newSize.length).find((dim) => behind[dim + 1] < cut && cut < behind[dim]);
    return [{ outer, inner, stride: stride[outer], innerSize: size[inner], innerStride: stride[inner], newDim }];
  });
}
