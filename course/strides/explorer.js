// The stride explorer's canvas. Its model has `state`: the layout, the values in sight, the history. Everything about
// pointing at elements and slots is worked out here, so that it needs no kernel; operations are sent to the model, which is
// Python's in a notebook (explorer.py) and the page's own where there is no kernel (page/model.js).

const COLOURS = ["#0072B2", "#009E73", "#D55E00", "#CC79A7", "#56B4E9"]; // Okabe and Ito; one for each dimension
const SVG = "http://www.w3.org/2000/svg";

const CSS = `
.strides { --ink: var(--jp-ui-font-color1, #1b1f24); --paper: var(--jp-layout-color1, #fff);
  --soft: color-mix(in srgb, var(--ink) 76%, var(--paper)); --line: color-mix(in srgb, var(--ink) 22%, var(--paper));
  --ground: color-mix(in srgb, var(--ink) 4%, var(--paper)); --mono: ui-monospace, SFMono-Regular, Menlo, Consolas,
  "DejaVu Sans Mono", monospace; --mark: #E69F00; --good: #009E73; --bad: #D55E00;
  color: var(--ink); background: var(--paper); font: 13px/1.45 system-ui, "Segoe UI", Helvetica, Arial, sans-serif;
  padding: 12px 14px 14px; border: 1px solid var(--line); border-radius: 10px; max-width: 940px; box-sizing: border-box; }
.strides * { box-sizing: border-box; }
.strides ul, .strides ol { list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: 6px; }
.strides button, .strides input { font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--line);
  border-radius: 7px; padding: 4px 10px; min-height: 30px; }
.strides button { cursor: pointer; touch-action: manipulation; }
.strides button:hover { border-color: var(--soft); background: var(--ground); }
.strides button[aria-disabled="true"] { color: var(--soft); cursor: default; border-style: dashed; }
.strides :focus-visible { outline: 3px solid #0072B2; outline-offset: 2px; }
.strides .top, .strides form, .strides .head { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; }
.strides .top { justify-content: space-between; margin-bottom: 8px; }
.strides code, .strides .mono { font-family: var(--mono); }
.strides .code { font-size: 15px; font-weight: 600; overflow-wrap: break-word; min-width: 0; background: none; color: inherit; padding: 0; }
.strides .history { align-items: center; }
.strides .history li + li::before { content: "›" / ""; color: var(--soft); font-size: 18px; margin-right: 6px; }
.strides .history button { text-align: left; border-radius: 9px; padding: 5px 11px; }
.strides .history code { display: block; font-weight: 600; overflow-wrap: break-word; }
.strides .history li, .strides .history button { min-width: 0; max-width: 100%; }
.strides .history span { font-size: 12px; }
.strides .history .start { border-color: #0072B2; } .strides .history .view { border-color: var(--good); }
.strides .history .copy { border-color: #CC79A7; border-style: double; border-width: 3px; }
.strides .history .error { border-color: var(--bad); border-style: dashed; }
.strides .history [aria-current] { box-shadow: 0 0 0 2px var(--paper), 0 0 0 4px var(--ink); }
.strides form { margin: 10px 0 6px; }
.strides form input { font-family: var(--mono); flex: 1 1 220px; min-width: 0; }
.strides form label { font-weight: 600; }
.strides .failed { padding: 8px 12px; margin: 6px 0; border: 1px solid var(--bad); border-left-width: 5px; border-radius: 8px;
  background: color-mix(in srgb, var(--bad) 7%, var(--paper)); overflow-wrap: break-word; }
.strides .failed p { margin: 2px 0; } .strides .failed details { margin-top: 4px; font-size: 12px; }
.strides .failed:empty { display: none; }
.strides .try button { font: 12px var(--mono); padding: 2px 8px; min-height: 26px; }
.strides .head { margin: 14px 0 6px; } .strides .title { font-size: 15px; font-weight: 650; margin-right: 4px; }
.strides .badges li { border: 1px solid var(--line); border-radius: 12px; padding: 0 9px; font-size: 12px; }
.strides .badges .warns { border: 2px solid var(--bad); font-weight: 600; }
.strides .reasons p { margin: 2px 0; } .strides summary { cursor: pointer; }
.strides .pages { display: inline-flex; gap: 4px; align-items: center; }
.strides .note-line { font-size: 12px; color: var(--soft); }
.strides .scroll { overflow: auto; max-width: 100%; padding: 4px; max-height: min(400px, 46vh); }
.strides .grids { display: flex; flex-wrap: wrap; gap: 10px 26px; }
.strides .label { font: 12px var(--mono); color: var(--soft); }
.strides [role="row"] { display: flex; gap: 3px; margin-bottom: 3px; }
.strides [role="columnheader"], .strides [role="rowheader"] { font: 10px/14px var(--mono); color: var(--soft);
  width: var(--w); text-align: center; flex: none; }
.strides [role="rowheader"], .strides .corner { width: 24px; text-align: right; padding-right: 5px; align-self: center; }
.strides .corner { opacity: 0; }
.strides [role="gridcell"] { width: var(--w); flex: none; border: 1px solid var(--line); border-radius: 6px; cursor: pointer;
  text-align: center; font: 13px/18px var(--mono); padding: 3px 0 1px; background: var(--paper); position: relative; }
.strides .elements [role="gridcell"] small { display: block; font-size: 9px; line-height: 12px; color: var(--soft); }
.strides .storage [role="gridcell"] { font-size: 12px; padding: 5px 0; border-color: var(--soft); }
.strides .storage [role="row"] { margin-bottom: 0; }
.strides .storage .cell { flex: none; width: var(--w); }
.strides .storage .number { font: 10px/15px var(--mono); color: var(--soft); text-align: center; }
.strides .storage .step { font: bold 10px/13px var(--mono); text-align: center; height: 14px; white-space: nowrap; }
.strides .storage .unread { border: 1px dashed var(--line); color: var(--soft);
  background: linear-gradient(to top right, transparent 48.5%, var(--line) 48.5% 51.5%, transparent 51.5%) var(--ground); }
.strides .shared { border: 2px dashed var(--mark) !important; margin: 0; font-weight: 600 !important;
  background: color-mix(in srgb, var(--mark) 12%, var(--paper)); }
.strides .here { border-color: var(--mark) !important; border-style: solid !important; box-shadow: 0 0 0 2px var(--mark);
  background: color-mix(in srgb, var(--mark) 22%, var(--paper)) !important; font-weight: 700 !important; }
.strides .where { display: flex; flex-wrap: wrap; gap: 6px 18px; align-items: center; margin-top: 12px; padding: 8px 14px;
  min-height: 62px; border: 1px solid var(--mark); border-radius: 9px; background: color-mix(in srgb, var(--mark) 6%, var(--paper)); }
.strides .where b { font-size: 14px; min-width: 130px; }
.strides .sum { display: flex; flex-wrap: wrap; gap: 4px 12px; font: 600 15px var(--mono); }
.strides .sum span { text-align: center; }
.strides .sum small { display: block; font: 10px system-ui, sans-serif; color: var(--soft); }
.strides .sum u { text-decoration: none; display: inline-block; border-bottom: 3px solid; line-height: 20px; margin-bottom: 2px; }
.strides .lanes { display: block; overflow: visible; font: 11px var(--mono); }
.strides .lanes text { fill: var(--ink); } .strides .lanes rect { fill: var(--paper); }
.strides .why { margin-top: 12px; padding: 9px 14px; border: 1px solid var(--line); border-left-width: 5px; border-radius: 8px;
  background: var(--ground); }
.strides .why.view { border-left-color: var(--good); } .strides .why.copy { border-left-color: #CC79A7; }
.strides .why p { margin: 2px 0; }
.strides .why:empty { display: none; }
.strides .hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (prefers-reduced-motion: no-preference) {
  .strides [role="gridcell"] { transition: background-color .12s, box-shadow .12s; } }
@media (forced-colors: active) { .strides .here { outline: 3px solid Highlight; } .strides .shared { outline: 2px dashed Highlight; } }
`;

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

