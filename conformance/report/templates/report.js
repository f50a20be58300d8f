"use strict";
// The matrix, its filters and the details of a cell. Text only ever enters the page through
// textContent and attributes set by h(): whatever a framework wrote stays text.

const data = JSON.parse(document.getElementById("index").textContent);
const packed = JSON.parse(document.getElementById("details").textContent);
const $ = (id) => document.getElementById(id);
const byCode = Object.fromEntries(data.outcomes.map((look) => [look.code, look]));
const lookOf = Object.fromEntries(data.looks.map((look) => [look.name, look]));
const facetByCode = Object.fromEntries(data.looks.map((look) => [look.code, look]));
const number = new Map(data.cases.map(([id], at) => [id, at]));
const ROW_LIMIT = 1500; // rows drawn at once; a larger run shows the rest on request
const COLLAPSE_ABOVE = 400; // cases; a larger run begins with its families closed
const closedAtFirst = data.cases.length > COLLAPSE_ABOVE ? [...data.families.keys()] : [];
let closed = new Set(closedAtFirst);
let rowLimit = ROW_LIMIT;
let open = null; // {at, on}: the cell in the panel

// ---------------------------------------------------------------- small tools

const SVG = new Set(["svg", "rect"]);

function h(tag, attributes, ...children) {
  const node = SVG.has(tag)
    ? document.createElementNS("http://www.w3.org/2000/svg", tag)
    : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value !== undefined && value !== null && value !== false) node.setAttribute(name, value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

const isSize = (item) => item === null || Number.isInteger(item);

// A shape as a Keras user writes it, anything else as JSON. Like `shown` in text.py.
function shown(value, limit = 600) {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return value;
  if (Array.isArray(value) && value.length && value.every(isSize)) {
    const inner = value.map((item) => (item === null ? "None" : item)).join(", ");
    return cut(value.length === 1 ? `(${inner},)` : `(${inner})`, limit);
  }
  if (Array.isArray(value.numbers) && value.dtype) { // the sample of an array
    return cut(`${value.dtype} ${shown(value.shape) || "()"}: ${value.numbers.join(", ")}`, limit);
  }
  return cut(JSON.stringify(value, null, 1).replace(/\s*\n\s*/g, " "), limit);
}

const cut = (text, limit) => (text.length > limit ? `${text.slice(0, limit)} …` : text);

const finite = (value) => (typeof value === "number" ? value : Number.NaN);

function times(value) {
  if (typeof value === "string") return value;
  if (value >= 1000) return `${value.toExponential(1)}×`;
  return `${Number(value.toPrecision(3))}×`;
}

// How much of the limit was used (16 tolerances of an element). The mark is the limit; a failure
// runs over it.
function marginBar(margin) {
  if (margin === null || margin === undefined) return null;
  const value = finite(margin);
  const fails = !(value < 1);
  const width = Number.isNaN(value) ? 100 : Math.max(1, Math.min(100, fails ? 70 + 10 * Math.log10(value) : 70 * value));
  const label = fails ? `${times(margin)} the limit` : `${(100 * value).toPrecision(2)} % of the limit`;
  return h("span", { class: `margin o-${fails ? "fail" : "pass"}`, title: label },
    h("svg", { viewBox: "0 0 100 9", preserveAspectRatio: "none", role: "img", "aria-label": label },
      h("rect", { class: "track", x: 0, y: 1, width: 100, height: 7 }),
      h("rect", { x: 0, y: 1, width, height: 7 }),
      h("rect", { class: "limit", x: 70, y: 0, width: 1, height: 9 })),
    h("span", {}, label));
}

function link(url) {
  return /^https?:\/\//.test(url) ? h("a", { href: url, rel: "noreferrer noopener" }, url) : url;
}

function listing(text, label) {
  const pre = h("pre", { tabindex: 0 }, h("code", {}, text));
  const button = h("button", { type: "button" }, `Copy ${label}`);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
    } catch { // pages opened from disk may not write to the clipboard: select, then copy
      const range = document.createRange();
      range.selectNodeContents(pre);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      document.execCommand("copy");
    }
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = `Copy ${label}`; }, 1500);
  });
  return h("div", { class: "listing" }, button, pre);
}

// ---------------------------------------------------------------- state, kept in the address

