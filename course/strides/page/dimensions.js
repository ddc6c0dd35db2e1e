// Operations that rename dimensions: all are views; as course/strides/dimensions.py.
import { LayoutError, viewOf, wrapDim } from "./outcome.js";
import { isWhole, range, replaced, tuple } from "./python.js";

function distinct(dims, ndim, operation) {
  const wrapped = dims.map((dim) => wrapDim(dim, ndim, operation));
  wrapped.forEach((dim, place) => {
    if (wrapped.indexOf(dim) < place) throw new LayoutError(`${operation}: ${tuple(dims)} names dimension ${dim} twice`);
  });
  return wrapped;
}

export function permute(layout, dims) {
  if (dims.length !== layout.ndim) {
    throw new LayoutError(`permute: ${tuple(dims)} names ${dims.length} dimensions, the tensor has ${layout.ndim}`);
  }
  const order = distinct(dims, layout.ndim, "permute");
  return viewOf(layout, order.map((dim) => layout.size[dim]), order.map((dim) => layout.stride[dim]));
}

const backwards = (layout) => permute(layout, range(layout.ndim).reverse());

export function transpose(layout, dim0, dim1) {
  const [first, second] = [dim0, dim1].map((dim) => wrapDim(dim, layout.ndim, "transpose"));
  const order = range(layout.ndim);
  if (order.length) [order[first], order[second]] = [second, first];
  return permute(layout, order);
}

export function t(layout) {
  if (layout.ndim > 2) {
    throw new LayoutError(`t: the tensor has ${layout.ndim} dimensions, t() takes 2 at most; try transpose(dim0, dim1)`);
  }
  return backwards(layout);
}

export const reversedDims = backwards;

export function matrixTransposed(layout) {
  if (layout.ndim === 1) throw new LayoutError("mT, mH: a matrix or a batch of matrices is needed, the tensor has 1 dimension");
  return layout.ndim ? transpose(layout, -2, -1) : permute(layout, []);
}

export function conjugateTransposed(layout) {
  if (layout.ndim !== 0 && layout.ndim !== 2) throw new LayoutError(`H: a matrix is needed, the tensor has ${layout.ndim} dimensions`);
  return backwards(layout);
}

export function movedim(layout, source, destination) {
  if (isWhole(source) !== isWhole(destination)) {
    throw new LayoutError("movedim: source and destination have to be two numbers or two tuples, not one of each");
  }
  const [from, to] = [source, destination].map((dims) => (isWhole(dims) ? [dims] : dims));
  if (from.length !== to.length) {
    throw new LayoutError(`movedim: ${from.length} dimensions ${tuple(from)} cannot go to ${to.length} places ${tuple(to)}`);
  }
  const sources = distinct(from, layout.ndim, "movedim");
  const goals = distinct(to, layout.ndim, "movedim");
  if (!layout.ndim) return permute(layout, []);
  const rest = range(layout.ndim).filter((dim) => !sources.includes(dim));
  return permute(layout, range(layout.ndim).map((dim) => (goals.includes(dim) ? sources[goals.indexOf(dim)] : rest.shift())));
}

export function squeeze(layout, dim = null) {
  const named = dim === null ? range(layout.ndim) : distinct(isWhole(dim) ? [dim] : dim, layout.ndim, "squeeze");
  const kept = range(layout.ndim).filter((place) => !named.includes(place) || layout.size[place] !== 1);
  return viewOf(layout, kept.map((place) => layout.size[place]), kept.map((place) => layout.stride[place]));
}

/** A new dimension of size 1; its stride is as if it were the start of a longer one. */
export function unsqueezed(layout, place) {
  const step = place < layout.ndim ? layout.size[place] * layout.stride[place] : 1;
  return viewOf(layout, replaced(layout.size, place, 0, 1), replaced(layout.stride, place, 0, step));
}

export const unsqueeze = (layout, dim) => unsqueezed(layout, wrapDim(dim, layout.ndim + 1, "unsqueeze"));

export function expand(layout, asked) {
  const extra = asked.length - layout.ndim;
  if (extra < 0) throw new LayoutError(`expand: ${tuple(asked)} has fewer dimensions than the tensor, which has size ${tuple(layout.size)}`);
  const newSize = [...asked], newStride = asked.map(() => 0);
  for (let place = asked.length - 1; place >= 0; place -= 1) {
    const old = place >= extra, have = old ? layout.size[place - extra] : 1;
    if (asked[place] === -1 && old) newSize[place] = have;
    else if (asked[place] < 0) {
      throw new LayoutError(`expand: size ${asked[place]} of dimension ${place} says nothing: it is no old dimension's`);
    }
    if (newSize[place] !== have) {
      if (have !== 1) {
        throw new LayoutError(`expand: dimension ${place - extra} has size ${have} and would become ${newSize[place]}; ` +
          "only dimensions of size 1 can be repeated");
      }
    } else if (old) newStride[place] = layout.stride[place - extra];
    else if (layout.ndim) newStride[place] = newSize[place + 1] * newStride[place + 1]; // as unsqueeze gives it
  }
  return viewOf(layout, newSize, newStride);
}
