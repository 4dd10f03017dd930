// Investment as pictures: each bank over the years, share against amount, and bands of the survey beside both.
const TREND_MEASURES = { investment_cny: "amount", share_of_revenue_pct: "share", growth_pct: "growth", tech_staff: "staff", tech_staff_share_pct: "staff_share" };
const measured = (row, measure) => (measure === "investment_cny" && row[measure] !== null ? row[measure] / 1e8 : row[measure]);
const digitsOf = (measure) => (measure === "tech_staff" ? 0 : 2);
const yearsOf = (list) => [...new Set(list.map((row) => row.fiscal_year))].sort((a, b) => a - b);

section("trend", INVESTMENT_TABLES, () => {
  fillSelect("trend-measure", Object.entries(TREND_MEASURES).map(([code, key]) => [code, t(key)]), "investment_cny");
  const measure = chosen("trend-measure");
  const known = investment().filter((row) => row[measure] !== null);
  const banks = [...new Map(known.map((row) => [row.bank_id, row])).values()].sort(
    (a, b) => bankTypes().findIndex((e) => e.bank_type === a.bank_type) - bankTypes().findIndex((e) => e.bank_type === b.bank_type) || (a.bank_id < b.bank_id ? -1 : 1),
  );
  // The bank with the longest series comes first.
  const length = (id) => known.filter((row) => row.bank_id === id).length;
  const longest = [...banks].sort((a, b) => length(b.bank_id) - length(a.bank_id))[0];
  fillSelect("trend-bank", banks.map((row) => [row.bank_id, `${bankName(row)} · ${typeLabel(row.bank_type)}`]), longest?.bank_id ?? "");
  const picked = banks.find((row) => row.bank_id === chosen("trend-bank"));
  const years = yearsOf(investment());
  const caption = t("trend_caption", { bank: picked ? bankName(picked) : NONE, measure: t(TREND_MEASURES[measure]) });
  byId("trend").setAttribute("aria-label", caption);
  const peers = banks.filter((row) => picked && row.bank_type === picked.bank_type);
  const lineOf = (bank) => years.map((year) => known.find((row) => row.bank_id === bank.bank_id && row.fiscal_year === year) || null);
  const seriesOf = (bank) => {
    const own = bank === picked;
    const { tint, symbol } = lookOf(`bank_type/${bank.bank_type}`);
    const line = lineOf(bank);
    return {
      type: "line", name: bankName(bank), z: own ? 5 : 2, connectNulls: false, symbolSize: own ? 9 : 5,
      symbol: symbol.replace("hollow-", ""),
      lineStyle: { color: own ? tint : colour("line-strong"), width: own ? 2.6 : 1, opacity: own ? 1 : 0.6 },
      itemStyle: { color: own ? tint : colour("line-strong"), opacity: own ? 1 : 0.6 },
      label: { show: own, position: "top", color: colour("ink"), fontSize: 12, formatter: (hit) => number(hit.value, digitsOf(measure)) },
      data: line.map((row) => (row ? { value: measured(row, measure), symbol: row.status === "conflict" ? `path://${HEX}` : undefined } : null)),
    };
  };
  keys("trend", picked ? [{ ...lookOf(`bank_type/${picked.bank_type}`), text: bankName(picked) }, { tint: colour("line-strong"), text: t("peers_of", { type: typeLabel(picked.bank_type), n: peers.length - 1 }) }] : []);
  draw("trend", {
    tooltip: { ...tooltipStyle(), trigger: "item", formatter: (hit) => tooltipList(hit.seriesName, [[hit.name, number(hit.value, digitsOf(measure))]]) },
    grid: { left: 8, right: 18, top: 28, bottom: 4, containLabel: true },
    xAxis: { type: "category", data: years.map(String), ...axisLook(), splitLine: { show: false } },
    yAxis: { type: "value", scale: measure !== "investment_cny", ...axisLook() },
    series: peers.map(seriesOf),
  });
  put("trend-table", caption, plainTable({
    caption,
    head: [t("bank"), ...years.map(String)],
    rows: [...peers].sort((a, b) => (b === picked) - (a === picked)).map((bank) => [
      bankName(bank), ...lineOf(bank).map((row) => ({ text: row ? number(measured(row, measure), digitsOf(measure)) : NONE, num: true, value: row?.[measure] })),
    ]),
  }));
});
follows("trend", "trend-bank", "trend-measure");

section("scatter", INVESTMENT_TABLES, () => {
  const both = investment().filter((row) => row.investment_cny !== null && row.share_of_revenue_pct !== null);
  const years = yearsOf(both);
  fillSelect("scatter-year", years.map((year) => [year, String(year)]).reverse(), years[years.length - 1]);
  const year = chosenNumber("scatter-year");
  const shown = both.filter((row) => row.fiscal_year === year);
  const types = bankTypes().map((e) => e.bank_type).filter((code) => shown.some((row) => row.bank_type === code));
  const caption = t("scatter_caption", { year: year || "" });
  byId("scatter").setAttribute("aria-label", caption);
  keys("scatter", types.map((code) => ({ ...lookOf(`bank_type/${code}`), text: typeLabel(code) })));
  draw("scatter", {
    tooltip: {
      ...tooltipStyle(), trigger: "item",
      formatter: (hit) => tooltipList(hit.name, [[t("amount"), number(hit.value[0], 2)], [t("share"), number(hit.value[1], 2)]]),
    },
    grid: { left: 12, right: 26, top: 30, bottom: 26, containLabel: true },
    xAxis: { type: "log", name: t("amount"), nameLocation: "middle", nameGap: 26, ...axisLook(), axisLabel: { color: colour("ink-2"), fontSize: 12, formatter: (value) => number(value, value < 1 ? 1 : 0) } },
    yAxis: { type: "value", name: t("share"), scale: true, nameTextStyle: { align: "left", color: colour("ink-2") }, ...axisLook() },
    series: types.map((code) => {
      const { tint, symbol } = lookOf(`bank_type/${code}`);
      return {
        type: "scatter", name: typeLabel(code), symbol: symbol.replace("hollow-", ""), symbolSize: 11,
        itemStyle: { color: symbol.startsWith("hollow") ? colour("surface") : tint, borderColor: symbol.startsWith("hollow") ? tint : colour("surface"), borderWidth: symbol.startsWith("hollow") ? 2 : 1 },
        label: { show: true, position: "right", color: colour("ink"), fontSize: 11, formatter: (hit) => hit.name },
        labelLayout: { hideOverlap: true },
        data: shown.filter((row) => row.bank_type === code).map((row) => ({ name: bankName(row), value: [row.investment_cny / 1e8, row.share_of_revenue_pct] })),
      };
    }),
  });
  put("scatter-table", caption, plainTable({
    caption,
    head: [t("bank"), t("type"), t("amount"), t("share")],
    rows: [...shown].sort((a, b) => b.investment_cny - a.investment_cny).map((row) => [
      bankName(row), { text: typeLabel(row.bank_type), num: true },
      { text: signed(row.investment_qualifier, yi(row.investment_cny)), num: true, value: row.investment_cny },
      { text: signed(row.share_qualifier, number(row.share_of_revenue_pct, 2)), num: true, value: row.share_of_revenue_pct },
    ]),
  }));
});
follows("scatter", "scatter-year");
