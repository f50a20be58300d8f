// The panel with the details of one cell.

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
