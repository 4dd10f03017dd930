// State lives in the document only: data-lang, data-theme and the form controls.
const root = document.documentElement;
const byId = (id) => document.getElementById(id);
const data = JSON.parse(byId("fengchao-data").textContent);
const lang = () => root.dataset.lang;
const NBSP = "\u00a0";
const NONE = "—";

const t = (key, values = {}) => {
  const pair = data.strings[key];
  if (!pair) throw new Error(`no text for ${key}`);
  return pair[lang()].replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
};
const labelOf = (entry) => (lang() === "en" ? entry.label_en || entry.label_zh : entry.label_zh || entry.label_en);
const rowsOf = (table) =>
  table.rows.map((row) => Object.fromEntries(table.columns.map((column, i) => [column, row[i]])));

const number = (value, digits) => {
  if (value === null || value === undefined) return NONE;
  const text = value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return /^-[0.]+$/.test(text) ? text.slice(1) : text;
};
const yi = (cny) => number(cny === null ? null : cny / 1e8, 2);

const typeByCode = new Map(data.bank_types.map((entry) => [entry.bank_type, entry]));
const typeLabel = (code) => (typeByCode.has(code) ? labelOf(typeByCode.get(code)) : code);
const waveLabel = (wave) => t("wave_of", { wave });

/** An element; `props` are properties or, with a dash or `role`, attributes; children are nodes or text. */
const el = (tag, props = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined) continue;
    if (name.includes("-") || name === "role" || name === "scope") node.setAttribute(name, value);
    else node[name] = value;
  }
  node.append(...children.filter((child) => child !== null));
  return node;
};
const svg = (tag, attributes = {}, ...children) => {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
};

/** A plain table; `quiet` keeps the caption for screen readers only. `head` is texts; a body cell is a text, a node or {text, num, title}. */
const plainTable = ({ caption, head, rows, quiet = false }) => {
  const cell = (value, i) => {
    const entry = value instanceof Node || typeof value !== "object" ? { text: value } : value;
    const node = el(i === 0 ? "th" : "td", { className: entry.num ? "num" : "", title: entry.title });
    if (i === 0) node.scope = "row";
    node.append(entry.text instanceof Node ? entry.text : String(entry.text));
    return node;
  };
  return el(
    "table",
    { className: quiet ? "data quiet" : "data" },
    el("caption", {}, caption),
    el("thead", {}, el("tr", {}, ...head.map((text, i) => el("th", { scope: "col", className: i ? "num" : "" }, text)))),
    el("tbody", {}, ...rows.map((row) => el("tr", {}, ...row.map(cell)))),
  );
};
const put = (id, caption, ...nodes) => {
  const box = byId(id);
  box.replaceChildren(...nodes);
  if (box.getAttribute("role") === "region") box.setAttribute("aria-label", caption);
};

/** Fill a select and keep the choice across languages. `options` is [[value, text], ...]. */
const fillSelect = (id, options, fallback) => {
  const select = byId(id);
  const before = select.value;
  select.replaceChildren(...options.map(([value, text]) => el("option", { value: String(value) }, text)));
  const values = options.map(([value]) => String(value));
  select.value = values.includes(before) ? before : String(fallback);
};

/** Colours come from the style sheet, so that both themes have one home. */
const colour = (name) => getComputedStyle(root).getPropertyValue(`--${name}`).trim();
const typeColour = (code) => colour(`type-${code.replace("_", "-")}`) || colour("ink-2");

const ruler = document.createElement("canvas").getContext("2d");
const textWidth = (text, size) => {
  ruler.font = `${size}px ${getComputedStyle(document.body).fontFamily}`;
  return ruler.measureText(text).width;
};

const charts = new Map();
const chartOf = (id) => {
  if (!charts.has(id)) {
    const chart = echarts.init(byId(id), null, { renderer: "svg" });
    charts.set(id, chart);
    let width = byId(id).clientWidth;
    new ResizeObserver(() => {
      const now = byId(id).clientWidth;
      if (!now || now === width) return;
      width = now;
      chart.resize();
      if (sections.has(id)) sections.get(id)();
    }).observe(byId(id));
  }
  return charts.get(id);
};
const draw = (id, option) =>
  chartOf(id).setOption(
    { animation: false, textStyle: { fontFamily: getComputedStyle(document.body).fontFamily }, ...option },
    { notMerge: true },
  );
const tooltipStyle = () => ({
  confine: true,
  backgroundColor: colour("surface"),
  borderColor: colour("line-strong"),
  textStyle: { color: colour("ink"), fontSize: 13 },
  transitionDuration: 0,
});
// Built as nodes: the default text of ECharts carries style attributes, which the policy forbids.
const tooltipList = (title, pairs) =>
  el(
    "div",
    { className: "tip" },
    el("strong", {}, title),
    ...pairs.map(([name, value]) => el("div", {}, el("span", {}, name), el("b", {}, value))),
  );

/** Sections draw themselves again when the language, the theme or their width changes. */
const sections = new Map();
const section = (name, render) => sections.set(name, render);
const renderAll = () => sections.forEach((render) => render());

/** On a small screen a table folds two columns into its first one. */
const smallScreen = matchMedia("(max-width: 700px)");
