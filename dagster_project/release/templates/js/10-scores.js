// Scores: the hive of the overview, the radar by bank type, the bars by wave.
const scores = rowsOf(data.scores);
const dimensions = data.dimensions;
const waves = data.waves.map((entry) => entry.wave);
const latestWave = waves[waves.length - 1];
const scoreIndex = new Map(
  scores.map((row) => [[row.wave, row.population_kind, row.population_value, row.dimension].join("/"), row]),
);
const scoreRow = (wave, kind, value, dimension) => scoreIndex.get([wave, kind, value, dimension].join("/"));
const scoreOf = (row) => (row && !row.suppressed && row.score !== null ? row.score : null);
const scoredTypes = data.bank_types
  .map((entry) => entry.bank_type)
  .filter((code) => scores.some((row) => row.population_kind === "bank_type" && row.population_value === code));
/** Largest n over the dimensions: the respondents of a population that have a score at all. */
const sizeOf = (wave, kind, value) =>
  Math.max(0, ...dimensions.map((d) => scoreRow(wave, kind, value, d.dimension)?.n ?? 0));
const isComplete = (wave, kind, value) =>
  dimensions.every((d) => scoreOf(scoreRow(wave, kind, value, d.dimension)) !== null);
const waveText = (wave) =>
  data.waves.find((entry) => entry.wave === wave)?.synthetic
    ? `${waveLabel(wave)}（${t("synthetic_short")}）`
    : waveLabel(wave);
const waveTextPlain = (wave) => (lang() === "en" ? waveText(wave).replace("（", " (").replace("）", ")") : waveText(wave));
const waveOptions = () => waves.map((wave) => [wave, waveTextPlain(wave)]).reverse();
const scoreCell = (row) =>
  row && row.suppressed
    ? { text: t("withheld"), num: true, title: t("withheld_why") }
    : { text: number(scoreOf(row), 1), num: true };

const SQRT3 = Math.sqrt(3);
const hexagon = (radius) =>
  [0, 1, 2, 3, 4, 5]
    .map((i) => `${(radius * Math.cos((i * Math.PI) / 3)).toFixed(2)},${(radius * Math.sin((i * Math.PI) / 3)).toFixed(2)}`)
    .join(" ");

/** The part of a flat-topped hexagon below the level `share` (0-1) of its height. */
const honey = (side, share) => {
  const half = (side * SQRT3) / 2;
  const top = half - share * 2 * half;
  const width = side - Math.abs(top) / SQRT3;
  const points = [[-width, top], [width, top]];
  if (top < 0) points.push([side, 0]);
  points.push([side / 2, half], [-side / 2, half]);
  if (top < 0) points.push([-side, 0]);
  return points.map(([x, y]) => `${x.toFixed(2)},${y.toFixed(2)}`).join(" ");
};

section("hive", () => {
  fillSelect("hive-wave", waveOptions(), latestWave);
  const wave = Number(byId("hive-wave").value);
  const caption = t("hive_caption", { wave });
  const cells = dimensions.map((d, i) => {
    const row = scoreRow(wave, "all", "all", d.dimension);
    return { label: labelOf(d), row, score: scoreOf(row), angle: -Math.PI / 2 + (i * Math.PI) / 3 };
  });
  const side = 60;
  const step = side * SQRT3 + 5;
  const picture = svg("svg", { viewBox: "-158 -170 316 340", role: "img", "aria-label": `${caption}: ${cells.map((c) => `${c.label} ${c.score === null ? t("withheld") : number(c.score, 1)}`).join(", ")}` });
  for (const cell of cells) {
    const group = svg("g", { transform: `translate(${(step * Math.cos(cell.angle)).toFixed(2)} ${(step * Math.sin(cell.angle)).toFixed(2)})` });
    group.append(svg("polygon", { points: hexagon(side), class: "hive-cell" }));
    if (cell.score !== null) group.append(svg("polygon", { points: honey(side, cell.score / 100), class: "hive-fill" }));
    group.append(svg("polygon", { points: hexagon(side), class: "hive-edge" }));
    group.append(
      svg("text", { class: "hive-label", y: -9 }, cell.label),
      svg("text", { class: "hive-score", y: 20 }, cell.score === null ? t("withheld") : number(cell.score, 1)),
    );
    picture.append(group);
  }
  picture.append(
    svg("polygon", { points: hexagon(side), class: "hive-core" }),
    svg("text", { class: "hive-wave", y: -2 }, String(wave || "")),
    svg("text", { class: "hive-n", y: 20 }, `n = ${sizeOf(wave, "all", "all")}`),
  );
  byId("hive").replaceChildren(picture);
  put(
    "hive-table",
    caption,
    plainTable({
      caption,
      head: [t("dimension"), t("score"), t("n")],
      rows: cells.map((c) => [c.label, scoreCell(c.row), { text: number(c.row ? c.row.n : null, 0), num: true }]),
    }),
  );
});

