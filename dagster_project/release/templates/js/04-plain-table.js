// Plain tables: behind every chart, and where no filter is needed.
/** A plain table; `quiet` keeps the caption for screen readers only. `head` is texts; a body cell is a text, a node or {text, num, long, title, value}; `value` is what a CSV file gets. */
const plainTable = ({ caption, head, rows, quiet = false }) => {
  const cell = (value, i) => {
    const entry = value instanceof Node || typeof value !== "object" ? { text: value } : value;
    const node = el(i === 0 ? "th" : "td", { className: entry.num ? "num" : entry.long ? "long" : "", title: entry.title });
    if (i === 0) node.scope = "row";
    if (entry.value !== undefined && entry.value !== null) node.dataset.value = entry.value;
    node.append(entry.text instanceof Node ? entry.text : String(entry.text));
    return node;
  };
  return el(
    "table",
    { className: quiet ? "data quiet" : "data" },
    el("caption", {}, caption),
    // A heading stands where the cells below it stand.
    el("thead", {}, el("tr", {}, ...head.map((text, i) => el("th", { scope: "col", className: i && rows[0]?.[i]?.num !== undefined ? "num" : "" }, text)))),
    el("tbody", {}, ...rows.map((row) => el("tr", {}, ...row.map(cell)))),
  );
};
/** The cells of a plain table as they go to a CSV file: numbers bare, signs for "nothing" empty. */
const cellsOf = (table) =>
  [...table.rows].map((row) =>
    [...row.cells].map((cell) => {
      const text = cell.dataset.value ?? cell.textContent.trim();
      return text === NONE ? null : text;
    }),
  );
/** Show a plain table in its box, with a button that saves it. */
const put = (id, caption, table) => {
  const box = byId(id);
  const save = el("button", { type: "button", className: "csv", "aria-label": `${t("csv")}: ${caption}` }, t("csv"));
  save.addEventListener("click", () => {
    const [head, ...body] = cellsOf(table);
    download(`fengchao-${id.replace("-table", "")}`, csvText(head, body));
  });
  box.replaceChildren(table, save);
  if (box.getAttribute("role") === "region") box.setAttribute("aria-label", caption);
};
