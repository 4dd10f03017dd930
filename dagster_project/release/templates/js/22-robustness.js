// How far the scores and ranks move with the choice of method, and how the parts hang together.
section("bands", [...SCORE_TABLES, "mart_robustness"], () => {
  fillSelect("bands-wave", waveOptions(), latestWave);
  fillSelect("bands-population", populationOptions(rows.mart_robustness), ALL);
  const wave = chosenNumber("bands-wave");
  const population = chosen("bands-population");
  const caption = t("bands_caption", { wave, population: keyLabel(population) });
  const parts = ["index", ...dimensions().map((d) => d.dimension)];
  const bandOf = (part) => rows.mart_robustness.find((row) => row.wave === wave && row.dimension === part && `${row.population_kind}/${row.population_value}` === population);
  const series = [
    { name: t("band_method"), symbol: "rect", tint: colour("wave-last"), points: parts.map((part) => pointOf(bandOf(part), "score_median", "score_low", "score_high")) },
    { name: t("band_sample"), symbol: "hollow-circle", tint: colour("ink-2"), points: parts.map((part) => pointOf(scoreRow(wave, population, part), "score")) },
  ];
  keys("bands", series.map(({ name, tint, symbol }) => ({ text: name, tint, symbol })));
  drawIntervals("bands", { caption, categories: parts.map(dimensionLabel), series, ...boundsOf(series), horizontal: true });
  const first = bandOf("index");
  note("bands", first?.suppressed ? t("withheld_small") : first ? t("bands_note", { n: number(first.n_draws, 0) }) : "");
  put("bands-table", caption, plainTable({
    caption,
    head: [t("dimension"), t("score"), t("band_method"), t("dimension_rank"), t("main_driver")],
    rows: parts.map((part) => {
      const row = bandOf(part);
      return [
        dimensionLabel(part), scoreCell(scoreRow(wave, population, part)),
        { text: interval(row?.score_low, row?.score_high) || NONE, num: true },
        { text: row?.dimension_rank ? `${row.dimension_rank} (${interval(row.dimension_rank_low, row.dimension_rank_high, 0)})` : NONE, num: true },
        { text: row?.main_driver ? `${t(`driver_${row.main_driver}`)} ${number(row.main_driver_total, 2)}` : NONE, num: true },
      ];
    }),
  }));
});
follows("bands", "bands-wave", "bands-population");

section("ranks", [...NAME_TABLES, "mart_robustness"], () => {
  fillSelect("ranks-wave", waveOptions(), latestWave);
  const wave = chosenNumber("ranks-wave");
  const caption = t("ranks_caption", { wave });
  const ranked = rows.mart_robustness.filter((row) => row.wave === wave && row.population_kind === "bank_type");
  const parts = ["index", ...dimensions().map((d) => d.dimension)];
  const types = bankTypes().map((e) => e.bank_type).filter((code) => ranked.some((row) => row.population_value === code));
  const cell = (code, part) => {
    const row = ranked.find((r) => r.population_value === code && r.dimension === part);
    if (!row || row.rank === null) return { text: el("span", { className: "absent" }, row?.suppressed ? t("withheld_short") : NONE), num: true };
    return { text: el("span", {}, String(row.rank), el("small", { className: "range" }, `${number(row.rank_low, 0)} – ${number(row.rank_high, 0)}`)), num: true, value: row.rank };
  };
  put("ranks-table", caption, plainTable({
    caption,
    head: [t("dimension"), ...types.map(typeLabel)],
    rows: parts.map((part) => [dimensionLabel(part), ...types.map((code) => cell(code, part))]),
  }));
});
follows("ranks", "ranks-wave");

const FLAGS = ["n_negative", "n_weak", "n_collinear"];
section("coherence", [...NAME_TABLES, "dim_item", "mart_coherence"], () => {
  fillSelect("coherence-wave", waveOptions(), latestWave);
  const wave = chosenNumber("coherence-wave");
  const caption = t("coherence_caption", { wave });
  const levels = ["index", "dimension", "indicator", "item"];
  const nameOf = (row) => {
    if (row.level === "indicator") return indicatorLabel(row.key);
    if (row.level !== "item") return dimensionLabel(row.key);
    const item = rows.dim_item.find((entry) => entry.wave === wave && entry.item_id === row.key);
    return item ? labelOf(item) : row.key;
  };
  // Index and dimensions always, what is below only where it is flagged.
  const shown = rows.mart_coherence
    .filter((row) => row.wave === wave && (["index", "dimension"].includes(row.level) || FLAGS.some((flag) => row[flag])))
    .sort((a, b) => levels.indexOf(a.level) - levels.indexOf(b.level));
  const flagText = (row) => {
    const texts = FLAGS.filter((flag) => row[flag]).map((flag) => t(flag, { n: row[flag] }));
    return texts.length ? stateTag("bad", texts.join(", "), null) : stateTag("good", t("no_flag"), null);
  };
  put("coherence-table", caption, plainTable({
    caption,
    head: [t("part"), t("level"), "α", t("item_rest"), t("correlations"), t("flags")],
    rows: shown.map((row) => [
      nameOf(row), { text: t(`level_${row.level}`), num: true }, { text: number(row.alpha, 2), num: true },
      { text: number(row.item_rest, 2), num: true },
      { text: interval(row.min_correlation, row.max_correlation, 2) || NONE, num: true }, { text: flagText(row), num: true },
    ]),
  }));
});
follows("coherence", "coherence-wave");
