// The events of the page: column after column. `values` has each value once, `at` which one a row has; 0 is nothing.
async function unpack() {
  const packed = byId("events-data");
  if (packed.type === "application/json") return JSON.parse(packed.textContent);
  if (!("DecompressionStream" in window))
    throw new Error("This browser cannot unpack the events of the page. The summary and the stories are whole.");
  const binary = atob(packed.textContent.trim());
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index++) bytes[index] = binary.charCodeAt(index);
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).json();
}

class Rows {
  constructor(data) {
    this.ids = data.ids;
    this.count = data.ids.length;
    this.times = new Float64Array(this.count);
    let time = 0;
    for (let row = 0; row < this.count; row++) this.times[row] = time += data.times[row];
    this.columns = data.columns;
    for (const column of Object.values(this.columns)) column.at = Uint32Array.from(column.at);
    this.kinds = data.kinds;
    this.techniques = data.techniques;
    this.leftOut = data.left_out;
    this.recordsLeftOut = data.records_left_out || 0;
    this.first = Infinity;
    this.last = -Infinity;
    for (const each of this.times) { this.first = Math.min(this.first, each); this.last = Math.max(this.last, each); }
    this.members = null;
  }

  get(name, row) {
    const column = this.columns[name];
    return column ? column.values[column.at[row]] : null;
  }

  rowOf(id) {
    const row = this.ids.indexOf(id);
    return row < 0 ? null : row;
  }

  // The words by which a value is searched and filtered: also a technique's name.
  words(name, value) {
    if (value === null || value === undefined) return "";
    if (name === "techniques")
      return value.map((id) => `${id} ${this.techniques[id] ? this.techniques[id][0] : ""}`).join(" ");
    if (name === "misses") return value.map((miss) => [miss[0], miss[2], ...miss[3].flat()].join(" ")).join(" ");
    if (Array.isArray(value)) return value.flat(2).filter((each) => typeof each === "string").join(" ");
    return String(value);
  }

  // For each value of a column whether its words contain `wanted`.
  matching(name, wanted) {
    const column = this.columns[name];
    if (!column) return null;
    column.lower ??= column.values.map((value) => this.words(name, value).toLowerCase());
    return Uint8Array.from(column.lower, (text) => (text.includes(wanted) ? 1 : 0));
  }

  // The rows of each instance, and those that a near miss ties to it.
  instance(root) {
    if (this.members === null) {
      this.members = new Map();
      const put = (key, row) => {
        if (key === null || key === undefined) return;
        const known = this.members.get(key);
        if (!known) this.members.set(key, [row]);
        else if (known[known.length - 1] !== row) known.push(row);
      };
      for (let row = 0; row < this.count; row++) {
        put(this.get("instance", row), row);
        for (const miss of this.get("misses", row) || []) put(miss[1], row);
      }
    }
    const found = (this.members.get(root) || []).slice();
    if (typeof root === "number" && !found.includes(root)) found.push(root);
    return found.sort((one, other) => this.times[one] - this.times[other] || one - other);
  }
}
