// The page of one case: all adapters side by side, then one of them in full.

import { caseAddress } from "./address.js";
import { badge, count, facts, h, link, listing, marginBar, table, trouble } from "./dom.js";
import { facetsOf } from "./facets.js";
import { Numbers } from "./numbers.js";

export class CasePage {
  constructor(data) {
    this.data = data;
    addEventListener("themechange", () => this.numbers?.draw());
  }

  async show(parts, before) {
    const { data } = this;
    const at = data.number.get(parts.case);
    if (at === undefined) {
      trouble(`No case ${parts.case} is in this report.`);
      return h("div", {}, h("h1", {}, "No such case"), h("p", {}, h("a", { href: before }, "To the matrix")));
    }
    const on = this.column(at, parts.adapter);
    const [details, written, past] = await Promise.all([data.details(at), data.written(at), data.past()]).catch((error) => {
      trouble(`The details could not be unpacked (${error}).`);
      return [null, {}, { cases: {} }];
    });
    const result = details?.cells[on];
    const id = data.ids[at];
    this.numbers = details ? new Numbers(data, details, on) : null;
    const varied = id.indexOf("[") < 0 ? "" : id.slice(id.indexOf("[") + 1, -1);
    const source = written.source || {};
    const parts_ = [
      h("p", { class: "crumb" }, h("a", { href: before }, "← Matrix"), " ", h("code", {}, id)),
      h("h1", {}, data.title(at) || id),
      facts([
        ["Source", [source.document && `document ${source.document}`, source.claim?.length && ` claim ${source.claim.join(", ")}`, source.keras && h("code", {}, source.keras), source.issue && [" ", link(source.issue)]].filter(Boolean)],
        ["Catches", written.why],
        ["With", varied && h("code", {}, varied.split(/,(?=[a-z_.]+=)/).join(", "))],
      ]),
      this.siblings(at, on),
      this.verdict(at, on, result),
      details ? null : this.leftOut(),
      h("h2", {}, "Side by side"),
      this.sideBySide(at, details),
      this.numbers?.node,
      ...(result ? facetsOf(data, result.verdict.facets || []) : [this.facetRow(at, on)]),
      ...this.native(at, on, result),
      ...this.theCase(written, details),
      ...this.script(at, on, result),
      ...this.history(at, on, past.cases[id]?.[data.adapters[on].name]),
      ...this.extras(result),
    ];
    return h("article", { class: "case-page" }, parts_.filter(Boolean));
  }

  // The adapter that was asked for, else the first that deviates.
  column(at, name) {
    const { data } = this;
    const asked = data.column.get(name);
    if (asked !== undefined) return asked;
    if (name) trouble(`No adapter ${name} is in this report; another is shown.`);
    const bad = data.adapters.findIndex((_, on) => data.deviates(at, on));
    return Math.max(0, bad);
  }

  siblings(at, on) {
    const { data } = this;
    return h("nav", { class: "siblings", "aria-label": "The same case on the other adapters" }, data.adapters.map((adapter, other) => {
      const view = data.view(at, other);
      if (!view) return null;
      return h("a", { href: caseAddress(data.ids[at], adapter.name), class: `o-${view.name}`, "aria-current": other === on ? "true" : null },
        h("i", { "aria-hidden": "true" }, view.symbol), ` ${adapter.name}`, h("span", { class: "sr" }, `: ${view.word}`));
    }));
  }

  verdict(at, on, result) {
    const { data } = this;
    const view = data.view(at, on);
    const adapter = data.adapters[on];
    if (!view) return h("p", { class: "verdict" }, `${adapter.name} was not asked this case.`);
    const message = result ? result.verdict.message : data.message(at, on);
    const known = [result?.verdict.known || data.known(at, on), ...(result?.verdict.also_known || [])].filter(Boolean);
    const versions = Object.entries(adapter.versions || {}).map(([name, version]) => `${name} ${version}`).join(", ");
    const kind = data.kind(at, on);
    return h("div", { class: `verdict o-${view.name}` },
      h("p", {}, badge(view), " on ", h("b", {}, adapter.name), " ", h("span", { class: "soft" }, versions), kind ? h("span", { class: "tag" }, `since the baseline: ${kind}`) : null),
      h("p", { class: "soft" }, view.name === "pass" ? "" : view.meaning),
      message ? h("p", { class: "message" }, message) : null,
      known.map((one) => h("p", {}, h("b", {}, `Ledger: ${one.entry}`), ` (${one.kind}; ${one.facets.join(", ")}) – ${one.reason} `, one.link ? link(one.link) : null)));
  }

  leftOut() {
    return h("p", { class: "note" }, "The numbers, the script and the output of this case are left out to keep this file small. ",
      h("code", {}, "keras-conformance report RECORDS --everything"), " keeps them all.");
  }

