// Scores of the headline, looked up by wave, population and dimension ("index" is the index itself).
const headline = once(() => {
  const found = new Map();
  const keep = (row, dimension) => found.set([row.wave, row.population_kind, row.population_value, dimension].join("/"), row);
  for (const row of rows.mart_index) if (row.scenario === "headline") keep({ ...row, score: row.index }, "index");
  for (const row of rows.mart_dimension_score) if (row.scenario === "headline") keep(row, row.dimension);
  return found;
});
/** `population` is `kind/value`. */
const scoreRow = (wave, population, dimension) => headline().get([wave, population, dimension].join("/"));
const scoreOf = (row) => (row && !row.suppressed ? row.score : null);
const ALL = "all/all";
const SCORE_TABLES = [...NAME_TABLES, "mart_index", "mart_dimension_score"];
const headlineRows = once(() => rows.mart_dimension_score.filter((row) => row.scenario === "headline"));
const scoredTypes = once(() =>
  populationsOf(headlineRows()).filter((key) => key.startsWith("bank_type/")).map((key) => key.split("/")[1]),
);
const keyLabel = (key) => populationLabel(...key.split("/"));
const lookOf = (key) => {
  const [kind, value] = key.split("/");
  if (kind === "bank_type") return { tint: typeColour(value), symbol: symbolOf(value) };
  return { tint: colour("ink"), symbol: "circle" };
};
/** Largest n over the dimensions: the respondents of a population that have a score at all. */
const sizeOf = (wave, key) => Math.max(0, ...dimensions().map((d) => scoreRow(wave, key, d.dimension)?.n ?? 0));
const scoreCell = (row) => valueCell(row, "score", "ci_low", "ci_high");
const sizePair = (row) => [["n", number(row.n, 0)]];
