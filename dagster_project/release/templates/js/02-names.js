// Names of what the tables hold as codes; all are read after the tables of names are loaded.
const NAME_TABLES = ["framework_bank_type", "framework_dimension", "framework_indicator", "framework_option", "choice_rule", "measure"];
const byNumber = (column) => (a, b) => a[column] - b[column];
const once = (make) => {
  let made;
  return () => (made ??= make());
};
const bankTypes = once(() => [...rows.framework_bank_type].sort(byNumber("bank_type_no")));
const dimensions = once(() => [...rows.framework_dimension].sort(byNumber("dimension_no")));
const typeLabel = (code) => {
  const entry = bankTypes().find((row) => row.bank_type === code);
  return entry ? labelOf(entry) : code;
};
const dimensionLabel = (code) => {
  if (data.strings[`d_${code}`]) return t(`d_${code}`);
  const entry = dimensions().find((row) => row.dimension === code);
  return entry ? labelOf(entry) : code;
};
const indicatorLabel = (code) => {
  const entry = rows.framework_indicator.find((row) => row.indicator === code);
  return entry ? labelOf(entry) : code;
};
const populationLabel = (kind, value) => {
  if (kind === "all") return t("all_respondents");
  if (kind === "bank_type") return typeLabel(value);
  return data.strings[`${kind}_${value}`] ? t(`${kind}_${value}`) : value;
};
/** Populations as `kind/value`, in a fixed order: all, bank types, then the groups of each other kind. */
const populationsOf = (table) => {
  const found = [...new Set(table.map((row) => `${row.population_kind}/${row.population_value}`))];
  const place = (key) => {
    const [kind, value] = key.split("/");
    if (kind === "all") return "0";
    if (kind === "bank_type") return `1${bankTypes().findIndex((row) => row.bank_type === value)}`;
    return `2${key}`;
  };
  return found.sort((a, b) => (place(a) < place(b) ? -1 : 1));
};
const populationOptions = (table) => populationsOf(table).map((key) => [key, populationLabel(...key.split("/"))]);

const waves = data.waves.map((entry) => entry.wave);
const latestWave = waves[waves.length - 1];
const waveText = (wave) => {
  const year = t("wave_of", { wave });
  if (!data.waves.find((entry) => entry.wave === wave)?.synthetic) return year;
  return lang() === "en" ? `${year} (${t("synthetic_short")})` : `${year}（${t("synthetic_short")}）`;
};
const waveOptions = (list = waves) => list.map((wave) => [wave, waveText(wave)]).reverse();

/** Why a cell is empty, in words that stand in the cell. */
const withheldText = (row) => t(row.suppressed_reason === "complementary" ? "withheld_complementary" : "withheld_small");
const noteOf = (row) => row && row.suppressed ? withheldText(row) : NONE;
const interval = (low, high, digits = 1) => (low === null || low === undefined ? "" : `${number(low, digits)} – ${number(high, digits)}`);
/** A table cell with a number, its interval below it, or the reason why there is none. */
const valueCell = (row, column, low, high, digits = 1) => {
  if (!row) return { text: NONE, num: true };
  if (row[column] === null) return { text: el("span", { className: "absent" }, noteOf(row)), num: true };
  const range = interval(row[low], row[high], digits);
  return {
    text: el("span", {}, number(row[column], digits), range ? el("small", { className: "range" }, range) : null),
    num: true,
    value: row[column],
  };
};
const plus = (value, digits = 1) => (value === null || value === undefined ? NONE : `${value > 0 ? "+" : ""}${number(value, digits)}`);
