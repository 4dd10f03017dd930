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
const formats = new Map();
const number = (value, digits) => {
  if (value === null || value === undefined) return NONE;
  if (!formats.has(digits)) formats.set(digits, new Intl.NumberFormat("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits }));
  const text = formats.get(digits).format(value);
  return /^-[0.]+$/.test(text) ? text.slice(1) : text;
};
const yi = (cny) => number(cny === null ? null : cny / 1e8, 2);

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
