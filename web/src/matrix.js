// The matrix: every layer or function on every adapter, a virtual table of Tabulator's.

import { FormatModule, FrozenColumnsModule, ResizeTableModule, Tabulator } from "tabulator-tables";
import { address, caseAddress, FILTERS, SWITCHES } from "./address.js";
import { count, h } from "./dom.js";
import { Filter } from "./filters.js";
import { ordered, rowsOf } from "./rows.js";

Tabulator.registerModule([FormatModule, FrozenColumnsModule, ResizeTableModule]);

const LOUD = new Set(["fail", "error", "crash", "timeout", "xpass", "xfail", "broken", "stale", "not-run"]);
const KINDS = { "still-failing": "still failing", "case-changed": "case changed", "tolerance-changed": "tolerance changed", "answer-changed": "answer changed", "environment-changed": "environment changed" };

export class Matrix {
  constructor(data) {
    this.data = data;
    this.open = new Map();
    this.focus = { row: 0, on: -1 };
    this.parts = {};
    this.node = h("div", { class: "matrix-page" }, h("h1", { id: "matrix-title" }, "Every layer and function on every adapter"), this.form(),
      h("p", { class: "hint" }, "A row opens into its cases; a cell opens the case. Arrows move, ", h("kbd", {}, "Enter"), " opens, ", h("kbd", {}, "n"), " and ", h("kbd", {}, "p"),
        " jump between what does not conform, ", h("kbd", {}, "/"), " searches. ", h("i", {}, "Fails only here"), ": deviates on one adapter while at least two others conform."),
      this.box = h("div", { id: "grid" }));
    this.box.addEventListener("click", (event) => this.clicked(event));
    this.box.addEventListener("keydown", (event) => this.pressed(event));
    this.box.addEventListener("focusin", (event) => this.noteFocus(event.target));
  }

  form() {
    const { data } = this;
    const used = new Set(data.columns.flatMap((column) => [...new Set(column.grid)]));
    const select = (id, any, options) => h("select", { id }, h("option", { value: "" }, any), options.map(([value, text]) => h("option", { value }, text)));
    const versions = [...new Set(data.adapters.flatMap((adapter) => Object.entries(adapter.versions || {}).map(([name, version]) => `${name} ${version}`)))].sort();
    const labelled = (text, control) => h("label", {}, h("span", {}, text), control);
    const check = (id, text) => h("label", { class: "check" }, h("input", { id, type: "checkbox" }), ` ${text}`);
    const form = h("form", { id: "filters", role: "search", "aria-label": "Filters" },
      labelled("Search", h("input", { id: "q", type: "search", placeholder: "id, title, claim, layer or function, message", autocomplete: "off" })),
      labelled("Verdict", select("verdict", "any", [["unexpected", "unexpected"], ["deviates", "does not conform"], ...data.views.filter((view) => used.has(view.code)).map((view) => [view.name, `${view.symbol} ${view.word}`]),
        ["note", `${data.lookOf.note.symbol} accuracy note`], ["blocked", `${data.lookOf.blocked.symbol} blocked (of a facet)`]])),
      labelled("Facet", select("facet", "whole verdict", data.facets.map((facet) => [facet, facet]))),
      labelled("Family", select("family", "any", data.families.map((family) => [family, family]))),
      labelled("Adapter", select("only", "any", data.adapters.map((adapter) => [adapter.name, adapter.name]))),
      labelled("Version", select("version", "any", versions.map((version) => [version, version]))),
      labelled("Since baseline", select("changed", data.kinds.length ? "all" : "no baseline", data.kinds.length ? [["changed", "changed"], ...data.kinds.map((kind) => [kind, KINDS[kind] || kind])] : [])),
      check("alone", "fails only here"), check("differs", "differs"),
      h("select", { id: "group", hidden: true, "aria-hidden": "true", tabindex: -1 }, h("option", { value: "" }), data.groups.map((group) => h("option", { value: group }, group))),
      h("button", { id: "clear", type: "button" }, "Clear"), h("button", { id: "unfold", type: "button" }, "Open all"),
      h("output", { id: "shown", "aria-live": "polite" }));
    form.querySelector("#changed").disabled = !data.kinds.length;
    form.addEventListener("input", () => this.changed());
    form.addEventListener("submit", (event) => event.preventDefault());
    form.querySelector("#clear").addEventListener("click", () => { this.fill({}); this.changed(); });
    form.querySelector("#unfold").addEventListener("click", () => {
      const folded = this.rows.some((row) => row.folded);
      for (const row of this.rows) if (row.members) this.open.set(row.group, folded);
      this.draw();
    });
    this.filters = form;
    return form;
  }