const sentence = (words) => words[0].toUpperCase() + words.slice(1);

/** The code that gives the tensor, which may break into lines between two operations. */
function broken({ stages, shown }) {
  const done = stages.slice(0, shown + 1).filter((stage) => stage.kind !== "error");
  return done.flatMap((stage, place) => (place ? [make("wbr"), stage.text] : [stage.text]));
}

const bracketed = (index) => `[${index.join(", ")}]`;
const inRange = (place, [start, stop]) => start <= place && place < stop;

/** `offset + Σ index·stride`: the one formula that all of this is about. */
function slotOf(state, index) {
  return index.reduce((slot, place, dim) => slot + place * state.stride[dim], state.offset);
}

function arithmetic(state, index) {
  const terms = index.map((place, dim) => `${place}·${state.stride[dim]}`);
  return `${[state.offset, ...terms].join(" + ")} = ${slotOf(state, index)}`;
}

/** The text of an element in sight. */
function valueOf(state, index) {
  const at = index.reduce((sum, place, dim) => {
    const [start, stop] = state.window[dim];
    return sum * (stop - start) + place - start;
  }, 0);
  return state.values[at];
}

/** The index after `by` steps in reading order, all dimensions from `dim` to the left counting on; itself at an end. */
function counted(state, index, dim, by) {
  const next = [...index];
  for (; dim >= 0; dim -= 1) {
    next[dim] += by;
    if (next[dim] >= 0 && next[dim] < state.size[dim]) return next;
    next[dim] = by > 0 ? 0 : state.size[dim] - 1;
  }
  return index;
}

