// Which cells the matrix shows.

import { SWITCHES } from "./address.js";

const WITNESSES = 2; // adapters that must conform before the one that doesn't is called alone

// Deviates on this adapter only, while at least two others conform.
export function isAlone(data, at, on) {
  if (!data.deviates(at, on)) return false;
  let passing = 0;
  for (let other = 0; other < data.adapters.length; other++) {
    if (other === on) continue;
    if (data.deviates(at, other)) return false;
    passing += data.passes(at, other);
  }
  return passing >= WITNESSES;
}

// Some adapters pass the case and others don't.
export function differs(data, at) {
  let passing = false, deviating = false;
  for (let on = 0; on < data.adapters.length; on++) {
    passing ||= data.passes(at, on);
    deviating ||= data.deviates(at, on);
  }
  return passing && deviating;
}

export class Filter {
  constructor(data, parts) {
    this.data = data;
    this.words = (parts.q || "").toLowerCase().split(/\s+/).filter(Boolean);
    this.verdict = parts.verdict || "";
    this.only = parts.only ? data.column.get(parts.only) ?? -1 : null;
    this.facet = parts.facet ? data.facets.indexOf(parts.facet) : null;
    this.family = parts.family ? data.families.indexOf(parts.family) : null;
    this.group = parts.group ? data.groups.indexOf(parts.group) : null;
    this.changed = parts.changed || "";
    this.version = parts.version || "";
    for (const name of SWITCHES) this[name] = Boolean(parts[name]);
    this.ofCells = Boolean(this.verdict || this.changed || this.alone || this.only !== null || this.facet !== null || this.version);
  }

  get any() {
    return this.ofCells || this.differs || this.words.length > 0 || this.family !== null || this.group !== null;
  }

  // Columns that a version or an adapter was chosen of.
  columns() {
    const { data } = this;
    return data.adapters.map((adapter, on) =>
      (this.only === null || this.only === on) &&
      (!this.version || Object.entries(adapter.versions || {}).some(([name, version]) => `${name} ${version}` === this.version)));
  }

  row(at) {
    const { data } = this;
    if (this.family !== null && data.family(at) !== this.family) return false;
    if (this.group !== null && data.group(at) !== this.group) return false;
    if (this.differs && !differs(data, at)) return false;
    return !this.words.length || this.found(at);
  }

  found(at) {
    const { data } = this;
    const entry = data.entries[data.entry[at]];
    let text = `${data.ids[at]} ${entry.title} ${entry.words}`.toLowerCase();
    if (this.words.every((word) => text.includes(word))) return true;
    for (let on = 0; on < data.adapters.length; on++) text += ` ${data.message(at, on).toLowerCase()} ${data.known(at, on)?.entry ?? ""}`;
    return this.words.every((word) => text.includes(word));
  }

  cell(at, on) {
    const { data } = this;
    const view = data.view(at, on);
    if (!view) return false;
    const look = this.facet === null ? view : data.look(at, on, this.facet);
    if (!look) return false;
    if (this.verdict === "deviates") {
      if (this.facet === null ? !data.deviates(at, on) : !["fail", "error"].includes(look.name)) return false;
    } else if (this.verdict === "unexpected") {
      if (!view.fails) return false;
    } else if (this.verdict === "note") {
      if (!this.noted(at, on)) return false;
    } else if (this.verdict && look.name !== this.verdict) return false;
    if (this.changed === "changed" ? !data.kind(at, on) : this.changed && data.kind(at, on) !== this.changed) return false;
    return !this.alone || isAlone(data, at, on);
  }

  noted(at, on) {
    const { data } = this;
    if (this.facet !== null) return data.look(at, on, this.facet)?.name === "note";
    return data.facets.some((_, facet) => data.look(at, on, facet)?.name === "note");
  }
}
