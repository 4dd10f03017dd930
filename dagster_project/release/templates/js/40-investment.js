// Investment: the table by bank and year.
const SIGNS = { gt: ">", ge: "≥", lt: "<", le: "≤", approx: "≈" };
const investment = once(() =>
  rows.mart_fintech_investment.map((row) => ({
    ...row,
    needle: [row.bank_id, row.name_zh, row.name_en, row.scope, row.source_id].filter(Boolean).join(" ").toLowerCase(),
  })),
);
const sourceIds = new Set(data.source_ids);
const bankName = (row) => (lang() === "en" ? row.name_en || row.name_zh : row.name_zh || row.name_en) || row.bank_id;
const signed = (qualifier, text) => (text !== NONE && SIGNS[qualifier] ? `${SIGNS[qualifier]}${NBSP}${text}` : text);
const STATES = { single: "plain", agreed: "good", conflict: "bad" };
/** The printed values that stand against each other, by bank, year and measure. */
const conflictsOf = (row) =>
  rows.mart_disclosure_conflict.filter((entry) => entry.entity_kind === "bank" && entry.entity_id === row.bank_id && entry.fiscal_year === row.fiscal_year && entry.period === "full_year");
const decidedText = (code) => {
  const rule = rows.choice_rule.find((entry) => entry.rule_id === code);
  if (rule) return lang() === "en" ? rule.description_en : rule.description_zh;
  return code;
};
const measureLabel = (code) => {
  const entry = rows.measure.find((row) => row.measure === code);
  return entry ? labelOf(entry) : code;
};
const conflictLines = (row) =>
  conflictsOf(row).flatMap((entry) => [
    `${measureLabel(entry.measure)}: ${entry.printed_values.split(" | ").join("; ")}`,
    t("decided_by", { rule: decidedText(entry.decided_by) }),
  ]);
/** The state of a row; where sources contradict each other the values show on hover and focus. */
const statusNode = (row) => {
  const lines = conflictLines(row);
  if (!lines.length) return stateTag(STATES[row.status] || "plain", statusText(row), null);
  const text = row.status === "conflict" ? statusText(row) : `${statusText(row)} · ${t("other_conflict")}`;
  const button = el("button", { type: "button", className: "state bad bare", "aria-label": `${text}. ${lines.join(". ")}` }, stateMark("bad"), text);
  return withTip(button, lines);
};
const percentile = (row, column, peers) => (row[column] === null ? NONE : `${number(row[column], 0)} (${row[peers]})`);
const statusText = (row) => (STATES[row.status] ? t(row.status, { n: row.n_sources }) : row.status || NONE);

/** Printed and recomputed meet when they differ by at most half a unit of the printed digits. */
const meets = (printed, computed) => {
  const digits = (String(printed).split(".")[1] || "").length;
  return Math.abs(printed - computed) <= 0.5 * 10 ** -Math.max(digits, 1) + 1e-9;
};
const comparedCell = (row, printed, computed) => {
  const text = number(row[computed], 2);
  if (text === NONE || row[printed] === null || meets(row[printed], row[computed])) return text;
  return el("span", { title: t("unequal") }, el("b", { className: "unequal" }, `≠${NBSP}`), text);
};
const comparedText = (row, printed, computed) => {
  const cell = comparedCell(row, printed, computed);
  return cell instanceof Node ? cell.textContent : cell;
};

/** Following a source opens the folded list and moves the focus there. */
const sourceLink = (id) => {
  if (!id) return NONE;
  if (!sourceIds.has(id)) return id;
  const link = el("a", { href: `#source-${id}` }, id);
  link.addEventListener("click", () => {
    byId("sources-list").open = true;
    setTimeout(() => byId(`source-${id}`).focus());
  });
  return link;
};

