// Ties filters, overview, table, event and address together.
const SUGGESTED = 300;

class Page {
  constructor(rows) {
    this.rows = rows;
    this.state = readState(rows);
    this.detail = new Detail(rows, this);
    this.grid = new Grid(rows, (row, focus) => this.open(row, focus), (key) => this.sortBy(key));
    this.overview = new Overview(rows, (from, to) => this.change({ from, to }));
    this.controls();
    byId("explorer").hidden = false;
    this.refresh();
    this.follow();
    addEventListener("hashchange", () => this.follow());
    addEventListener("keydown", (event) => this.key(event));
    document.addEventListener("click", (event) => {
      const link = event.target.closest("a[href^='#']");
      if (link && link.hash === location.hash) this.follow(); // no other address, so that nothing else would tell
    });
  }

  controls() {
    byId("kinds").append(...this.rows.kinds.filter((kind) => this.rows.columns.kind.values.includes(kind)).map((kind) =>
      make("label", { class: `chip ${kind}`, title: KIND_WORDS[kind][1] },
        make("input", { type: "checkbox", value: kind, onchange: (event) => this.toggle(kind, event.target.checked) }),
        make("span", { class: `dot ${kind}`, "aria-hidden": "true" }), KIND_WORDS[kind][0], make("span", { class: "n", id: `count-${kind}` }))));
    for (const name of TEXTS) {
      byId(`f-${name}`).addEventListener("input", (event) => this.later({ [name]: event.target.value.trim() }));
      byId(`l-${name}`).append(...this.suggestions(name).map((value) => make("option", { value })));
    }
    byId("search").addEventListener("input", (event) => this.later({ q: event.target.value.trim() }));
    for (const side of ["from", "to"]) byId(`f-${side}`).addEventListener("change", (event) => this.time(side, event.target));
    byId("sort").addEventListener("change", (event) => this.change({ sort: event.target.value }));
    byId("reset").addEventListener("click", () => this.change({ q: "", account: "", actor: "", action: "", technique: "", cascade: "", from: null, to: null, verdict: new Set(defaultKinds(this.rows)), sort: "time" }));
    const left = Object.entries(this.rows.leftOut).map(([kind, count]) => `${thousands(count)} ${KIND_WORDS[kind][0].toLowerCase()}`);
    if (left.length) byId("left-out").textContent = `The page carries ${counted(this.rows.count, "event")}. Not in it: ${left.join(", ")}; --format ndjson has them all.`;
    if (this.rows.recordsLeftOut) byId("records-left-out").textContent = `Of ${counted(this.rows.recordsLeftOut, "event")} the raw record is not in the page.`;
  }

  // The most frequent values of a column.
  suggestions(name) {
    const column = this.rows.columns[COLUMN_OF[name] || name];
    if (!column) return [];
    const counts = new Uint32Array(column.values.length);
    for (const place of column.at) counts[place]++;
    const single = new Map();
    column.values.forEach((value, place) => {
      for (const each of Array.isArray(value) ? value : [value]) if (each) single.set(each, (single.get(each) || 0) + counts[place]);
    });
    return [...single].sort((one, other) => other[1] - one[1] || (one[0] < other[0] ? -1 : 1)).slice(0, SUGGESTED).map(([value]) =>
      name === "technique" && this.rows.techniques[value] ? `${value} ${this.rows.techniques[value][0]}` : value);
  }

  time(side, field) {
    const asked = moment(field.value);
    const wrong = asked === null && field.value.trim() !== "";
    field.setAttribute("aria-invalid", String(wrong));
    if (wrong) announce("A time is written as 2026-03-17 10:21:33, in UTC");
    else this.change({ [side]: asked });
  }

  toggle(kind, on) {
    const verdict = new Set(this.rows.kinds.filter((each) => (each === kind ? on : this.state.verdict.has(each))));
    this.change({ verdict });
  }

  sortBy(key) { this.change({ sort: this.state.sort === key ? `-${key}` : key }); }

  only(name, value) {
    this.change({ [name]: value, verdict: new Set(this.rows.kinds) });
    announce(`Only events of ${name} ${value}`);
  }

