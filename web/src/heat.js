// Heat maps of an array's last two axes, and what they show: differences and numbers.

import { h, percent, shown } from "./dom.js";

const STEPS = 8; // of a byte of the picture in one τ (verdicts/closeness.py)
const NO_SIZE = -128;
const HELD = 127 / STEPS; // τ at which a picture stops to count
const WIDTH = 232; // CSS pixels that a map may take

// Differences of a comparison as shares of the tolerance, in C order; null where none were kept.
export function differences(comparison) {
  if (!comparison?.picture) return null;
  return Array.from(atob(comparison.picture), (letter) => {
    const byte = (letter.charCodeAt(0) << 24) >> 24;
    return byte === NO_SIZE ? Number.NaN : byte / STEPS / comparison.limit;
  });
}

export const numbersOf = (kept) => kept?.numbers?.map((value) => (typeof value === "string" ? Number({ nan: "NaN", inf: "Infinity", "-inf": "-Infinity", True: "1", False: "0" }[value] ?? value) : value)) || null;

// How an array is cut into maps: the last two axes, and the indices of the slices that are kept.
export class Cut {
  constructor(shape, kept) {
    this.shape = shape;
    this.lead = shape.slice(0, -2);
    this.rows = shape.length > 1 ? shape.at(-2) : 1;
    this.columns = shape.length ? shape.at(-1) : 1;
    this.plane = this.rows * this.columns;
    this.slices = this.plane ? Math.min(this.lead.reduce((a, b) => a * b, 1), Math.ceil(kept / this.plane)) : 0;
  }

  // Index along the leading axes of a slice.
  index(slice) {
    const index = [];
    for (const size of [...this.lead].reverse()) { index.unshift(slice % size); slice = Math.floor(slice / size); }
    return index;
  }

  place(slice, at) {
    const index = [...this.index(slice)];
    if (this.shape.length > 1) index.push(Math.floor(at / this.columns));
    if (this.shape.length) index.push(at % this.columns);
    return `[${index.join(", ")}]`;
  }
}

// A colour of the theme, so that it stands out from the theme's ground; `share` says how strongly.
let inks = {};
addEventListener("themechange", () => { inks = {}; });
function tint(name, share) {
  inks[name] ??= getComputedStyle(document.documentElement).getPropertyValue(`--map-${name}`).trim();
  return `rgb(${inks[name]} / ${Math.round(100 * Math.min(1, share))}%)`;
}
const LEAST = 0.35; // how strongly the least difference is drawn: it must be told from none

// Colours by signed distance, as a share of the tolerance: one hue above, one below, none at nought.
export function distanceColour(share) {
  if (Number.isNaN(share)) return "special";
  if (share === 0) return tint("over", 0);
  return tint(share > 0 ? "over" : "under", LEAST + (1 - LEAST) * Math.sqrt(Math.min(1, Math.abs(share))));
}

export function rangeColour(values) {
  const finite = values.filter(Number.isFinite);
  const low = Math.min(...finite), high = Math.max(...finite);
  return (value) => (Number.isFinite(value) ? tint("value", high > low ? 0.12 + (0.88 * (value - low)) / (high - low) : 0.5) : "special");
}

