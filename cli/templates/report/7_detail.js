// One event: what is known of it, why it is judged so, its instance in time, and its record where the page has it.
const FACTS = [
  ["account", "Account"], ["region", "Region"], ["actor", "Actor"], ["principal", "Principal"], ["initial_principal", "Began as"],
  ["session", "Session"], ["source_ip", "Source address"], ["user_agent", "User agent"], ["tool", "Tool"],
  ["error", "Error"], ["controller", "Made by"], ["file", "File"], ["position", "Record in it"], ["next", "Next"],
];
const FILTERED = new Set(["account", "actor"]);
const LISTED = 200;

class Detail {
  constructor(rows, page) {
    this.rows = rows;
    this.page = page;
    this.panel = byId("detail");
    this.row = null;
  }

  close() {
    if (this.row === null) return;
    this.row = null;
    this.panel.hidden = true;
    document.body.classList.remove("reading");
    this.page.closed();
  }

  open(row, focus) {
    const { rows, page } = this;
    const kind = rows.get("kind", row);
    this.row = row;
    const title = make("h3", { id: "detail-title", tabindex: -1 }, make("code", {}, rows.get("action", row)));
    const tools = make("div", { class: "tools" },
      make("button", { type: "button", class: "small", onclick: () => page.copyLink(row) }, "Copy link"),
      make("button", { type: "button", class: "small", "aria-label": "Close the event", onclick: () => this.close() }, "Close"));
    this.panel.replaceChildren(
      make("header", {}, make("div", {}, make("p", { class: "eyebrow" }, make("span", { class: `kind ${kind}` }, KIND_WORDS[kind][0]),
        rows.get("failed", row) ? " · the call failed" : "", ` · ${KIND_WORDS[kind][1]}`), title), tools),
      ...this.reasons(row, kind), ...this.timeline(row), this.facts(row), ...this.raw(row));
    this.panel.hidden = false;
    document.body.classList.add("reading");
    this.panel.scrollTop = 0;
    if (focus) title.focus();
  }

  link(target, words) {
    if (typeof target !== "number") return make("code", {}, target);
    return make("button", { type: "button", class: "link", onclick: () => this.page.open(target, true) },
      words || `${this.rows.get("action", target)} at ${timeOf(this.rows.times[target])}`);
  }

  reasons(row, kind) {
    const rows = this.rows;
    const told = [];
    const misses = rows.get("misses", row) || [];
    if (misses.length) {
      told.push(make("h4", {}, "Why nothing explains it"), make("ul", { class: "reasons" }, misses.map((miss) => this.miss(miss))));
    } else if (kind === "orphan") {
      told.push(make("h4", {}, "Why nothing explains it"), make("p", {}, "No instance of any cascade comes near it."));
    }
    const cascade = rows.get("cascade", row);
    if (cascade) {
      const root = rows.get("instance", row);
      const words = kind === "origin"
        ? ["Begins ", make("code", {}, cascade), "."]
        : [`A ${rows.get("relation", row) || "side effect"} in `, make("code", {}, cascade), root === row || root === null ? "." : [", which began with ", this.link(root), "."]];
      const silenced = rows.get("silenced", row);
      told.push(make("h4", {}, "What it belongs to"), make("p", {}, words, silenced ? ` Because of it ${counted(Number(silenced), "event")} may be silenced.` : ""));
      const path = rows.get("path", row) || [];
      if (path.length > 1) told.push(make("p", { class: "soft" }, "By way of ", path.slice(0, -1).map((each, index) => [index ? ", " : "", this.link(each)]), "."));
    }
    const also = rows.get("also", row) || [];
    if (also.length) told.push(make("p", { class: "soft" }, "Also ", also.map((each, index) => [index ? ", " : "", each[1] ? `${each[1]} in ` : "begins ", make("code", {}, each[0])]), "."));
    const caveats = rows.get("caveats", row) || [];
    if (caveats.length) told.push(make("h4", {}, "Why it is not silenced"), make("ul", { class: "reasons" }, caveats.map((each) => make("li", {}, each))));
    return told;
  }

  miss([cascade, root, reason, faults]) {
    return make("li", {}, make("strong", {}, reason),
      faults.map(([needed, found]) => make("span", { class: "needed" }, "needs ", make("q", {}, needed), ", found ", found === null ? "nothing" : make("q", {}, found))),
      make("span", { class: "nearest" }, "nearest: ", make("code", {}, cascade), root === null || root === undefined ? ", no origin found" : [", ", this.link(root)]));
  }

