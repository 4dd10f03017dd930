// Quality of the release: checks by stage, and the looks that somebody should read.
const STAGES = ["raw", "staging", "intermediate", "marts", "release"];
const lastResults = once(() => rows.mart_quality_result.filter((row) => row.is_latest));

section("quality", ["mart_quality_result"], () => {
  const caption = t("quality_title_plain");
  const count = (stage, severity, success) =>
    lastResults().filter((row) => (!stage || row.stage === stage) && row.severity === severity && row.success === success).length;
  const line = (stage, label) => {
    const failed = count(stage, "stop", false);
    const open = count(stage, "look", false);
    const state = failed ? stateTag("bad", t("stops"), null) : open ? stateTag("plain", t("to_read"), null) : stateTag("good", t("passes"), null);
    const num = (n) => ({ text: number(n, 0), num: true, value: n });
    return [label, num(count(stage, "stop", true) + failed), num(failed), num(count(stage, "look", true) + open), num(open), { text: state, num: true }];
  };
  put("quality-table", caption, plainTable({
    caption,
    quiet: true,
    head: [t("stage"), t("checks_stop"), t("of_these_failed"), t("checks_look"), t("of_these_open"), t("result")],
    rows: [
      ...STAGES.filter((stage) => lastResults().some((row) => row.stage === stage)).map((stage) => line(stage, t(`stage_${stage}`))),
      line(null, t("all")),
    ],
  }));
});

section("looks", ["mart_quality_result"], () => {
  const caption = t("looks_title_plain");
  const open = lastResults().filter((row) => !row.success);
  put("looks-table", caption, plainTable({
    caption,
    quiet: true,
    head: [t("table"), t("partition"), t("column"), t("rows_found"), t("why_look")],
    rows: open.map((row) => [
      el("code", {}, row.dataset), { text: row.partition === "all" ? t("all") : row.partition, num: true },
      { text: el("code", {}, row.column_name || row.expectation.replace("expect_", "")) },
      { text: `${number(row.n_failed, 0)} / ${number(row.n_checked, 0)}`, num: true },
      { text: el("span", { lang: "en" }, row.reason || NONE), long: true },
    ]),
  }));
});
