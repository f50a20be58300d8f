// Keyboard and mouse, and the start.

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