const FILTERS = ["q", "verdict", "only", "facet", "family"];

function address(cell) {
  const part = new URLSearchParams();
  for (const id of FILTERS) if ($(id).value) part.set(id, $(id).value);
  if ($("odd").checked) part.set("odd", "1");
  if (cell) {
    part.set("case", data.cases[cell.at][0]);
    part.set("adapter", data.adapters[cell.on].name);
  }
  return `#${part}`;
}

function clearFilters() {
  for (const id of FILTERS) $(id).value = "";
  $("odd").checked = false;
}

function readAddress() {
  const part = new URLSearchParams(location.hash.slice(1));
  for (const id of FILTERS) if (part.has(id)) $(id).value = part.get(id);
  if (part.has("odd")) $("odd").checked = true;
  draw();
  const at = number.get(part.get("case"));
  trouble(part.has("case") && at === undefined ? `No case ${part.get("case")} is in this report.` : "");
  if (at === undefined) return close();
  let on = data.adapters.findIndex((adapter) => adapter.name === part.get("adapter"));
  if (on < 0) on = [...data.grid[at]].findIndex((code) => deviates(code));
  return reveal({ at, on: Math.max(0, on) });
}

// ---------------------------------------------------------------- the matrix

const deviates = (code) => code !== " " && (byCode[code].fails || byCode[code].name === "xfail");

function isOdd(at, on) {
  if (!deviates(data.grid[at][on])) return false;
  const others = [...data.grid[at]].filter((_, index) => index !== on);
  return others.filter((code) => code === "p").length >= 2 && !others.some(deviates);
}

// The look of a cell: of its whole verdict, or of one facet where one is chosen.
function look(at, on, facet) {
  const code = data.grid[at][on];
  if (code === " ") return null;
  if (facet === "") return byCode[code];
  return facetByCode[data.patterns[data.facetsOf[at][on]][facet]] || null;
}

function chosen() {
  const facet = $("facet").value;
  return {
    words: $("q").value.toLowerCase().split(/\s+/).filter(Boolean),
    verdict: $("verdict").value,
    only: $("only").value === "" ? null : data.adapters.findIndex((adapter) => adapter.name === $("only").value),
    facet: facet === "" ? "" : data.facets.indexOf(facet),
    family: $("family").value,
    odd: $("odd").checked,
  };
}

function rowMatches(at, filter) {
  const [id, title, family, words] = data.cases[at];
  if (filter.family && data.families[family] !== filter.family) return false;
  const text = `${id} ${title} ${words}`.toLowerCase();
  return filter.words.every((word) => text.includes(word));
}

function cellMatches(at, on, filter) {
  if (filter.only !== null && filter.only !== on) return false;
  const seen = look(at, on, filter.facet);
  if (filter.verdict === "deviates") {
    const bad = filter.facet === "" ? deviates(data.grid[at][on]) : seen && ["fail", "error"].includes(seen.name);
    if (!bad) return false;
  } else if (filter.verdict && (!seen || seen.name !== filter.verdict)) return false;
  else if (filter.facet !== "" && !seen) return false;
  return !filter.odd || isOdd(at, on);
}

function draw() {
  const filter = chosen();
  const cellFilter = filter.verdict || filter.odd || filter.only !== null || filter.facet !== "";
  const rows = new DocumentFragment();
  const byFamily = new Map();
  let cells = 0;
  for (const at of data.cases.keys()) {
    if (!rowMatches(at, filter)) continue;
    const hits = data.adapters.map((_, on) => cellMatches(at, on, filter));
    if (!hits.some(Boolean)) continue;
    cells += hits.filter(Boolean).length;
    const family = data.cases[at][2];
    if (!byFamily.has(family)) byFamily.set(family, []);
    byFamily.get(family).push([at, cellFilter ? hits : null]);
  }
  let drawn = 0, cases = 0;
  for (const [family, members] of byFamily) {
    cases += members.length;
    rows.append(familyRow(family, members, filter.facet));
    if (closed.has(family)) continue;
    for (const [at, hits] of members) {
      if (drawn++ < rowLimit) rows.append(caseRow(at, hits, filter.facet));
    }
  }
  if (drawn > rowLimit) rows.append(moreRow(drawn - rowLimit));
  const body = $("grid").tBodies[0];
  body.replaceChildren(rows);
  const first = body.querySelector(".glyph");
  if (first) first.tabIndex = 0;
  $("shown").textContent = `${cases} of ${data.cases.length} cases` + (cellFilter ? `, ${cells} ${cells === 1 ? "cell" : "cells"}` : "");
  mark();
}

