// The hive: six cells around the wave, filled to their score.
const SQRT3 = Math.sqrt(3);
const hexagon = (radius) =>
  [0, 1, 2, 3, 4, 5]
    .map((i) => `${(radius * Math.cos((i * Math.PI) / 3)).toFixed(2)},${(radius * Math.sin((i * Math.PI) / 3)).toFixed(2)}`)
    .join(" ");

/** The part of a flat-topped hexagon below the level `share` (0-1) of its height. */
const honey = (side, share) => {
  const half = (side * SQRT3) / 2;
  const top = half - share * 2 * half;
  const width = side - Math.abs(top) / SQRT3;
  const points = [[-width, top], [width, top]];
  if (top < 0) points.push([side, 0]);
  points.push([side / 2, half], [-side / 2, half]);
  if (top < 0) points.push([-side, 0]);
  return points.map(([x, y]) => `${x.toFixed(2)},${y.toFixed(2)}`).join(" ");
};

section("hive", SCORE_TABLES, () => {
  fillSelect("hive-wave", waveOptions(), latestWave);
  const wave = chosenNumber("hive-wave");
  const caption = t("hive_caption", { wave });
  const cells = dimensions().map((d, i) => {
    const row = scoreRow(wave, ALL, d.dimension);
    return { label: labelOf(d), row, score: scoreOf(row), angle: -Math.PI / 2 + (i * Math.PI) / 3 };
  });
  const textOf = (cell) => (cell.score === null ? noteOf(cell.row) : number(cell.score, 1));
  const side = 60;
  const step = side * SQRT3 + 5;
  const picture = svg("svg", { viewBox: "-158 -170 316 340", role: "img", "aria-label": `${caption}: ${cells.map((c) => `${c.label} ${textOf(c)}`).join(", ")}` });
  for (const cell of cells) {
    const group = svg("g", { transform: `translate(${(step * Math.cos(cell.angle)).toFixed(2)} ${(step * Math.sin(cell.angle)).toFixed(2)})` });
    group.append(svg("polygon", { points: hexagon(side), class: "hive-cell" }));
    if (cell.score !== null) group.append(svg("polygon", { points: honey(side, cell.score / 100), class: "hive-fill" }));
    group.append(
      svg("polygon", { points: hexagon(side), class: "hive-edge" }),
      svg("text", { class: "hive-label", y: -9 }, cell.label),
      svg("text", { class: "hive-score", y: 20 }, cell.score === null ? NONE : textOf(cell)),
    );
    picture.append(group);
  }
  const index = scoreOf(scoreRow(wave, ALL, "index"));
  picture.append(
    svg("polygon", { points: hexagon(side), class: "hive-core" }),
    svg("text", { class: "hive-label", y: -20 }, t("d_index")),
    svg("text", { class: "hive-score core", y: 11 }, number(index, 1)),
    svg("text", { class: "hive-n", y: 33 }, `n = ${sizeOf(wave, ALL)}`),
  );
  byId("hive").replaceChildren(picture);
  put("hive-table", caption, plainTable({
    caption,
    head: [t("dimension"), t("score"), t("n")],
    rows: cells.map((c) => [c.label, scoreCell(c.row), { text: number(c.row ? c.row.n : null, 0), num: true }]),
  }));
});
follows("hive", "hive-wave");