// One map: a canvas that can be read by pointer and by arrow keys.
export function heatMap({ title, cut, slice, values, colour, say }) {
  const start = slice * cut.plane;
  const side = Math.max(2, Math.min(24, Math.floor(WIDTH / Math.max(1, cut.columns))));
  const tall = Math.max(2, Math.min(side, Math.floor(260 / Math.max(1, cut.rows))));
  const size = Math.max(2, Math.min(side, Math.max(tall, 4)));
  const canvas = h("canvas", { width: cut.columns * size, height: cut.rows * size, tabindex: 0, role: "img", class: "heat" });
  const out = h("output", { class: "readout", "aria-live": "polite" });
  const kept = values.slice(start, start + cut.plane);
  const pen = canvas.getContext("2d");
  const dark = getComputedStyle(document.body).color;
  kept.forEach((value, at) => {
    const [x, y] = [(at % cut.columns) * size, Math.floor(at / cut.columns) * size];
    const fill = colour(value);
    if (fill === "special") {
      pen.strokeStyle = dark;
      pen.beginPath(); pen.moveTo(x, y); pen.lineTo(x + size, y + size); pen.moveTo(x + size, y); pen.lineTo(x, y + size); pen.stroke();
      return;
    }
    pen.fillStyle = fill;
    pen.fillRect(x, y, size > 5 ? size - 1 : size, size > 5 ? size - 1 : size);
  });
  if (kept.length < cut.plane) {
    pen.fillStyle = "rgb(128 128 128 / 22%)";
    for (let at = kept.length; at < cut.plane; at++) pen.fillRect((at % cut.columns) * size, Math.floor(at / cut.columns) * size, size, size);
  }
  let focus = 0;
  const tell = (at) => {
    focus = at;
    out.textContent = at < kept.length ? `${cut.place(slice, at)}: ${say(kept[at], start + at)}` : `${cut.place(slice, at)}: not kept`;
  };
  canvas.addEventListener("pointermove", (event) => {
    const [column, row] = [Math.floor(event.offsetX / (canvas.clientWidth / cut.columns)), Math.floor(event.offsetY / (canvas.clientHeight / cut.rows))];
    if (column >= 0 && column < cut.columns && row >= 0 && row < cut.rows) tell(row * cut.columns + column);
  });
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -cut.columns, ArrowDown: cut.columns }[event.key];
    if (!step) return;
    event.preventDefault();
    tell(Math.max(0, Math.min(cut.plane - 1, focus + step)));
  });
  const worst = kept.reduce((most, value) => (Number.isNaN(value) || Math.abs(value) > Math.abs(most) ? value : most), 0);
  canvas.setAttribute("aria-label", `${title}: ${cut.rows} by ${cut.columns}; furthest ${say(worst)}. Arrow keys read it.`);
  return h("figure", { class: "heat-map" }, h("figcaption", {}, title), canvas, out);
}

// What a picture holds at most, as a share of the tolerance: of it only this is known, "or more".
export const held = (limit) => (HELD - 0.06) / limit;

// A share of the tolerance in words; `most` is what the picture holds at most.
export function shareOf(share, most) {
  if (Number.isNaN(share)) return "not a number on one side";
  const sign = share > 0 ? "+" : share < 0 ? "−" : "";
  const told = share === 0 ? "0 %" : percent(Math.abs(share));
  return Math.abs(share) >= most ? `${sign}${told} of the tolerance or more` : `${sign}${told} of the tolerance`;
}

export const plain = (value) => (Number.isFinite(value) ? String(Number(value.toPrecision(9))) : String(value));

// Largest distance of two answers, as a share of the tolerance; null where they have nothing in common.
export function distance(first, second) {
  if (!first || !second) return null;
  let most = 0;
  for (let at = 0; at < Math.min(first.length, second.length); at++) {
    const [a, b] = [first[at], second[at]];
    if (Number.isNaN(a) !== Number.isNaN(b)) return Infinity;
    if (!Number.isNaN(a)) most = Math.max(most, Math.abs(a - b));
  }
  return most;
}

// The slice's numbers as text, for copying and for who can't see the map.
export function numbersTable(cut, slice, expected, observed, z, say) {
  const start = slice * cut.plane;
  const rows = [];
  for (let at = 0; at < cut.plane && start + at < expected.length && rows.length < 400; at++) {
    rows.push(h("tr", {}, h("th", { scope: "row" }, cut.place(slice, at)), h("td", {}, plain(expected[start + at])), h("td", {}, observed ? plain(observed[start + at]) : ""),
      h("td", {}, z && start + at < z.length ? say(z[start + at]) : "")));
  }
  return h("details", {}, h("summary", {}, `The numbers of this slice, ${shown(cut.shape)}`),
    h("div", { class: "wide", tabindex: 0, role: "region", "aria-label": "Numbers" }, h("table", { class: "plain numbers" },
      h("thead", {}, h("tr", {}, ["at", "expected", "observed", "off by"].map((text) => h("th", { scope: "col" }, text)))), h("tbody", {}, rows))));
}