/** Where a key leads from an element; null for a key that means nothing here. */
function elementAfter(state, index, event) {
  const last = state.size.length - 1;
  const far = event.ctrlKey || event.metaKey;
  switch (event.key) {
    case "ArrowRight": return counted(state, index, last, 1);
    case "ArrowLeft": return counted(state, index, last, -1);
    case "ArrowDown": return counted(state, index, last - 1, 1);
    case "ArrowUp": return counted(state, index, last - 1, -1);
    case "PageDown": return counted(state, index, last - 2, 1);
    case "PageUp": return counted(state, index, last - 2, -1);
    case "Home": return index.map((place, dim) => (far || dim === last ? 0 : place));
    case "End": return index.map((place, dim) => (far || dim === last ? state.size[dim] - 1 : place));
    default: return null;
  }
}

function slotAfter(storage, slot, event) {
  const end = storage.start + storage.values.length - 1;
  const far = event.ctrlKey || event.metaKey;
  const first = storage.start + Math.floor((slot - storage.start) / storage.columns) * storage.columns;
  const page = storage.values.length;
  const next = {
    PageDown: slot + page, PageUp: slot - page, ArrowRight: slot + 1, ArrowLeft: slot - 1, ArrowDown: slot + storage.columns, ArrowUp: slot - storage.columns,
    Home: far ? storage.start : first, End: far ? end : Math.min(first + storage.columns - 1, end),
  }[event.key];
  if (next === undefined) return null;
  return next < 0 || next >= storage.total ? slot : next;
}