function familyRow(family, members, facet) {
  const name = data.families[family];
  const button = h("button", { type: "button", "data-family": family, "aria-expanded": !closed.has(family) },
    `${closed.has(family) ? "▸" : "▾"} ${name} `, h("small", { class: "soft" }, `${members.length}`));
  return h("tr", { class: "family-row" }, h("th", { scope: "rowgroup" }, button), data.adapters.map((_, on) => {
    const counts = new Map();
    for (const [at] of members) {
      const seen = look(at, on, facet);
      if (seen) counts.set(seen, (counts.get(seen) || 0) + 1);
    }
    // The worst says what to look for; the table of looks is in that order.
    const order = facet === "" ? data.outcomes : data.looks;
    const worst = order.find((one) => counts.has(one));
    if (!worst) return h("td", {});
    return h("td", { class: `o-${worst.name}`, title: `${data.adapters[on].name}: ${[...counts].map(([one, count]) => `${count} ${one.word}`).join(", ")}` },
      `${worst.symbol} ${counts.get(worst)}`);
  }));
}

const LOUD = new Set(["fail", "error", "crash", "timeout", "xpass", "not-run"]);

function caseRow(at, hits, facet) {
  const [id, title, family] = data.cases[at];
  const short = id.startsWith(`${data.families[family]}/`) ? id.slice(data.families[family].length + 1) : id;
  return h("tr", { class: "case-row" },
    h("th", { scope: "row", title: `${id}\n${title}` }, short, h("small", {}, title)),
    data.adapters.map((adapter, on) => {
      const seen = look(at, on, facet);
      if (!seen) return h("td", {});
      const style = ["glyph", `o-${seen.name}`, LOUD.has(seen.name) && "loud", hits && !hits[on] && "faint"];
      return h("td", {
        class: style.filter(Boolean).join(" "), role: "gridcell", tabindex: -1, "data-at": at, "data-on": on,
        title: `${adapter.name}: ${seen.word}`, "aria-label": `${short}, ${adapter.name}: ${seen.word}`,
      }, h("span", { "aria-hidden": "true" }, seen.symbol));
    }));
}

function moreRow(count) {
  const button = h("button", { type: "button" }, `Show ${count} more cases`);
  button.addEventListener("click", () => { rowLimit += 5 * ROW_LIMIT; draw(); });
  return h("tr", { class: "family-row" }, h("th", { colspan: data.adapters.length + 1 }, button));
}

const glyphAt = (cell) => $("grid").querySelector(`[data-at="${cell.at}"][data-on="${cell.on}"]`);

function mark() {
  for (const node of $("grid").querySelectorAll(".current")) node.classList.remove("current");
  if (open) glyphAt(open)?.classList.add("current");
}

// ---------------------------------------------------------------- the panel

const unpacked = new Map();

async function detailsOf(at) {
  const chunk = Math.floor(at / data.chunk);
  if (!unpacked.has(chunk)) {
    if (unpacked.size > 20) unpacked.delete(unpacked.keys().next().value);
    unpacked.set(chunk, (async () => {
      const bytes = Uint8Array.from(atob(packed[chunk]), (letter) => letter.charCodeAt(0));
      const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
      return JSON.parse(await new Response(stream).text());
    })());
  }
  return (await unpacked.get(chunk))[at % data.chunk];
}

function reveal(cell) {
  if (!glyphAt(cell)) { // hidden by a filter or in a closed family: the link goes first
    const family = data.cases[cell.at][2];
    clearFilters();
    closed = new Set(closedAtFirst);
    closed.delete(family);
    rowLimit = Math.max(ROW_LIMIT, data.cases.filter((one) => one[2] === family).length);
    draw();
  }
  return show(cell);
}

