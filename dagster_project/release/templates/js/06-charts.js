/** Colours come from the style sheet, so that both themes have one home; they are read once per theme. */
const palette = new Map();
const colour = (name) => {
  if (!palette.has(name)) palette.set(name, getComputedStyle(root).getPropertyValue(`--${name}`).trim());
  return palette.get(name);
};
const fontFamily = once(() => getComputedStyle(document.body).fontFamily);
const typeColour = (code) => colour(`type-${code.replace("_", "-")}`) || colour("ink-2");
/** Tints from early to late; the latest wave stands out most in both themes. */
const waveColour = (i) => {
  const [from, to] = ["wave-first", "wave-last"].map((name) => colour(name).match(/\w\w/g).map((h) => parseInt(h, 16)));
  const share = waves.length < 2 ? 1 : i / (waves.length - 1);
  return `rgb(${from.map((v, k) => Math.round(v + (to[k] - v) * share)).join(",")})`;
};
/** A ramp for ordered options; what is not ordered has its own colours. */
const rampColour = (i, n) => {
  const [from, to] = ["ramp-first", "ramp-last"].map((name) => colour(name).match(/\w\w/g).map((h) => parseInt(h, 16)));
  const share = n < 2 ? 1 : i / (n - 1);
  return `rgb(${from.map((v, k) => Math.round(v + (to[k] - v) * share)).join(",")})`;
};

const ruler = document.createElement("canvas").getContext("2d");
const textWidth = (text, size) => {
  ruler.font = `${size}px ${fontFamily()}`;
  return ruler.measureText(text).width;
};

const charts = new Map();
const chartOf = (id) => {
  if (!charts.has(id)) {
    const chart = echarts.init(byId(id), null, { renderer: "svg" });
    charts.set(id, chart);
    const sizeNow = () => `${byId(id).clientWidth}x${byId(id).clientHeight}`;
    let size = sizeNow();
    new ResizeObserver(() => {
      const now = sizeNow();
      if (!byId(id).clientWidth || now === size) return;
      size = now;
      sections.get(id).render();
    }).observe(byId(id));
  }
  return charts.get(id);
};
const draw = (id, option) => {
  const chart = chartOf(id);
  if (chart.getWidth() !== byId(id).clientWidth || chart.getHeight() !== byId(id).clientHeight) chart.resize();
  chart.setOption({ animation: false, textStyle: { fontFamily: fontFamily() }, ...option }, { notMerge: true });
};
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
const axisLook = (size = 12) => ({
  axisTick: { show: false },
  axisLine: { lineStyle: { color: colour("line-strong") } },
  axisLabel: { color: colour("ink-2"), fontSize: size },
  splitLine: { lineStyle: { color: colour("grid") } },
  nameTextStyle: { color: colour("ink-2"), fontSize: 12 },
});
const note = (id, text) => {
  byId(`${id}-note`).textContent = text || "";
  byId(`${id}-note`).hidden = !text;
};

// One sign per type, beside its colour: legends, points and lines carry both.
const SYMBOLS = ["circle", "rect", "triangle", "diamond", "hollow-circle", "hollow-rect"];
const SYMBOL_PATHS = {
  circle: "M17 8a5 5 0 1 0 10 0 5 5 0 1 0-10 0z",
  rect: "M17.5 3.5h9v9h-9z",
  triangle: "M22 2.6l5.6 10H16.4z",
  diamond: "M22 2l6 6-6 6-6-6z",
};
const symbolOf = (code) => SYMBOLS[Math.max(0, bankTypes().findIndex((e) => e.bank_type === code)) % SYMBOLS.length];
const pathOf = (symbol) => SYMBOL_PATHS[symbol.replace("hollow-", "")];
/** A key of a legend: a line with the sign of a series on it, or a box. */
const keyOf = ({ tint, symbol = null, dashed = false, box = false }) => {
  if (box) {
    return svg("svg", { viewBox: "0 0 14 14", class: "key", "aria-hidden": "true" },
      svg("rect", { x: 1, y: 1, width: 12, height: 12, fill: tint, stroke: colour("bar-edge") }));
  }
  const line = svg("path", { d: "M1 8h42", stroke: tint, "stroke-width": 2.5, fill: "none" });
  if (dashed) line.setAttribute("stroke-dasharray", "6 4");
  const made = svg("svg", { viewBox: "0 0 44 16", class: "swatch", "aria-hidden": "true" }, line);
  if (symbol) {
    const hollow = symbol.startsWith("hollow");
    made.append(svg("path", { d: pathOf(symbol), fill: hollow ? colour("surface") : tint, stroke: tint, "stroke-width": hollow ? 2 : 0 }));
  }
  return made;
};
const keys = (id, entries) =>
  byId(`${id}-keys`).replaceChildren(
    ...entries.map(({ text, small, ...look }) => el("li", {}, keyOf(look), text, small ? el("small", {}, small) : null)),
  );
