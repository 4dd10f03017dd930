// Questions: the answers to one item by population, with intervals, change, comparability and print.
const QUESTION_TABLES = [...NAME_TABLES, "dim_item", "mart_answer_share", "mart_reconciliation"];
const sharesByItem = once(() => {
  const found = new Map();
  for (const row of rows.mart_answer_share) {
    const key = `${row.wave}/${row.item_id}`;
    if (!found.has(key)) found.set(key, []);
    found.get(key).push(row);
  }
  return found;
});
const itemsOf = (wave) =>
  rows.dim_item
    .filter((item) => item.wave === wave && sharesByItem().has(`${wave}/${item.item_id}`))
    .sort((a, b) => a.question_no - b.question_no || (a.item_id < b.item_id ? -1 : 1));
const optionLabel = (item, code) => {
  const option = rows.framework_option.find(
    (row) => row.option_set === item.option_set && row.option_id === code && row.valid_from_wave <= item.wave && (row.valid_to_wave === null || item.wave <= row.valid_to_wave),
  );
  return option ? labelOf(option) : code;
};
const askedOf = (share) => Math.max(0, ...share.map((row) => row.n_eligible ?? 0));

const drawStacked = (item, populations, options, shareOf, caption) => {
  const box = byId("answers");
  box.style.height = `${populations.length * 46 + 40}px`;
  box.setAttribute("aria-label", caption);
  const tints = options.map((_, i) => rampColour(i, options.length));
  keys("answers", options.map((code, i) => ({ text: optionLabel(item, code), tint: tints[i], box: true })));
  const names = populations.map((key) => {
    const row = shareOf(key, options[0]);
    return `${keyLabel(key)}\n${row?.suppressed ? withheldText(row) : `n=${row?.n_eligible ?? NONE}`}`;
  });
  const room = Math.min(Math.max(...names.flatMap((text) => text.split("\n")).map((text) => textWidth(text, 12.5))) + 16, box.clientWidth * 0.42);
  draw("answers", {
    tooltip: {
      ...tooltipStyle(), trigger: "item",
      formatter: (hit) => {
        const row = shareOf(populations[hit.dataIndex], options[hit.seriesIndex]);
        return tooltipList(`${keyLabel(populations[hit.dataIndex])} · ${hit.seriesName}`, [
          [t("share_of_answers"), `${number(row.share_pct, 1)}%`], [t("ci95"), interval(row.ci_low_pct, row.ci_high_pct)], ["n", `${row.n_chosen} / ${row.n_eligible}`],
        ]);
      },
    },
    grid: { left: room, right: 16, top: 4, bottom: 26 },
    xAxis: { type: "value", min: 0, max: 100, ...axisLook(), axisLabel: { color: colour("ink-2"), fontSize: 12, formatter: "{value}%" } },
    yAxis: { type: "category", inverse: true, data: names, ...axisLook(), splitLine: { show: false }, axisLabel: { color: colour("ink"), fontSize: 12.5, lineHeight: 16, width: room - 10, overflow: "break" } },
    series: options.map((code, i) => ({
      type: "bar", stack: "all", name: optionLabel(item, code), barWidth: 26,
      itemStyle: { color: tints[i], borderColor: colour("surface"), borderWidth: 1 },
      label: {
        show: true, fontSize: 11, color: i / Math.max(1, options.length - 1) > 0.55 ? colour("ramp-on-last") : colour("ramp-on-first"),
        formatter: (hit) => (hit.value >= 9 ? number(hit.value, 0) : ""),
      },
      data: populations.map((key) => shareOf(key, code)?.share_pct ?? null),
    })),
  });
};
const drawTicks = (item, populations, options, shareOf, caption) => {
  const series = populations
    .map((key) => ({
      name: keyLabel(key), ...lookOf(key),
      points: options.map((code) => {
        const row = shareOf(key, code);
        return pointOf(row, "share_pct", "ci_low_pct", "ci_high_pct", { more: row ? [["n", `${row.n_chosen} / ${row.n_eligible}`]] : [] });
      }),
    }))
    .filter((entry) => entry.points.some(Boolean));
  keys("answers", series.map(({ name, tint, symbol }) => ({ text: name, tint, symbol })));
  drawIntervals("answers", { caption, categories: options.map((code) => optionLabel(item, code)), series, min: 0, max: 100, step: 25, horizontal: true, unit: "%" });
};

