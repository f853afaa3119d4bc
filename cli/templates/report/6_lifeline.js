// One instance in time: a lane for each action, its origin, its effects, and the orphans that came near. Zooms and pans.
const LANE = 36;
const BASE = 26;
const MOST_MARKS = 2000;

function lifeline(rows, root, current, onOpen) {
  const members = rows.instance(root).slice(0, MOST_MARKS);
  const lanes = [...new Set(members.map((row) => rows.get("action", row)))];
  const first = rows.times[members[0]];
  const last = rows.times[members[members.length - 1]];
  const margin = Math.max((last - first) * 0.06, 2);
  const whole = [first - margin, last + margin];
  let [from, to] = whole;
  const height = lanes.length * LANE + 30;
  const plot = draw("svg", { class: "lifeline", height, width: "100%", role: "img", "aria-label": `${counted(members.length, "event")} from ${iso(first)} to ${iso(last)}` });
  const frame = make("div", { class: "lifeline-frame", tabindex: 0, role: "group", "aria-label": "Timeline of the instance. Plus and minus zoom, arrows move, 0 shows all." }, plot);

  function paint() {
    const span = to - from;
    const at = (time) => `${((time - from) / span) * 100}%`;
    const drawn = ticks(from, to, 4).map((tick) => draw("g", { class: "tick" },
      draw("line", { x1: at(tick.at), x2: at(tick.at), y1: 0, y2: height - 20 }), draw("text", { x: at(tick.at), y: height - 6 }, tick.label)));
    lanes.forEach((lane, index) => {
      const y = index * LANE + BASE;
      drawn.push(draw("line", { class: "lane", x1: 0, x2: "100%", y1: y, y2: y }), draw("text", { class: "lane-name", x: 2, y: y - 12 }, lane));
    });
    for (const row of members) {
      const time = rows.times[row];
      if (time < from || time > to) continue;
      const kind = rows.get("kind", row);
      const y = lanes.indexOf(rows.get("action", row)) * LANE + BASE;
      const words = draw("title", {}, `${iso(time)} ${rows.get("action", row)}, ${KIND_WORDS[kind][0].toLowerCase()}`);
      const common = { class: `mark ${kind}${row === current ? " current" : ""}`, onclick: () => onOpen(row) };
      drawn.push(row === root
        ? draw("svg", { x: at(time), y, overflow: "visible" }, draw("rect", { ...common, x: -3.5, y: -8, width: 7, height: 16, rx: 1.5 }, words))
        : kind === "orphan"
          ? draw("svg", { x: at(time), y, overflow: "visible" }, draw("path", { ...common, d: "M0-6L6 0L0 6L-6 0Z" }, words))
          : draw("circle", { ...common, cx: at(time), cy: y, r: 5 }, words));
    }
    plot.replaceChildren(...drawn);
    frame.dataset.span = String(Math.round(to - from));
  }
  const zoom = (factor, share = 0.5) => {
    const middle = from + (to - from) * share;
    const span = Math.max(1, Math.min((to - from) * factor, whole[1] - whole[0]));
    from = Math.max(whole[0], Math.min(middle - span * share, whole[1] - span));
    to = from + span;
    paint();
  };
  const pan = (share) => {
    const span = to - from;
    from = Math.max(whole[0], Math.min(from + span * share, whole[1] - span));
    to = from + span;
    paint();
  };
  const all = () => { [from, to] = whole; paint(); };
  const keys = { "+": () => zoom(0.5), "=": () => zoom(0.5), "-": () => zoom(2), ArrowLeft: () => pan(-0.2), ArrowRight: () => pan(0.2), 0: all };
  frame.addEventListener("keydown", (event) => {
    if (!(event.key in keys)) return;
    keys[event.key]();
    event.preventDefault();
  });
  frame.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return; // the page scrolls as ever
    const box = plot.getBoundingClientRect();
    zoom(event.deltaY < 0 ? 0.8 : 1.25, (event.clientX - box.left) / box.width);
    event.preventDefault();
  }, { passive: false });
  frame.addEventListener("pointerdown", (event) => {
    if (event.target.closest(".mark")) return;
    let x = event.clientX;
    const move = (moved) => { pan((x - moved.clientX) / plot.getBoundingClientRect().width); x = moved.clientX; };
    const done = () => { frame.removeEventListener("pointermove", move); removeEventListener("pointerup", done); };
    frame.addEventListener("pointermove", move);
    addEventListener("pointerup", done);
  });
  paint();
  const button = (label, words, action) => make("button", { type: "button", class: "small", "aria-label": words, onclick: action }, label);
  const tools = make("div", { class: "tools" }, button("−", "Zoom out", () => zoom(2)), button("+", "Zoom in", () => zoom(0.5)), button("All", "All of the instance", all));
  return make("div", {}, tools, frame);
}
