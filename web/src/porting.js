// Keras's layers in a framework's own terms, as the run proved them.

import { address, caseAddress } from "./address.js";
import { badge, count, h, table } from "./dom.js";

export function portingPage(data, parts) {
  const native = data.adapters.map((adapter, on) => [adapter, on]).filter(([, on]) => data.columns[on].native.trim());
  const head = [h("h1", {}, "From Keras to the framework's own modules"),
    h("p", { class: "soft prose" }, "What each Keras layer became on an adapter that calls the framework's own modules, and how its weights are laid out there. A row is proven by as many cases as it says: in each, the answer met the float64 truth.")];
  if (!native.length) return h("article", {}, head, h("p", { class: "note" }, "No adapter of this run told how it did it. Native adapters do: ", h("code", {}, "keras-conformance run --adapter torch --adapter jax"), "."));
  const chosen = native.find(([adapter]) => adapter.name === parts.adapter) || native[0];
  return h("article", {}, head,
    h("nav", { class: "siblings", "aria-label": "Frameworks" }, native.map(([adapter]) => h("a", { href: address({ page: "porting", adapter: adapter.name }), "aria-current": adapter === chosen[0] ? "true" : null }, adapter.name))),
    guide(data, chosen[1]));
}

function guide(data, on) {
  const layers = new Map();
  for (let at = 0; at < data.size; at++) {
    const native = data.native(at, on);
    if (!native) continue;
    for (const one of layersOf(data, at, native)) {
      const key = JSON.stringify([data.group(at), one.symbol]);
      if (!layers.has(key)) layers.set(key, { group: data.group(at), one, weights: new Set(), passing: [], deviating: [] });
      const row = layers.get(key);
      for (const [name, how] of Object.entries(one.weights || {})) row.weights.add(`${name.split("/").at(-1)}: ${how}`);
      (data.passes(at, on) ? row.passing : row.deviating).push(at);
    }
  }
  const rows = [...layers.values()].sort((a, b) => data.groups[a.group].localeCompare(data.groups[b.group]) || b.passing.length - a.passing.length);
  const link = (at, text) => h("a", { href: caseAddress(data.ids[at], data.adapters[on].name) }, text);
  const cells = rows.map((row, index) => [
    index && rows[index - 1].group === row.group ? h("span", { class: "sr" }, data.groups[row.group]) : h("b", {}, data.groups[row.group]),
    [h("code", {}, row.one.symbol), row.one.composed ? [" ", h("span", { class: "tag" }, "composed")] : null],
    [...row.weights].slice(0, 6).map((text) => h("div", {}, text)),
    row.passing.length ? link(row.passing[0], count(row.passing.length, "case")) : "none",
    row.deviating.length ? [link(row.deviating[0], count(row.deviating.length, "case")), " ", known(data, row.deviating, on)] : ""]);
  return h("div", {}, table("Porting guide", ["Keras layer", "Native module", "Weights", "Proven by", "Deviates in"], cells, { class: "plain porting" }), refused(data, on));
}

// A case about one layer says the most of the layer that it is named after; helpers around it don't count.
function layersOf(data, at, native) {
  return native.length === 1 ? native : native.filter((one) => Object.keys(one.weights || {}).length).slice(0, 3);
}

function known(data, cases, on) {
  const entries = new Set(cases.map((at) => data.known(at, on)?.entry).filter(Boolean));
  return [...entries].slice(0, 3).map((entry) => h("span", { class: "tag" }, entry));
}

function refused(data, on) {
  const whole = data.columns[on].cannot.filter(([facet]) => !facet);
  if (!whole.length) return null;
  return h("div", {}, h("h2", {}, "What has no counterpart"), table("What has no counterpart", ["Why", "Cases"], whole.slice(0, 60).map(([, reason, many, cases]) => [
    reason, h("a", { href: caseAddress(data.ids[cases[0]], data.adapters[on].name) }, count(many, "case"))])));
}