async function show(cell) {
  open = cell;
  document.body.classList.add("open");
  mark();
  const node = glyphAt(cell);
  if (node) {
    setFocus(node, false);
    const box = node.getBoundingClientRect();
    if (box.top < 60 || box.bottom > innerHeight) node.scrollIntoView({ block: "center" });
  }
  const panel = $("panel");
  panel.hidden = false;
  let content;
  try {
    content = await detailsOf(cell.at);
  } catch (error) {
    content = null;
    trouble(`The details could not be unpacked (${error}). They need a browser of 2023 or later.`);
  }
  if (open !== cell || !content) return; // another cell was opened meanwhile
  panel.replaceChildren(...panelOf(cell, content));
  panel.scrollTop = 0;
  document.documentElement.dataset.shown = `${cell.at},${cell.on}`;
}

function close() {
  const was = open;
  open = null;
  $("panel").hidden = true;
  document.body.classList.remove("open");
  mark();
  if (was) glyphAt(was)?.focus({ preventScroll: true });
}

function panelOf(cell, content) {
  const [id, title] = data.cases[cell.at];
  const adapter = data.adapters[cell.on];
  const seen = look(cell.at, cell.on, "") || { name: "", symbol: "", word: "not planned" };
  const result = content.cells[cell.on];
  const button = h("button", { type: "button", class: "close", "aria-label": "Close" }, "✕");
  button.addEventListener("click", () => { location.hash = address(null); });
  const parts = [
    button,
    h("p", { class: "soft" }, h("code", {}, id)),
    h("h2", {}, title || id),
    h("nav", { class: "siblings", "aria-label": "The same case on the other adapters" }, data.adapters.map((other, on) => {
      const its = look(cell.at, on, "");
      if (!its) return null;
      return h("a", { href: address({ at: cell.at, on }), class: `o-${its.name}`, title: its.word, "aria-current": on === cell.on ? "true" : null },
        h("i", {}, its.symbol), ` ${other.name}`);
    })),
    verdictOf(adapter, seen, result),
  ];
  if (result) {
    parts.push(...facetsOf(result.verdict.facets || []));
    parts.push(...nativeOf(result.native));
  }
  if (content.case) parts.push(...caseOf(id, content.case));
  if (result) parts.push(...scriptOf(result), ...extrasOf(result));
  return parts.filter(Boolean);
}

function verdictOf(adapter, seen, result) {
  const box = h("div", { class: `verdict o-${seen.name}` },
    h("span", { class: "badge" }, `${seen.symbol} ${seen.word}`), ` on ${adapter.name} `, h("span", { class: "soft" }, adapter.versions));
  if (!result) return box;
  const { message, known } = result.verdict;
  if (message) box.append("\n", message);
  if (known) {
    box.append("\n", h("b", {}, `Ledger: ${known.entry}`), ` (${known.kind}; ${known.facets.join(", ")}) – ${known.reason} `, known.link ? link(known.link) : "");
  }
  return box;
}

const FACET_ORDER = ["fail", "error", "blocked", "pass", "unsupported"];

function facetsOf(facets) {
  if (!facets.length) return [];
  const sorted = [...facets].sort((a, b) => FACET_ORDER.indexOf(a.outcome) - FACET_ORDER.indexOf(b.outcome));
  return [h("h3", {}, "Facets"), ...sorted.map(facetOf)];
}

function facetOf(facet) {
  const its = lookOf[facet.outcome === "pass" && facet.note ? "note" : facet.outcome];
  const bad = ["fail", "error"].includes(facet.outcome);
  const inside = h("div", { class: "inside" });
  if (facet.message) inside.append(h("p", {}, facet.message));
  if (facet.note) inside.append(h("p", {}, facet.note));
  if (facet.behaves_like) inside.append(h("p", {}, "Behaves like: ", h("b", {}, facet.behaves_like)));
  const same = JSON.stringify(facet.expected) === JSON.stringify(facet.observed);
  inside.append(pairOf(same ? [["expected and observed", facet.expected]] : [["expected", facet.expected], ["observed", facet.observed]]));
  for (const comparison of facet.comparisons || []) inside.append(...comparisonOf(comparison, facet.message || ""));
  const told = marginBar(facet.margin) || facet.message || (bad ? "" : its.word);
  const row = h("details", { class: `facet o-${its.name}` },
    h("summary", {}, h("i", { title: its.word }, its.symbol), h("span", {}, facet.facet), h("span", { class: "told" }, told)), inside);
  row.open = bad;
  return row;
}

