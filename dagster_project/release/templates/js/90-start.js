// Switches, print, the address and the first drawing.
const setLanguage = (code) => {
  root.dataset.lang = code;
  root.lang = code === "en" ? "en" : "zh-CN";
  byId("language").setAttribute("aria-label", t("language_to"));
  byId("nav").setAttribute("aria-label", t("nav_label"));
};
const systemDark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : systemDark.matches);
const labelTheme = () => {
  byId("theme").setAttribute("aria-pressed", String(isDark()));
  byId("theme").setAttribute("aria-label", t(isDark() ? "theme_to_light" : "theme_to_dark"));
  byId("theme").title = t(isDark() ? "theme_to_light" : "theme_to_dark");
};
const redraw = () => {
  palette.clear();
  labelTheme();
  renderAll();
};

byId("language").addEventListener("click", () => {
  setLanguage(lang() === "zh" ? "en" : "zh");
  redraw();
  writeHash();
});
byId("theme").addEventListener("click", () => {
  root.dataset.theme = isDark() ? "light" : "dark";
  redraw();
});
systemDark.addEventListener("change", () => {
  if (!root.dataset.theme) redraw();
});
smallScreen.addEventListener("change", renderAll);

// The address: the section that is read, and the choices made.
const markSection = (id) => {
  if (!id || id === currentSection) return;
  currentSection = id;
  for (const link of byId("nav").querySelectorAll("a")) {
    const here = link.getAttribute("href") === `#${id}`;
    if (here) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
    if (here) {
      const box = byId("nav");
      box.scrollLeft = link.offsetLeft - box.clientWidth / 2 + link.offsetWidth / 2;
    }
  }
};
const scrollToHash = () => {
  const { id } = splitHash();
  const target = id && byId(id);
  if (target && location.hash.includes("?")) target.scrollIntoView();
};
byId("main").addEventListener("change", writeHash);
byId("main").addEventListener("input", (event) => { if (event.target.type === "search") writeHash(); });
addEventListener("hashchange", () => {
  // A followed link names a section only: the choices stay, and go back into the address.
  if (location.hash.includes("?")) return;
  currentSection = splitHash().id;
  writeHash();
});
const watchSections = () => {
  const watcher = new IntersectionObserver(
    (entries) => entries.filter((entry) => entry.isIntersecting).forEach((entry) => markSection(entry.target.id)),
    { rootMargin: "-20% 0px -75% 0px" },
  );
  document.querySelectorAll("main > section").forEach((node) => watcher.observe(node));
};

// Print: light colours, charts at the width of a sheet, whole tables instead of one page of each.
let beforePrint = null;
addEventListener("beforeprint", () => {
  const unfolded = [...document.querySelectorAll("details:not([open])")];
  beforePrint = { theme: root.dataset.theme, copies: printables.map((make) => make()), unfolded };
  unfolded.forEach((node) => { node.open = true; });
  root.dataset.theme = "light";
  root.dataset.printing = "true";
  palette.clear();
  for (const name of drawn) if (charts.has(name) || name === "hive") sections.get(name).render();
});
addEventListener("afterprint", () => {
  if (!beforePrint) return;
  beforePrint.copies.forEach((copy) => copy.remove());
  beforePrint.unfolded.forEach((node) => { node.open = false; });
  if (beforePrint.theme) root.dataset.theme = beforePrint.theme;
  else delete root.dataset.theme;
  delete root.dataset.printing;
  beforePrint = null;
  redraw();
});

/** Draw one section after the other, in the order of the page, leaving the browser free in between. */
const start = async () => {
  try {
    setLanguage(wanted.get("lang") === "en" ? "en" : "zh");
    labelTheme();
    await Promise.all([document.fonts.ready, ...NAME_TABLES.map(load)]);
    for (const [name, { needs, render }] of sections) {
      await Promise.all(needs.map(load));
      render();
      drawn.add(name);
      if (drawn.size === 1) {
        performance.mark("first-chart");
        scrollToHash();
      }
      await new Promise((done) => setTimeout(done));
    }
    scrollToHash();
    watchSections();
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    performance.mark("all-drawn");
    root.dataset.ready = "true";
  } catch (error) {
    root.dataset.ready = "failed";
    byId("problem").textContent = t("failed", { message: error.message });
    byId("problem").hidden = false;
    throw error;
  }
};
start();