const investmentColumns = () => [
  column("name_zh", t("bank"), bankName, {
    ...textual,
    frozen: true,
    cssClass: smallScreen.matches ? "bank-cell wrap-cell" : "bank-cell",
    minWidth: 104,
    ...(smallScreen.matches ? { width: 138 } : {}),
    node: (row) =>
      smallScreen.matches
        ? el("span", {}, bankName(row), el("small", {}, `${row.fiscal_year} · ${typeLabel(row.bank_type)}`))
        : bankName(row),
  }),
  column("fiscal_year", t("year"), (row) => String(row.fiscal_year), { ...numeric, minWidth: 66, visible: !smallScreen.matches }),
  column("bank_type", t("type"), (row) => typeLabel(row.bank_type), { ...textual, minWidth: 88, visible: !smallScreen.matches }),
  column("investment_cny", t("amount"), (row) => signed(row.investment_qualifier, yi(row.investment_cny)), {
    ...numeric,
    width: smallScreen.matches ? 118 : 136,
    node: (row) =>
      el(
        "span",
        {
          className: row.investment_cny === null ? "absent" : "amount",
          title: row.investment_cny === null ? t("not_printed") : row.investment_as_printed ? t("as_printed", { text: row.investment_as_printed }) : null,
        },
        signed(row.investment_qualifier, yi(row.investment_cny)),
      ),
  }),
  column("status", t("status"), statusText, {
    ...textual,
    minWidth: 138,
    node: statusNode,
  }),
  {
    title: t("share"),
    headerHozAlign: "center",
    columns: [
      column("share_of_revenue_pct", t("printed"), (row) => signed(row.share_qualifier, number(row.share_of_revenue_pct, 2)), { ...numeric, minWidth: 82 }),
      column("share_of_revenue_recomputed_pct", t("recomputed"), (row) => comparedText(row, "share_of_revenue_pct", "share_of_revenue_recomputed_pct"), {
        ...numeric,
        minWidth: 82,
        node: (row) => comparedCell(row, "share_of_revenue_pct", "share_of_revenue_recomputed_pct"),
      }),
    ],
  },
  {
    title: t("growth"),
    headerHozAlign: "center",
    columns: [
      column("growth_pct", t("printed"), (row) => number(row.growth_pct, 2), { ...numeric, minWidth: 82 }),
      column("growth_recomputed_pct", t("recomputed"), (row) => comparedText(row, "growth_pct", "growth_recomputed_pct"), {
        ...numeric,
        minWidth: 82,
        node: (row) => comparedCell(row, "growth_pct", "growth_recomputed_pct"),
      }),
    ],
  },
  column("tech_staff", t("staff"), (row) => number(row.tech_staff, 0), { ...numeric, minWidth: 96 }),
  column("tech_staff_share_pct", t("staff_share"), (row) => number(row.tech_staff_share_pct, 2), { ...numeric, minWidth: 100 }),
  {
    title: t("peer_percentile"),
    headerHozAlign: "center",
    columns: [
      column("investment_peer_percentile", t("of_amount"), (row) => percentile(row, "investment_peer_percentile", "n_peers_investment"), { ...numeric, minWidth: 82 }),
      column("share_peer_percentile", t("of_share"), (row) => percentile(row, "share_peer_percentile", "n_peers_share"), { ...numeric, minWidth: 82 }),
    ],
  },
  column("source_id", t("source"), (row) => row.source_id || NONE, { ...textual, minWidth: 84, node: (row) => sourceLink(row.source_id) }),
  column("scope", t("scope"), (row) => row.scope || NONE, { ...textual, minWidth: 140, maxWidth: 280, cssClass: "wrap-cell" }),
];

const investmentGrid = grid({
  name: "investment",
  label: () => t("bank_table_label"),
  source: investment,
  columns: investmentColumns,
  sort: [
    { column: "investment_cny", dir: "desc" },
    { column: "fiscal_year", dir: "desc" },
  ],
  keep: (row) => {
    const words = byId("investment-search").value.trim().toLowerCase().split(/\s+/);
    const year = byId("investment-year").value;
    const type = byId("investment-type").value;
    const status = byId("investment-status").value;
    return (
      words.every((word) => row.needle.includes(word)) &&
      (!year || String(row.fiscal_year) === year) &&
      (!type || row.bank_type === type) &&
      (!status || row.status === status)
    );
  },
  controls: ["investment-search", "investment-year", "investment-type", "investment-status"],
});

const INVESTMENT_TABLES = [...NAME_TABLES, "mart_fintech_investment", "mart_disclosure_conflict"];
section("investment", INVESTMENT_TABLES, () => {
  const years = [...new Set(investment().map((row) => row.fiscal_year))].sort((a, b) => b - a);
  const types = bankTypes().filter((entry) => investment().some((row) => row.bank_type === entry.bank_type));
  fillSelect("investment-year", [["", t("all")], ...years.map((year) => [year, String(year)])], "");
  fillSelect("investment-type", [["", t("all")], ...types.map((entry) => [entry.bank_type, labelOf(entry)])], "");
  fillSelect("investment-status", [["", t("all")], ...Object.keys(STATES).map((code) => [code, t(`status_${code}`)])], "");
  investmentGrid.render();
});