  control(name) { return this.filters.querySelector(`#${name}`); }

  fill(parts) {
    for (const name of FILTERS) this.control(name).value = parts[name] || "";
    for (const name of SWITCHES) this.control(name).checked = Boolean(parts[name]);
  }

  // A filter was moved: into the address, without a step of the history for each letter.
  changed() {
    const parts = { page: "matrix" };
    for (const name of FILTERS) parts[name] = this.control(name).value;
    for (const name of SWITCHES) parts[name] = this.control(name).checked;
    this.here = address(parts);
    history.replaceState(null, "", this.here);
    this.parts = parts;
    this.open.clear();
    this.draw();
  }

  // Shows the matrix as the address says.
  show(parts) {
    this.fill(parts);
    const same = JSON.stringify(parts) === JSON.stringify(this.parts);
    this.parts = parts;
    this.here = location.hash;
    if (!same) this.open.clear();
    return this.node;
  }

  // The table measures itself, so it is drawn when its node is in the page.
  attached() {
    if (this.ready) {
      this.table.setHeight(this.height());
      this.table.redraw();
    }
    this.draw();
  }

  draw() {
    const filter = this.filter = new Filter(this.data, this.parts);
    const { rows, cases, cells } = rowsOf(this.data, filter, this.open);
    this.rows = rows;
    this.at = new Map(rows.map((row, index) => [row.id, index]));
    this.focus.row = Math.min(this.focus.row, Math.max(0, rows.length - 1));
    const told = `${cases.toLocaleString("en")} of ${count(this.data.size, "case")}`;
    this.control("shown").textContent = filter.ofCells ? `${told}, ${count(cells, "cell")}` : told;
    this.control("unfold").textContent = rows.some((row) => row.folded) ? "Open all" : "Close all";
    this.place();
    delete document.documentElement.dataset.drawn;
    const done = () => { document.documentElement.dataset.drawn = String(rows.length); };
    if (!this.table) {
      this.table = new Tabulator(this.box, {
        data: rows, index: "id", columns: this.columns(), layout: "fitColumns", rowHeight: 30, headerVisible: true, height: this.height(),
        placeholder: "No case matches these filters.", columnHeaderVertAlign: "bottom", renderVerticalBuffer: 300,
        rowFormatter: (row) => this.dress(row),
      });
      this.table.on("tableBuilt", () => { this.ready = true; done(); this.accessible(); });
      this.table.on("scrollVertical", () => this.enterable());
    } else if (this.ready) this.table.replaceData(rows).then(() => { done(); this.accessible(); });
  }

  height() {
    const narrow = innerWidth < 700;
    return `${Math.max(320, innerHeight - (narrow ? 120 : 250))}px`;
  }

  // Only chosen adapters have a column; the others would be blank.
  place() {
    const chosen = this.filter.columns();
    const key = chosen.join();
    if (this.ready && key !== this.chosen) {
      chosen.forEach((shown, on) => this.table[shown ? "showColumn" : "hideColumn"](`a${on}`));
    }
    this.chosen = key;
  }

  columns() {
    const { data } = this;
    const narrow = innerWidth < 700;
    const label = { title: "Layer or function", field: "id", frozen: true, minWidth: narrow ? 150 : 300, widthGrow: 5, formatter: (cell) => this.label(cell.getData()) };
    return [label, ...data.adapters.map((adapter, on) => ({
      title: adapter.name, field: `a${on}`, minWidth: narrow ? 72 : 84, widthGrow: 1, hozAlign: "center", headerHozAlign: "center",
      titleFormatter: () => h("span", { class: "adapter-name" }, adapter.name.split(/(?<=[-@])/).flatMap((part, at) => (at ? [h("wbr"), part] : [part]))),
      formatter: (cell) => this.cell(cell.getData(), on),
    }))];
  }

