// Where the numbers of a case are off: a map an adapter, and the distances between adapters.

import { count, h, percent, shown, table } from "./dom.js";
import { Cut, differences, distance, distanceColour, heatMap, numbersOf, held, numbersTable, plain, rangeColour, shareOf } from "./heat.js";

export class Numbers {
  constructor(data, details, on) {
    this.data = data;
    this.on = on;
    this.cells = data.adapters.map((adapter, other) => ({ adapter, other, arrays: arraysOf(details.cells[other]) })).filter((cell) => cell.arrays.length);
    if (!this.cells.length) return;
    this.names = [...new Set(this.cells.flatMap((cell) => cell.arrays.map((array) => array.what)))];
    this.what = this.names[0];
    this.slice = 0;
    this.node = h("div", { class: "numbers" });
    this.draw();
  }

  // Every adapter's comparison of the chosen array.
  chosen() {
    return this.cells.map((cell) => ({ ...cell, array: cell.arrays.find((array) => array.what === this.what) })).filter((cell) => cell.array);
  }

  draw() {
    if (!this.node) return;
    const cells = this.chosen();
    const own = cells.find((cell) => cell.other === this.on);
    const shape = (own || cells[0]).array.expected?.shape || [];
    const alike = cells.filter((cell) => shown(cell.array.observed?.shape) === shown(shape));
    const kept = Math.max(0, ...alike.map((cell) => differences(cell.array)?.length || 0), ...alike.map((cell) => cell.array.expected?.numbers.length || 0));
    const cut = new Cut(shape, kept);
    this.slice = Math.min(this.slice, Math.max(0, cut.slices - 1));
    const odd = cells.filter((cell) => !alike.includes(cell));
    this.node.replaceChildren(...[
      h("h2", {}, "Where the numbers are"),
      this.controls(cut),
      odd.length ? h("p", {}, odd.map((cell) => h("span", { class: "block" }, h("b", {}, cell.adapter.name), ` answered ${shown(cell.array.observed?.shape) || "()"} where ${shown(shape) || "()"} was expected.`))) : null,
      kept ? this.maps(alike, cut) : h("p", { class: "soft" }, "No numbers of this array were kept."),
      own && alike.includes(own) ? this.values(own, cut) : null,
      this.pairwise(alike),
    ].filter(Boolean));
  }

  controls(cut) {
    const arrays = h("select", { "aria-label": "Array" }, this.names.map((name) => h("option", { value: name, selected: name === this.what }, name)));
    arrays.addEventListener("change", () => { this.what = arrays.value; this.slice = 0; this.draw(); this.node.querySelector("select").focus(); });
    const slices = h("select", { "aria-label": "Slice", id: "slice" }, Array.from({ length: cut.slices }, (_, slice) => h("option", { value: slice, selected: slice === this.slice }, `[${[...cut.index(slice), ":", ":"].join(", ")}]`)));
    slices.addEventListener("change", () => { this.slice = Number(slices.value); this.draw(); this.node.querySelector("#slice").focus(); });
    return h("p", { class: "controls" }, "Array ", arrays, ` ${shown(cut.shape) || "a scalar"} `, cut.slices > 1 ? [" slice ", slices] : null);
  }

  maps(cells, cut) {
    const maps = cells.map((cell) => {
      const z = differences(cell.array);
      if (!z) return null;
      return heatMap({ title: cell.adapter.name, cut, slice: this.slice, values: z, colour: distanceColour, say: said(cell.array) });
    }).filter(Boolean);
    const silent = cells.length - maps.length;
    if (!maps.length) return this.unequal(cells, cut);
    return h("div", {}, h("p", { class: "soft" }, "Difference from the truth, as a share of each number’s tolerance: up to 100 % passes. ",
      h("span", { class: "swatch under" }), " below · ", h("span", { class: "swatch over" }), " above; the stronger, the further off."),
      h("div", { class: "maps" }, maps), silent ? h("p", { class: "soft" }, `${count(silent, "adapter")} with no such numbers to show.`) : null);
  }

  // Numbers that must be equal exactly have no tolerance: where they aren't, by how much.
  unequal(cells, cut) {
    const maps = cells.map((cell) => {
      const expected = numbersOf(cell.array.expected), observed = numbersOf(cell.array.observed);
      if (!cell.array.message || !expected?.length || !observed?.length) return null;
      const off = expected.map((value, at) => (Object.is(value, observed[at]) ? 0 : observed[at] - value));
      const most = Math.max(...off.map(Math.abs).filter(Number.isFinite), Number.MIN_VALUE);
      return heatMap({ title: cell.adapter.name, cut, slice: this.slice, values: off, colour: (value) => distanceColour(value / most), say: (value) => (value === 0 ? "equal" : `off by ${plain(value)}`) });
    }).filter(Boolean);
    const equal = cells.filter((cell) => !cell.array.message).map((cell) => cell.adapter.name);
    return h("div", {}, h("p", { class: "soft" }, "These numbers must be equal exactly. ", equal.length ? `Equal on ${equal.join(", ")}.` : "", maps.length ? [" Elsewhere, the difference: ", h("span", { class: "swatch under" }), " below · ", h("span", { class: "swatch over" }), " above."] : null),
      h("div", { class: "maps" }, maps));
  }

  // Expected and observed of the adapter that is looked at.
  values(cell, cut) {
    const expected = numbersOf(cell.array.expected), observed = numbersOf(cell.array.observed);
    if (!expected?.length || !observed?.length) return null;
    const colour = rangeColour([...expected, ...observed]);
    const z = differences(cell.array);
    const start = this.slice * cut.plane;
    const full = expected.length > start;
    return h("div", {}, h("h3", {}, `Expected and observed on ${cell.adapter.name}`),
      full ? h("div", { class: "maps" },
        heatMap({ title: "expected", cut, slice: this.slice, values: expected, colour, say: plain }),
        heatMap({ title: "observed", cut, slice: this.slice, values: observed, colour, say: plain })) : h("p", { class: "soft" }, "Of an array that passes, the first numbers alone are kept."),
      full ? numbersTable(cut, this.slice, expected, observed, z, said(cell.array)) : null);
  }

  pairwise(cells) {
    const known = cells.map((cell) => [cell, differences(cell.array)]).filter(([, z]) => z);
    if (known.length < 2) return null;
    const rows = known.map(([cell, z], row) => [cell.adapter.name, ...known.map(([, other], column) => {
      if (row === column) return "·";
      const far = distance(z, other);
      const over = far >= held(cell.array.limit);
      return h("span", { class: over ? "far" : "" }, far === Infinity ? "special" : over ? "≥ 100 %" : far === 0 ? "0 %" : percent(far));
    })]);
    return h("div", {}, h("h3", {}, "How far the frameworks are from each other"),
      h("p", { class: "soft" }, "Largest distance of two answers over the numbers that were kept, as a share of the tolerance."),
      table("Pairwise distances", ["", ...known.map(([cell]) => cell.adapter.name)], rows, { class: "plain pairwise" }));
  }
}

const said = (array) => (share) => shareOf(share, held(array.limit));

// The arrays of a cell that numbers were kept of: those of its values, else of its losses. `limit`:
// how many τ are the tolerance of one of their numbers (acceptance.py).
function arraysOf(cell) {
  const facets = cell?.verdict.facets || [];
  return facets.flatMap((facet) => (facet.comparisons || []).filter((comparison) => comparison.picture || comparison.expected)
    .map((comparison) => ({ ...comparison, limit: facet.facet === "losses" ? 32 : 16, what: facet.facet === "values" ? comparison.what : `${facet.facet}: ${comparison.what}` })));
}
