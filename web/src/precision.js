// How close each framework comes to the float64 truth, as a distribution.

import uPlot from "uplot";
import { address } from "./address.js";
import { count, h, table } from "./dom.js";
import { INKS } from "./inks.js";

const LOW = -10, HIGH = -2, BINS = 4; // decades that are drawn, and bins in each
const PROMISE = 1e-7; // what Keras's documentation speaks of
const DASHES = [[], [6, 3], [2, 3], [8, 3, 2, 3]];

export function precisionPage(data, parts) {
  const family = data.families.indexOf(parts.family);
  const errors = data.adapters.map((_, on) => collect(data, on, family));
  const head = [h("h1", {}, "How close each framework comes to the truth"),
    h("p", { class: "soft prose" }, "Keras says that its backends agree up to 1e-7 in float32, per function execution. Each case's outputs are compared here with the float64 truth: the error is the largest difference over the largest number expected. float32 itself rounds to 6e-8. Cases that conform and answer in float32 are counted; what deviates is no matter of rounding.")];
  if (!errors.some((found) => found.length)) return h("article", {}, head, h("p", { class: "note" }, "These records don't tell the errors: they were written by an older version, or no case with numbers was run. Run it again to see them."));
  const select = h("select", { id: "precision-family" }, h("option", { value: "" }, "all families"), data.families.map((name, at) => h("option", { value: name, selected: at === family }, name)));
  select.addEventListener("change", () => { location.hash = address({ page: "precision", family: select.value }); });
  const chart = h("div", { class: "chart", role: "img", "aria-label": "Share of cases whose error is below each size, by adapter; the table below has the figures." });
  requestAnimationFrame(() => draw(chart, data, errors));
  return h("article", {}, head, h("p", { class: "controls" }, h("label", {}, "Family ", select)), chart,
    h("p", { class: "soft" }, "Share of the cases whose error is at most so large; what is exact is below every size. The dashed line is 1e-7."), figures(data, errors), family < 0 ? families(data) : null);
}

function collect(data, on, family) {
  const found = [];
  for (let at = 0; at < data.size; at++) {
    if (family >= 0 && data.family(at) !== family) continue;
    const view = data.view(at, on);
    if (view?.name !== "pass") continue; // what deviates is no matter of rounding
    const error = data.error(at, on);
    if (error !== null) found.push(error);
  }
  return found.sort((a, b) => a - b);
}

// Share of sorted errors that are at most so large.
function below(sorted, limit) {
  let low = 0, high = sorted.length;
  while (low < high) { const middle = (low + high) >> 1; if (sorted[middle] <= limit) low = middle + 1; else high = middle; }
  return sorted.length ? low / sorted.length : null;
}

function draw(chart, data, errors) {
  const xs = Array.from({ length: (HIGH - LOW) * BINS + 1 }, (_, at) => LOW + at / BINS);
  const style = getComputedStyle(document.body);
  const [ink, line] = [style.color, style.getPropertyValue("--line")];
  const shown = errors.map((found, on) => [found, on]).filter(([found]) => found.length);
  const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } };
  const plot = new uPlot({
    width: Math.max(320, chart.clientWidth || 900), height: 300,
    scales: { x: { time: false, range: [LOW, HIGH] }, y: { range: [0, 1] } },
    axes: [{ ...axis, values: (_, ticks) => ticks.map((tick) => `1e${tick}`), splits: () => Array.from({ length: HIGH - LOW + 1 }, (_, at) => LOW + at) },
      { ...axis, size: 56, values: (_, ticks) => ticks.map((tick) => `${Math.round(100 * tick)} %`) }],
    series: [{ label: "error at most", value: (_, value) => (value === null ? "" : `1e${value}`) },
      ...shown.map(([, on], index) => ({
        label: data.adapters[on].name, stroke: INKS[index % INKS.length], width: 2, dash: DASHES[Math.floor(index / 3) % DASHES.length],
        points: { show: false }, value: (_, value) => (value === null ? "" : `${(100 * value).toFixed(1)} %`),
      }))],
    hooks: { draw: [(self) => {
      const x = self.valToPos(Math.log10(PROMISE), "x", true);
      const pen = self.ctx;
      pen.save(); pen.strokeStyle = ink; pen.setLineDash([4, 4]); pen.beginPath(); pen.moveTo(x, self.bbox.top); pen.lineTo(x, self.bbox.top + self.bbox.height); pen.stroke(); pen.restore();
    }] },
  }, [xs, ...shown.map(([found]) => xs.map((x) => below(found, 10 ** x)))], chart);
  const resize = () => { if (chart.isConnected) plot.setSize({ width: Math.max(320, chart.clientWidth), height: 300 }); else removeEventListener("resize", resize); };
  addEventListener("resize", resize);
}

const small = (value) => (value === undefined ? "" : value === 0 ? "0" : value.toExponential(1));
const quantile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];

function figures(data, errors) {
  const rows = errors.map((found, on) => found.length ? [data.adapters[on].name, data.adapters[on].precision || "float32", found.length.toLocaleString("en"),
    small(quantile(found, 0.5)), small(quantile(found, 0.95)), small(found.at(-1)), `${(100 * below(found, PROMISE)).toFixed(1)} %`] : null).filter(Boolean);
  return table("Errors by adapter", ["Adapter", "Precision", "Cases", "Median", "95 % are below", "Largest", "Within 1e-7"], rows, { class: "plain figures" });
}

// Share within 1e-7 by family, for who wants to know where it doesn't hold.
function families(data) {
  const rows = data.families.map((name, family) => {
    const shares = data.adapters.map((_, on) => collect(data, on, family));
    if (!shares.some((found) => found.length)) return null;
    return [h("a", { href: address({ page: "precision", family: name }) }, name), ...shares.map((found) => (found.length ? h("span", { title: `${count(found.length, "case")}, median ${small(quantile(found, 0.5))}` }, `${Math.round(100 * below(found, PROMISE))} %`) : ""))];
  }).filter(Boolean);
  return h("div", {}, h("h2", {}, "Within 1e-7, by family"), table("Share within 1e-7 by family", ["Family", ...data.adapters.map((adapter) => adapter.name)], rows, { class: "plain figures" }));
}
