// Every operation by its name, and how it may be called; as course/strides/operations.py.
import * as dimensions from "./dimensions.js";
import { LayoutError } from "./outcome.js";
import { isTupleOrList, isWhole, repr } from "./python.js";
import * as reshaping from "./reshaping.js";
import * as slicing from "./slicing.js";

const INTS = "ints", INT = "int", EITHER = "int or ints", OR_NONE = "int or None";

/** `parameters`: name, kind, and whether it may be left out. `variadic`: `f(1, 2)` may be written for `f((1, 2))`. */
const method = (run, parameters = [], variadic = false) => ({ run, parameters, variadic });
const need = (name, kind) => ({ name, kind, optional: false });
const may = (name, kind) => ({ name, kind, optional: true });
const swap = [need("dim0", INT), need("dim1", INT)];
const move = [need("source", EITHER), need("destination", EITHER)];

export const METHODS = {
  view: method(reshaping.view, [need("size", INTS)], true),
  reshape: method(reshaping.reshape, [need("shape", INTS)], true),
  transpose: method(dimensions.transpose, swap),
  swapdims: method(dimensions.transpose, swap),
  swapaxes: method(dimensions.transpose, [need("axis0", INT), need("axis1", INT)]),
  t: method(dimensions.t),
  permute: method(dimensions.permute, [need("dims", INTS)], true),
  movedim: method(dimensions.movedim, move),
  moveaxis: method(dimensions.movedim, move),
  select: method(slicing.select, [need("dim", INT), need("index", INT)]),
  narrow: method(slicing.narrow, [need("dim", INT), need("start", INT), need("length", INT)]),
  expand: method(dimensions.expand, [need("size", INTS)], true),
  squeeze: method(dimensions.squeeze, [may("dim", EITHER)], true),
  unsqueeze: method(dimensions.unsqueeze, [need("dim", INT)]),
  flatten: method(reshaping.flatten, [may("start_dim", INT), may("end_dim", INT)]),
  unflatten: method(reshaping.unflatten, [need("dim", INT), need("sizes", INTS)]),
  unfold: method(slicing.unfold, [need("dimension", INT), need("size", INT), need("step", INT)]),
  diagonal: method(slicing.diagonal, [may("offset", INT), may("dim1", INT), may("dim2", INT)]),
  as_strided: method(slicing.asStrided, [need("size", INTS), need("stride", INTS), may("storage_offset", OR_NONE)]),
  contiguous: method(reshaping.contiguous),
  clone: method(reshaping.clone),
  flip: method(reshaping.flip, [need("dims", INTS)], true),
};

export const ATTRIBUTES = {
  T: method(dimensions.reversedDims),
  mT: method(dimensions.matrixTransposed),
  H: method(dimensions.conjugateTransposed),
  mH: method(dimensions.matrixTransposed),
};

const isInts = (value) => isTupleOrList(value) && value.every(isWhole);
const KINDS = {
  [INT]: [isWhole, "a whole number"],
  [INTS]: [isInts, "a tuple of whole numbers"],
  [EITHER]: [(value) => isInts(value) || isWhole(value), "a whole number or a tuple of them"],
  [OR_NONE]: [(value) => value === null || isWhole(value), "a whole number or None"],
};

/** The arguments by parameter, as Python's `inspect.Signature.bind` puts them, with its words where it cannot. */
function bind(parameters, args, kwargs) {
  const names = ["layout", ...parameters.map((one) => one.name)];
  const bound = new Map(), left = new Map(kwargs);
  ["the layout itself", ...args].forEach((value, place) => {
    if (place >= names.length) throw new TypeError("too many positional arguments");
    if (left.has(names[place])) throw new TypeError(`multiple values for argument '${names[place]}'`);
    bound.set(names[place], value);
  });
  for (const { name, optional } of parameters.slice(args.length)) {
    if (left.has(name)) bound.set(name, left.get(name));
    else if (!optional) throw new TypeError(`missing a required argument: '${name}'`);
    left.delete(name);
  }
  for (const name of left.keys()) throw new TypeError(`got an unexpected keyword argument '${name}'`);
  return bound;
}

/** What the operation gives on `layout`, called as torch would be; throws a LayoutError where torch raises. */
export function apply(layout, name, args = [], kwargs = []) {
  if (name === "index") return slicing.index(layout, args[0]);
  const { run, parameters, variadic } = METHODS[name] ?? ATTRIBUTES[name];
  const given = variadic && args.length && args.every(isWhole) ? [args] : args;
  let bound;
  try {
    bound = bind(parameters, given, kwargs);
  } catch (error) {
    throw new LayoutError(`${name}: ${error.message}`);
  }
  for (const { name: parameter, kind } of parameters) {
    const [right, wanted] = KINDS[kind];
    if (bound.has(parameter) && !right(bound.get(parameter))) {
      throw new LayoutError(`${name}: ${parameter} was ${repr(bound.get(parameter))}, expected ${wanted}`);
    }
  }
  return run(layout, ...parameters.map((one) => bound.get(one.name)));
}
