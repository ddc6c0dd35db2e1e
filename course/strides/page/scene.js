// Which elements and slots are in sight, and how many stand in a row; as scene.py, draw_grid.py and draw_storage.py.
import { Layout, slotsOf } from "./layout.js";
import { product, range } from "./python.js";

const MOST_SHOWN = 512, SLOTS_AT_ONCE = 128, LONGEST_ROW = 16, MOST_ROWS = 8, ELEMENTS_AT_ONCE = 256, ROWS_OF_BLOCK = 16;
const NICE_ROWS = [64, 48, 32, 24, 20, 16, 12, 10, 8, 6, 5, 4, 3, 2, 1];
const COUNTED = 200_000, WIDTH = 860, GAP = 3;

const monoWidth = (words, size) => [...words].length * size * 0.62;
const widest = (texts, size) => Math.max(0, ...texts.map((words) => monoWidth(words, size)));

export const firstFocus = (size) => (size.includes(0) ? null : size.map((length) => Math.min(1, length - 1)));

function page(whole, length, place) {
  const start = Math.max(Math.min(Math.floor(place / Math.max(length, 1)) * length, whole - length), 0);
  return [start, Math.min(start + length, whole)];
}

function elementWindow(size, focus) {
  if (product(size) <= MOST_SHOWN) return size.map((length) => [0, length]);
  const lengths = [];
  [...size].reverse().forEach((length, back) => {
    const room = Math.floor(ELEMENTS_AT_ONCE / product(lengths));
    const most = [size.length > 1 ? LONGEST_ROW : room, MOST_ROWS, room][Math.min(back, 2)];
    lengths.unshift(Math.min(length, most, Math.max(room, 1)));
  });
  return size.map((length, dim) => page(length, lengths[dim], focus ? focus[dim] : 0));
}

export function slotWindow(layout, focus) {
  if (layout.storageSize <= MOST_SHOWN) return [0, layout.storageSize];
  const slot = focus === null ? layout.offset : layout.slot(focus);
  return page(layout.storageSize, SLOTS_AT_ONCE, Math.min(slot, layout.storageSize - 1));
}

/** A tensor as it is looked at. */
export function look(tensor, focus = null) {
  const { layout } = tensor;
  const place = focus ?? firstFocus(layout.size);
  const window = elementWindow(layout.size, place);
  const first = layout.slot(window.map(([start]) => start));
  const seen = slotsOf(window.map(([start, stop]) => stop - start), layout.stride, layout.numel ? first : layout.offset);
  return withSlots({ tensor, layout, window, elements: seen.map(tensor.stored), focus: place }, slotWindow(layout, place));
}

export function withSlots(scene, [start, stop]) {
  const slots = range(stop - start).map((place) => start + place);
  return { ...scene, slots, stored: slots.map(scene.tensor.stored) };
}

export const allElements = (scene) => scene.window.every(([start, stop], dim) => stop - start === scene.layout.size[dim]);
export const allSlots = (scene) => scene.slots.length === scene.layout.storageSize;

/** For each of `slots`, whether some element lies in it. */
export function readSlots(layout, slots) {
  if (!layout.numel) return slots.map(() => false);
  const dims = layout.stride.map((step, dim) => [step, layout.size[dim]]).filter(([step]) => step).sort((a, b) => b[0] - a[0] || b[1] - a[1]);
  const sorted = new Layout(dims.map(([, length]) => length), dims.map(([step]) => step), layout.offset);
  return slots.map((slot) => sorted.firstAt(slot) !== null);
}

/** How many slots are read; null where elements share slots and are too many to count. */
export function countRead(layout) {
  const size = layout.size.map((length, dim) => (layout.stride[dim] ? length : Math.min(length, 1)));
  const once = new Layout(size, layout.stride, layout.offset, layout.storageSize);
  if (!once.overlaps) return once.numel;
  return once.numel <= COUNTED ? new Set(once.slots()).size : null;
}

function pieces([start, stop], length) {
  const found = [];
  for (let at = start; at < stop; at += length) found.push([at, Math.min(at + length, stop)]);
  return found;
}

/** The window as blocks that fit into a row, in reading order. */
export function blocks(scene) {
  const { layout: { size }, window } = scene;
  if (window.some(([start, stop]) => start === stop)) return [];
  const rank = size.length;
  const rows = rank > 1 ? window.at(-2) : [0, 1], columns = rank ? window.at(-1) : [0, 1];
  let leads = [[]];
  for (const [start, stop] of window.slice(0, -2)) {
    leads = leads.flatMap((lead) => range(stop - start).map((place) => [...lead, start + place]));
  }
  return leads.flatMap((lead) => pieces(rows, ROWS_OF_BLOCK).flatMap((someRows) =>
    pieces(columns, longestRow(scene)).map((someColumns) =>
      ({ label: label(size, lead, someRows, someColumns), lead, rows: someRows, columns: someColumns }))));
}

function label(size, lead, rows, columns) {
  if (!size.length) return "one number, no index";
  const shown = size.length === 1 ? [[size[0], columns]] : [[size.at(-2), rows], [size.at(-1), columns]];
  const parts = shown.map(([length, [start, stop]]) => (stop - start === length ? ":" : `${start}:${stop}`));
  return `[${[...lead, ...parts].join(", ")}]`;
}

function longestRow({ layout, elements, window }) {
  const wide = Math.max(36, widest(elements, 13) + 12, monoWidth(`@${Math.max(layout.lastSlot, 0)}`, 9) + 8);
  const [start, stop] = layout.ndim < 2 ? [0, 0] : window.at(-2);
  const side = layout.ndim < 2 ? 0 : monoWidth(String(stop > start ? stop - 1 : 0), 10) + 8;
  return Math.max(1, Math.floor((WIDTH - side + GAP) / (wide + GAP)));
}

/** How many slots stand in a row: all where they fit, else a number that is easy to count in. */
export function slotColumns({ slots, stored }) {
  const wide = Math.max(30, widest(stored, 12) + 8, monoWidth(String(slots.at(-1) ?? 0), 10) + 6);
  const fitting = Math.floor((WIDTH + GAP) / (wide + GAP));
  if (slots.length <= fitting) return Math.max(slots.length, 1);
  return NICE_ROWS.find((nice) => nice <= Math.max(fitting, 1));
}

export const focusAt = (layout, slot) => new Layout(
  layout.size.map((length, dim) => (layout.stride[dim] ? length : Math.min(length, 1))), layout.stride, layout.offset).firstAt(slot);
