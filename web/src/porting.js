// Keras's layers in a framework's own terms, as the run proved them (conformance/porting/).

import { address, caseAddress } from "./address.js";
import { count, h, table } from "./dom.js";

export async function portingPage(data, parts) {
  const guides = await data.porting();
  const head = [h("h1", {}, "From Keras to the framework's own modules"),
    h("p", { class: "soft prose" }, "What each Keras layer is in a framework without Keras: module, arguments, layout of the weights. Nothing of it is an opinion: each row was run, with the same weights and inputs, and met the float64 truth. A rule between two arguments is shown only if it held in every call.")];
  if (!guides.length) {
    return h("article", {}, head, h("p", { class: "note" }, "This run proves nothing of it: no native adapter was run. Native adapters are torch, jax and flax: ",
      h("code", {}, "keras-conformance run --adapter torch --adapter jax"), "."));
  }
  const chosen = guides.find((guide) => guide.adapter === parts.adapter) ?? guides[0];
  const { adapter, rows } = chosen;
  return h("article", {}, head,
    h("nav", { class: "siblings", "aria-label": "Frameworks" }, guides.map((guide) =>
      h("a", { href: address({ page: "porting", adapter: guide.adapter }), "aria-current": guide === chosen ? "true" : null }, guide.adapter))),
    bites(adapter, chosen.bites), ...families(rows), refused(rows));
}

const python = (value) => (value === null || value === undefined ? "None" : value === true ? "True" : value === false ? "False" : typeof value === "string" ? `"${value}"` : Array.isArray(value) ? `(${value.map(python).join(", ")})` : JSON.stringify(value));
const proof = (adapter, id, text) => h("a", { href: caseAddress(id, adapter), title: id }, text);

// What a port by hand loses days to.
function bites(adapter, found) {
  if (!found.length) return h("p", { class: "note" }, "These records don't tell the calls that were made, so defaults can't be compared: run again with this version.");
  const code = (text) => (text ? h("code", {}, text) : "");
  const kind = (name, title, lead, columns, cells) => {
    const these = found.filter((bite) => bite.kind === name);
    if (!these.length) return null;
    return [h("h3", {}, title), h("p", { class: "soft prose" }, lead),
      table(title, ["Keras layer", ...columns, "To", "Proven by"], these.map((bite) => [
        bite.layers.join(", "), ...cells(bite).map(code), code(bite.call), bite.proof ? proof(adapter, bite.proof, "case") : ""]), { class: "plain porting" })];
  };
  return h("section", {}, h("h2", {}, "What bites"),
    kind("default", "Defaults that differ", `Left out on both sides, these give two different layers. Pass what ${adapter} calls it.`,
      ["Keras's default", `${adapter}'s default`, "Pass"], (bite) => [bite.keras, bite.native, bite.wanted]),
    kind("meaning", "Arguments that mean something else", `What ${adapter} takes, in Keras's words.`, ["Pass"], (bite) => [bite.wanted]),
    kind("wordless", "Arguments that Keras has no word for", `${adapter}'s default does not do what Keras does: in all cases it took this value.`,
      ["Pass", `${adapter}'s default`], (bite) => [bite.wanted, bite.native]));
}

function families(rows) {
  const names = [...new Set(rows.filter((row) => row.ways?.length).map((row) => row.family))];
  return names.map((family) => h("section", {}, h("h2", {}, family.replaceAll("_", " ")),
    table(`Layers of ${family}`, ["Keras layer", "Native module", "Weights", "Arguments", "Proven by"],
      rows.filter((row) => row.family === family).flatMap((row) => (row.ways || []).map((way, at) => [
        at ? h("span", { class: "sr" }, row.layer) : h("b", {}, row.layer),
        [h("code", {}, way.symbol), way.composed ? [" ", h("span", { class: "tag" }, "composed")] : null, ...(way.conditions || []).map((one) => h("div", { class: "soft" }, condition(one))), way.note ? h("div", { class: "soft" }, way.note) : null,
          ...(way.around || []).map((one) => h("div", { class: "soft" }, "around it: ", h("code", {}, one.symbol), one.always ? "" : ` ${(one.conditions || []).map(condition).join("; ") || "at times"}`))],
        Object.entries(way.weights || {}).map(([name, how]) => h("div", {}, how.includes("=") ? how : `${name}: ${how}`)),
        (way.arguments || []).filter((one) => one.kind !== "input").map((one) => h("div", {}, h("code", {}, `${one.native} = ${one.kind === "computed" ? `(computed) ${one.rule || ""}` : one.rule || one.keras}`))),
        way.proofs?.length ? proof(row.adapter, way.proofs[0], count(way.cases, "case")) : count(way.cases || 0, "case")])),
      { class: "plain porting" })));
}

const condition = (one) => `${one.always ? "when" : "in some cases when"} ${one.keras} is ${one.values.map(python).join(" or ")}`;

function refused(rows) {
  const found = rows.flatMap((row) => (row.refusals || []).map((refusal) => [row, refusal]));
  if (!found.length) return null;
  return h("section", {}, h("h2", {}, "What has no counterpart"), table("What has no counterpart", ["Keras layer", "Why", "Cases"], found.map(([row, refusal]) => [
    row.layer, refusal.reason, refusal.proofs?.length ? proof(row.adapter, refusal.proofs[0], count(refusal.cases, "case")) : count(refusal.cases, "case")])));
}
