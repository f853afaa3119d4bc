// Without this script the page shows all of its findings; with it they can be filtered. It changes nothing but what is hidden.
const byId = (id) => document.getElementById(id);
const rules = [...document.querySelectorAll("article.rule")].map((node) => ({
  node,
  text: node.querySelector(".told").textContent.toLowerCase(),
  format: node.dataset.format,
  findings: [...node.querySelectorAll("li[data-kind]")].map((item) => ({
    item, level: item.dataset.level, kind: item.dataset.kind, isNew: item.dataset.new === "yes",
    about: item.dataset.about.toLowerCase(), text: item.textContent.toLowerCase(),
  })),
}));

function wanted(finding, asked) {
  return (!asked.level || finding.level === asked.level) && (!asked.kind || finding.kind === asked.kind)
    && finding.about.includes(asked.action) && (!asked.onlyNew || finding.isNew);
}

function filter() {
  const asked = {
    words: byId("words").value.toLowerCase().split(/\s+/).filter(Boolean), level: byId("level").value,
    kind: byId("kind").value, format: byId("format").value, action: byId("action").value.trim().toLowerCase(),
    onlyNew: Boolean(byId("only-new") && byId("only-new").checked),
  };
  let shown = 0;
  let found = 0;
  for (const rule of rules) {
    let some = 0;
    for (const finding of rule.findings) {
      const all = (word) => rule.text.includes(word) || finding.text.includes(word);
      const fits = (!asked.format || rule.format === asked.format) && wanted(finding, asked) && asked.words.every(all);
      finding.item.hidden = !fits;
      some += fits;
    }
    rule.node.hidden = !some;
    shown += some > 0;
    found += some;
  }
  const counted = (number, one) => `${number.toLocaleString("en-US")} ${one}${number === 1 ? "" : "s"}`;
  byId("found").textContent = `${counted(found, "finding")} of ${counted(shown, "rule")}`;
  byId("empty").hidden = found > 0;
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

if (byId("filter")) {
  byId("filter").hidden = false;
  byId("filter").addEventListener("input", filter);
  byId("filter").addEventListener("submit", (event) => event.preventDefault());
  byId("filter").addEventListener("reset", () => setTimeout(filter));
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !["INPUT", "SELECT"].includes(document.activeElement.tagName)) {
      event.preventDefault();
      byId("words").focus();
    }
  });
  filter();
}
document.documentElement.dataset.ready = "yes";