  dress(row) {
    const { members } = row.getData();
    row.getElement().classList.toggle("group-row", Boolean(members));
    row.getElement().classList.toggle("case-row", !members);
  }

  label(row) {
    const { data } = this;
    if (row.members) {
      const name = data.groups[row.group];
      const family = this.familiesOf(row.members);
      return h("button", { type: "button", class: "fold glyph", tabindex: -1, "data-row": row.id, "data-on": -1, "aria-expanded": String(!row.folded) },
        h("span", { class: "arrow", "aria-hidden": "true" }, row.folded ? "▸" : "▾"), h("b", {}, name), h("small", {}, ` ${count(row.members.length, "case")}${family === name ? "" : ` · ${family}`}`));
    }
    const id = data.ids[row.at];
    const bracket = id.indexOf("[");
    const short = bracket < 0 ? id.slice(id.lastIndexOf("/") + 1) : id.slice(id.lastIndexOf("/", bracket) + 1);
    return h("span", { class: "case-label", title: `${id}\n${data.title(row.at)}` }, short, h("small", {}, ` ${data.title(row.at)}`));
  }

  // Where most of a group's cases are filed, and whether there are others.
  familiesOf(members) {
    const counts = new Map();
    for (const at of members) counts.set(this.data.family(at), (counts.get(this.data.family(at)) || 0) + 1);
    const [[most]] = [...counts].sort((a, b) => b[1] - a[1]);
    return this.data.families[most] + (counts.size > 1 ? ` and ${count(counts.size - 1, "other family", "other families")}` : "");
  }

  cell(row, on) {
    return row.members ? this.rollup(row, on) : this.glyph(row, on);
  }

  rollup(row, on) {
    const { data, filter } = this;
    const counts = ordered(data, row.counts[on], filter.facet);
    if (!counts.length) return h("span", { class: "glyph none", tabindex: -1, "data-row": row.id, "data-on": on, role: "img", "aria-label": `${data.adapters[on].name}: none` });
    const [worst, many] = counts[0];
    const total = counts.reduce((sum, [, number]) => sum + number, 0);
    const told = `${data.adapters[on].name}: ${counts.map(([view, number]) => `${number} ${view.word}`).join(", ")}`;
    let x = 0;
    const bars = counts.map(([view, number]) => {
      const width = (100 * number) / total;
      const bar = h("rect", { class: `o-${view.name}`, x, y: 0, width, height: 4 });
      x += width;
      return bar;
    });
    return h("span", { class: `glyph rollup o-${worst.name}`, tabindex: -1, "data-row": row.id, "data-on": on, title: told, role: "img", "aria-label": told },
      h("span", {}, `${worst.symbol} ${many.toLocaleString("en")}`), h("svg", { viewBox: "0 0 100 4", preserveAspectRatio: "none", "aria-hidden": "true" }, bars));
  }

  glyph(row, on) {
    const { data, filter } = this;
    const view = filter.facet === null ? data.view(row.at, on) : data.look(row.at, on, filter.facet);
    const adapter = data.adapters[on].name;
    if (!view) return h("span", { class: "glyph none", tabindex: -1, "data-row": row.id, "data-on": on, role: "img", "aria-label": `${adapter}: not asked` });
    const kind = data.kind(row.at, on);
    const classes = ["glyph", `o-${view.name}`, LOUD.has(view.name) && "loud", row.hit && !row.hit[on] && "faint", kind && `k-${kind}`];
    return h("a", { class: classes.filter(Boolean).join(" "), href: caseAddress(data.ids[row.at], adapter), tabindex: -1, "data-row": row.id, "data-on": on,
      title: `${adapter}: ${view.word}${kind ? ` (${KINDS[kind] || kind})` : ""}`, "aria-label": `${data.suffixes[row.at] || data.ids[row.at]}, ${adapter}: ${view.word}` },
      h("span", { "aria-hidden": "true" }, view.symbol));
  }

