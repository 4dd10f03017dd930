// Bank types by year, pooled beside simple means; bands of the survey beside the disclosed shares.
section("groups", [...NAME_TABLES, "mart_fintech_investment_group"], () => {
  const caption = t("groups_title_plain");
  const table = rows.mart_fintech_investment_group;
  const with_n = (value, n) => {
    if (value === null) return { text: el("span", { className: "absent" }, NONE), num: true };
    return { text: el("span", {}, number(value, 2), el("small", {}, ` (${n})`)), num: true, value };
  };
  const place = (code) => bankTypes().findIndex((entry) => entry.bank_type === code);
  const ordered = [...table].sort((a, b) => place(a.bank_type) - place(b.bank_type) || a.fiscal_year - b.fiscal_year);
  put("groups-table", caption, plainTable({
    caption,
    quiet: true,
    head: [t("type"), t("year"), t("m_investment_cny"), t("m_pooled_share_pct"), t("m_mean_share_pct"), t("m_matched_growth_pct"), t("m_pooled_growth_pct"), t("m_mean_growth_pct"), t("coverage")],
    rows: ordered.map((row) => [
      typeLabel(row.bank_type), { text: String(row.fiscal_year), num: true },
      { ...with_n(row.investment_cny === null ? null : row.investment_cny / 1e8, row.n_banks), value: row.investment_cny },
      with_n(row.pooled_share_pct, row.n_banks_share), with_n(row.mean_share_pct, row.n_banks_share),
      with_n(row.matched_growth_pct, row.n_banks_matched), with_n(row.pooled_growth_pct, row.n_banks_pooled_growth),
      with_n(row.mean_growth_pct, row.n_banks_growth),
      { text: row.coverage_pct === null ? NONE : `${number(row.coverage_pct, 1)}%`, num: true, title: `${row.n_banks} / ${row.n_population} (${row.population_basis})`, value: row.coverage_pct },
    ]),
  }));
});

section("investment-bands", [...NAME_TABLES, "mart_investment_band"], () => {
  const table = rows.mart_investment_band;
  const years = [...new Set(table.map((row) => row.wave))].sort();
  fillSelect("investment-bands-wave", waveOptions(years), years[years.length - 1]);
  const types = ["all", ...bankTypes().map((e) => e.bank_type)].filter((code) => table.some((row) => row.bank_type === code));
  fillSelect("investment-bands-population", types.map((code) => [code, code === "all" ? t("all_respondents") : typeLabel(code)]), "all");
  const wave = chosenNumber("investment-bands-wave");
  const shown = table.filter((row) => row.wave === wave && row.bank_type === chosen("investment-bands-population")).sort(byNumber("band_no"));
  const caption = t("investment_bands_caption", { wave, year: shown[0]?.fiscal_year ?? NONE });
  const pointFrom = (value, n, all) => (value === null ? null : { value, low: null, high: null, tip: [["%", number(value, 1)], ["n", `${n} / ${all}`]] });
  const series = [
    { name: t("survey_band"), tint: colour("wave-first"), points: shown.map((row) => pointFrom(row.survey_share_pct, row.survey_n_chosen, row.survey_n_eligible)) },
    { name: t("disclosed_band"), tint: colour("link"), points: shown.map((row) => pointFrom(row.disclosed_share_pct, row.disclosed_n_in_band, row.disclosed_n_banks)) },
  ];
  const first = shown[0];
  keys("investment-bands", series.map(({ name, tint }, i) => ({ text: name, tint, box: true, small: first ? `n=${i ? first.disclosed_n_banks : first.survey_n_eligible}` : "" })));
  drawIntervals("investment-bands", { caption, categories: shown.map(labelOf), series, min: 0, max: 100, step: 25, bars: true, horizontal: byId("investment-bands").clientWidth < 560, digits: 0, unit: "%" });
  note("investment-bands", [first?.survey_suppressed ? t("withheld_why") : "", first && !first.disclosed_n_banks ? t("no_disclosed") : ""].filter(Boolean).join(" "));
  const share = (value, n, hidden) => ({ text: value === null ? (hidden ? t("withheld_short") : NONE) : `${number(value, 1)} (${n})`, num: true, value });
  put("investment-bands-table", caption, plainTable({
    caption,
    head: [t("band"), t("survey_band"), t("disclosed_band")],
    rows: shown.map((row) => [
      labelOf(row), share(row.survey_share_pct, row.survey_n_chosen, row.survey_suppressed), share(row.disclosed_share_pct, row.disclosed_n_in_band, false),
    ]),
  }));
});
follows("investment-bands", "investment-bands-wave", "investment-bands-population");
