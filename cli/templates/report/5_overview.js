// How many events when: one bar for each span of time. Dragging over bars, or the buttons, narrow the time.
const BARS = 96;
const STEPS = [1, 5, 15, 60, 300, 900, 1800, 3600, 10800, 21600, 43200, 86400, 604800, 2592000, 31536000];

class Overview {
  constructor(rows, onRange) {
    this.rows = rows;
    this.onRange = onRange;
    this.plot = byId("overview");
    for (const button of document.querySelectorAll("[data-zoom]")) button.addEventListener("click", () => this.step(button.dataset.zoom));
    this.plot.addEventListener("pointerdown", (event) => this.drag(event));
  }

  show(anyTime, state) {
    this.from = state.from ?? this.rows.first;
    this.to = state.to ?? this.rows.last;
    if (!this.rows.count) return;
    const span = Math.max(this.to - this.from, 1);
    const bins = Array.from({ length: BARS }, () => ({}));
    for (const row of anyTime) {
      const time = this.rows.times[row];
      if (time < this.from || time > this.to) continue;
      const bin = bins[Math.min(BARS - 1, Math.floor(((time - this.from) / span) * BARS))];
      const kind = this.rows.get("kind", row);
      bin[kind] = (bin[kind] || 0) + 1;
    }
    const most = Math.max(1, ...bins.map((bin) => Object.values(bin).reduce((sum, each) => sum + each, 0)));
    const drawn = ticks(this.from, this.to, 6).map((tick) => {
      const x = `${((tick.at - this.from) / span) * 100}%`;
      return draw("g", { class: "tick" }, draw("line", { x1: x, x2: x, y1: 0, y2: 78 }), draw("text", { x, y: 92 }, tick.label));
    });
    bins.forEach((bin, index) => {
      let y = 78;
      for (const kind of this.rows.kinds) {
        if (!bin[kind]) continue;
        const height = Math.max(1.5, (bin[kind] / most) * 74);
        y -= height;
        drawn.push(draw("rect", { class: `bar ${kind}`, x: `${(index / BARS) * 100 + 0.08}%`, width: `${100 / BARS - 0.16}%`, y, height, rx: 1 },
          draw("title", {}, `${iso(Math.round(this.from + (index / BARS) * span))}: ${counted(bin[kind], KIND_WORDS[kind][0].toLowerCase() + " event")}`)));
      }
    });
    this.plot.replaceChildren(...drawn);
    const words = `${counted(anyTime.length, "event")} from ${iso(this.from)} to ${iso(this.to)}, at most ${thousands(most)} in a bar`;
    this.plot.setAttribute("aria-label", words);
    byId("overview-words").textContent = `${iso(this.from).replace("T", " ")} to ${iso(this.to).replace("T", " ")} · tallest bar ${thousands(most)}`;
  }

  step(name) {
    const middle = (this.from + this.to) / 2;
    const half = Math.max((this.to - this.from) / 2, 1);
    const { first, last } = this.rows;
    const [from, to] = {
      in: [middle - half / 2, middle + half / 2], out: [middle - half * 2, middle + half * 2],
      earlier: [this.from - half, this.to - half], later: [this.from + half, this.to + half], whole: [first, last],
    }[name];
    this.range(from, to);
  }

  range(from, to) {
    const { first, last } = this.rows;
    const low = Math.max(Math.floor(from), first);
    const high = Math.min(Math.ceil(to), last);
    if (high < low) return;
    this.onRange(low <= first ? null : low, high >= last ? null : high);
  }

  drag(event) {
    const box = this.plot.getBoundingClientRect();
    const share = (x) => Math.max(0, Math.min(1, (x - box.left) / box.width));
    const begun = share(event.clientX);
    const mark = draw("rect", { class: "brush", y: 0, height: 78, x: `${begun * 100}%`, width: 0 });
    this.plot.append(mark);
    this.plot.setPointerCapture(event.pointerId);
    const bounds = (x) => [Math.min(begun, share(x)), Math.max(begun, share(x))];
    const move = (moved) => {
      const [low, high] = bounds(moved.clientX);
      mark.setAttribute("x", `${low * 100}%`);
      mark.setAttribute("width", `${(high - low) * 100}%`);
    };
    const done = (moved) => {
      this.plot.removeEventListener("pointermove", move);
      this.plot.removeEventListener("pointerup", done);
      this.plot.removeEventListener("pointercancel", done);
      mark.remove();
      const [low, high] = bounds(moved.clientX);
      const span = this.to - this.from;
      if (moved.type === "pointerup" && (high - low) * box.width > 4) this.range(this.from + low * span, this.from + high * span);
    };
    this.plot.addEventListener("pointermove", move);
    this.plot.addEventListener("pointerup", done);
    this.plot.addEventListener("pointercancel", done);
  }
}

// Round moments between two others, with as much of their date as tells them apart.
function ticks(from, to, wanted) {
  const step = STEPS.find((each) => (to - from) / each <= wanted) || STEPS[STEPS.length - 1];
  const found = [];
  for (let at = Math.ceil(from / step) * step; at <= to && found.length < 40; at += step) {
    const text = iso(at);
    const label = step >= 86400 ? text.slice(5, 10) : to - from > 86400 ? text.slice(5, 16).replace("T", " ") : step < 60 ? text.slice(11, 19) : text.slice(11, 16);
    found.push({ at, label });
  }
  return found;
}
