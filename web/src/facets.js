// The facets of one cell, those that fail first and open.

import { count, h, marginBar, shown, table, times } from "./dom.js";

const SHOWN = 2; // arrays of a facet that are told at once
const weight = (comparison) => (comparison.message ? 1e300 : 0) + (typeof comparison.margin === "number" ? comparison.margin : 0);
const ORDER = ["fail", "error", "blocked", "pass", "unsupported"];

export function facetsOf(data, facets) {
  if (!facets.length) return [];
  const sorted = [...facets].sort((a, b) => ORDER.indexOf(a.outcome) - ORDER.indexOf(b.outcome));
  return [h("h2", {}, "Facets"), h("div", { class: "facets" }, sorted.map((facet) => facetOf(data, facet)))];
}

function facetOf(data, facet) {
  const look = data.lookOf[facet.outcome === "pass" && facet.note ? "note" : facet.outcome];
  const bad = ["fail", "error"].includes(facet.outcome);
  const inside = h("div", { class: "inside" });
  if (facet.message) inside.append(h("p", { class: "message" }, facet.message));
  if (facet.note) inside.append(h("p", {}, facet.note));
  if (facet.behaves_like) inside.append(h("p", {}, "Behaves like: ", h("b", {}, facet.behaves_like)));
  const pair = pairOf(facet);
  if (pair) inside.append(pair);
  // The furthest arrays first; what comes behind them mostly repeats them.
  const compared = [...(facet.comparisons || [])].sort((a, b) => weight(b) - weight(a));
  for (const comparison of compared.slice(0, SHOWN)) inside.append(...comparisonOf(comparison, facet.message || ""));
  if (compared.length > SHOWN) {
    inside.append(h("details", {}, h("summary", {}, count(compared.length - SHOWN, "more array")), compared.slice(SHOWN).flatMap((comparison) => comparisonOf(comparison, facet.message || ""))));
  }
  const told = marginBar(facet.margin) || facet.message || (bad ? "" : look.word);
  const row = h("details", { class: `facet o-${look.name}` },
    h("summary", {}, h("i", { "aria-hidden": "true" }, look.symbol), h("span", {}, facet.facet, h("span", { class: "sr" }, `: ${look.word}`)), h("span", { class: "told" }, told)), inside);
  row.open = bad;
  return row;
}

function pairOf(facet) {
  const rows = facet.observed === undefined || facet.observed === null
    ? [["expected", facet.expected]]
    : [["expected", facet.expected], ["observed", facet.observed]];
  const kept = rows.filter(([, value]) => value !== undefined && value !== null);
  if (!kept.length) return null;
  const name = facet.outcome === "pass" && kept.length === 1 ? "expected and observed" : null;
  return h("dl", { class: "facts-list" }, kept.map(([label, value]) => [h("dt", {}, name || label), h("dd", {}, h("code", {}, shown(value)))]));
}

function comparisonOf(comparison, told) {
  const parts = [h("p", {}, h("b", {}, comparison.what), " ", marginBar(comparison.margin),
    comparison.rms !== undefined && comparison.rms !== null ? h("span", { class: "soft" }, ` root mean square ${times(comparison.rms, "its tolerance")}`) : null)];
  if (comparison.message && !told.includes(comparison.message)) parts.push(h("p", {}, comparison.message));
  if (comparison.worst?.length) {
    // A record counts in τ; a reader is told the share of the tolerance, which the first of them used.
    const first = comparison.worst[0].times;
    const share = (one) => (typeof comparison.margin === "number" && typeof first === "number" && first ? (comparison.margin * one.times) / first : one.times);
    parts.push(table(`Worst of ${comparison.what}`, ["worst at", "expected", "observed", "off by"], comparison.worst.map((one) => [
      `[${one.index.join(", ")}]`, `${one.expected}`, `${one.observed}`, one.times === "exact" ? "must be equal" : typeof one.times === "string" ? one.times : times(share(one))])));
  }
  return parts;
}
