// Reconciliation: printed figures beside the values from the marts.
const OUTCOMES = { equal: "good", differs: "bad", not_compared: "plain" };
const outcomeOf = (row) => {
  if (row.within_rounding) return "equal";
  return row.computed === null ? "not_compared" : "differs";
};
// A reason is a code, or a code and its particulars: `item_unknown: the row label is lost in print`.
const figures = once(() => rows.mart_reconciliation.map((row) => ({
  ...row,
  reason: row.reason && row.reason.split(": ")[0],
  particulars: row.reason && row.reason.split(": ").slice(1).join(": "),
  outcome: outcomeOf(row),
  what: [row.question_as_printed, row.option_as_printed].filter(Boolean).join(" · ") || row.printed_text || "",
  needle: [row.figure_id, row.place, row.population_value, row.question_as_printed, row.option_as_printed, row.printed_text, row.printed]
    .filter((value) => value !== null && value !== undefined)
    .join(" ")
    .toLowerCase(),
})));
const reasonText = (code) => {
  if (!code) return NONE;
  return data.strings[`r_${code}`] ? t(`r_${code}`) : code.replaceAll("_", " ");
};
const populationText = (value) => (value === null ? NONE : value === "all" ? t("all_respondents") : typeLabel(value));
const placeText = (row) =>
  [row.line === null ? null : t("line", { line: row.line }), row.place].filter(Boolean).join(" · ") || NONE;
/** A printed value with its sign, or the words where no number is printed. */
const printedText = (row) => (row.printed === null ? row.printed_text || NONE : signed(row.qualifier, number(row.printed, decimalsOf(row.printed))));
const decimalsOf = (value) => Math.min(6, (String(value).split(".")[1] || "").length);

const figureColumns = () => [
  column("what", t("what"), (row) => row.what || row.figure_id, {
    ...textual,
    frozen: true,
    cssClass: "figure-cell wrap-cell",
    ...(smallScreen.matches ? { width: 150 } : { minWidth: 150, maxWidth: 330 }),
    node: (row) =>
      smallScreen.matches
        ? el("span", {}, row.what || row.figure_id, el("small", {}, `${row.wave ?? NONE} · ${populationText(row.population_value)}`))
        : row.what || row.figure_id,
  }),
  column("wave", t("wave"), (row) => (row.wave === null ? NONE : String(row.wave)), { ...numeric, minWidth: 72, visible: !smallScreen.matches }),
  column("population_value", t("population"), (row) => populationText(row.population_value), { ...textual, minWidth: 104, visible: !smallScreen.matches }),
  column("printed", t("printed_value"), printedText, { ...numeric, minWidth: 88 }),
  column("computed", t("computed_value"), (row) => number(row.computed, 2), { ...numeric, minWidth: 88 }),
  column("difference", t("difference"), (row) => number(row.difference, 2), { ...numeric, minWidth: 76 }),
  column("outcome", t("result"), (row) => t(row.outcome), { ...textual, minWidth: 104, node: (row) => stateTag(OUTCOMES[row.outcome], t(row.outcome), null) }),
  column("reason", t("reason"), (row) => [reasonText(row.reason), row.particulars].filter(Boolean).join(": "), {
    ...textual,
    minWidth: 150,
    maxWidth: 280,
    cssClass: "wrap-cell",
    node: (row) => el("span", {}, reasonText(row.reason), row.particulars ? el("small", { lang: "en" }, ` ${row.particulars}`) : null),
  }),
  column("line", t("place"), placeText, { sorter: "number", minWidth: 110 }),
  column("document_id", t("document"), (row) => row.document_id, { ...textual, minWidth: 110, node: (row) => sourceLink(row.document_id) }),
  column("figure_id", t("figure"), (row) => row.figure_id, { ...textual, minWidth: 170 }),
];

const figureGrid = grid({
  name: "figures",
  label: () => t("figure_table_label"),
  source: figures,
  columns: figureColumns,
  sort: [],
  keep: (row) => {
    const words = byId("figures-search").value.trim().toLowerCase().split(/\s+/);
    const wanted = { document_id: "figures-document", outcome: "figures-result", reason: "figures-reason" };
    return (
      words.every((word) => row.needle.includes(word)) &&
      Object.entries(wanted).every(([field, id]) => !byId(id).value || row[field] === byId(id).value)
    );
  },
  controls: ["figures-search", "figures-document", "figures-result", "figures-reason"],
});

section("reconciliation", [...NAME_TABLES, "mart_reconciliation"], () => {
  const total = figures().length;
  const counts = Object.keys(OUTCOMES).map((outcome) => [outcome, figures().filter((row) => row.outcome === outcome).length]);
  const bar = el("div", { className: "split", "aria-hidden": "true" });
  for (const [outcome, n] of counts) {
    if (!n) continue;
    const part = el("span", { className: OUTCOMES[outcome] });
    part.style.flexGrow = String(n);
    bar.append(part);
  }
  byId("reconciliation-summary").replaceChildren(
    bar,
    el(
      "ul",
      { className: "keys tall" },
      ...counts.map(([outcome, n]) =>
        el("li", {}, stateMark(OUTCOMES[outcome]), el("b", {}, number(n, 0)), ` ${t(`${outcome}_long`)} `, el("small", {}, total ? `${number((100 * n) / total, 1)}%` : "")),
      ),
    ),
  );
  const rest = new Map();
  for (const row of figures()) {
    if (row.outcome === "equal") continue;
    const key = `${row.outcome}/${row.reason || ""}`;
    rest.set(key, { outcome: row.outcome, reason: row.reason, n: (rest.get(key)?.n || 0) + 1 });
  }
  const reasons = [...rest.values()].sort((a, b) => b.n - a.n || String(a.reason).localeCompare(String(b.reason)));
  put(
    "reasons-table",
    t("reason"),
    plainTable({
      caption: t("reason"),
      quiet: true,
      head: [t("reason"), t("result"), t("count")],
      rows: reasons.map((r) => [reasonText(r.reason), { text: stateTag(OUTCOMES[r.outcome], t(r.outcome), null), num: true }, { text: number(r.n, 0), num: true }]),
    }),
  );
  const codes = [...new Set(figures().map((row) => row.reason).filter(Boolean))].sort();
  fillSelect("figures-document", [["", t("all")], ...[...new Set(figures().map((row) => row.document_id))].sort().map((id) => [id, id])], "");
  fillSelect("figures-result", [["", t("all")], ...Object.keys(OUTCOMES).map((code) => [code, t(code)])], "");
  fillSelect("figures-reason", [["", t("all")], ...codes.map((code) => [code, reasonText(code)])], "");
  figureGrid.render();
});
