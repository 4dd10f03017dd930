// The audit of print: every finding, and how many each rule made.
const SEVERITIES = { impossible: "bad", inconsistent: "bad", unit: "plain", wording: "plain" };
const worstFirst = (a, b) => {
  const order = Object.keys(SEVERITIES);
  return order.indexOf(a.severity) - order.indexOf(b.severity) || (a.document_id < b.document_id ? -1 : a.document_id > b.document_id ? 1 : a.line - b.line);
};
const findings = once(() =>
  [...rows.mart_published_audit].sort(worstFirst).map((row) => ({
    ...row,
    what: [row.question_as_printed, row.option_as_printed].filter(Boolean).join(" · "),
    needle: [row.finding_id, row.place, row.question_as_printed, row.option_as_printed, row.printed_text, row.expected, row.explanation_zh, row.explanation_en].filter(Boolean).join(" ").toLowerCase(),
  })),
);
const ruleText = (code) => (data.strings[`rule_${code}`] ? t(`rule_${code}`) : code.replaceAll("_", " "));
const severityNode = (row) => stateTag(SEVERITIES[row.severity] || "plain", t(`severity_${row.severity}`), null);
const explanation = (row) => (lang() === "en" ? row.explanation_en || row.explanation_zh : row.explanation_zh || row.explanation_en) || NONE;

const findingColumns = () => [
  column("document_id", t("document"), (row) => row.document_id, {
    ...textual, minWidth: 112, ...(smallScreen.matches ? { width: 96, cssClass: "wrap-cell" } : {}), frozen: true,
    node: (row) => el("span", {}, sourceLink(row.document_id), el("small", { className: "range left" }, placeText(row))),
  }),
  column("severity", t("severity"), (row) => t(`severity_${row.severity}`), { ...textual, minWidth: 108, node: severityNode }),
  column("rule", t("rule"), (row) => ruleText(row.rule), { ...textual, minWidth: 120, maxWidth: 190, cssClass: "wrap-cell" }),
  column("printed_text", t("printed_value"), (row) => row.printed_text || number(row.printed_value, 2), { ...textual, minWidth: 130, maxWidth: 220, cssClass: "wrap-cell" }),
  column("expected", t("could_be"), (row) => row.expected || NONE, { ...textual, minWidth: 120, maxWidth: 220, cssClass: "wrap-cell" }),
  column("explanation", t("explanation"), explanation, { ...textual, width: smallScreen.matches ? 280 : 430, cssClass: "wrap-cell" }),
  column("what", t("what"), (row) => row.what || NONE, { ...textual, minWidth: 170, maxWidth: 300, cssClass: "wrap-cell" }),
  column("wave", t("wave"), (row) => (row.wave === null ? NONE : String(row.wave)), { ...numeric, minWidth: 70 }),
  column("line", t("place"), (row) => placeText(row), { sorter: "number", minWidth: 100 }),
];
const findingGrid = grid({
  name: "findings",
  label: () => t("findings_title_plain"),
  source: findings,
  columns: findingColumns,
  sort: [],
  keep: (row) => {
    const words = chosen("findings-search").trim().toLowerCase().split(/\s+/);
    const fields = { document_id: "findings-document", rule: "findings-rule", severity: "findings-severity" };
    return words.every((word) => row.needle.includes(word)) && Object.entries(fields).every(([field, id]) => !chosen(id) || row[field] === chosen(id));
  },
  controls: ["findings-search", "findings-document", "findings-rule", "findings-severity"],
});
const codesOf = (list, field) => [...new Set(list.map((row) => row[field]).filter(Boolean))].sort();

section("rules", ["mart_published_audit"], () => {
  const caption = t("rules_title_plain");
  const documents = codesOf(findings(), "document_id");
  put("rules-table", caption, plainTable({
    caption,
    quiet: true,
    head: [t("rule"), ...documents, ...Object.keys(SEVERITIES).map((code) => t(`severity_${code}`)), t("count")],
    rows: codesOf(findings(), "rule").map((rule) => {
      const own = findings().filter((row) => row.rule === rule);
      const num = (list) => ({ text: list.length ? number(list.length, 0) : NONE, num: true });
      return [
        ruleText(rule), ...documents.map((id) => num(own.filter((row) => row.document_id === id))),
        ...Object.keys(SEVERITIES).map((code) => num(own.filter((row) => row.severity === code))), num(own),
      ];
    }),
  }));
});
section("findings", [...NAME_TABLES, "mart_published_audit"], () => {
  const fill = (id, field, text) => fillSelect(id, [["", t("all")], ...codesOf(findings(), field).map((code) => [code, text(code)])], "");
  fill("findings-document", "document_id", (code) => code);
  fill("findings-rule", "rule", ruleText);
  fill("findings-severity", "severity", (code) => t(`severity_${code}`));
  findingGrid.render();
});
