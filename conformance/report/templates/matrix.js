// What is filtered and open is kept in the address; the matrix is drawn from it.

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
