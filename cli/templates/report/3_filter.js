// What is filtered, sorted and open stands in the address's fragment, so that a link leads to the same view.
const TEXTS = ["account", "actor", "action", "technique", "cascade"];
const COLUMN_OF = { technique: "techniques" };
const HIDDEN = new Set(["kind", "path", "instance"]);

function readState(rows) {
  const given = new URLSearchParams(location.hash.slice(1));
  const known = new Set(rows.kinds);
  const asked = (given.get("verdict") || "").split(",").filter((each) => known.has(each));
  const state = {
    q: given.get("q") || "",
    verdict: new Set(given.has("verdict") ? asked : defaultKinds(rows)),
    from: moment(given.get("from")),
    to: moment(given.get("to")),
    sort: given.get("sort") || "time",
    event: given.get("event"),
  };
  for (const name of TEXTS) state[name] = given.get(name) || "";
  return state;
}

function defaultKinds(rows) {
  const some = (kind) => rows.columns.kind && rows.columns.kind.values.includes(kind);
  return some("orphan") ? ["orphan"] : rows.kinds.filter((kind) => kind !== "unlisted");
}

function moment(text) {
  const parts = /^\s*(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d)?)?Z?\s*$/.exec(text || "");
  const milliseconds = parts ? Date.parse(`${parts[1]}T${parts[2] || "00:00"}${parts[3] || ":00"}Z`) : NaN;
  return Number.isNaN(milliseconds) ? null : Math.floor(milliseconds / 1000);
}

function fragmentOf(state, rows, event = state.event) {
  const told = new URLSearchParams();
  if (state.q) told.set("q", state.q);
  const kinds = [...state.verdict].join(",");
  if (kinds !== defaultKinds(rows).join(",")) told.set("verdict", kinds);
  for (const name of TEXTS) if (state[name]) told.set(name, state[name]);
  if (state.from !== null) told.set("from", iso(state.from));
  if (state.to !== null) told.set("to", iso(state.to));
  if (state.sort !== "time") told.set("sort", state.sort);
  if (event) told.set("event", event);
  return told.toString();
}

// Browsers refuse to have the address changed at every key, so it follows when there is a pause.
const PAUSE_MS = 150;
let writing = 0;
function writeState(state, rows) {
  clearTimeout(writing);
  // An empty fragment would scroll to the page's top; "#all" names no element.
  writing = setTimeout(() => history.replaceState(null, "", `#${fragmentOf(state, rows) || "all"}`), PAUSE_MS);
}

// The rows in view, how many of each kind the other filters leave, and the rows of any time for the overview.
function select(rows, state) {
  const flags = [];
  for (const name of TEXTS) {
    if (!state[name]) continue;
    const column = COLUMN_OF[name] || name;
    flags.push([rows.columns[column], rows.matching(column, state[name].toLowerCase())]);
  }
  let alive = new Uint8Array(rows.count).fill(1);
  for (const [column, wanted] of flags)
    for (let row = 0; row < rows.count; row++) if (!column || !wanted[column.at[row]]) alive[row] = 0;
  for (const term of state.q.toLowerCase().split(/\s+/).filter(Boolean)) alive = narrowed(rows, alive, term);
  const kind = rows.columns.kind;
  const counts = Object.fromEntries(rows.kinds.map((each) => [each, 0]));
  const anyTime = [];
  const view = [];
  for (let row = 0; row < rows.count; row++) {
    if (!alive[row]) continue;
    const name = kind.values[kind.at[row]];
    const inTime = (state.from === null || rows.times[row] >= state.from) && (state.to === null || rows.times[row] <= state.to);
    if (inTime) counts[name]++;
    if (!state.verdict.has(name)) continue;
    anyTime.push(row);
    if (inTime) view.push(row);
  }
  return { view: sorted(rows, view, state.sort), counts, anyTime };
}

function narrowed(rows, alive, term) {
  const found = new Uint8Array(rows.count);
  for (const [name, column] of Object.entries(rows.columns)) {
    if (HIDDEN.has(name)) continue;
    const wanted = rows.matching(name, term);
    if (!wanted.includes(1)) continue;
    for (let row = 0; row < rows.count; row++) if (wanted[column.at[row]]) found[row] = 1;
  }
  for (let row = 0; row < rows.count; row++) {
    if (alive[row] && !found[row] && rows.ids[row].toLowerCase().includes(term)) found[row] = 1;
    found[row] &= alive[row];
  }
  return found;
}

function sorted(rows, view, sort) {
  const down = sort.startsWith("-");
  const name = down ? sort.slice(1) : sort;
  const column = rows.columns[COLUMN_OF[name] || name];
  const ordered = Uint32Array.from(view);
  let before = (one, other) => rows.times[one] - rows.times[other] || one - other;
  if (name !== "time" && column) {
    const byWords = column.values.map((value, place) => [rows.words(name, value), place]);
    byWords.sort((one, other) => (one[0] < other[0] ? -1 : one[0] > other[0] ? 1 : 0));
    const rank = new Uint32Array(byWords.length);
    byWords.forEach(([, place], position) => { rank[place] = position; });
    const byTime = before;
    before = (one, other) => rank[column.at[one]] - rank[column.at[other]] || byTime(one, other);
  }
  return ordered.sort(down ? (one, other) => before(other, one) : before);
}
