// A Tabulator table with its own filter controls, keyboard sorting, a CSV file and a plain copy for print.
const printables = [];

/** Tabulator's roles, made such that a grid holds row groups and these hold rows. */
const nameParts = (box, label) => {
  const holder = box.querySelector(".tabulator-tableholder");
  holder.setAttribute("role", "rowgroup");
  holder.setAttribute("aria-label", label);
  holder.firstElementChild.setAttribute("role", "presentation");
  for (const group of box.querySelectorAll(".tabulator-col-group")) {
    const title = group.getAttribute("aria-title");
    for (const name of ["aria-sort", "aria-title"]) group.removeAttribute(name);
    group.setAttribute("role", "presentation");
    for (const leaf of group.querySelectorAll(".tabulator-col")) leaf.setAttribute("aria-label", `${title} ${leaf.textContent.trim()}`);
  }
  for (const head of box.querySelectorAll("[aria-title]")) head.removeAttribute("aria-title");
};

/** `source` gives the rows, `columns` their columns, `keep` says which rows the filters leave. */
const grid = ({ name, label, source, columns, sort, keep, controls }) => {
  let table = null;
  const all = once(source);
  // `text` is ours, for the printed copy; Tabulator warns of options it does not know.
  const bare = ({ text: _, columns: leaves, ...rest }) => (leaves ? { ...rest, columns: leaves.map(bare) } : rest);
  const shownRows = () => all().filter(keep);
  const count = () => {
    byId(`${name}-count`).textContent = t("rows_shown", { shown: shownRows().length, all: all().length });
  };
  const apply = () => {
    if (state === "built") table.setFilter(keep);
    count();
  };
  // Tabulator builds in a later task; until then it can be neither asked nor destroyed.
  let state = "none";
  let asked = false;
  let near = false;
  const render = () => {
    asked = true;
    if (state === "building" || state === "outdated") {
      state = "outdated";
      return;
    }
    for (const id of controls) {
      if (wanted.has(id)) byId(id).value = wanted.get(id);
      wanted.delete(id);
    }
    count();
    if (!near) return;
    const order = table ? table.getSorters().map((s) => ({ column: s.field, dir: s.dir })) : sort;
    if (table) table.destroy();
    byId(`${name}-pages`).replaceChildren();
    state = "building";
    const box = byId(`${name}-table`);
    box.setAttribute("aria-label", label());
    table = new Tabulator(box, {
      data: all(),
      columns: columns().map(bare),
      initialSort: order,
      initialFilter: keep,
      layout: "fitDataStretch",
      renderVertical: "basic",
      renderHorizontal: "basic",
      movableColumns: false,
      resizableColumns: false,
      pagination: true,
      paginationSize: 15,
      paginationButtonCount: 3,
      paginationElement: byId(`${name}-pages`),
      placeholder: t("no_rows"),
      locale: "page",
      langs: {
        page: {
          pagination: Object.fromEntries(
            ["first", "last", "prev", "next"].flatMap((k) => [[k, t(k)], [`${k}_title`, t(k)]]),
          ),
        },
      },
      columnDefaults: { headerSortStartingDir: "desc", vertAlign: "middle" },
    });
    table.on("tableBuilt", () => {
      const outdated = state === "outdated";
      state = "built";
      if (outdated) {
        render();
        return;
      }
      table.setFilter(keep);
      // Row heights were taken before the columns had their widths.
      table.redraw(true);
      for (const head of box.querySelectorAll(".tabulator-col.tabulator-sortable")) {
        head.tabIndex = 0;
        head.addEventListener("keydown", (event) => {
          if (event.target !== head || (event.key !== "Enter" && event.key !== " ")) return;
          event.preventDefault();
          head.click();
        });
      }
      nameParts(box, label());
    });
  };
  // Built when the reader comes near it: these tables are most of the work of this page.
  new IntersectionObserver(
    (entries, watcher) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      watcher.disconnect();
      near = true;
      if (asked) render();
    },
    { rootMargin: "500px" },
  ).observe(byId(`${name}-table`));
  for (const id of controls) byId(id).addEventListener("input", apply);
  byId(`${name}-reset`).addEventListener("click", () => {
    for (const id of controls) byId(id).value = "";
    apply();
    writeHash();
  });
  const leavesOf = () =>
    columns().flatMap((c) => (c.columns ? c.columns.map((leaf) => ({ ...leaf, title: `${c.title} ${leaf.title}` })) : [c]));
  // What the filters leave, in the order shown, with values and not their texts.
  byId(`${name}-csv`).addEventListener("click", () => {
    const leaves = leavesOf();
    const shown = state === "built" ? table.getData("active") : shownRows();
    download(`fengchao-${name}`, csvText(leaves.map((c) => c.field), shown.map((row) => leaves.map((c) => row[c.field]))));
  });
  printables.push(() => {
    const leaves = leavesOf();
    const copy = plainTable({
      caption: label(),
      head: leaves.map((c) => c.title),
      rows: shownRows().map((row) => leaves.map((c) => ({ text: c.text(row), num: c.hozAlign === "right" }))),
    });
    copy.classList.add("print-only");
    byId(`${name}-table`).after(copy);
    return copy;
  });
  return { render };
};

/** Sort numbers, with what is not printed always below. */
const numeric = { sorter: "number", sorterParams: { alignEmptyValues: "bottom" }, hozAlign: "right", headerHozAlign: "right" };
const textual = { sorter: "string", sorterParams: { alignEmptyValues: "bottom" }, headerSortStartingDir: "asc" };
/** A column whose cell is `text(row)`; `node(row)` gives a richer cell, of the same meaning. */
const column = (field, title, text, more = {}) => {
  const { node, ...rest } = more;
  return {
    field,
    title,
    text,
    ...rest,
    formatter: (cell) => {
      const made = (node || text)(cell.getData());
      if (made instanceof Node) return made;
      return el("span", { className: made === NONE ? "absent" : "" }, made);
    },
  };
};

/** A hexagon that tells three states apart by shape: outline, filled with a tick, filled with a bang. */
const HEX = "M8 .8l6.2 3.6v7.2L8 15.2 1.8 11.6V4.4z";
const stateMark = (state) => {
  const box = svg("svg", { viewBox: "0 0 16 16", class: `state-mark ${state}`, "aria-hidden": "true" }, svg("path", { d: HEX, class: "hex" }));
  if (state === "good") box.append(svg("path", { d: "M4.8 8.2l2.2 2.3 4.2-4.6", class: "sign" }));
  if (state === "bad") box.append(svg("path", { d: "M8 4v5M8 10.8v1.6", class: "sign" }));
  return box;
};
const stateTag = (state, text, title) => el("span", { className: `state ${state}`, title }, stateMark(state), text);