function comparisonOf(comparison, told) {
  const parts = [h("p", {}, h("b", {}, comparison.what), " ", marginBar(comparison.margin),
    comparison.rms !== undefined && comparison.rms !== null ? h("span", { class: "soft" }, ` root mean square ${times(comparison.rms)} its limit`) : null)];
  if (comparison.message && !told.includes(comparison.message)) parts.push(h("p", {}, comparison.message));
  if (comparison.worst?.length) {
    parts.push(h("table", { class: "compared" },
      h("thead", {}, h("tr", {}, ["worst at", "expected", "observed", "tolerances off"].map((text) => h("th", { scope: "col" }, text)))),
      h("tbody", {}, comparison.worst.map((one) => h("tr", {},
        h("td", {}, `[${one.index.join(", ")}]`), h("td", {}, `${one.expected}`), h("td", {}, `${one.observed}`), h("td", {}, times(one.times)))))));
  }
  parts.push(pairOf([["expected, first numbers", comparison.expected], ["observed", comparison.observed]]));
  return parts;
}

function pairOf(pair) {
  const rows = pair.filter(([, value]) => value !== undefined && value !== null);
  if (!rows.length) return "";
  return h("dl", { class: "panel-list" }, rows.map(([name, value]) => [h("dt", { class: "soft" }, name), h("dd", {}, h("code", {}, shown(value)))]));
}

function nativeOf(native) {
  if (!native?.length) return [];
  const rows = native.map((one) => {
    const call = Object.entries(one.arguments || {}).map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(", ");
    const laid = Object.entries(one.weights || {}).map(([name, how]) => h("div", {}, `${name}: ${how}`));
    return h("tr", {}, h("td", {}, one.node),
      h("td", {}, h("code", {}, `${one.symbol}(${call})`), one.composed ? h("span", { class: "tag" }, "composed by the adapter") : null), h("td", {}, laid));
  });
  return [h("h3", {}, "How it was done here"), h("table", { class: "compared" },
    h("thead", {}, h("tr", {}, ["layer", "native equivalent", "weights"].map((text) => h("th", { scope: "col" }, text)))),
    h("tbody", {}, rows))];
}

function caseOf(id, its) {
  const source = [its.source.document && `document ${its.source.document}`, its.source.claim?.length && `claim ${its.source.claim.join(", ")}`, its.source.keras].filter(Boolean).join(" · ");
  const rows = [
    ["source", [source, source && its.source.issue ? " · " : "", its.source.issue ? link(its.source.issue) : null]],
    ["catches", [its.why]],
    ["written at", [h("code", {}, its.place)]],
    ["varied", [Object.keys(its.variation).length ? shown(its.variation) : ""]],
    ["reference", [its.reference]],
    ["data", [its.seed === null ? "" : `seed ${its.seed}`]],
    ...Object.entries(its.without).map(([facet, reason]) => [`no ${facet}`, [reason]]),
  ].filter(([, value]) => value.some(Boolean));
  return [h("h3", {}, "The case"),
    h("dl", { class: "panel-list" }, rows.map(([name, value]) => [h("dt", { class: "soft" }, name), h("dd", {}, value)])),
    listing(its.yaml, "YAML")];
}

function scriptOf(result) {
  const parts = [h("h3", {}, "Standalone script")];
  if (result.script) parts.push(listing(result.script, "script"));
  if (result.scriptNote) parts.push(h("p", { class: "soft" }, result.scriptNote));
  return parts;
}

function extrasOf(result) {
  const parts = [];
  const seconds = Object.entries(result.seconds || {});
  if (seconds.length) {
    parts.push(h("h3", {}, "Time"), h("p", { class: "soft" }, seconds.map(([name, value]) => `${name} ${(1000 * value).toPrecision(3)} ms`).join(" · ")));
  }
  if (result.stderr) parts.push(h("h3", {}, "What the process printed last"), listing(result.stderr, "output"));
  return parts;
}

// ---------------------------------------------------------------- keyboard and wiring

function setFocus(node, focus = true) {
  for (const other of $("grid").querySelectorAll('.glyph[tabindex="0"]')) other.tabIndex = -1;
  node.tabIndex = 0;
  if (focus) node.focus();
}

