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
