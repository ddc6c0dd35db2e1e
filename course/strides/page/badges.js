// A layout in short, each badge with a sign and a reason; as course/strides/badges.py.
import { whyNotContiguous, whyOverlap, zeroStrides } from "./explain.js";
import { grouped, tuple } from "./python.js";
import { allElements, allSlots, countRead } from "./scene.js";

const count = (number, thing) => `${grouped(number)} ${thing}${number === 1 ? "" : "s"}`;
const sentence = (words) => `${words[0].toUpperCase()}${words.slice(1).replace(/\.+$/, "")}.`;
const badge = (words, why = "", warns = false) => ({ words, why, warns });

export function badges({ layout, tensor }, shares) {
  const contiguous = layout.isContiguous ? badge("✓ contiguous", "Row by row, the elements lie in neighbouring slots.")
    : badge("✗ not contiguous", sentence(whyNotContiguous(layout)));
  const overlap = layout.overlaps
    ? badge("⚠ elements overlap", [zeroStrides(layout), whyOverlap(layout)].filter(Boolean).map(sentence).join(" "), true)
    : badge("✓ no overlap", "No two elements share a slot.");
  const sharing = shares
    ? badge("⇄ shares storage", "It reads the memory that the chain began with: writing to one shows in both.")
    : badge("❐ own storage", "A step copied: writing to it leaves the tensor that the chain began with alone.");
  return [
    badge(`shape ${tuple(layout.size)}`, "How many places every dimension has."),
    badge(`stride ${tuple(layout.stride)}`, "By how many slots one step along every dimension moves."),
    badge(`offset ${layout.offset}`, "The slot of the first element."),
    contiguous, sharing, overlap,
    badge(count(layout.numel * tensor.itemsize, "byte"),
      `${count(layout.numel, "element")} of ${tensor.dtype}, ${count(tensor.itemsize, "byte")} each.`),
  ];
}

export function elementsWords(scene) {
  const words = count(scene.layout.numel, "element");
  if (allElements(scene)) return words;
  return `${words} · shown here: [${scene.window.map(([start, stop]) => `${start}:${stop}`).join(", ")}]`;
}

export function storageWords(scene) {
  const { layout, slots, tensor } = scene;
  const words = [count(layout.storageSize, "slot"), tensor.dtype, count(layout.storageSize * tensor.itemsize, "byte")];
  const read = countRead(layout);
  if (layout.storageSize && read !== null) {
    words.push(read === layout.storageSize ? "every slot is read" : `${grouped(read)} read, the others struck through`);
  }
  if (!allSlots(scene)) words.push(`shown here: slots ${grouped(slots[0])} to ${grouped(slots.at(-1))}`);
  return words.join(" · ");
}