  // What Tabulator leaves open for a screen reader and the keyboard.
  accessible() {
    this.box.querySelector(".tabulator-tableholder")?.removeAttribute("tabindex"); // its cells are reached by arrows
    this.box.setAttribute("aria-labelledby", "matrix-title");
    this.enterable();
  }

  // Rows out of sight are not in the page: one cell of those in sight must take the Tab key.
  enterable() {
    if (this.box.querySelector('.glyph[tabindex="0"]')) return;
    const first = this.element(this.focus.row, this.focus.on) || this.box.querySelector(".glyph");
    if (first) first.tabIndex = 0;
  }

  element(row, on) {
    const id = this.rows[row]?.id;
    return id && this.box.querySelector(`.glyph[data-row="${id}"][data-on="${on}"]`);
  }

  noteFocus(node) {
    const glyph = node.closest?.(".glyph");
    if (!glyph) return;
    for (const other of this.box.querySelectorAll('.glyph[tabindex="0"]')) if (other !== glyph) other.tabIndex = -1;
    glyph.tabIndex = 0;
    this.focus = { row: this.at.get(glyph.dataset.row) ?? 0, on: Number(glyph.dataset.on) };
  }

  toggle(id) {
    const row = this.rows[this.at.get(id)];
    if (!row?.members) return;
    this.open.set(row.group, row.folded);
    this.draw();
    setTimeout(() => this.goTo(this.at.get(id), -1), 30);
  }

  clicked(event) {
    const glyph = event.target.closest(".glyph");
    if (glyph && glyph.tagName !== "A") this.toggle(glyph.dataset.row);
  }

  async goTo(row, on) {
    if (row === undefined || row < 0 || row >= this.rows.length) return;
    this.focus = { row, on };
    if (!this.element(row, on)) await this.table.scrollToRow(this.rows[row].id, "center", true).catch(() => {});
    const node = this.element(row, on) || this.element(row, -1);
    node?.focus();
    node?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { row } = this.focus;
    const shown = [-1, ...[...this.data.adapters.keys()].filter((on) => this.filter.columns()[on])];
    const column = shown.indexOf(this.focus.on);
    const steps = {
      ArrowUp: () => this.goTo(row - 1, this.columnOf(row - 1)), ArrowDown: () => this.goTo(row + 1, this.columnOf(row + 1)),
      ArrowLeft: () => this.goTo(row, shown[Math.max(this.rows[row]?.members ? 0 : 1, column - 1)]), ArrowRight: () => this.goTo(row, shown[Math.min(shown.length - 1, column + 1)]),
      Home: () => this.goTo(0, this.focus.on), End: () => this.goTo(this.rows.length - 1, this.focus.on),
      " ": () => event.target.click(),
    };
    if (event.key === "Enter" && event.target.tagName === "SPAN") steps.Enter = () => event.target.click();
    if (!steps[event.key]) return;
    event.preventDefault();
    steps[event.key]();
  }

  // The label of a case has nothing to open: the focus goes to its first cell.
  columnOf(row) {
    return this.focus.on < 0 && this.rows[row] && !this.rows[row].members ? this.filter.columns().indexOf(true) : this.focus.on;
  }

  jump(step) {
    const width = this.data.adapters.length;
    const total = this.rows.length * width;
    const start = this.focus.row * width + Math.max(this.focus.on, step > 0 ? -1 : 0);
    for (let offset = 1; offset <= total; offset++) {
      const place = (((start + step * offset) % total) + total) % total;
      const [row, on] = [Math.floor(place / width), place % width];
      const { at, counts, folded, hit } = this.rows[row];
      const bad = at === undefined
        ? folded && [...counts[on].keys()].some((view) => view.fails || view.name === "xfail")
        : (this.data.view(at, on)?.fails || this.data.deviates(at, on)) && (!hit || hit[on]);
      if (bad) { this.goTo(row, on); return; }
    }
  }
}