  sideBySide(at, details) {
    const { data } = this;
    const rows = data.adapters.map((adapter, on) => {
      const view = data.view(at, on);
      const verdict = details?.cells[on]?.verdict;
      const values = verdict?.facets?.find((facet) => facet.facet === "values");
      const error = data.error(at, on);
      return [h("a", { href: caseAddress(data.ids[at], adapter.name) }, adapter.name), view ? badge(view) : "not asked",
        marginBar(values ? values.margin : data.margin(at, on)), error === null ? "" : error === 0 ? "0" : error.toExponential(1),
        h("span", { class: "clamp" }, verdict?.message || data.message(at, on) || (data.known(at, on)?.entry ?? ""))];
    });
    return table("Verdicts side by side", ["Adapter", "Verdict", "Limit used by the values", "Relative error", "What it says"], rows, { class: "plain side" });
  }

  facetRow(at, on) {
    const { data } = this;
    const looks = data.facets.map((name, facet) => [name, data.look(at, on, facet)]).filter(([, look]) => look);
    if (!looks.length) return null;
    return h("div", {}, h("h2", {}, `Facets on ${data.adapters[on].name}`), h("ul", { class: "legend" }, looks.map(([name, look]) => h("li", {}, badge(look), ` ${name}`))));
  }

  native(at, on, result) {
    const native = result?.native?.length ? result.native : this.data.native(at, on);
    if (!native?.length) return [];
    const rows = native.map((one) => {
      const call = Object.entries(one.arguments || {}).map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(", ");
      return [one.node, [h("code", {}, `${one.symbol}(${one.arguments ? call : "…"})`), one.composed ? h("span", { class: "tag" }, "composed by the adapter") : null, one.note ? h("div", { class: "soft" }, one.note) : null],
        Object.entries(one.weights || {}).map(([name, how]) => h("div", {}, `${name}: ${how}`))];
    });
    return [h("h2", {}, `How it was done on ${this.data.adapters[on].name}`), table("Native equivalent", ["Layer", "Native equivalent", "Weights"], rows)];
  }

  theCase(written, details) {
    return [
      h("h2", {}, "The case"),
      facts([
        ["Written at", written.place && h("code", {}, written.place)],
        ["Reference", details?.reference],
        ["Data", details?.seed === null || details?.seed === undefined ? "" : `seed ${details.seed}`],
        ...Object.entries(details?.without || {}).map(([facet, reason]) => [`No ${facet}`, reason]),
      ]),
      written.yaml ? listing(written.yaml, "YAML", "YAML of the case") : null,
    ];
  }

  script(at, on, result) {
    const { data } = this;
    const command = `keras-conformance repro '${data.ids[at]}' --adapter ${data.adapters[on].name}`;
    const parts = [h("h2", {}, "Script of the framework alone")];
    if (result?.script) parts.push(listing(result.script, "script", "Standalone script"));
    else if (result?.scriptNote) parts.push(h("p", { class: "soft" }, result.scriptNote));
    if (!result?.script) parts.push(listing(command, "command", "Command that prints the script"));
    return parts;
  }

  history(at, on, stretches) {
    const { data } = this;
    const [base] = data.adapters[on].name.split("@");
    const others = data.adapters.map((adapter, other) => [adapter, other]).filter(([adapter, other]) => adapter.name.split("@")[0] === base && data.view(at, other));
    const installed = data.adapters[on].versions || {};
    const [name, version] = Object.entries(installed).find(([what]) => what === "keras") || Object.entries(installed)[0] || ["PACKAGE", "VERSION"];
    const bad = data.deviates(at, on);
    const command = `keras-conformance bisect '${data.ids[at]}' --adapter ${base} --package ${name} ${bad ? `--good VERSION --bad ${version}` : `--good ${version} --bad VERSION`}`;
    const parts = [h("h2", {}, "Over versions")];
    if (others.length > 1) parts.push(table("Over versions", ["Version", "Verdict", "Tolerance used"], others.map(([adapter, other]) => [adapter.name, badge(data.view(at, other)), marginBar(data.margin(at, other))])));
    if (stretches) {
      parts.push(table("In past runs", ["Runs", "Verdict", "With", "What had changed", "Limit used, latest"], stretches.map((one) => [
        `${one.first.slice(0, 10)} – ${one.last.slice(0, 10)} (${count(one.runs, "run")})`, badge(data.viewOf[one.outcome]), one.versions, one.because.join(", "), marginBar(one.margins.at(-1))])));
    } else if (others.length < 2) parts.push(h("p", { class: "soft" }, `This run has one version of ${base}. What earlier runs said: `, h("code", {}, `keras-conformance history '${data.ids[at]}'`)));
    parts.push(h("p", { class: "soft" }, "The first release that changed it:"), listing(command, "command", "Bisect command"));
    return parts;
  }

  extras(result) {
    if (!result) return [];
    const parts = [];
    const seconds = Object.entries(result.seconds || {});
    if (seconds.length) parts.push(h("h2", {}, "Time"), h("p", { class: "soft" }, seconds.map(([name, value]) => `${name} ${(1000 * value).toPrecision(3)} ms`).join(" · ")));
    if (result.stderr) parts.push(h("h2", {}, "What the process printed last"), listing(result.stderr, "output", "Output of the process"));
    return parts;
  }
}
