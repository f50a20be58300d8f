// Keras's layers in a framework's own terms, as the run proved them (conformance/porting/).

import { address, caseAddress } from "./address.js";
import { count, h, table } from "./dom.js";

export async function portingPage(data, parts) {
  const rows = await data.porting();
  const adapters = [...new Set(rows.map((row) => row.adapter))];
  const head = [h("h1", {}, "From Keras to the framework's own modules"),
    h("p", { class: "soft prose" }, "What each Keras layer is in a framework without Keras: module, arguments, layout of the weights. Nothing of it is an opinion: each row was run, with the same weights and inputs, and met the float64 truth. A rule between two arguments is shown only if it held in every call.")];
  if (!rows.length) {
    return h("article", {}, head, h("p", { class: "note" }, "This run proves nothing of it: no native adapter was run. Native adapters are torch, jax and flax: ",
      h("code", {}, "keras-conformance run --adapter torch --adapter jax"), "."));
  }
  const chosen = adapters.includes(parts.adapter) ? parts.adapter : adapters[0];
  const mine = rows.filter((row) => row.adapter === chosen);
  return h("article", {}, head,
    h("nav", { class: "siblings", "aria-label": "Frameworks" }, adapters.map((adapter) =>
      h("a", { href: address({ page: "porting", adapter }), "aria-current": adapter === chosen ? "true" : null }, adapter))),
    bites(mine), ...families(mine), refused(mine));
}

const python = (value) => (value === null || value === undefined ? "None" : value === true ? "True" : value === false ? "False" : typeof value === "string" ? `"${value}"` : Array.isArray(value) ? `(${value.map(python).join(", ")})` : JSON.stringify(value));
const proof = (adapter, id, text) => h("a", { href: caseAddress(id, adapter), title: id }, text);

// Arguments whose defaults are not the same: what a port by hand loses days to.
function bites(rows) {
  const found = [];
  for (const row of rows) {
    for (const way of row.ways || []) {
      for (const argument of way.arguments || []) {
        if (argument.differs) found.push([row, argument]);
      }
    }
  }
  if (!found.length) return h("p", { class: "note" }, "These records don't tell the calls that were made, so defaults can't be compared: run again with this version.");
  return h("section", {}, h("h2", {}, "What bites: defaults that differ"),
    table("Defaults that differ", ["Keras layer", "Keras's default", "is here", "The framework's own default", "Rule", "Proven by"], found.map(([row, argument]) => [
      row.layer,
      h("code", {}, argument.keras ? `${argument.keras}=${python(argument.keras_default)}` : "always"),
      h("code", {}, `${argument.native}=${python(argument.equivalent)}`),
      argument.known ? h("code", {}, `${argument.native}=${python(argument.native_default)}`) : "",
      argument.kind === "converted" ? h("code", {}, `${argument.native} = ${argument.rule}`) : argument.kind,
      argument.proofs?.length ? proof(row.adapter, argument.proofs[0], "case") : ""]), { class: "plain porting" }));
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
