// The rows of the matrix: one a layer or function, and below those that are open, one a case.

const UNFOLD_UP_TO = 250; // cases that a filter leaves; more begin folded

// What the cases of a group are on one adapter, counted by view (or by the look of one facet).
function tally(data, members, on, filter) {
  const counts = new Map();
  for (const at of members) {
    if (filter.ofCells && !filter.cell(at, on)) continue;
    const view = filter.facet === null ? data.view(at, on) : data.look(at, on, filter.facet);
    if (view) counts.set(view, (counts.get(view) || 0) + 1);
  }
  return counts;
}

// Worst first, as the tables of views and looks are.
export function ordered(data, counts, facet) {
  return (facet === null ? data.views : data.looks).filter((view) => counts.has(view)).map((view) => [view, counts.get(view)]);
}

// Rows for a filter; `open` holds the groups that were opened (true) or closed (false) by hand.
export function rowsOf(data, filter, open) {
  const groups = new Map();
  const columns = filter.columns();
  let cases = 0, cells = 0;
  for (let at = 0; at < data.size; at++) {
    if (!filter.row(at)) continue;
    let hits = 0;
    for (let on = 0; on < columns.length; on++) if (columns[on] && filter.cell(at, on)) hits++;
    if (!hits) continue;
    cases++;
    cells += hits;
    const group = data.group(at);
    if (!groups.has(group)) groups.set(group, []);
    groups.get(group).push(at);
  }
  const unfold = filter.any && cases <= UNFOLD_UP_TO;
  const rows = [];
  for (const [group, members] of groups) {
    const folded = !(open.get(group) ?? unfold);
    const counts = data.adapters.map((_, on) => (columns[on] ? tally(data, members, on, filter) : new Map()));
    rows.push({ id: `g${group}`, group, members, folded, counts });
    if (folded) continue;
    for (const at of members) {
      const hit = filter.ofCells ? columns.map((chosen, on) => chosen && filter.cell(at, on)) : null;
      rows.push({ id: `c${at}`, at, hit });
    }
  }
  return { rows, cases, cells };
}
