// The page's data: the other side of conformance/report/packing.py and columns.py.

async function unpacked(text) {
  const bytes = Uint8Array.fromBase64?.(text) ?? Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

const FIRST = 0x30;
const OCTAVES = 64;
const STEPS = 4;

// The number that stands behind a letter; -1 where there is none.
function numberOf(column, at) {
  const code = column.charCodeAt(at);
  if (!(code >= FIRST)) return -1; // NaN behind the end, or a blank
  return (code >= 0xe000 ? code - 0x800 : code) - FIRST;
}

// The value on the logarithmic scale of packing.py; null where it has no size.
function logarithmic(column, at) {
  const number = numberOf(column, at);
  return number < 0 ? null : number === 0 ? 0 : 2 ** ((number - 1) / STEPS - OCTAVES);
}

const DEVIATES = new Set(["fail", "error", "crash", "timeout", "xfail"]);

const sparse = ([places, values]) => new Map(places.map((place, at) => [place, values[at]]));

export class Data {
  constructor(index) {
    this.run = index.run;
    this.started = index.started;
    this.adapters = index.adapters;
    this.views = index.views;
    this.looks = index.looks;
    this.facets = index.facets;
    this.families = index.families;
    this.groups = index.groups;
    this.ledger = index.ledger;
    this.kinds = index.kinds;
    this.messages = index.messages;
    this.natives = index.natives;
    this.patterns = index.patterns;
    this.entries = index.entries.map(([id, title, family, group, words]) => ({ id, title, family, group, words }));
    this.size = index.suffixes.length;
    this.entry = Int32Array.from({ length: this.size }, (_, at) => numberOf(index.entry, at));
    this.ids = index.suffixes.map((suffix, at) => this.entries[this.entry[at]].id + suffix);
    this.suffixes = index.suffixes;
    this.chunks = Int32Array.from({ length: this.size }, (_, at) => numberOf(index.chunk, at) - 1);
    this.columns = index.columns.map((column) => ({ ...column, message: sparse(column.message), known: sparse(column.known) }));
    this.viewByCode = Object.fromEntries(index.views.map((view) => [view.code, view]));
    this.viewOf = Object.fromEntries(index.views.map((view) => [view.name, view]));
    this.lookByCode = Object.fromEntries(index.looks.map((look) => [look.code, look]));
    this.lookOf = Object.fromEntries(index.looks.map((look) => [look.name, look]));
    this.number = new Map(this.ids.map((id, at) => [id, at]));
    this.column = new Map(index.adapters.map((adapter, on) => [adapter.name, on]));
    this.unpacking = new Map();
  }

  title(at) { return this.entries[this.entry[at]].title; }
  group(at) { return this.entries[this.entry[at]].group; }
  family(at) { return this.entries[this.entry[at]].family; }

  // How a cell is shown; undefined where it was not planned.
  view(at, on) { return this.viewByCode[this.columns[on].grid[at]]; }

  // How one facet of it is shown; undefined where it was not asked for.
  look(at, on, facet) {
    const pattern = this.patterns[numberOf(this.columns[on].pattern, at)];
    return pattern && this.lookByCode[pattern[facet]];
  }

  margin(at, on) { return logarithmic(this.columns[on].margin, at); }
  error(at, on) { return logarithmic(this.columns[on].error, at); }
  kind(at, on) { return this.kinds[numberOf(this.columns[on].kind, at)]; }
  message(at, on) { return this.messages[this.columns[on].message.get(at)] || ""; }
  known(at, on) { return this.ledger[this.columns[on].known.get(at)]; }
  native(at, on) { return this.natives[numberOf(this.columns[on].native, at)]; }

  // Whether the framework itself does otherwise, expected or not.
  deviates(at, on) { return DEVIATES.has(this.view(at, on)?.name); }

  passes(at, on) { return this.columns[on].grid[at] === this.viewOf.pass.code; }

  // What explains a case, or null where the file has no room for it.
  async details(at) {
    const chunk = this.chunks[at];
    if (chunk < 0) return null;
    if (!this.unpacking.has(chunk)) {
      if (this.unpacking.size > 20) this.unpacking.delete(this.unpacking.keys().next().value);
      this.unpacking.set(chunk, unpacked(this.packed()[chunk]));
    }
    return (await this.unpacking.get(chunk))[at];
  }

  packed() {
    this.parts ??= JSON.parse(document.getElementById("details").textContent);
    return this.parts;
  }

  // What the run proves of how Keras's layers are done natively.
  async porting() {
    this.guides ??= unpacked(document.getElementById("porting").textContent);
    return this.guides;
  }

  // What past runs said: the trend by adapter, and stretches of equal outcomes by case.
  async past() {
    this.before ??= unpacked(document.getElementById("past").textContent);
    return this.before;
  }

  // What was written of a case, shared by all variants of its entry.
  async written(at) {
    this.texts ??= unpacked(document.getElementById("written").textContent);
    return (await this.texts)[this.entry[at]];
  }
}

export const load = async () => new Data(await unpacked(document.getElementById("table").textContent));