function render({ model, el }) {
  let state = model.get("state");
  let at = { index: null, slot: null, on: "elements" }; // what the focus is on
  let cells = new Map(); // "i,j,k" → element cell
  let readers = new Map(); // slot → the indices in sight that lie there
  let slots = new Map(); // slot → its cell
  let marked = [];
  let wanted = false; // the keyboard's focus goes to the focused cell once it has come into sight
  let asked = ""; // what was typed last

  // The skeleton stays; the regions in it are filled anew with each state.
  const code = make("code", { class: "code" });
  const copy = make("button", { type: "button", class: "copy" }, "Copy code");
  const history = make("ol", { class: "history", "aria-label": "History" });
  const input = make("input", { type: "text", placeholder: ".view(3, 8).t()[:, ::2]", spellcheck: "false",
    autocomplete: "off", autocapitalize: "off" });
  // Beside the field where it was typed: why the last line could not be done, and nothing older.
  const failed = make("div", { class: "failed", role: "alert" });
  const undo = make("button", { type: "button", class: "undo" }, "↶ Undo");
  const label = make("label", {}, "Operations ", input);
  label.style.cssText = "display:flex;gap:8px;align-items:center;flex:1 1 300px";
  const form = make("form", {}, label, make("button", { type: "submit" }, "Run"), undo);
  const suggestions = make("ul", { class: "try", "aria-label": "Operations to try" });
  const badges = make("ul", { class: "badges", "aria-label": "The tensor's layout" });
  const reasons = make("details", { class: "reasons note-line" });
  const shown = make("span", { class: "note-line elements-words" });
  const elementPages = make("span", { class: "pages" });
  const slotPages = make("span", { class: "pages" });
  const grids = make("div", { class: "grids elements" });
  const where = make("div", { class: "where" });
  const stored = make("span", { class: "note-line" });
  const storage = make("div", { class: "storage" });
  const lanes = document.createElementNS(SVG, "svg");
  lanes.setAttribute("class", "lanes");
  lanes.setAttribute("aria-hidden", "true");
  const why = make("div", { class: "why" });
  const live = make("div", { class: "hidden live", role: "status", "aria-live": "polite" });
  const keys = make("p", { class: "note-line" },
    "Point, touch, or move with the arrow keys; Page Up and Page Down change the matrix, Tab goes on to the storage. " +
    "Enter on a slot goes to the element that lies there. @ is the slot of an element.");
  const root = make("div", { class: "strides", role: "group", "aria-label": "Stride explorer" },
    make("style", {}, CSS),
    make("div", { class: "top" }, code, copy), history, form, failed, suggestions,
    make("div", { class: "head" }, make("span", { class: "title" }, "Tensor"), badges, shown, elementPages), reasons,
    make("div", { class: "scroll" }, grids), where,
    make("div", { class: "head" }, make("span", { class: "title" }, "Storage"), stored, slotPages),
    make("div", { class: "scroll" }, storage, lanes), why, keys, live);
  el.append(root);

  const say = (words) => { live.textContent = words; };
  const send = (content) => model.send(content);

  function width(values, size, least) {
    return Math.max(least, Math.max(0, ...values.map((words) => words.length)) * size * 0.61 + 10);
  }

  function drawHistory() {
    history.replaceChildren(...state.stages.map((stage, place) => {
      const button = make("button", { type: "button", class: stage.kind, "data-key": `stage ${place}` },
        make("code", {}, stage.text), make("span", {}, stage.caption));
      if (place === state.shown) button.setAttribute("aria-current", "step");
      button.addEventListener("click", () => send({ go_to: place }));
      return make("li", {}, button);
    }));
    suggestions.replaceChildren(...state.suggestions.map((text) => {
      const button = make("button", { type: "button", "data-key": `try ${text}` }, text);
      button.addEventListener("click", () => { asked = ""; send({ do: text }); });
      return make("li", {}, button);
    }));
    badges.replaceChildren(...state.badges.map(({ words, why: reason, warns }) =>
      make("li", { title: reason, class: warns ? "warns" : "plain" }, words)));
    reasons.replaceChildren(make("summary", {}, "What these say"), ...state.badges.map(({ words, why: reason }) =>
      make("p", {}, make("strong", {}, `${words}: `), reason)));
    code.replaceChildren(...broken(state));
    undo.setAttribute("aria-disabled", String(!state.undo));
    shown.textContent = state.whole ? "" : state.elements;
    const last = state.stages[state.shown], error = last.kind === "error";
    failed.replaceChildren(...(state.message ? [make("p", {}, sentence(state.message))] : error ? whyNot(last) : []));
    why.className = `why ${last.kind}`;
    why.replaceChildren(...[error ? "" : state.why, state.remark].filter(Boolean).map((words) => make("p", {}, sentence(words))));
  }

  function whyNot(last) {
    const torch = make("details", {}, make("summary", {}, "torch's own message"), make("code", {}, state.torch));
    return [make("p", {}, make("strong", {}, "✕ ", make("code", {}, last.text), " cannot be done")),
      make("p", {}, sentence(state.why)), ...(state.torch ? [torch] : [])];
  }

  function drawElements() {
    cells = new Map();
    readers = new Map();
    const rank = state.size.length;
    grids.style.setProperty("--w", `${width(state.values, 13, 38)}px`);
    grids.replaceChildren(...state.blocks.map((block) => {
      const grid = make("div", { role: "grid", "aria-label": `Elements ${block.label}` });
      const columns = Array.from({ length: block.columns[1] - block.columns[0] }, (_, i) => i + block.columns[0]);
      if (rank > 0) {
        const corner = rank > 1 ? [make("span", { role: "columnheader", class: "corner" }, "row")] : [];
        grid.append(make("div", { role: "row" }, ...corner,
          ...columns.map((column) => make("span", { role: "columnheader" }, String(column)))));
      }
      for (let row = block.rows[0]; row < block.rows[1]; row += 1) {
        const line = make("div", { role: "row" });
        if (rank > 1) line.append(make("span", { role: "rowheader" }, String(row)));
        for (const column of columns) line.append(element([[], [column], [...block.lead, row, column]][Math.min(rank, 2)]));
        grid.append(line);
      }
      return make("div", {}, make("div", { class: "label" }, block.label), grid);
    }));
    if (!state.blocks.length) grids.textContent = "No elements: a size of 0 leaves nothing to lie anywhere.";
  }

  function element(index) {
    const slot = slotOf(state, index);
    const value = valueOf(state, index);
    const cell = make("div", { role: "gridcell", tabindex: "-1", "data-index": index.join(","),
      "aria-label": `${value}, element ${bracketed(index)}, slot ${slot}` }, value, make("small", {}, `@${slot}`));
    cells.set(index.join(","), cell);
    readers.set(slot, [...(readers.get(slot) ?? []), index]);
    return cell;
  }

  function drawStorage() {
    const { start, values, read, columns, words } = state.storage;
    slots = new Map();
    stored.textContent = words;
    const least = Math.max(30, String(start + values.length).length * 6.2 + 6);
    storage.style.setProperty("--w", `${width(values, 12, least)}px`);
    const grid = make("div", { role: "grid", "aria-label": "Storage" });
    for (let first = 0; first < values.length; first += columns) {
      const row = make("div", { role: "row" });
      for (let place = first; place < Math.min(first + columns, values.length); place += 1) {
        const slot = start + place;
        const cell = make("div", { role: "gridcell", tabindex: "-1", "data-slot": slot, class: read[place] ? "read" : "unread",
          "aria-label": `slot ${slot}, value ${values[place]}${read[place] ? "" : ", not read"}` }, values[place]);
        slots.set(slot, cell);
        row.append(make("div", { class: "cell", role: "presentation" }, cell,
          make("div", { class: "number", "aria-hidden": "true" }, String(slot)),
          ...(columns < values.length ? [make("div", { class: "step", "aria-hidden": "true" })] : [])));
      }
      grid.append(row);
    }
    storage.replaceChildren(values.length ? grid : "No slots: the storage is empty.");
  }

  /** For every dimension longer than 1, the slot one step along it leads to; back, at its end. */
  function steps(index) {
    return state.size.flatMap((length, dim) => {
      if (length < 2) return [];
      const by = index[dim] + 1 < length ? state.stride[dim] : -state.stride[dim];
      return [{ dim, by, slot: slotOf(state, index) + by }];
    });
  }

  function drawSteps(index) {
    for (const [cell, before] of marked.steps ?? []) cell.textContent = before;
    marked.steps = [];
    const one = state.storage.columns >= state.storage.values.length;
    lanes.replaceChildren();
    const ways = index ? steps(index) : [];
    const rank = state.size.filter((length) => length > 1).length;
    lanes.setAttribute("height", one && rank ? rank * 18 + 10 : 0);
    lanes.setAttribute("width", "100%");
    if (!one) {
      for (const { dim, by, slot } of ways) {
        const step = slots.get(slot)?.parentElement.querySelector(".step");
        if (!step) continue;
        step.textContent = step.textContent ? `${step.textContent} d${dim}` : `d${dim} ${by < 0 ? "−" : "+"}${Math.abs(by)}`;
        marked.steps.push([step, ""]);
      }
      return;
    }
    ways.sort((a, b) => Math.abs(a.by) - Math.abs(b.by));
    const middle = (slot) => { const cell = slots.get(slot); return cell.offsetLeft + cell.offsetWidth / 2 - storage.offsetLeft; };
    const here = index && slots.get(slotOf(state, index)) ? middle(slotOf(state, index)) : 0;
    const lines = [], words = [];
    ways.forEach(({ dim, by, slot }, lane) => {
      if (!slots.has(slot)) return;
      const there = middle(slot), low = lane * 18 + 14, colour = COLOURS[dim];
      const line = document.createElementNS(SVG, "path");
      line.setAttribute("d", by ? `M${here} 2V${low}H${there}V9` : `M${here} 2V${low}h8`);
      line.setAttribute("stroke", colour);
      line.setAttribute("stroke-width", 1.6);
      line.setAttribute("fill", "none");
      const head = document.createElementNS(SVG, "path");
      head.setAttribute("d", by ? `M${there} 1l4.5 8h-9z` : "");
      head.setAttribute("fill", colour);
      lines.push(line, head);
      const text = document.createElementNS(SVG, "text");
      text.textContent = `dim ${dim}: ${by < 0 ? "−" : "+"}${Math.abs(by)}${by ? "" : ", the same slot"}`;
      const long = text.textContent.length * 6.8;
      const beside = Math.abs(there - here) < long + 12;
      let x = beside ? Math.max(here, there) + 10 : (here + there) / 2 - long / 2;
      if (beside && x + long > storage.scrollWidth) x = Math.min(here, there) - 10 - long;
      text.setAttribute("x", x);
      text.setAttribute("y", low + 4);
      const ground = document.createElementNS(SVG, "rect"); // so that no line runs through the words
      for (const [name, value] of Object.entries({ x: x - 3, y: low - 7, width: long + 4, height: 14 })) ground.setAttribute(name, value);
      words.push(ground, text);
    });
    lanes.append(...lines, ...words);
  }

  function drawSum(index) {
    const terms = index.map((place, dim) => {
      const line = make("u", {}, `${place}·${state.stride[dim]}`);
      line.style.borderColor = COLOURS[dim];
      return make("span", {}, line, make("small", {}, `index·stride ${dim}`));
    });
    const parts = [make("span", {}, String(state.offset), make("small", {}, "offset"))];
    for (const term of terms) parts.push(make("span", {}, "+"), term);
    parts.push(make("span", {}, `= slot ${slotOf(state, index)}`));
    return make("div", { class: "sum" }, ...parts);
  }

  /** Light up what is looked at: an element, its slot and all that share it; or a slot and all that lie in it. */
  function mark({ index, slot }) {
    for (const cell of marked) { cell.classList.remove("here", "shared"); cell.removeAttribute("aria-selected"); }
    const light = (cell, name) => { if (cell) { cell.classList.add(name); marked.push(cell); } };
    marked = Object.assign([], { steps: marked.steps });
    const target = index ? slotOf(state, index) : slot;
    const sharing = readers.get(target) ?? [];
    const first = index ?? sharing[0] ?? null;
    light(slots.get(target), "here");
    for (const other of sharing) {
      const same = index && String(other) === String(index);
      light(cells.get(String(other)), same || (!index && sharing.length === 1) ? "here" : "shared");
    }
    if (index) cells.get(String(index))?.setAttribute("aria-selected", "true");
    drawSteps(first);
    where.replaceChildren(...explain(index, target, sharing, first));
    return words(index, target, sharing);
  }

  function explain(index, slot, sharing, first) {
    if (slot === null) return [make("b", {}, "Nothing to point at")];
    if (!index) {
      const title = make("b", {}, `What lies in slot ${slot}?`);
      return first ? [title, drawSum(first), make("span", {}, together(sharing))] : [title, make("span", {}, together(sharing))];
    }
    const others = sharing.length > 1 ? [make("span", {}, together(sharing))] : [];
    return [make("b", {}, `Where is ${bracketed(index)}?`), drawSum(index), ...others];
  }

  function together(sharing) {
    const some = sharing.slice(0, 4).map(bracketed).join(", ") + (sharing.length > 4 ? ", …" : "");
    if (!sharing.length) return state.whole ? "No element: this tensor does not read it." : "None of the elements shown here.";
    if (sharing.length === 1) return `Element ${some}${state.whole ? "" : " of those shown here"}.`;
    return `⚠ ${sharing.length} elements${state.whole ? "" : " of those shown here"} share this slot: ${some}.`;
  }

  function words(index, slot, sharing) {
    if (index) {
      const shared = sharing.length > 1 ? ` ${together(sharing)}` : "";
      return `Element ${bracketed(index)} is in slot ${slot}: ${arithmetic(state, index)}.${shared}`;
    }
    return slot === null ? "" : `Slot ${slot}: ${together(sharing)}`;
  }

  /** One stop for Tab in the tensor and one in the storage. */
  function stops() {
    for (const cell of root.querySelectorAll('[role="gridcell"][tabindex="0"]')) cell.setAttribute("tabindex", "-1");
    const cell = cells.get(String(at.index)) ?? cells.values().next().value;
    const slot = slots.get(at.slot) ?? slots.values().next().value;
    cell?.setAttribute("tabindex", "0");
    slot?.setAttribute("tabindex", "0");
    return at.on === "elements" ? cell : slot;
  }

  function goTo(next, keyboard) {
    at = next;
    say(mark(at.on === "slots" ? { index: null, slot: at.slot } : at));
    const cell = stops();
    if (keyboard) cell?.focus();
    reveal();
    if (at.on === "elements" && String(model.get("focus")) !== String(at.index)) {
      wanted = keyboard && !cells.has(String(at.index));
      model.set("focus", at.index);
      model.save_changes();
    }
  }

  /** Scroll the tensor and the storage, and nothing around them, to what is lit. */
  function reveal() {
    for (const [cell, part] of [[cells.get(String(at.index)), grids], [slots.get(at.slot), storage]]) {
      const box = part.parentElement;
      const [inner, outer] = [cell?.getBoundingClientRect(), box.getBoundingClientRect()];
      if (!inner) continue;
      if (inner.bottom > outer.bottom - 20) box.scrollTop += inner.bottom - outer.bottom + 36;
      if (inner.top < outer.top + 20) box.scrollTop -= outer.top - inner.top + 36;
      if (inner.right > outer.right) box.scrollLeft += inner.right - outer.right + 12;
      if (inner.left < outer.left) box.scrollLeft -= outer.left - inner.left + 12;
    }
  }

  const toElement = (index, keyboard) => goTo({ index, slot: slotOf(state, index), on: "elements" }, keyboard);
  function toSlot(slot, keyboard) {
    wanted = keyboard && !slots.has(slot);
    goTo({ index: at.index, slot, on: "slots" }, keyboard);
    if (!slots.has(slot)) send({ slot }); // out of sight: the model shows the page it lies on
  }

  /** Buttons that bring other parts of a large tensor or storage into sight. */
  function pager(words, can, go) {
    return [["‹", -1, "earlier"], ["›", 1, "later"]].map(([sign, by, way]) => {
      const button = make("button", { type: "button", "data-key": `${words} ${way}`, "aria-label": `${words}: ${way}` }, sign);
      button.setAttribute("aria-disabled", String(!can(by)));
      button.addEventListener("click", () => { if (can(by)) go(by); });
      return button;
    });
  }

  function drawPagers() {
    const { start, values, total } = state.storage;
    const parts = state.window.flatMap(([from, to], dim) => {
      if (to - from === state.size[dim] || !cells.size) return [];
      const can = (by) => (by < 0 ? from > 0 : to < state.size[dim]);
      const go = (by) => toElement(at.index.map((place, other) => (other === dim ? (by < 0 ? from - 1 : to) : place)));
      return [make("span", { class: "note-line" }, `dim ${dim}`), ...pager(`Dimension ${dim}`, can, go)];
    });
    elementPages.replaceChildren(...parts);
    const can = (by) => (by < 0 ? start > 0 : start + values.length < total);
    const go = (by) => toSlot(by < 0 ? start - 1 : start + values.length);
    slotPages.replaceChildren(...(values.length < total ? pager("Slots", can, go) : []));
  }
  const indexOf = (cell) => (cell.dataset.index === "" ? [] : cell.dataset.index.split(",").map(Number));

  function drawAll(anew) {
    const key = root.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    const inGrid = root.contains(document.activeElement) && document.activeElement.getAttribute("role") === "gridcell";
    drawHistory();
    drawElements();
    drawStorage();
    drawPagers();
    const focus = model.get("focus"); // it may have moved since the state was drawn up
    const index = cells.size ? (cells.has(String(focus)) ? focus : state.focus) : null;
    const here = index ? slotOf(state, index) : null;
    // When only what is in sight moved, the focus stays where it is: on a slot, or on an element the keys have left for.
    const onSlot = at.on === "slots" && !anew && slots.has(at.slot);
    const onElement = at.on === "elements" && !anew && cells.has(String(at.index));
    if (onSlot) at = { index, slot: at.slot, on: "slots" };
    else if (!onElement) at = { index, slot: here, on: inGrid ? at.on : "elements" };
    back();
    const cell = stops();
    if (inGrid || wanted) cell?.focus();
    reveal();
    wanted = false;
    if (key) ([...root.querySelectorAll("[data-key]")].find((node) => node.dataset.key === key) ?? input).focus();
  }

  function changed() {
    const before = state;
    state = model.get("state");
    drawAll(state.version !== before.version);
    if (state.version === before.version) return; // only what is in sight moved
    if (state.message) {
      input.setAttribute("aria-invalid", "true");
      return; // role="alert" says it
    }
    input.removeAttribute("aria-invalid");
    const last = state.stages[state.shown];
    // What failed stays in the field, to be mended; what was done is cleared away.
    if (asked && input.value === asked) input.value = last.kind === "error" ? last.text : "";
    asked = "";
    if (last.kind !== "error") say(`${last.text}: ${last.caption}. ${state.why}`); // else role="alert" says it
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    asked = input.value;
    send({ do: input.value });
  });
  undo.addEventListener("click", () => { if (state.undo) send({ undo: true }); });
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(state.code);
      say("Copied.");
      copy.textContent = "✓ Copied";
    } catch { // no permission: select it, so that the browser's own copy takes it
      getSelection().selectAllChildren(code);
      say("Selected: copy it with Ctrl+C.");
      copy.textContent = "Selected: Ctrl+C";
    }
  });
  copy.addEventListener("blur", () => { copy.textContent = "Copy code"; });

  const hit = (event) => event.target.closest?.('[role="gridcell"]');
  const spot = (event) => `${Math.floor(event.clientX)} ${Math.floor(event.clientY)}`; // a click has no fractions
  let resting = ""; // where the mouse last was: a page that moves below a resting mouse is not pointing
  root.addEventListener("pointerover", (event) => {
    const place = spot(event);
    const cell = event.pointerType === "mouse" && place !== resting ? hit(event) : null;
    resting = place;
    if (cell) mark(cell.dataset.slot ? { index: null, slot: Number(cell.dataset.slot) } : { index: indexOf(cell), slot: null });
  });
  root.addEventListener("pointermove", (event) => { resting = spot(event); });
  const back = () => mark(at.on === "slots" ? { index: null, slot: at.slot } : at);
  grids.addEventListener("pointerleave", back);
  storage.addEventListener("pointerleave", back);
  root.addEventListener("click", (event) => {
    resting = spot(event);
    const cell = hit(event);
    if (!cell) return;
    if (cell.dataset.slot) toSlot(Number(cell.dataset.slot), true);
    else toElement(indexOf(cell), true);
  });
  root.addEventListener("focusin", (event) => { // Tab came in
    const cell = hit(event);
    if (!cell) return;
    const on = cell.dataset.slot ? "slots" : "elements";
    if (on !== at.on) { if (on === "slots") toSlot(Number(cell.dataset.slot)); else toElement(indexOf(cell)); }
  });
  root.addEventListener("keydown", (event) => {
    event.stopPropagation(); // a notebook that hears of a key takes the focus back to its cell
    const cell = hit(event);
    if (!cell) return;
    let known = true;
    if (cell.dataset.slot) {
      const slot = Number(cell.dataset.slot);
      const next = slotAfter(state.storage, slot, event);
      const sharing = readers.get(slot) ?? [];
      if (next !== null) toSlot(next, true);
      else if ((event.key === "Enter" || event.key === " ") && sharing.length) toElement(sharing[0], true);
      else known = false;
    } else {
      const next = elementAfter(state, indexOf(cell), event);
      if (next) toElement(next, true);
      else if (event.key === "Enter" || event.key === " ") toSlot(slotOf(state, indexOf(cell)), true);
      else known = false;
    }
    if (known) event.preventDefault();
  });
  // JupyterLab's own shortcuts listen first, and would take Enter and the arrow keys away.
  root.setAttribute("data-lm-suppress-shortcuts", "true");

  drawAll(true);
  model.on("change:state", changed);
  const sized = new ResizeObserver(back); // the steps are drawn to where the slots are: once there is a page around them
  sized.observe(storage);
  return () => { model.off("change:state", changed); sized.disconnect(); };
}

export default { render };
