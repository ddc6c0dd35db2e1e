// What the canvas talks to where there is no kernel: the same state that course/strides/explorer.py sends, and the same answers.
import { badges, elementsWords, storageWords } from "./badges.js";
import { tensorOf } from "./chain.js";
import { Layout } from "./layout.js";
import { ChainError, parse } from "./parse.js";
import { allElements, blocks, focusAt, look, readSlots, slotColumns, slotWindow, withSlots } from "./scene.js";
import { suggestions } from "./suggest.js";
import { Trail } from "./trail.js";

export class Model {
  #trail; #past = []; #message = ""; #version = 0; #lookedAt; #scene; #heard = [];

  constructor(trail) {
    this.#trail = trail;
    this.#lookedAt = trail.tensor;
    this.#scene = look(trail.tensor);
    this.#show();
  }

  static of(text) { return new Model(Trail.of(text)); }

  /** A tensor of a lesson and a chain on it, as course/strides/written.py writes them down. */
  static from({ name, size, stride, offset, slots, dtype, itemsize, stored, chain = "" }) {
    const start = tensorOf(new Layout(size, stride, offset, slots), dtype, itemsize, (slot) => stored[slot]);
    return new Model(new Trail(start, name).and(chain ? parse(chain).steps : []));
  }

  get trail() { return this.#trail; }

  // What anywidget's model has, as far as the canvas uses it.

  get(name) { return name === "focus" ? this.focus : this.state; }
  set(name, value) { if (name === "focus") this.#follow(value); }
  save_changes() {}
  on(name, hear) { this.#heard.push({ name, hear }); }
  off(name, hear) { this.#heard = this.#heard.filter((one) => one.name !== name || one.hear !== hear); }
  #tell(name) { for (const one of [...this.#heard]) if (one.name === name) one.hear(); }

  send(content) {
    try {
      if ("do" in content) this.#do(content.do);
      else if (content.undo && this.#past.length) this.#moveTo(this.#past.pop());
      else if ("go_to" in content) this.#moveTo(this.#trail.at(content.go_to));
      else if ("slot" in content) this.#turnTo(content.slot);
    } catch (error) {
      if (!(error instanceof ChainError)) throw error;
      this.#message = error.message;
      this.#show();
    }
  }

  #do(text) {
    const { start, steps } = parse(text);
    const trail = start ? Trail.of(text) : this.#trail.and(steps);
    this.#past.push(this.#trail);
    this.#moveTo(trail);
  }

  #moveTo(trail) {
    this.#trail = trail;
    this.#message = "";
    this.#show();
  }

  #follow(focus) {
    if (focus.length !== this.#scene.layout.ndim) return;
    const scene = look(this.#scene.tensor, focus);
    const moved = JSON.stringify([scene.window, scene.slots]) !== JSON.stringify([this.#scene.window, this.#scene.slots]);
    this.#scene = scene;
    this.focus = focus;
    if (moved) this.#draw();
    this.#tell("change:focus");
  }

  #turnTo(slot) {
    const { storageSize } = this.#scene.layout;
    if (slot < 0 || slot >= storageSize) return;
    this.#scene = withSlots(this.#scene, slotWindow(new Layout([], [], slot, storageSize), []));
    this.#draw();
  }

  /** Look again; the focus stays on its slot, if the tensor reads that slot. */
  #show() {
    const { tensor } = this.#trail, before = this.#scene;
    this.#scene = look(tensor);
    if (before.focus && this.#version && tensor.stored === this.#lookedAt.stored) {
      const slot = before.layout.slot(before.focus);
      if (readSlots(tensor.layout, [slot])[0]) this.#scene = look(tensor, focusAt(tensor.layout, slot));
    }
    this.#lookedAt = tensor;
    this.#version += 1;
    this.focus = this.#scene.focus ?? [];
    this.#draw();
  }

  #draw() {
    this.state = this.#drawn();
    this.#tell("change:state");
  }

  #drawn() {
    const trail = this.#trail, scene = this.#scene, { layout } = scene, { stages } = trail;
    return {
      version: this.#version,
      code: trail.code,
      stages: stages.map(({ text, kind, mark, caption }) => ({ text, kind, mark, caption })),
      shown: trail.shown,
      why: stages[trail.shown].why,
      torch: "",
      remark: "",
      message: this.#message,
      undo: this.#past.length > 0,
      suggestions: suggestions(layout),
      badges: badges(scene, trail.shares),
      size: layout.size,
      stride: layout.stride,
      offset: layout.offset,
      focus: scene.focus ?? [],
      elements: elementsWords(scene),
      window: scene.window,
      values: scene.elements,
      whole: allElements(scene),
      blocks: blocks(scene),
      storage: {
        words: storageWords(scene),
        start: scene.slots[0] ?? 0,
        total: layout.storageSize,
        columns: slotColumns(scene),
        values: scene.stored,
        read: readSlots(layout, scene.slots),
      },
    };
  }
}
