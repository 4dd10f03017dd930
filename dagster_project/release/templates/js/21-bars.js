// Bars by dimension and wave for one population, and the indicators below the dimensions.
section("bars", SCORE_TABLES, () => {
  fillSelect("bars-population", populationOptions(headlineRows()), ALL);
  const population = chosen("bars-population");
  const caption = t("bars_caption", { population: keyLabel(population) });
  const series = waves.map((wave, i) => ({
    name: t("wave_of", { wave }), tint: waveColour(i),
    points: dimensions().map((d) => {
      const row = scoreRow(wave, population, d.dimension);
      return pointOf(row, "score", "ci_low", "ci_high", { more: row ? sizePair(row) : [] });
    }),
  }));
  keys("bars", waves.map((wave, i) => {
    const row = scoreRow(wave, population, dimensions()[0].dimension);
    return { text: waveText(wave), tint: waveColour(i), box: true, small: row?.suppressed ? `n=${row.n} · ${withheldText(row)}` : `n=${sizeOf(wave, population)}` };
  }));
  drawIntervals("bars", { caption, categories: dimensions().map(labelOf), series, min: 0, max: 100, step: 25, bars: true, horizontal: byId("bars").clientWidth < 620 });
  put("bars-table", caption, plainTable({
    caption,
    head: [t("dimension"), ...waves.map((wave) => `${waveText(wave)} n=${sizeOf(wave, population)}`)],
    rows: dimensions().map((d) => [labelOf(d), ...waves.map((wave) => scoreCell(scoreRow(wave, population, d.dimension)))]),
  }));
});
follows("bars", "bars-population");

const indicatorRows = once(() => rows.mart_indicator_score.filter((row) => row.scenario === "headline"));
const indicatorIndex = once(() =>
  new Map(indicatorRows().map((row) => [[row.wave, row.indicator, row.population_kind, row.population_value].join("/"), row])),
);
section("indicators", [...NAME_TABLES, "mart_indicator_score"], () => {
  fillSelect("indicators-wave", waveOptions(), latestWave);
  fillSelect("indicators-dimension", [["", t("all")], ...dimensions().map((d) => [d.dimension, labelOf(d)])], "");
  fillSelect("indicators-population", populationOptions(indicatorRows()), ALL);
  const wave = chosenNumber("indicators-wave");
  const population = chosen("indicators-population");
  const compared = population === ALL ? [ALL] : [population, ALL];
  const caption = t("indicators_caption", { wave, population: keyLabel(population) });
  const listed = dimensions()
    .filter((d) => ["", d.dimension].includes(chosen("indicators-dimension")))
    .flatMap((d) => rows.framework_indicator.filter((row) => row.dimension === d.dimension).sort(byNumber("indicator_no")));
  const rowOf = (indicator, key) => indicatorIndex().get(`${wave}/${indicator}/${key}`);
  const codes = [...new Set(listed.map((row) => row.indicator))].filter((code) => rowOf(code, ALL));
  const series = compared.map((key) => ({
    name: keyLabel(key), ...(key === ALL ? { tint: colour("ink-2"), symbol: "hollow-circle" } : lookOf(key)),
    points: codes.map((code) => {
      const row = rowOf(code, key);
      return pointOf(row, "score", "ci_low", "ci_high", { more: row ? sizePair(row) : [] });
    }),
  }));
  if (population === ALL) Object.assign(series[0], { tint: colour("wave-last"), symbol: "circle" });
  keys("indicators", series.map(({ name, tint, symbol }) => ({ text: name, tint, symbol })));
  drawIntervals("indicators", { caption, categories: codes.map(indicatorLabel), series, min: 0, max: 100, step: 25, horizontal: true });
  const hidden = codes.map((code) => rowOf(code, population)).find((row) => row?.suppressed);
  note("indicators", hidden ? withheldText(hidden) : "");
  put("indicators-table", caption, plainTable({
    caption,
    head: [t("indicator"), t("dimension"), ...series.map((entry) => entry.name), t("n")],
    rows: codes.map((code) => [
      indicatorLabel(code), dimensionLabel(rowOf(code, ALL).dimension),
      ...compared.map((key) => scoreCell(rowOf(code, key))), { text: number(rowOf(code, population)?.n, 0), num: true },
    ]),
  }));
});
follows("indicators", "indicators-wave", "indicators-dimension", "indicators-population");
