// Making elements. Text only ever enters the page through textContent and attributes set here:
// whatever a framework wrote stays text.

const SVG = new Set(["svg", "rect", "line", "title", "text", "g"]);

// What a browser would obey or hide, and how it is shown instead; as `visible` in wording/text.py,
// through which all text of a record has gone. What comes by the address, say, has not.
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]|\p{Surrogate}/gu;
export const marks = (text) => text.replace(HIDDEN, (letter) => `⟨U+${letter.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`);

export const $ = (id) => document.getElementById(id);

export function h(tag, attributes, ...children) {
  const node = SVG.has(tag)
    ? document.createElementNS("http://www.w3.org/2000/svg", tag)
    : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== null && value !== false) node.setAttribute(name, value === true ? "" : marks(String(value)));
  }
  const kept = children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== "" && child !== false);
  node.append(...kept.map((child) => (child instanceof Node ? child : marks(String(child)))));
  return node;
}

export const count = (number, one, many = `${one}s`) => `${number.toLocaleString("en")} ${number === 1 ? one : many}`;

export function badge(view, extra = "") {
  return h("span", { class: `badge o-${view.name}` }, h("b", { "aria-hidden": "true" }, view.symbol), ` ${view.word}`, extra);
}

export function link(url) {
  return /^https?:\/\//.test(url) ? h("a", { href: url, rel: "noreferrer noopener" }, url) : url;
}

// A list of term and description; what has no description is left out.
export function facts(rows) {
  const kept = rows.filter(([, value]) => [value].flat().some((one) => one !== "" && one !== null && one !== undefined && one !== false));
  return kept.length ? h("dl", { class: "facts-list" }, kept.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])) : null;
}

// A table from rows of cells; the first cell of a row is its header.
export function table(caption, heads, rows, options = {}) {
  return h("div", { class: "wide", tabindex: 0, role: "region", "aria-label": caption },
    h("table", { class: options.class || "plain" },
      h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)))),
      h("tbody", {}, rows.map((row) => h("tr", {}, row.map((cell, at) => (at ? h("td", {}, cell) : h("th", { scope: "row" }, cell))))))));
}

export function listing(text, label, name) {
  const pre = h("pre", { tabindex: 0, "aria-label": name }, h("code", {}, text));
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

export function trouble(text) {
  $("trouble").textContent = marks(text);
  $("trouble").hidden = !text;
}

const isSize = (item) => item === null || Number.isInteger(item);
export const cut = (text, limit) => (text.length > limit ? `${text.slice(0, limit)} …` : text);

// A shape as a Keras user writes it, anything else as JSON. Like `shown` in text.py.
export function shown(value, limit = 600) {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return cut(value, limit);
  if (Array.isArray(value) && value.length && value.every(isSize)) {
    const inner = value.map((item) => (item === null ? "None" : item)).join(", ");
    return cut(value.length === 1 ? `(${inner},)` : `(${inner})`, limit);
  }
  return cut(JSON.stringify(value, null, 1).replace(/\s*\n\s*/g, " "), limit);
}

// How far a number is out, in the one unit for it: times its tolerance, as messages say.
export function times(value, tolerance = "the tolerance") {
  if (typeof value === "string") return value;
  return `${value >= 1000 ? value.toExponential(1) : Number(value.toPrecision(3))} times ${tolerance}`;
}

export const percent = (share) => (share < 0.0995 ? `${(100 * share).toPrecision(1)} %` : `${Math.round(100 * share)} %`);

// How much of the tolerance was used. The mark is all of it; a failure runs over it.
export function marginBar(margin) {
  if (margin === null || margin === undefined || margin === "") return null;
  const value = typeof margin === "number" ? margin : Number.NaN;
  const fails = !(value <= 1);
  const width = Number.isNaN(value) ? 100 : Math.max(1, Math.min(100, fails ? 70 + 10 * Math.log10(value) : 70 * value));
  const label = fails ? times(margin) : `${percent(value)} of the tolerance`;
  return h("span", { class: `margin o-${fails ? "fail" : "pass"}` },
    h("svg", { viewBox: "0 0 100 9", preserveAspectRatio: "none", "aria-hidden": "true" },
      h("rect", { class: "track", x: 0, y: 1, width: 100, height: 7 }),
      h("rect", { x: 0, y: 1, width, height: 7 }),
      h("rect", { class: "limit", x: 70, y: 0, width: 1, height: 9 })),
    h("span", {}, label));
}
