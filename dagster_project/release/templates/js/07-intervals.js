// One chart for everything with an interval: bars or points, side by side within a category, each with a
// whisker. `series`: [{name, tint, symbol, points: [{value, low, high, tip} | null per category]}].
const drawIntervals = (id, { caption, categories, series, min, max, step, bars = false, horizontal = false, zero = null, digits = 1, labels = bars, unit = "", inverse = false }) => {
  const box = byId(id);
  box.setAttribute("aria-label", caption);
  if (horizontal) box.style.height = `${categories.length * Math.max(30, series.length * (bars ? 20 : 15) + 14) + 46}px`;
  else box.style.height = "";
  const room = Math.min(Math.max(...categories.map((text) => textWidth(text, 13)), 0) + 14, box.clientWidth * 0.42);
  const category = {
    type: "category",
    data: categories,
    inverse: horizontal,
    ...axisLook(13),
    axisLabel: {
      color: colour("ink"), fontSize: horizontal && box.clientWidth < 500 ? 11.5 : 13, interval: 0,
      ...(horizontal ? { width: room - 10, overflow: "break", lineHeight: 15 } : {}),
    },
    splitLine: { show: false },
  };
  const amount = {
    type: "value", min, max, interval: step, inverse, ...axisLook(),
    axisLabel: { color: colour("ink-2"), fontSize: 12, formatter: (value) => `${number(value, 0)}${unit}` },
  };
  const zeroLine = {
    silent: true, symbol: "none", label: { show: false }, lineStyle: { color: colour("ink-2"), type: "solid", width: 1.2 },
    data: [horizontal ? { xAxis: zero } : { yAxis: zero }],
  };
  const shape = (entry, k) => (params, api) => {
    const at = api.value(0);
    const point = entry.points[at];
    const place = (value) => api.coord(horizontal ? [value, at] : [at, value]);
    const band = api.size(horizontal ? [0, 1] : [1, 0])[horizontal ? 1 : 0];
    const slot = Math.min((band * 0.84) / series.length, bars ? 46 : 26);
    const shift = (k - (series.length - 1) / 2) * slot;
    const [x, y] = place(point.value).map((v, axis) => v + (axis === (horizontal ? 1 : 0) ? shift : 0));
    const line = (x1, y1, x2, y2, width = 1.4) => ({
      type: "line", shape: { x1, y1, x2, y2 }, style: { stroke: bars ? colour("ink") : entry.tint, lineWidth: width },
    });
    const children = [];
    if (bars) {
      const base = place(Math.max(min, 0))[horizontal ? 0 : 1];
      const half = slot * 0.42;
      children.push({
        type: "rect",
        shape: horizontal ? { x: base, y: y - half, width: x - base, height: 2 * half } : { x: x - half, y, width: 2 * half, height: base - y },
        style: { fill: entry.tint, stroke: colour("bar-edge"), lineWidth: 0.8 },
      });
    }
    let top = horizontal ? x : y;
    if (point.low !== null && point.low !== undefined) {
      const cap = Math.min(4, slot / 4);
      const [low, high] = [point.low, point.high].map((v) => place(v)[horizontal ? 0 : 1]);
      top = high;
      if (horizontal) children.push(line(low, y, high, y, bars ? 1.4 : 2), line(low, y - cap, low, y + cap), line(high, y - cap, high, y + cap));
      else children.push(line(x, low, x, high, bars ? 1.4 : 2), line(x - cap, low, x + cap, low), line(x - cap, high, x + cap, high));
    }
    if (!bars) {
      const hollow = entry.symbol.startsWith("hollow");
      children.push({
        type: "path",
        shape: { pathData: pathOf(entry.symbol), x: -5.5, y: -5.5, width: 11, height: 11 },
        x, y,
        style: { fill: hollow ? colour("surface") : entry.tint, stroke: hollow ? entry.tint : colour("surface"), lineWidth: hollow ? 2 : 1 },
      });
    }
    if (labels && (horizontal || slot > 25)) {
      children.push({
        type: "text",
        style: {
          text: `${number(point.value, digits)}${unit}`, fill: colour("ink"), font: `11px ${fontFamily()}`,
          ...(horizontal ? { x: top + 6, y, verticalAlign: "middle" } : { x, y: top - 4, align: "center", verticalAlign: "bottom" }),
        },
      });
    }
    return { type: "group", children };
  };
  draw(id, {
    tooltip: {
      ...tooltipStyle(), trigger: "item",
      formatter: (hit) => tooltipList(`${categories[hit.value[0]]} · ${hit.seriesName}`, series[hit.seriesIndex].points[hit.value[0]].tip),
    },
    grid: horizontal
      ? { left: room, right: labels ? 46 : 18, top: 8, bottom: 28 }
      : { left: 34, right: 8, top: 22, bottom: 28 },
    xAxis: horizontal ? amount : category,
    yAxis: horizontal ? category : amount,
    series: series.map((entry, k) => ({
      type: "custom",
      name: entry.name,
      renderItem: shape(entry, k),
      encode: horizontal ? { x: [1, 2, 3], y: 0 } : { x: 0, y: [1, 2, 3] },
      ...(zero !== null && k === 0 ? { markLine: zeroLine } : {}),
      data: entry.points.flatMap((point, i) => (point ? [[i, point.value, point.low ?? point.value, point.high ?? point.value]] : [])),
    })),
  });
};
/** Bounds of an axis: round steps around all points and their intervals, at most seven of them. */
const boundsOf = (series, unit = 10) => {
  const all = series.flatMap((entry) => entry.points.filter(Boolean).flatMap((p) => [p.value, p.low ?? p.value, p.high ?? p.value]));
  if (!all.length) return { min: 0, max: 100, step: 25 };
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const step = unit * Math.max(1, Math.ceil((high - low) / unit / 6));
  return { min: Math.floor(low / step) * step, max: Math.ceil(high / step) * step, step };
};
/** A point of a chart from a row of a mart, or null where there is nothing to draw. */
const pointOf = (row, column, low = "ci_low", high = "ci_high", { format = number, more = [] } = {}) => {
  if (!row || row[column] === null || row[column] === undefined) return null;
  const range = interval(row[low], row[high]);
  return {
    value: row[column], low: row[low], high: row[high],
    tip: [[t("value"), format(row[column], 1)], ...(range ? [[t("ci95"), range]] : []), ...more],
  };
};
