// A chain run on tensors that are a layout and texts in slots; what course/strides/chain.py has torch do.
import { stepInWords } from "./explain.js";
import { Layout, slotsOf } from "./layout.js";
import { apply } from "./operations.js";
import { LayoutError } from "./outcome.js";
import { ChainError } from "./parse.js";
import { exactProduct, isWhole } from "./python.js";

const MOST_ELEMENTS = 1_000_000;
const LONGEST_STRIDE = 2 ** 40;

/** `stored(slot)` is the text in a slot; two tensors share their storage if they have the same `stored`. */
export const tensorOf = (layout, dtype, itemsize, stored) => ({ layout, dtype, itemsize, stored });

/** The tensor of `arange(…)`, `zeros(…)` or `ones(…)`. */
export function startTensor({ name, args, kwargs, text }) {
  if (kwargs.length) throw new ChainError(`${text}: ${name} takes plain numbers here, without names`);
  const sizes = args.length === 1 && Array.isArray(args[0]) ? args[0] : args;
  const refused = (why) => new ChainError(`${text}: torch refuses it: ${why}`);
  if (name === "arange") {
    if (!args.every(isWhole)) throw refused("arange takes whole numbers here");
    if (args.length < 1 || args.length > 3) throw refused("arange takes one to three numbers");
    const [start, end, step] = args.length === 1 ? [0, args[0], 1] : [args[0], args[1], args[2] ?? 1];
    if (step === 0) throw refused("step must be nonzero");
    const count = Math.ceil((end - start) / step) || 0; // no -0
    if ((end - start) / step < 0) throw refused("upper bound and lower bound inconsistent with step sign");
    limit(BigInt(count), text, MOST_ELEMENTS);
    return tensorOf(Layout.contiguous([count]), "int64", 8, (slot) => String(start + slot * step));
  }
  if (!args.length || !sizes.every(isWhole)) throw refused(`${name} takes whole numbers or one tuple of them`);
  limit(exactProduct(sizes.map((length) => Math.max(length, 0))), text, MOST_ELEMENTS);
  const below = sizes.find((length) => length < 0);
  if (below !== undefined) throw refused(`a size of ${below} goes below 0`);
  return tensorOf(Layout.contiguous(sizes), "float32", 4, () => (name === "zeros" ? "0." : "1."));
}

function limit(numel, text, most) {
  if (numel > BigInt(most)) throw new ChainError(`${text}: would have ${numel} elements, the limit here is ${most}`);
}

/** One step: `{ text, kind, tensor, layout, explanation }`; tensor is null after an error. */
export function take(tensor, step) {
  const before = tensor.layout;
  let outcome;
  try {
    outcome = apply(before, step.name, step.args, step.kwargs);
  } catch (error) {
    if (!(error instanceof LayoutError)) throw error;
    return { text: step.text, kind: "error", tensor: null, layout: before, explanation: error.message };
  }
  const { kind, layout } = outcome;
  limit(exactProduct(layout.size), step.text, Math.max(MOST_ELEMENTS, before.numel));
  if (Math.max(0, ...layout.stride) > LONGEST_STRIDE) throw new ChainError(`${step.text}: a stride beyond 2**40 is longer than is shown here`);
  const stored = kind === "view" ? tensor.stored : copied(tensor, layout, outcome.flipped ?? []);
  const explanation = stepInWords(before, step.name, outcome);
  return { text: step.text, kind, tensor: tensorOf(layout, tensor.dtype, tensor.itemsize, stored), layout, explanation };
}

/** The texts of a copy's slots: both layouts read row by row, `flipped` dimensions of the old one backwards. */
function copied({ layout, stored }, after, flipped) {
  let texts = null;
  return (slot) => {
    if (texts === null) {
      const stride = layout.stride.map((step, dim) => (flipped.includes(dim) ? -step : step));
      const offset = flipped.reduce((at, dim) => at + Math.max(layout.size[dim] - 1, 0) * layout.stride[dim], layout.offset);
      const from = slotsOf(layout.size, stride, offset);
      texts = [];
      after.slots().forEach((to, place) => { texts[to] = stored(from[place]); });
    }
    return texts[slot];
  };
}