// One sign per type, beside its colour: the legend and the lines carry both.
const SYMBOLS = ["circle", "rect", "triangle", "diamond", "hollow-circle", "hollow-rect"];
const SYMBOL_PATHS = {
  circle: "M17 8a5 5 0 1 0 10 0 5 5 0 1 0-10 0z",
  rect: "M17.5 3.5h9v9h-9z",
  triangle: "M22 2.6l5.6 10H16.4z",
  diamond: "M22 2l6 6-6 6-6-6z",
  "hollow-circle": "M17 8a5 5 0 1 0 10 0 5 5 0 1 0-10 0z",
  "hollow-rect": "M17.5 3.5h9v9h-9z",
};
const symbolOf = (code) => SYMBOLS[data.bank_types.findIndex((e) => e.bank_type === code) % SYMBOLS.length];
const swatch = (code) => {
  const tint = code === "all" ? colour("ink") : typeColour(code);
  const line = svg("path", { d: "M1 8h42", stroke: tint, "stroke-width": 2.5, fill: "none" });
  if (code === "all") line.setAttribute("stroke-dasharray", "6 4");
  const box = svg("svg", { viewBox: "0 0 44 16", class: "swatch", "aria-hidden": "true" }, line);
  if (code !== "all") {
    const hollow = symbolOf(code).startsWith("hollow");
    box.append(svg("path", { d: SYMBOL_PATHS[symbolOf(code)], fill: hollow ? colour("surface") : tint, stroke: tint, "stroke-width": hollow ? 2 : 0 }));
  }
  return box;
};
const MOST_SERIES = 3;
const chosenTypes = () => [...byId("radar-types").querySelectorAll("input:checked")].map((box) => box.value);

section("radar", () => {
  fillSelect("radar-wave", waveOptions(), latestWave);
  const wave = Number(byId("radar-wave").value);
  const usable = scoredTypes.filter((code) => isComplete(wave, "bank_type", code));
  const drawnBefore = byId("radar-types").childElementCount > 0;
  // A type that this wave withholds drops out; what is left of the reader's choice stays, even if empty.
  const chosen = drawnBefore ? chosenTypes().filter((code) => usable.includes(code)) : usable.slice(0, MOST_SERIES);
  const focused = document.activeElement?.closest("#radar-types") ? document.activeElement.value : null;
  byId("radar-types").replaceChildren(
    el("div", { className: "legend-row fixed" }, swatch("all"), el("span", {}, t("all_respondents")), el("small", {}, `n=${sizeOf(wave, "all", "all")}`)),
    ...scoredTypes.map((code) => {
      const can = usable.includes(code);
      const on = chosen.includes(code);
      const n = sizeOf(wave, "bank_type", code);
      const note = can ? `n=${n}` : n ? `n=${n} · ${t("withheld")}` : NONE;
      const box = el("input", { type: "checkbox", value: code, checked: on, disabled: !can || (!on && chosen.length >= MOST_SERIES) });
      return el("label", { className: "legend-row" }, box, swatch(code), el("span", {}, typeLabel(code)), el("small", {}, note));
    }),
  );
  if (focused) byId("radar-types").querySelector(`input[value="${focused}"]`)?.focus();

  const caption = t("radar_caption", { wave });
  const populations = [["all", "all"], ...scoredTypes.map((code) => ["bank_type", code])];
  const nameOf = ([kind, value]) => (kind === "all" ? t("all_respondents") : typeLabel(value));
  const shown = [...chosen.map((code) => ["bank_type", code]), ...(isComplete(wave, "all", "all") ? [["all", "all"]] : [])];
  byId("radar").setAttribute("aria-label", `${caption}: ${shown.map(nameOf).join(", ") || t("no_scores")}`);
  const narrow = byId("radar").clientWidth < 420;
  const nameSize = narrow ? 11.5 : 14;
  const room = byId("radar").clientWidth / 2 - Math.max(...dimensions.map((d) => textWidth(labelOf(d), nameSize))) - 10;
  const radius = Math.max(50, Math.min(room / Math.cos(Math.PI / 6), byId("radar").clientHeight / 2 - 36));
  draw("radar", {
    tooltip: {
      ...tooltipStyle(),
      trigger: "item",
      formatter: (hit) => tooltipList(hit.name, dimensions.map((d, i) => [labelOf(d), number(hit.value[i], 1)])),
    },
    radar: {
      clockwise: true,
      center: ["50%", "51%"],
      radius,
      axisNameGap: narrow ? 6 : 8,
      splitNumber: 4,
      axisName: { color: colour("ink"), fontSize: nameSize },
      axisLine: { lineStyle: { color: colour("grid") } },
      splitLine: { lineStyle: { color: colour("grid") } },
      splitArea: { show: false },
      indicator: dimensions.map((d, i) => ({
        name: labelOf(d),
        min: 0,
        max: 100,
        axisLabel: { show: i === 0, color: colour("ink-2"), fontSize: 11, showMinLabel: false },
      })),
    },
    series: [
      {
        type: "radar",
        data: shown.map(([kind, value]) => {
          const total = kind === "all";
          const tint = total ? colour("ink") : typeColour(value);
          return {
            name: `${nameOf([kind, value])} n=${sizeOf(wave, kind, value)}`,
            value: dimensions.map((d) => scoreOf(scoreRow(wave, kind, value, d.dimension))),
            symbol: total ? "none" : symbolOf(value).replace("hollow-", ""),
            symbolSize: 8,
            itemStyle: { color: !total && symbolOf(value).startsWith("hollow") ? colour("surface") : tint, borderColor: tint, borderWidth: total ? 0 : 1.6 },
            lineStyle: { color: tint, width: total ? 1.6 : 2.2, type: total ? "dashed" : "solid" },
          };
        }),
      },
    ],
  });
  put(
    "radar-table",
    caption,
    plainTable({
      caption,
      head: [t("dimension"), ...populations.map((p) => `${nameOf(p)} n=${sizeOf(wave, ...p)}`)],
      rows: dimensions.map((d) => [labelOf(d), ...populations.map((p) => scoreCell(scoreRow(wave, ...p, d.dimension)))]),
    }),
  );
});

