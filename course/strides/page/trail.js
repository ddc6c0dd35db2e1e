// Where an exploration is: its start, what was done since, which stage is looked at; as course/strides/trail.py.
import { startTensor, take } from "./chain.js";
import { ChainError, parse } from "./parse.js";
import { tuple } from "./python.js";

const MOST_DIMENSIONS = 5;
const MARKS = { start: "●", view: "⇄", copy: "❐", error: "✕" };

export class Trail {
  constructor(start, name, records = [], shown = records.length) { Object.assign(this, { start, name, records, shown }); }

  /** The trail of a text with a start. */
  static of(text) {
    const chain = parse(text);
    if (!chain.start) throw new ChainError(`${text.trim()} goes on from a tensor: begin with one, as in arange(24)${text.trim()}`);
    const name = chain.start.text.startsWith("torch.") ? chain.start.text : `torch.${chain.start.text}`;
    const start = startTensor(chain.start);
    if (start.layout.ndim > MOST_DIMENSIONS) throw new ChainError(`${name} has ${start.layout.ndim} dimensions, ${MOST_DIMENSIONS} can be shown`);
    return new Trail(start, name).and(chain.steps);
  }

  /** The trail after these steps; it ends with the first that cannot be done. */
  and(steps) {
    const records = this.records.slice(0, this.shown);
    let { tensor } = this;
    for (const step of steps) {
      const record = take(tensor, step);
      if (record.tensor && record.layout.ndim > MOST_DIMENSIONS) {
        throw new ChainError(`${record.text} gives ${record.layout.ndim} dimensions, ${MOST_DIMENSIONS} can be shown; nothing was done`);
      }
      records.push(record);
      if (!record.tensor) break;
      ({ tensor } = record);
    }
    return new Trail(this.start, this.name, records);
  }

  at(stage) { return new Trail(this.start, this.name, this.records, stage); }

  get done() { return this.records.slice(0, this.shown).filter((record) => record.tensor); }
  get tensor() { return this.done.at(-1)?.tensor ?? this.start; }
  get code() { return this.name + this.done.map((record) => record.text).join(""); }
  get shares() { return this.tensor.stored === this.start.stored; }

  get stages() {
    const steps = this.records.map((record) =>
      ({ text: record.text, kind: record.kind, size: record.tensor && record.layout.size, why: record.explanation }));
    return [{ text: this.name, kind: "start", size: this.start.layout.size, why: "" }, ...steps].map((stage) => ({
      ...stage, mark: MARKS[stage.kind],
      caption: `${MARKS[stage.kind]} ${stage.kind === "start" ? "tensor" : stage.kind}${stage.size ? ` · ${tuple(stage.size)}` : ""}`,
    }));
  }
}
