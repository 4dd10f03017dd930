// The tables of the release: each as a CSV file, and their dictionary.
section("tables", [], () => {
  const caption = t("tables_title_plain");
  const names = Object.keys(data.tables);
  const table = plainTable({
    caption,
    quiet: true,
    head: [t("table"), t("rows"), t("columns"), t("description"), t("csv")],
    rows: names.map((name) => {
      const save = el("button", { type: "button", className: "csv inline", "aria-label": `${t("csv")}: ${name}` }, "CSV");
      save.addEventListener("click", () => downloadTable(name));
      save.dataset.table = name;
      return [
        el("code", {}, name), { text: number(data.tables[name].rows, 0), num: true }, { text: number(data.tables[name].columns.length, 0), num: true },
        { text: el("span", { lang: "en" }, data.dictionary[name].description || NONE), long: true }, { text: save, num: true },
      ];
    }),
  });
  byId("tables-table").replaceChildren(table);
  byId("tables-table").setAttribute("aria-label", caption);
});

const dictionaryRows = once(() =>
  Object.entries(data.dictionary).flatMap(([name, entry]) =>
    data.tables[name].columns.map((columnName, i) => ({
      name, column: columnName, label: entry.labels[i], type: entry.types[i].toLowerCase(), unit: entry.units[i],
      description: entry.descriptions[i],
      needle: `${name} ${columnName} ${entry.labels[i]} ${entry.descriptions[i]}`.toLowerCase(),
    })),
  ),
);
const dictionaryGrid = grid({
  name: "dictionary",
  label: () => t("dictionary_title_plain"),
  source: dictionaryRows,
  columns: () => [
    column("column", t("column"), (row) => row.column, {
      ...textual, minWidth: 150, cssClass: "wrap-cell", frozen: true, ...(smallScreen.matches ? { width: 150 } : {}),
      node: (row) => el("span", {}, el("code", {}, row.column), smallScreen.matches ? el("small", { className: "range left" }, row.name) : null),
    }),
    column("name", t("table"), (row) => row.name, { ...textual, minWidth: 190, visible: !smallScreen.matches, node: (row) => el("code", {}, row.name) }),
    column("label", t("label_zh"), (row) => row.label, { ...textual, minWidth: 110, maxWidth: 210, cssClass: "wrap-cell", node: (row) => el("span", { lang: "zh-CN" }, row.label) }),
    column("type", t("data_type"), (row) => row.type, { ...textual, minWidth: 110 }),
    column("unit", t("unit"), (row) => row.unit || NONE, { ...textual, minWidth: 90, maxWidth: 160, cssClass: "wrap-cell" }),
    column("description", t("description"), (row) => row.description || NONE, { ...textual, minWidth: 300, maxWidth: 760, cssClass: "wrap-cell", node: (row) => el("span", { lang: "en" }, row.description || NONE) }),
  ],
  sort: [],
  keep: (row) => {
    const words = chosen("dictionary-search").trim().toLowerCase().split(/\s+/);
    return words.every((word) => row.needle.includes(word)) && (!chosen("dictionary-name") || row.name === chosen("dictionary-name"));
  },
  controls: ["dictionary-search", "dictionary-name"],
});
section("dictionary", [], () => {
  fillSelect("dictionary-name", [["", t("all")], ...Object.keys(data.tables).map((name) => [name, name])], "");
  dictionaryGrid.render();
});
