// The radar by bank type: axes fixed at 0-100, at most three types, the dashed line is all respondents.
const MOST_SERIES = 3;
const chosenTypes = () => [...byId("radar-types").querySelectorAll("input:checked")].map((box) => box.value);
const isComplete = (wave, key) => dimensions().every((d) => scoreOf(scoreRow(wave, key, d.dimension)) !== null);

const radarLegend = (wave) => {
  const usable = scoredTypes().filter((code) => isComplete(wave, `bank_type/${code}`));
  const drawnBefore = byId("radar-types").childElementCount > 0;
  // A type that this wave withholds drops out; what is left of the reader's choice stays, even if empty.
  const kept = drawnBefore ? chosenTypes().filter((code) => usable.includes(code)) : usable.slice(0, MOST_SERIES);
  const focused = document.activeElement?.closest("#radar-types") ? document.activeElement.value : null;
  byId("radar-types").replaceChildren(
    el("div", { className: "legend-row fixed" }, keyOf({ tint: colour("ink"), dashed: true }), el("span", {}, t("all_respondents")), el("small", {}, `n=${sizeOf(wave, ALL)}`)),
    ...scoredTypes().map((code) => {
      const key = `bank_type/${code}`;
      const row = scoreRow(wave, key, dimensions()[0].dimension);
      const on = kept.includes(code);
      const can = usable.includes(code);
      const small = !row ? NONE : can ? `n=${sizeOf(wave, key)}` : `n=${row.n} · ${withheldText(row)}`;
      const box = el("input", { type: "checkbox", value: code, checked: on, disabled: !can || (!on && kept.length >= MOST_SERIES) });
      return el("label", { className: "legend-row" }, box, keyOf(lookOf(key)), el("span", {}, typeLabel(code)), el("small", {}, small));
    }),
  );
  if (focused) byId("radar-types").querySelector(`input[value="${focused}"]`)?.focus();
  return kept;
};

section("radar", SCORE_TABLES, () => {
  fillSelect("radar-wave", waveOptions(), latestWave);
  const wave = chosenNumber("radar-wave");
  const shown = [...radarLegend(wave).map((code) => `bank_type/${code}`), ...(isComplete(wave, ALL) ? [ALL] : [])];
  const caption = t("radar_caption", { wave });
  const box = byId("radar");
  box.setAttribute("aria-label", `${caption}: ${shown.map(keyLabel).join(", ") || t("no_scores")}`);
  const narrow = box.clientWidth < 420;
  const nameSize = narrow ? 11.5 : 14;
  const room = box.clientWidth / 2 - Math.max(...dimensions().map((d) => textWidth(labelOf(d), nameSize))) - 10;
  draw("radar", {
    tooltip: {
      ...tooltipStyle(),
      trigger: "item",
      formatter: (hit) => tooltipList(hit.name, dimensions().map((d, i) => [labelOf(d), number(hit.value[i], 1)])),
    },
    radar: {
      clockwise: true,
      center: ["50%", "51%"],
      radius: Math.max(50, Math.min(room / Math.cos(Math.PI / 6), box.clientHeight / 2 - 36)),
      axisNameGap: narrow ? 6 : 8,
      splitNumber: 4,
      axisName: { color: colour("ink"), fontSize: nameSize },
      axisLine: { lineStyle: { color: colour("grid") } },
      splitLine: { lineStyle: { color: colour("grid") } },
      splitArea: { show: false },
      indicator: dimensions().map((d, i) => ({
        name: labelOf(d), min: 0, max: 100,
        axisLabel: { show: i === 0, color: colour("ink-2"), fontSize: 11, showMinLabel: false },
      })),
    },
    series: [{
      type: "radar",
      data: shown.map((key) => {
        const total = key === ALL;
        const { tint, symbol } = lookOf(key);
        return {
          name: `${keyLabel(key)} n=${sizeOf(wave, key)}`,
          value: dimensions().map((d) => scoreOf(scoreRow(wave, key, d.dimension))),
          symbol: total ? "none" : symbol.replace("hollow-", ""),
          symbolSize: 8,
          itemStyle: { color: symbol.startsWith("hollow") ? colour("surface") : tint, borderColor: tint, borderWidth: total ? 0 : 1.6 },
          lineStyle: { color: tint, width: total ? 1.6 : 2.2, type: total ? "dashed" : "solid" },
        };
      }),
    }],
  });
  const populations = [ALL, ...scoredTypes().map((code) => `bank_type/${code}`)];
  put("radar-table", caption, plainTable({
    caption,
    head: [t("dimension"), ...populations.map((key) => `${keyLabel(key)} n=${sizeOf(wave, key)}`)],
    rows: dimensions().map((d) => [labelOf(d), ...populations.map((key) => scoreCell(scoreRow(wave, key, d.dimension)))]),
  }));
});
follows("radar", "radar-wave");
byId("radar-types").addEventListener("change", () => sections.get("radar").render());
