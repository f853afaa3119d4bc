// Values from the log reach the page as text nodes and attribute values only, never as markup.
const byId = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, String(value));
  }
  for (const child of children.flat()) {
    if (child !== null && child !== undefined && child !== false)
      node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return node;
}
const make = (name, attributes = {}, ...children) => fill(document.createElement(name), attributes, children);
const draw = (name, attributes = {}, ...children) => fill(document.createElementNS(SVG, name), attributes, children);

const thousands = (number) => number.toLocaleString("en-US");
const counted = (number, one) => `${thousands(number)} ${one}${number === 1 ? "" : "s"}`;

// Times are UTC throughout, as CloudTrail writes them.
const iso = (seconds) => new Date(seconds * 1000).toISOString().slice(0, 19) + "Z";
const dayOf = (seconds) => iso(seconds).slice(0, 10);
const timeOf = (seconds) => iso(seconds).slice(11, 19);
// What tells ARNs of one account apart: `role/session`, a user's name, a resource.
const shortArn = (text) => text.startsWith("arn:") ? text.split(":").slice(5).join(":").replace(/^(assumed-role|user)\//, "") || text : text;

const KIND_WORDS = {
  orphan: ["Orphan", "nothing explains it"],
  labelled: ["Labelled", "a side effect, to show with a label"],
  silenced: ["Silenced", "a side effect, safe to silence"],
  origin: ["Origin", "begins a cascade"],
  unlisted: ["Unlisted", "the catalogue says nothing of it"],
  pending: ["Pending", "not decided yet"],
};
const announce = (text) => { byId("said").textContent = text; };
