// What one adapter can't do, in its own words, and what the ledger accepts of it.

import { address, caseAddress } from "./address.js";
import { badge, count, cut, facts, h, link, marginBar, table } from "./dom.js";

export function adapterPage(data, parts) {
  const on = data.column.get(parts.adapter) ?? (parts.adapter ? -1 : 0);
  if (on < 0) return h("div", {}, h("h1", {}, "No such adapter"), chooser(data, -1));
  const adapter = data.adapters[on];
  const column = data.columns[on];
  const counts = new Map();
  for (const code of column.grid) { const view = data.viewByCode[code]; if (view) counts.set(view, (counts.get(view) || 0) + 1); }
  const pairs = (values) => Object.entries(values || {}).map(([name, value]) => `${name} ${value}`).join(", ");
  return h("article", {},
    h("h1", {}, adapter.name), chooser(data, on),
    adapter.status === "ready" ? null : h("p", { class: "alarm" }, h("b", {}, adapter.status.replaceAll("-", " ")), ` ${adapter.reason || ""}`),
    facts([["Versions", pairs(adapter.versions)], ["Python", [adapter.python, adapter.platform].filter(Boolean).join(" on ")], ["Precision", adapter.status === "ready" ? adapter.precision || "float32" : ""],
      ["Probe", Object.entries(adapter.probe || {}).map(([name, value]) => `${name} ${Number(value).toPrecision(2)}`).join(", ").replace(/.+/, "$& times the bound of honest rounding (16 passes)")],
      ["Pinned", Object.entries(adapter.settings || {}).map(([name, value]) => `${name}=${value}`).join(" ")]]),
    h("ul", { class: "legend" }, data.views.filter((view) => counts.has(view)).map((view) =>
      h("li", {}, h("a", { href: address({ page: "matrix", only: adapter.name, verdict: view.name }) }, badge(view)), ` ${counts.get(view).toLocaleString("en")}`))),
    h("h2", {}, "What the ledger accepts of it"), ...ledger(data, on),
    h("h2", {}, "What it can't do"), ...cannot(data, on),
    h("h2", {}, "Nearest to the limit"), ...nearest(data, on));
}

function chooser(data, chosen) {
  return h("nav", { class: "siblings", "aria-label": "Adapters" }, data.adapters.map((adapter, on) =>
    h("a", { href: address({ page: "adapter", adapter: adapter.name }), "aria-current": on === chosen ? "true" : null }, adapter.name)));
}

function ledger(data, on) {
  const found = new Map();
  for (const [at, entry] of data.columns[on].known) { if (!found.has(entry)) found.set(entry, []); found.get(entry).push(at); }
  if (!found.size) return [h("p", { class: "soft" }, "Nothing: no known deviation showed here.")];
  const rows = [...found].sort((a, b) => b[1].length - a[1].length).map(([entry, cases]) => {
    const one = data.ledger[entry];
    return [one.entry, h("span", { class: "tag" }, one.kind), one.facets.join(", "), [one.reason, one.link ? [" ", link(one.link)] : null], places(data, on, cases)];
  });
  return [table("Ledger entries", ["Entry", "Kind", "Facets", "Reason", "Cases"], rows)];
}

function cannot(data, on) {
  const { cannot: reasons } = data.columns[on];
  if (!reasons.length) return [h("p", { class: "soft" }, "Nothing that it was asked was refused by the adapter.")];
  return [table("What it can't do", ["What", "Why, in the adapter's words", "Cases"], reasons.map(([facet, reason, many, cases]) => [
    facet || "whole case", cut(reason, 500), places(data, on, cases, many)]))];
}

function places(data, on, cases, many = cases.length) {
  const shown = cases.slice(0, 20);
  const links = shown.map((at) => h("li", {}, h("a", { href: caseAddress(data.ids[at], data.adapters[on].name) }, data.ids[at])));
  return h("details", {}, h("summary", {}, count(many, "case")), h("ul", { class: "cases" }, links, many > shown.length ? h("li", {}, `… and ${many - shown.length} more`) : null));
}

function nearest(data, on) {
  const found = [];
  for (let at = 0; at < data.size; at++) if (data.passes(at, on)) { const margin = data.margin(at, on); if (margin) found.push([margin, at]); }
  found.sort((a, b) => b[0] - a[0]);
  if (!found.length) return [h("p", { class: "soft" }, "No passing case here has a margin.")];
  return [h("p", { class: "soft" }, "Cases that pass with the largest share of their tolerance used: where drift would show first."),
    table("Nearest to the tolerance", ["Case", "Tolerance used"], found.slice(0, 8).map(([margin, at]) => [h("a", { href: caseAddress(data.ids[at], data.adapters[on].name) }, data.ids[at]), marginBar(margin)]))];
}