const cellOf = (node) => ({ at: Number(node.dataset.at), on: Number(node.dataset.on) });

function goTo(node) {
  setFocus(node);
  node.scrollIntoView({ block: "nearest" });
  const box = node.getBoundingClientRect();
  if (box.top < 60) scrollBy(0, box.top - 60); // from under the sticky header
  if (open) location.replace(address(cellOf(node)));
}

function move(node, key) {
  const all = [...$("grid").querySelectorAll(".glyph")];
  const { at, on } = cellOf(node);
  const sameRow = all.filter((other) => Number(other.dataset.at) === at);
  const sameColumn = all.filter((other) => Number(other.dataset.on) === on);
  const [line, step] = { ArrowLeft: [sameRow, -1], ArrowRight: [sameRow, 1], ArrowUp: [sameColumn, -1], ArrowDown: [sameColumn, 1] }[key];
  const next = line[line.indexOf(node) + step];
  if (next) goTo(next);
}

function jump(step) {
  const all = [...$("grid").querySelectorAll(".glyph")];
  const bad = all.filter((node) => !node.classList.contains("faint") && deviates(data.grid[node.dataset.at][node.dataset.on]));
  if (!bad.length) return;
  const focused = all.indexOf($("grid").querySelector('.glyph[tabindex="0"]'));
  const next = step > 0
    ? bad.find((node) => all.indexOf(node) > focused) || bad[0]
    : bad.findLast((node) => all.indexOf(node) < focused) || bad.at(-1);
  goTo(next);
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
  if (event.key === "Escape" && open) location.hash = address(null);
  else if (typing) return;
  else if (event.key === "/") $("q").focus();
  else if (event.key === "n" || event.key === "p") jump(event.key === "n" ? 1 : -1);
  else if (event.target.classList.contains("glyph") && event.key.startsWith("Arrow")) move(event.target, event.key);
  else if (event.target.classList.contains("glyph") && (event.key === "Enter" || event.key === " ")) {
    location.hash = address(cellOf(event.target));
  } else return;
  event.preventDefault();
}

function trouble(text) {
  $("trouble").textContent = text;
  $("trouble").hidden = !text;
}

function option(select, value, text = value) {
  $(select).append(h("option", { value }, text));
}

function wire() {
  const used = new Set(data.grid.join(""));
  option("verdict", "deviates", "does not conform");
  for (const one of data.outcomes) if (used.has(one.code)) option("verdict", one.name, `${one.symbol} ${one.word}`);
  for (const one of data.looks) if (["blocked", "note"].includes(one.name)) option("verdict", one.name, `${one.symbol} ${one.word} (facet)`);
  for (const adapter of data.adapters) option("only", adapter.name);
  for (const facet of data.facets) option("facet", facet);
  for (const family of data.families) option("family", family);
  $("grid").tHead.append(h("tr", {}, h("th", { scope: "col" }, "Case"), data.adapters.map((adapter) =>
    h("th", { scope: "col", title: adapter.versions }, adapter.name.split("-").flatMap((part, at) => (at ? ["-", h("wbr"), part] : [part]))))));
  const refilter = () => {
    rowLimit = ROW_LIMIT;
    const filtered = FILTERS.some((id) => $(id).value) || $("odd").checked;
    closed = new Set(filtered ? [] : closedAtFirst);
    history.replaceState(null, "", address(open));
    draw();
  };
  $("filters").addEventListener("input", refilter);
  $("clear").addEventListener("click", () => { clearFilters(); refilter(); });
  $("filters").addEventListener("submit", (event) => event.preventDefault());
  $("grid").addEventListener("click", (event) => {
    const glyph = event.target.closest(".glyph");
    const family = event.target.closest("[data-family]");
    if (glyph) location.hash = address(cellOf(glyph));
    if (family) {
      const which = Number(family.dataset.family);
      if (!closed.delete(which)) closed.add(which);
      draw();
      $("grid").querySelector(`[data-family="${which}"]`)?.focus();
    }
  });
  document.addEventListener("keydown", onKey);
  addEventListener("hashchange", readAddress);
  $("theme").hidden = false;
  $("theme").addEventListener("click", () => {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });
  $("app").hidden = false;
  readAddress();
  document.documentElement.dataset.ready = "1";
}

wire();
