// The hash of the address holds the section and every choice that differs from its default, so that a link
// opens what the sender saw: #investment?investment-year=2022&lang=en
const splitHash = () => {
  const [id, query = ""] = location.hash.slice(1).split("?");
  return { id: decodeURIComponent(id), choices: new URLSearchParams(query) };
};
let wanted = splitHash().choices;
const defaults = new Map();

/** Fill a select and keep the choice across languages. `options` is [[value, text], ...]. */
const fillSelect = (id, options, fallback) => {
  const select = byId(id);
  const before = select.value || wanted.get(id) || "";
  wanted.delete(id);
  select.replaceChildren(...options.map(([value, text]) => el("option", { value: String(value) }, text)));
  const values = options.map(([value]) => String(value));
  defaults.set(id, String(fallback ?? ""));
  select.value = values.includes(before) ? before : String(fallback ?? "");
};
const chosen = (id) => byId(id).value;
const chosenNumber = (id) => Number(byId(id).value);

let currentSection = splitHash().id;
const writeHash = () => {
  const choices = new URLSearchParams();
  if (lang() !== "zh") choices.set("lang", lang());
  for (const control of document.querySelectorAll("main select, main input[type=search]")) {
    const usual = defaults.get(control.id) ?? "";
    if (control.value !== usual) choices.set(control.id, control.value);
  }
  const query = choices.toString();
  const hash = `#${currentSection}${query ? `?${query}` : ""}`;
  if (hash !== location.hash && hash !== "#") history.replaceState(null, "", hash);
};
/** Redraw `name` when one of its controls changes. */
const follows = (name, ...ids) => {
  for (const id of ids) byId(id).addEventListener("change", () => sections.get(name).render());
};