/** Tints from early to late; the latest wave stands out most in both themes. */
const waveColour = (i) => {
  const from = colour("wave-first").match(/\w\w/g).map((h) => parseInt(h, 16));
  const to = colour("wave-last").match(/\w\w/g).map((h) => parseInt(h, 16));
  const share = waves.length < 2 ? 1 : i / (waves.length - 1);
  return `rgb(${from.map((v, k) => Math.round(v + (to[k] - v) * share)).join(",")})`;
};

section("bars", () => {
  fillSelect(
    "bars-population",
    [["all", t("all_respondents")], ...scoredTypes.map((code) => [code, typeLabel(code)])],
    "all",
  );
  const value = byId("bars-population").value;
  const kind = value === "all" ? "all" : "bank_type";
  const population = byId("bars-population").selectedOptions[0].textContent;
  const caption = t("bars_caption", { population });
  byId("bars-legend").replaceChildren(
    ...waves.map((wave, i) => {
      const key = svg("svg", { viewBox: "0 0 14 14", class: "key", "aria-hidden": "true" });
      key.append(svg("rect", { x: 1, y: 1, width: 12, height: 12, fill: waveColour(i), stroke: colour("bar-edge") }));
      const withheld = dimensions.some((d) => scoreRow(wave, kind, value, d.dimension)?.suppressed);
      return el("li", {}, key, waveTextPlain(wave), el("small", {}, `n=${sizeOf(wave, kind, value)}${withheld ? ` · ${t("withheld")}` : ""}`));
    }),
  );
  const box = byId("bars");
  const narrow = box.clientWidth < 620;
  box.classList.toggle("narrow", narrow);
  box.style.height = narrow ? `${dimensions.length * (waves.length * 20 + 18) + 40}px` : "";
  const category = {
    type: "category",
    data: dimensions.map(labelOf),
    inverse: narrow,
    axisTick: { show: false },
    axisLine: { lineStyle: { color: colour("line-strong") } },
    axisLabel: { color: colour("ink"), fontSize: narrow ? 12 : 14, interval: 0 },
  };
  const amount = {
    type: "value",
    min: 0,
    max: 100,
    interval: 25,
    axisLabel: { color: colour("ink-2"), fontSize: 12 },
    splitLine: { lineStyle: { color: colour("grid") } },
  };
  box.setAttribute("aria-label", caption);
  draw("bars", {
    tooltip: {
      ...tooltipStyle(),
      trigger: "axis",
      axisPointer: { type: "shadow" },
      formatter: (hits) =>
        tooltipList(hits[0].axisValueLabel, hits.map((hit) => [hit.seriesName, hit.value === null || hit.value === undefined ? t("withheld") : number(hit.value, 1)])),
    },
    grid: narrow ? { left: 12, right: 34, top: 6, bottom: 4, containLabel: true } : { left: 4, right: 8, top: 24, bottom: 4, containLabel: true },
    xAxis: narrow ? amount : category,
    yAxis: narrow ? category : amount,
    series: waves.map((wave, i) => ({
      type: "bar",
      name: waveLabel(wave),
      barMaxWidth: 44,
      barGap: "12%",
      barCategoryGap: narrow ? "24%" : "34%",
      itemStyle: { color: waveColour(i), borderColor: colour("bar-edge"), borderWidth: 1, borderRadius: 1 },
      label: {
        show: true,
        position: narrow ? "right" : "top",
        color: colour("ink"),
        fontSize: 12,
        formatter: (hit) => number(hit.value, 1),
      },
      data: dimensions.map((d) => scoreOf(scoreRow(wave, kind, value, d.dimension))),
    })),
  });
  chartOf("bars").resize();
  put(
    "bars-table",
    caption,
    plainTable({
      caption,
      head: [t("dimension"), ...waves.map((wave) => `${waveTextPlain(wave)} n=${sizeOf(wave, kind, value)}`)],
      rows: dimensions.map((d) => [labelOf(d), ...waves.map((wave) => scoreCell(scoreRow(wave, kind, value, d.dimension)))]),
    }),
  );
});
