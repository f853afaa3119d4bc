// The table of events. Only the rows in sight are in the document; assistive technology is told the true count and places.
const COLUMNS = [
  { name: "time", title: "Time (UTC)", sort: "time" },
  { name: "kind", title: "Verdict", sort: "kind" },
  { name: "action", title: "Action", sort: "action" },
  { name: "actor", title: "Actor", sort: "actor" },
  { name: "target", title: "Target", sort: "target" },
  { name: "account", title: "Account", sort: "account" },
  { name: "technique", title: "ATT&CK", sort: "techniques" },
  { name: "why", title: "Why", sort: null },
];
const PRINTED = 300;
const MOST_PIXELS = 15_000_000; // Firefox draws nothing beyond some 17.9 million

class Grid {
  constructor(rows, onOpen, onSort) {
    this.rows = rows;
    this.view = new Uint32Array(0);
    this.active = 0;
    this.all = false;
    this.columns = COLUMNS.filter((each) => (each.name !== "target" || rows.columns.target) && (each.name !== "account" || rows.columns.account.values.length > 2));
    this.severalDays = dayOf(rows.first) !== dayOf(rows.last);
    this.port = byId("grid");
    this.tall = byId("grid-tall");
    this.body = byId("grid-body");
    this.onOpen = onOpen;
    this.port.classList.toggle("several-days", this.severalDays);
    this.head(onSort);
    this.port.addEventListener("scroll", () => this.schedule(), { passive: true });
    this.port.addEventListener("keydown", (event) => this.key(event));
    new ResizeObserver(() => this.schedule()).observe(this.port);
    addEventListener("beforeprint", () => { this.all = true; this.draw(); });
    addEventListener("afterprint", () => { this.all = false; this.draw(); });
  }

  head(onSort) {
    const cells = this.columns.map((each) => make("th", { role: "columnheader", scope: "col", class: `c-${each.name}`, "data-sort": each.sort },
      each.sort ? make("button", { type: "button", onclick: () => onSort(each.sort) }, each.title) : each.title));
    byId("grid-head").replaceChildren(...cells);
    this.port.setAttribute("aria-colcount", this.columns.length);
  }

  get height() { return matchMedia("(max-width: 720px)").matches ? 72 : 36; }

  show(view, sort) {
    this.view = view;
    this.active = Math.min(this.active, Math.max(view.length - 1, 0));
    for (const cell of byId("grid-head").children) {
      const key = cell.dataset.sort;
      const order = sort === key ? "ascending" : sort === `-${key}` ? "descending" : null;
      if (order) cell.setAttribute("aria-sort", order); else cell.removeAttribute("aria-sort");
    }
    this.port.setAttribute("aria-rowcount", view.length + 1);
    byId("grid-empty").hidden = view.length > 0;
    this.draw();
  }

  schedule() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => { this.waiting = false; this.draw(); });
  }

  // Beyond what browsers can scroll, places are scaled: a step of the wheel then moves more than a row.
  get whole() { return Math.min(this.view.length * this.height, MOST_PIXELS); }
  get scale() { return this.whole ? (this.view.length * this.height) / this.whole : 1; }

  draw() {
    const inSight = Math.ceil(this.port.clientHeight / this.height) + 2;
    const first = this.all ? 0 : Math.max(0, Math.min(Math.floor((this.port.scrollTop * this.scale) / this.height) - 4, this.view.length - inSight));
    const last = Math.min(this.view.length, this.all ? PRINTED : first + inSight + 8);
    this.tall.style.height = this.all ? "auto" : `${this.whole + 38}px`;
    this.body.parentElement.style.marginTop = this.all ? "0" : `${Math.max(0, Math.min((first * this.height) / this.scale, this.whole - (last - first) * this.height))}px`;
    const drawn = [];
    for (let place = first; place < last; place++) drawn.push(this.row(place));
    this.body.replaceChildren(...drawn);
    byId("grid-printed").hidden = !(this.all && this.view.length > PRINTED);
    if (this.view.length && this.active >= first && this.active < last) this.port.setAttribute("aria-activedescendant", `row-${this.active}`);
    else this.port.removeAttribute("aria-activedescendant");
  }

  row(place) {
    const row = this.view[place];
    const kind = this.rows.get("kind", row);
    const cells = this.columns.map((each) => make("td", { role: "gridcell", class: `c-${each.name}` }, this.cell(each.name, row, kind)));
    return make("tr", {
      role: "row", id: `row-${place}`, class: `row ${kind}${place === this.active ? " active" : ""}`,
      "aria-rowindex": place + 2, "aria-selected": place === this.active ? "true" : "false",
      onclick: () => { this.active = place; this.draw(); this.onOpen(row, false); },
    }, cells);
  }

  cell(name, row, kind) {
    const rows = this.rows;
    if (name === "time") return [this.severalDays ? make("span", { class: "day" }, dayOf(rows.times[row]), " ") : "", timeOf(rows.times[row])];
    if (name === "kind") return make("span", { class: `kind ${kind}` }, KIND_WORDS[kind][0]);
    if (name === "technique") return (rows.get("techniques", row) || []).join(" ");
    if (name === "why") return whyOf(rows, row, kind);
    if (name === "target") return (rows.get("target", row) || []).map(([, each]) => shortArn(each)).filter((each, index, all) => all.indexOf(each) === index).join(", ");
    const value = rows.get(name, row) || (name === "actor" ? "unknown" : "");
    if (name === "action") return [make("code", { title: value }, value), rows.get("failed", row) ? make("span", { class: "failed" }, "failed") : null];
    return make("span", { title: value }, shortArn(value));
  }

  key(event) {
    if (event.target !== this.port) return;
    const page = Math.max(1, Math.floor(this.port.clientHeight / this.height) - 2);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (event.key === "Enter" || event.key === " ") {
      if (this.view.length) this.onOpen(this.view[this.active], true);
    } else if (event.key in steps) {
      this.active = Math.max(0, Math.min(this.view.length - 1, this.active + steps[event.key]));
      this.reveal();
    } else return;
    event.preventDefault();
  }

  reveal() {
    const top = (this.active * this.height) / this.scale;
    const room = this.port.clientHeight - 38 - this.height;
    if (top < this.port.scrollTop) this.port.scrollTop = top;
    else if (top > this.port.scrollTop + room) this.port.scrollTop = top - room;
    this.draw();
  }

  find(row) {
    const place = this.view.indexOf(row);
    if (place < 0) return;
    this.active = place;
    this.reveal();
  }
}

function whyOf(rows, row, kind) {
  const misses = rows.get("misses", row);
  if (kind === "orphan") return misses ? `${misses[0][2]} (${misses[0][0]})` : "no cascade comes near";
  const cascade = rows.get("cascade", row);
  if (!cascade) return "";
  if (kind === "origin") return `begins ${cascade}`;
  return `${rows.get("relation", row) || "side effect"} in ${cascade}`;
}
