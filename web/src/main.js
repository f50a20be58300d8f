// The start, and the way between pages.

import { address, current } from "./address.js";
import { load } from "./data.js";
import { $, marks, trouble } from "./dom.js";
import { adapterPage } from "./adapter.js";
import { CasePage } from "./case.js";
import { Matrix } from "./matrix.js";
import { portingPage } from "./porting.js";
import { precisionPage } from "./precision.js";
import { versionsPage } from "./versions.js";

const OLD = 14; // days behind which a run is called old
const TITLE = document.title;

let data, matrix, casePage;

// The matrix's address, to go back to from a case.
const before = () => matrix?.here || address({ page: "matrix" });

// Pages that stand in the file as they are, without the script.
const written = new Set([...document.querySelectorAll("[data-page]")].map((section) => section.dataset.page));
written.delete("app");

const PAGES = {
  matrix: (parts) => (matrix ??= new Matrix(data)).show(parts),
  case: (parts) => (casePage ??= new CasePage(data)).show(parts, before()),
  adapter: (parts) => adapterPage(data, parts),
  porting: (parts) => portingPage(data, parts),
  precision: (parts) => precisionPage(data, parts),
  versions: (parts) => versionsPage(data, parts),
};

async function route() {
  const parts = current();
  const build = PAGES[parts.page];
  trouble("");
  const place = build ? "app" : written.has(parts.page) ? parts.page : "overview";
  for (const section of document.querySelectorAll("[data-page]")) section.hidden = section.dataset.page !== place;
  for (const link of document.querySelectorAll("[data-nav]")) {
    if (link.dataset.nav === (parts.page === "case" ? "matrix" : parts.page)) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  delete document.documentElement.dataset.shown;
  if (build) {
    const app = document.querySelector('[data-page="app"]');
    const here = location.hash;
    const node = await build(parts);
    if (location.hash !== here) return; // another page was asked for meanwhile
    if (app.firstChild !== node || app.childNodes.length !== 1) app.replaceChildren(node);
    if (parts.page === "matrix") matrix.attached();
  }
  const heading = document.querySelector("[data-page]:not([hidden]) h1");
  document.title = parts.page === "overview" ? TITLE : marks(`${heading?.textContent ?? parts.page} – Keras conformance`);
  document.documentElement.dataset.shown = location.hash || "#";
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
  const { page } = current();
  if (event.key === "Escape" && page === "case") location.hash = before();
  else if (event.key === "Escape" && typing) event.target.blur();
  else if (typing) return;
  else if (event.key === "/") {
    if (page !== "matrix") { location.hash = address({ page: "matrix" }); setTimeout(() => $("q")?.focus(), 50); } else $("q").focus();
  } else if ((event.key === "n" || event.key === "p") && page === "matrix") matrix.jump(event.key === "n" ? 1 : -1);
  else return;
  event.preventDefault();
}

function tellAge() {
  const days = Math.floor((Date.now() - Date.parse(data.started)) / 86_400_000);
  if (days >= OLD) $("age").textContent = ` · ${days} days old when you opened it`;
  $("age").classList.toggle("old", days >= OLD);
}

function themed() {
  const button = $("theme");
  button.hidden = false;
  button.addEventListener("click", () => {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    dispatchEvent(new Event("themechange"));
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => dispatchEvent(new Event("themechange")));
}

async function start() {
  themed();
  document.querySelector(".skip").addEventListener("click", (event) => { event.preventDefault(); $("content").focus(); }); // no page of that name
  data = await load();
  tellAge();
  let last = location.hash;
  addEventListener("hashchange", () => {
    if (current().page !== "matrix" || last !== location.hash) scrollTo(0, 0);
    last = location.hash;
    route().catch((error) => trouble(`This page could not be drawn: ${error}`));
  });
  document.addEventListener("keydown", onKey);
  await route();
  scrollTo(0, 0); // the browser has jumped to what bears the address as its id, below the header
  document.documentElement.dataset.ready = "1";
}

start().catch((error) => trouble(`The report's data could not be read: ${error}`));
