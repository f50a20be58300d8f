// What is shown is kept in the address, so that a link to it is the address bar.

export const FILTERS = ["q", "verdict", "only", "facet", "family", "group", "changed", "version"];
export const SWITCHES = ["alone", "differs"];

export function address(parts) {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parts)) if (value) search.set(name, value === true ? "1" : value);
  return `#${search}`;
}

export const caseAddress = (id, adapter) => address({ case: id, adapter });

// Page and parts of the address. Anything that is not understood is the overview.
export function current() {
  const parts = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  if (parts.case !== undefined) return { page: "case", ...parts };
  const filtered = [...FILTERS, ...SWITCHES].some((name) => parts[name]);
  return { ...parts, page: parts.page || (filtered ? "matrix" : "overview") };
}