  timeline(row) {
    const rows = this.rows;
    const misses = rows.get("misses", row) || [];
    const root = rows.get("instance", row) ?? (misses.find((miss) => miss[1] !== null && miss[1] !== undefined) || [])[1];
    if (root === null || root === undefined) return [];
    const members = rows.instance(root);
    if (members.length < 2) return [];
    const nearest = rows.get("instance", row) === null;
    const listed = members.slice(0, LISTED).map((each) => make("li", { class: each === row ? "current" : "" },
      make("span", { class: "time" }, timeOf(rows.times[each])), make("span", { class: `dot ${rows.get("kind", each)}`, role: "img", "aria-label": KIND_WORDS[rows.get("kind", each)][0] }),
      each === row ? make("code", { "aria-current": "true" }, rows.get("action", each)) : this.link(each, rows.get("action", each))));
    return [make("h4", {}, nearest ? "The instance that came near" : "Its instance", make("span", { class: "soft" }, ` ${counted(members.length, "event")}`)),
      lifeline(rows, root, row, (each) => this.page.open(each, false)),
      make("ol", { class: "members" }, listed),
      members.length > LISTED ? make("p", { class: "soft" }, `${thousands(members.length - LISTED)} more are not listed.`) : null].filter(Boolean);
  }

  facts(row) {
    const rows = this.rows;
    const told = [["Time", iso(rows.times[row])], ["Event id", make("code", {}, rows.ids[row])]];
    for (const [key, value] of rows.get("target", row) || []) told.push([`Target ${key.replaceAll("_", " ")}`, make("code", {}, value)]);
    for (const [name, label] of FACTS) {
      const value = rows.get(name, row);
      if (!value) continue;
      const words = rows.words(name, value);
      told.push([label, FILTERED.has(name)
        ? [make("code", {}, words), " ", make("button", { type: "button", class: "link", "aria-label": `only these, of the same ${name}`, onclick: () => this.page.only(name, words) }, "only these")]
        : make("code", {}, words)]);
    }
    const techniques = rows.get("techniques", row) || [];
    if (techniques.length) told.push(["ATT&CK", techniques.map((id, index) => [index ? make("br") : "",
      rows.techniques[id] ? make("a", { href: rows.techniques[id][1], rel: "noreferrer noopener", target: "_blank" }, `${id} ${rows.techniques[id][0]}`) : id])]);
    return make("dl", { class: "facts" }, told.map(([label, value]) => make("div", {}, make("dt", {}, label), make("dd", {}, value))));
  }

  raw(row) {
    const record = this.rows.get("record", row);
    if (!record) {
      if (!this.rows.columns.record) return [];
      return [make("p", { class: "soft" }, "The record of this event is not in the page: there were more than it carries.")];
    }
    const shown = make("pre", { id: "raw", hidden: true, tabindex: 0, "aria-label": "Raw event" });
    const button = make("button", { type: "button", class: "small", "aria-expanded": "false", "aria-controls": "raw" }, "Show raw event");
    button.addEventListener("click", () => {
      if (!shown.textContent) shown.textContent = indented(record);
      shown.hidden = !shown.hidden;
      button.setAttribute("aria-expanded", String(!shown.hidden));
      button.textContent = shown.hidden ? "Show raw event" : "Hide raw event";
    });
    return [make("div", { class: "raw" }, button, shown)];
  }
}

// JSON, indented without being parsed: numbers keep all of their digits. What is invisible is spelt out.
function indented(text) {
  let depth = 0;
  let told = "";
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/gu)) {
    if (token === "{" || token === "[") told += `${token}\n${"  ".repeat(++depth)}`;
    else if (token === "}" || token === "]") told = `${told.trimEnd()}${/[{[]\s*$/.test(told.slice(-200)) && --depth >= 0 ? "" : `\n${"  ".repeat(Math.max(0, --depth))}`}${token}`;
    else if (token === ",") told += `,\n${"  ".repeat(depth)}`;
    else told += token === ":" ? ": " : token;
  }
  return told.replace(/[^\P{C}\n]/gu, (each) => `\\u{${each.codePointAt(0).toString(16)}}`);
}
