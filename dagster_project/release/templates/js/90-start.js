// Switches, print and the first drawing.
const setLanguage = (code) => {
  root.dataset.lang = code;
  root.lang = code === "en" ? "en" : "zh-CN";
  byId("language").setAttribute("aria-label", t("language_to"));
  byId("nav").setAttribute("aria-label", code === "en" ? "Sections of this page" : "本页各节");
  for (const summary of document.querySelectorAll("details.behind > summary:empty, details.behind > summary[data-auto]")) {
    summary.dataset.auto = "";
    summary.textContent = t("table_behind");
  }
};
const systemDark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : systemDark.matches);
const labelTheme = () => {
  byId("theme").setAttribute("aria-pressed", String(isDark()));
  byId("theme").setAttribute("aria-label", t(isDark() ? "theme_to_light" : "theme_to_dark"));
  byId("theme").title = t(isDark() ? "theme_to_light" : "theme_to_dark");
};
const redraw = () => {
  labelTheme();
  renderAll();
};

byId("language").addEventListener("click", () => {
  setLanguage(lang() === "zh" ? "en" : "zh");
  redraw();
});
byId("theme").addEventListener("click", () => {
  root.dataset.theme = isDark() ? "light" : "dark";
  redraw();
});
systemDark.addEventListener("change", () => {
  if (!root.dataset.theme) redraw();
});
smallScreen.addEventListener("change", () => {
  for (const name of ["investment", "reconciliation"]) sections.get(name)();
});
for (const [id, name] of [["hive-wave", "hive"], ["radar-wave", "radar"], ["radar-types", "radar"], ["bars-population", "bars"], ["groups-measure", "groups"]]) {
  byId(id).addEventListener("change", () => sections.get(name)());
}

// Print: light colours, charts at the width of a sheet, whole tables instead of one page of each.
let beforePrint = null;
addEventListener("beforeprint", () => {
  const unfolded = [...document.querySelectorAll("details:not([open])")];
  beforePrint = { theme: root.dataset.theme, copies: printables.map((make) => make()), unfolded };
  unfolded.forEach((node) => { node.open = true; });
  root.dataset.theme = "light";
  for (const name of ["hive", "radar", "bars"]) sections.get(name)();
  for (const [id, chart] of charts) chart.resize({ width: Math.min(byId(id).clientWidth, 640) });
});
addEventListener("afterprint", () => {
  if (!beforePrint) return;
  beforePrint.copies.forEach((copy) => copy.remove());
  beforePrint.unfolded.forEach((node) => { node.open = false; });
  if (beforePrint.theme) root.dataset.theme = beforePrint.theme;
  else delete root.dataset.theme;
  beforePrint = null;
  for (const chart of charts.values()) chart.resize();
  redraw();
});

const start = async () => {
  try {
    setLanguage("zh");
    await document.fonts.ready;
    redraw();
    await Promise.all([investmentGrid.ready, figureGrid.ready]);
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    root.dataset.ready = "true";
  } catch (error) {
    root.dataset.ready = "failed";
    byId("problem").textContent = t("failed", { message: error.message });
    byId("problem").hidden = false;
    throw error;
  }
};
start();
