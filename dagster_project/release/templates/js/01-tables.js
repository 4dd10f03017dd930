// The tables of the release. Each arrives deflated, by column, and is unpacked when first needed.
const rows = {};
const unpacked = new Map();

const inflate = async (base64) => {
  const bytes = Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
};
const unpack = (name) => {
  if (!unpacked.has(name)) unpacked.set(name, inflate(data.tables[name].deflated));
  return unpacked.get(name);
};

/** Fill `rows[name]`: one object per row, with the columns that the page reads. */
const load = async (name) => {
  if (rows[name]) return;
  const values = await unpack(name);
  const { columns, kinds } = data.tables[name];
  const made = Array.from({ length: data.tables[name].rows }, () => ({}));
  for (const column of data.reads[name]) {
    const at = columns.indexOf(column);
    const read = { n: Number, b: (text) => text === "true", t: (text) => text }[kinds[at]];
    values[at].forEach((text, i) => { made[i][column] = text === null ? null : read(text); });
  }
  rows[name] = made;
};

/** A cell as DuckDB writes it: NULL is nothing, an empty text is quoted. */
const csvCell = (value) => {
  if (value === null || value === undefined) return "";
  const text = String(value);
  return text === "" || /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};
/** Spreadsheets take a CSV for UTF-8 only with a byte order mark. */
const csvText = (head, body) =>
  `\ufeff${[head, ...body].map((cells) => cells.map(csvCell).join(",")).join("\n")}\n`;

const download = (name, text) => {
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  el("a", { href: address, download: `${name}.csv` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
};
/** A whole table, with the bytes of `csv/<name>.csv` in the release. */
const downloadTable = async (name) => {
  const values = await unpack(name);
  const { columns, rows: count } = data.tables[name];
  download(name, csvText(columns, Array.from({ length: count }, (_, i) => values.map((column) => column[i]))));
};
