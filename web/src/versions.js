// Since when a case passes, where the run has an adapter in several versions.

import uPlot from "uplot";
import { caseAddress } from "./address.js";
import { count, h, table } from "./dom.js";
import { INKS } from "./inks.js";

const MOST = 400; // cases that are listed

export async function versionsPage(data, parts) {
  const { trend } = await data.past();
  const bases = new Map();
  data.adapters.forEach((adapter, on) => {
    const [base] = adapter.name.split("@");
    if (!bases.has(base)) bases.set(base, []);
    bases.get(base).push(on);
  });
  const several = [...bases].filter(([, columns]) => columns.length > 1);
  const head = [h("h1", {}, "Over versions"), h("p", { class: "soft prose" }, "Where a run holds one adapter in several versions, this page shows which cases changed between them, and since when each passes.")];
  if (!several.length) {
    return h("article", {}, head, h("p", { class: "note" }, "This run has one version of each adapter: ", data.adapters.map((adapter) => `${adapter.name} (${Object.entries(adapter.versions || {}).slice(0, 2).map((pair) => pair.join(" ")).join(", ") || adapter.status})`).join(" · "), "."),
      h("p", {}, "To see several side by side: ", h("code", {}, "keras-conformance sweep --package keras --versions '>=3.5'"), ", or name them: ", h("code", {}, "keras-conformance run --adapter 'keras-torch@keras==3.14.1' --adapter keras-torch"), "."), pastRuns(data, trend));
  }
  return h("article", {}, head, several.map(([base, columns]) => section(data, base, columns)), pastRuns(data, trend));
}

// Deviating cells of each adapter, run by run, where a history was given.
function pastRuns(data, trend) {
  const head = h("h2", {}, "Past runs");
  if (!trend.length) return h("section", {}, head, h("p", { class: "soft" }, "No history was given: ", h("code", {}, "keras-conformance report RECORDS --history reports/history.sqlite"), " shows the trend; ", h("code", {}, "keras-conformance history add RECORDS"), " keeps a run."));
  const adapters = [...new Set(trend.map((one) => one.adapter))];
  const times = [...new Set(trend.map((one) => one.started))].sort();
  const at = new Map(trend.map((one) => [`${one.adapter} ${one.started}`, one]));
  const chart = h("div", { class: "chart", role: "img", "aria-label": "Deviating cells by adapter, run by run; the table below has the figures." });
  requestAnimationFrame(() => plotRuns(chart, adapters, times, at));
  const rows = [...trend].reverse().slice(0, 60).map((one) => [`${one.started.slice(0, 16).replace("T", " ")}${one.partial ? " (partial)" : ""}`, one.adapter, one.versions, one.deviate, one.pass]);
  return h("section", {}, head, chart, table("Past runs", ["Run", "Adapter", "Versions", "Deviate", "Pass"], rows));
}

function plotRuns(chart, adapters, times, at) {
  const style = getComputedStyle(document.body);
  const axis = { stroke: style.color, grid: { stroke: style.getPropertyValue("--line"), width: 1 } };
  const xs = times.map((time) => Date.parse(time) / 1000);
  new uPlot({
    width: Math.max(320, chart.clientWidth || 900), height: 220, axes: [axis, { ...axis, size: 56 }],
    series: [{ label: "run" }, ...adapters.map((name, index) => ({ label: `${name}: deviating cells`, stroke: INKS[index % INKS.length], width: 2, spanGaps: true }))],
  }, [xs, ...adapters.map((name) => times.map((time) => at.get(`${name} ${time}`)?.deviate ?? null))], chart);
}

function section(data, base, columns) {
  const changed = [];
  for (let at = 0; at < data.size; at++) {
    const views = columns.map((on) => data.view(at, on));
    if (new Set(views.filter(Boolean).map((view) => view.name)).size > 1) changed.push([at, views]);
  }
  const names = columns.map((on) => data.adapters[on].name.split("@")[1] || "installed");
  const chart = h("div", { class: "chart", role: "img", "aria-label": `Deviating cases of ${base} by version: ${columns.map((on, index) => `${names[index]} ${deviating(data, on)}`).join(", ")}` });
  requestAnimationFrame(() => draw(chart, data, columns, names));
  const rows = changed.slice(0, MOST).map(([at, views]) => [data.ids[at], ...views.map((view, index) => (view
    ? h("a", { class: `o-${view.name} version-cell`, href: caseAddress(data.ids[at], data.adapters[columns[index]].name), "aria-label": `${names[index]}: ${view.word}` }, view.symbol) : "")), since(views, names)]);
  return h("section", {}, h("h2", {}, base), chart, h("p", {}, `${count(changed.length, "case")} of ${data.size.toLocaleString("en")} differ between the versions.`),
    rows.length ? table(`Cases of ${base} that changed`, ["Case", ...names, "Since"], rows, { class: "plain over-versions" }) : null);
}

const deviating = (data, on) => { let many = 0; for (let at = 0; at < data.size; at++) many += data.deviates(at, on); return many; };

// From which version on the newest verdict holds.
function since(views, names) {
  let at = views.length - 1;
  while (at > 0 && views[at - 1]?.name === views.at(-1)?.name) at--;
  const word = views.at(-1)?.word ?? "not run";
  return `${word} since ${names[at]}${at ? "" : " or earlier"}`;
}

function draw(chart, data, columns, names) {
  const style = getComputedStyle(document.body);
  const axis = { stroke: style.color, grid: { stroke: style.getPropertyValue("--line"), width: 1 } };
  const xs = columns.map((_, index) => index);
  new uPlot({
    width: Math.max(320, chart.clientWidth || 900), height: 180, scales: { x: { time: false } },
    axes: [{ ...axis, splits: () => xs, values: () => names }, { ...axis, size: 56 }],
    series: [{ label: "version", value: (_, value) => names[value] ?? "" }, { label: "deviating cases", stroke: "#c2570c", width: 2 }],
  }, [xs, columns.map((on) => deviating(data, on))], chart);
}
