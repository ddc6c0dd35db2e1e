// Operations worth trying next on a layout; as course/strides/suggest.py.
import { range, same, tuple } from "./python.js";

export function suggestions({ ndim: rank, size, numel }) {
  const words = [];
  if (rank === 2) words.push(".t()");
  if (rank > 2) words.push(".transpose(0, 1)", `.permute(${range(rank).reverse().join(", ")})`);
  if (numel) words.push(".view(-1)", ".reshape(-1)");
  const factor = [2, 3, 5, 7].find((one) => numel > one && numel % one === 0);
  if (factor !== undefined) {
    const split = [numel / factor, factor];
    words.push(`.view${tuple(same(split, size) ? split.reverse() : split)}`);
  }
  if (rank && size[0] > 1) words.push("[1]");
  if (rank && size.at(-1) > 2) words.push(`[${":, ".repeat(rank - 1)}::2]`);
  if (rank && size.at(-1) > 1) words.push(`.flip(${rank - 1})`);
  if (rank < 4) words.push(".unsqueeze(0)");
  if (size.includes(1)) words.push(`.expand(${size.map((_, dim) => (dim === size.indexOf(1) ? "3" : "-1")).join(", ")})`, ".squeeze()");
  if (rank > 1 && numel) words.push(rank > 2 ? ".flatten(1)" : ".diagonal()");
  if (rank >= 1 && rank <= 3 && size.at(-1) > 2) words.push(`.unfold(${rank - 1}, 3, 1)`);
  return [...words, ".contiguous()", ".clone()"];
}
