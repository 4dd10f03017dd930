// The index by type and wave with its intervals, and what changed against the wave before.
section("index", SCORE_TABLES, () => {
  const caption = t("index_caption");
  const populations = [ALL, ...scoredTypes().map((code) => `bank_type/${code}`)];
  const series = populations
    .map((key) => ({
      name: keyLabel(key),
      ...lookOf(key),
      points: waves.map((wave) => {
        const row = scoreRow(wave, key, "index");
        return pointOf(row, "score", "ci_low", "ci_high", { more: row ? sizePair(row) : [] });
      }),
    }))
    .filter((entry) => entry.points.some(Boolean));
  keys("index", series.map(({ name, tint, symbol }) => ({ text: name, tint, symbol })));
  const short = byId("index").clientWidth < 560;
  drawIntervals("index", { caption, categories: waves.map(short ? String : waveText), series, ...boundsOf(series) });
  put("index-table", caption, plainTable({
    caption,
    head: [t("population"), ...waves.map(waveText)],
    rows: populations.map((key) => [
      keyLabel(key),
      ...waves.map((wave) => {
        const row = scoreRow(wave, key, "index");
        const cell = scoreCell(row);
        if (row && cell.text instanceof Node) cell.text.append(el("small", { className: "range" }, `n=${number(row.n, 0)}${row.grade ? ` · ${t("grade", { grade: row.grade })}` : ""}`));
        return cell;
      }),
    ]),
  }));
});

const CHANGES = [
  { key: "all_banks", scenario: "headline", column: "change", low: "change_ci_low", high: "change_ci_high", symbol: "circle", tint: "wave-last" },
  { key: "matched", scenario: "headline", column: "matched_change", low: "matched_change_ci_low", high: "matched_change_ci_high", symbol: "diamond", tint: "link" },
  { key: "bridge", scenario: "bridge", column: "change", low: "change_ci_low", high: "change_ci_high", symbol: "hollow-rect", tint: "good" },
];
const REASONS = { items_changed: "not_comparable_items", declared: "not_comparable_declared", no_previous_wave: "no_previous_wave", relative_scenario: "not_comparable_relative" };
const comparableMark = (row) => {
  if (!row || row.comparable === null) return NONE;
  return row.comparable ? stateTag("good", t("comparable"), null) : stateTag("bad", t(REASONS[row.comparable_reason] || "not_comparable"), null);
};

section("change", SCORE_TABLES, () => {
  fillSelect("change-wave", waveOptions(waves.slice(1)), latestWave);
  fillSelect("change-population", populationOptions(headlineRows()), ALL);
  const wave = chosenNumber("change-wave");
  const population = chosen("change-population");
  const [kind, value] = population.split("/");
  const caption = t("change_caption", { wave, population: keyLabel(population) });
  const parts = ["index", ...dimensions().map((d) => d.dimension)];
  const rowOf = (part, scenario) => {
    const table = part === "index" ? rows.mart_index : rows.mart_dimension_score;
    return table.find((row) => row.wave === wave && row.population_kind === kind && row.population_value === value && row.scenario === scenario && (part === "index" || row.dimension === part));
  };
  const series = CHANGES.map((entry) => ({
    ...entry, name: t(`change_${entry.key}`), tint: colour(entry.tint),
    points: parts.map((part) => pointOf(rowOf(part, entry.scenario), entry.column, entry.low, entry.high, { format: plus })),
  }));
  keys("change", series.map(({ name, tint, symbol }) => ({ text: name, tint, symbol })));
  const bounds = boundsOf(series.concat({ points: [{ value: 0 }] }), 5);
  drawIntervals("change", { caption, categories: parts.map(dimensionLabel), series, ...bounds, horizontal: true, zero: 0 });
  const first = rowOf("index", "headline");
  note("change", !first ? t("no_previous_wave") : first.suppressed ? withheldText(first) : first.comparable ? "" : t("change_note"));
  const cell = (part, entry) => {
    const row = rowOf(part, entry.scenario);
    const made = valueCell(row, entry.column, entry.low, entry.high);
    if (made.value !== undefined) made.text.firstChild.textContent = plus(row[entry.column]);
    return made;
  };
  put("change-table", caption, plainTable({
    caption,
    head: [t("dimension"), ...series.map((entry) => entry.name), t("n_matched"), t("composition_change"), t("comparability")],
    rows: parts.map((part) => {
      const row = rowOf(part, "headline");
      return [
        dimensionLabel(part), ...CHANGES.map((entry) => cell(part, entry)),
        { text: number(row?.n_matched, 0), num: true }, { text: plus(row?.composition_change), num: true },
        { text: comparableMark(row), num: true },
      ];
    }),
  }));
});
follows("change", "change-wave", "change-population");