  // What is typed is filtered in the next frame, and only once.
  later(change) {
    Object.assign(this.state, change);
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => { this.waiting = false; this.change({}); });
  }

  change(change) {
    Object.assign(this.state, change);
    writeState(this.state, this.rows);
    this.refresh();
  }

  refresh() {
    const { state, rows } = this;
    const { view, counts, anyTime } = select(rows, state);
    for (const kind of rows.kinds) {
      const count = byId(`count-${kind}`);
      if (!count) continue;
      count.textContent = thousands(counts[kind]);
      count.parentElement.querySelector("input").checked = state.verdict.has(kind);
    }
    for (const name of [...TEXTS, "q"]) {
      const field = name === "q" ? byId("search") : byId(`f-${name}`);
      if (field.value.trim() !== state[name]) field.value = state[name];
    }
    for (const side of ["from", "to"]) {
      byId(`f-${side}`).value = state[side] === null ? "" : iso(state[side]).slice(0, 19).replace("T", " ");
      byId(`f-${side}`).setAttribute("aria-invalid", "false");
    }
    byId("sort").value = state.sort;
    const open = this.grid.view.length ? this.grid.view[this.grid.active] : null;
    this.grid.show(view, state.sort);
    if (open !== null) this.grid.find(open);
    this.overview.show(anyTime, state);
    byId("found").textContent = `${counted(view.length, "event")} of ${thousands(rows.count)}`;
    document.documentElement.dataset.ready = "yes";
  }

  open(row, focus) {
    this.state.event = this.rows.ids[row];
    writeState(this.state, this.rows);
    this.grid.find(row);
    this.detail.open(row, focus);
  }

  closed() {
    this.state.event = null;
    writeState(this.state, this.rows);
    byId("grid").focus({ preventScroll: true });
  }

  // Somebody came by a link, or went back.
  follow() {
    clearTimeout(writing);
    const asked = location.hash.slice(1);
    if (asked && document.getElementById(asked)) return; // a place in the page
    this.state = readState(this.rows);
    this.refresh();
    if (!this.state.event) return;
    const row = this.rows.rowOf(this.state.event);
    if (row === null) { announce(`The page has no event ${this.state.event}`); byId("found").textContent += " · the linked event is not in the page"; return; }
    if (!this.grid.view.includes(row)) {
      this.state.verdict = new Set([...this.state.verdict, this.rows.get("kind", row)]);
      this.refresh();
    }
    this.open(row, true);
    byId("explorer").scrollIntoView();
  }

  copyLink(row) {
    const link = `${location.href.split("#")[0]}#event=${encodeURIComponent(this.rows.ids[row])}`;
    const shown = byId("link");
    shown.hidden = false;
    shown.value = link;
    if (navigator.clipboard) {
      navigator.clipboard.writeText(link).then(() => { shown.hidden = true; announce("The link is copied"); }, () => this.offer(shown));
    } else this.offer(shown);
  }

  // Where a page may not write to the clipboard, the link is there to be copied by hand.
  offer(shown) {
    shown.focus();
    shown.select();
    announce("The link is selected, copy it");
  }

  key(event) {
    const typing = event.target.matches("input, select, textarea");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
      byId("search").focus();
      event.preventDefault();
    } else if (event.key === "Escape") {
      if (typing && event.target.id === "search" && event.target.value) this.change({ q: "" });
      else this.detail.close();
    }
  }
}

// The theme: as the system has it, or as chosen here. A browser may forbid a local file to remember it.
const THEMES = ["auto", "light", "dark"];
function remembered(theme) {
  try {
    if (theme) localStorage.setItem("cloudcascade-theme", theme);
    return localStorage.getItem("cloudcascade-theme") || "auto";
  } catch (error) {
    return theme || "auto";
  }
}
function wear(theme) {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  byId("theme").textContent = `Theme: ${theme}`;
  byId("theme").dataset.now = theme;
}

wear(THEMES.includes(remembered()) ? remembered() : "auto");
byId("theme").hidden = false;
byId("theme").addEventListener("click", () => wear(remembered(THEMES[(THEMES.indexOf(byId("theme").dataset.now) + 1) % THEMES.length])));
unpack().then((data) => { if (data.ids.length) new Page(new Rows(data)); else byId("explorer").remove(); }).catch((error) => {
  byId("trouble").textContent = error.message;
  byId("trouble").hidden = false;
});