const answerCell = (row) => {
  const made = valueCell(row, "share_pct", "ci_low_pct", "ci_high_pct");
  if (made.value === undefined) return made;
  made.text.append(el("small", { className: "range" }, `${row.n_chosen} / ${row.n_eligible}`));
  if (row.change_pp !== null) {
    made.text.append(el("small", { className: row.comparable ? "range" : "range doubtful", title: interval(row.change_ci_low_pp, row.change_ci_high_pp) }, `Δ ${plus(row.change_pp)}`));
  }
  return made;
};
const besidePrint = (item) => {
  const printed = rows.mart_reconciliation.filter((row) => row.wave === item.wave && row.item_id === item.item_id);
  const caption = t("beside_print_caption", { item: labelOf(item) });
  put("question-print-table", caption, plainTable({
    caption,
    quiet: true,
    head: [t("option"), t("population"), t("printed_value"), t("computed_value"), t("result"), t("place")],
    rows: printed.length
      ? printed.map((row) => [
          (row.option_ids || "").split("|").filter(Boolean).map((code) => optionLabel(item, code)).join(" + ") || t(`statistic_${row.statistic}`),
          { text: populationLabel(row.population_kind, row.population_value), num: true },
          { text: printedText(row), num: true, value: row.printed }, { text: number(row.computed, 2), num: true, value: row.computed },
          { text: el("span", {}, stateTag(OUTCOMES[outcomeOf(row)], t(outcomeOf(row)), null), row.reason ? el("small", { className: "range" }, reasonText(row.reason.split(": ")[0])) : null), num: true },
          { text: `${row.document_id} · ${placeText(row)}`, num: true },
        ])
      : [[t("nothing_printed"), ...Array(5).fill({ text: NONE, num: true })]],
  }));
};

section("answers", QUESTION_TABLES, () => {
  fillSelect("question-wave", waveOptions(), latestWave);
  const wave = chosenNumber("question-wave");
  const items = itemsOf(wave);
  const parts = [...new Set(items.map((item) => item.dimension))];
  const order = [...dimensions().map((d) => d.dimension), "environment", "sample"];
  parts.sort((a, b) => order.indexOf(a) - order.indexOf(b));
  fillSelect("question-dimension", parts.map((code) => [code, dimensionLabel(code)]), parts[0]);
  const listed = items.filter((item) => item.dimension === chosen("question-dimension"));
  fillSelect("question-item", listed.map((item) => [item.item_id, `${item.question_no}. ${labelOf(item)}`]), listed[0]?.item_id);
  fillSelect("question-kind", [["bank_type", t("by_type")], ["region", t("by_region")]], "bank_type");
  const at = listed.findIndex((item) => item.item_id === chosen("question-item"));
  byId("question-previous").textContent = t("previous_item");
  byId("question-next").textContent = t("next_item");
  byId("question-previous").disabled = at <= 0;
  byId("question-next").disabled = at < 0 || at >= listed.length - 1;
  const item = listed[at];
  byId("question-title").textContent = item ? labelOf(item) : t("no_rows");
  if (!item) return;
  const share = sharesByItem().get(`${wave}/${item.item_id}`);
  const populations = populationsOf(share).filter((key) => key === ALL || key.startsWith(`${chosen("question-kind")}/`));
  const options = [...new Set([...share].sort(byNumber("option_no")).map((row) => row.option_id))];
  const shareOf = (key, code) => share.find((row) => `${row.population_kind}/${row.population_value}` === key && row.option_id === code);
  const caption = `${labelOf(item)} (${waveText(wave)})`;
  byId("question-meta").replaceChildren(
    [t("question_no", { no: item.question_no }), t(`type_${item.item_type}`), t("asked", { n: askedOf(share) }), waveText(wave),
      item.indicator ? indicatorLabel(item.indicator) : null, item.is_inferred ? t("inferred") : null].filter(Boolean).join(" · "),
    " · ",
    item.comparable ? stateTag("good", t("comparable"), null) : stateTag(item.change_type === "new" ? "plain" : "bad", t(`changed_${item.change_type}`), null),
  );
  (item.item_type === "multi" ? drawTicks : drawStacked)(item, populations, options, shareOf, caption);
  note("answers", [item.item_type === "multi" ? t("multi_note") : "", populations.some((key) => shareOf(key, options[0])?.suppressed) ? t("withheld_why") : ""].filter(Boolean).join(" "));
  put("answers-table", caption, plainTable({
    caption,
    head: [t("option"), ...populations.map((key) => `${keyLabel(key)} n=${shareOf(key, options[0])?.n_eligible ?? NONE}`)],
    rows: options.map((code) => [optionLabel(item, code), ...populations.map((key) => answerCell(shareOf(key, code)))]),
  }));
  besidePrint(item);
});
follows("answers", "question-wave", "question-dimension", "question-item", "question-kind");
for (const [id, step] of [["question-previous", -1], ["question-next", 1]]) {
  byId(id).addEventListener("click", () => {
    byId("question-item").selectedIndex += step;
    sections.get("answers").render();
    writeHash();
  });
}
