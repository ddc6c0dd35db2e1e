// An exploration as the end of an address, and back: what is looked at can be sent as a link.
import { Model } from "./model.js";

/** `#chain=…&at=1,0,2`: the chain of the stage that is looked at, with the step that failed there, and the focus. */
export function addressOf(model) {
  const { trail, focus } = model, last = trail.shown ? trail.records[trail.shown - 1] : null;
  const chain = trail.code + (last?.kind === "error" ? last.text : "");
  return `#${new URLSearchParams({ chain, ...(focus.length ? { at: focus.join(",") } : {}) })}`;
}

/** The model that an address speaks of; null without a chain. Throws a ChainError for a chain that is refused. */
export function modelAt(hash) {
  const words = new URLSearchParams(hash.replace(/^#/, ""));
  if (!words.get("chain")) return null;
  const model = Model.of(words.get("chain"));
  const at = (words.get("at") ?? "").split(",").filter(Boolean).map(Number);
  const { size } = model.state;
  if (at.length === size.length && at.every((place, dim) => Number.isInteger(place) && place >= 0 && place < size[dim])) model.set("focus", at);
  return model;
}
