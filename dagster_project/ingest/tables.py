"""Columns and types of every landed table: the one place where they are written.

Each table is written as `landing/<table>/year=<year>/<table>.parquet` (reference tables without a
year). Provenance (`source_file`, `source_row`, and `source_column` where a row comes from one cell)
stands on every row. `source_file` is relative to the raw folder; `source_row` is the 1-based line of
the file as a spreadsheet shows it (the header is row 1).
"""

from __future__ import annotations

import pyarrow as pa

_S, _I, _F, _B = pa.string(), pa.int32(), pa.float64(), pa.bool_()


def _schema(**columns: pa.DataType) -> pa.Schema:
    return pa.schema([pa.field(name, kind) for name, kind in columns.items()])


# One row per submitted questionnaire. Restricted: never leaves the build database.
QUESTIONNAIRE_RESPONSE = _schema(
    wave=_I, response_id=_S, respondent_token=_S, bank_type=_S, province=_S,
    submitted_date=_S, duration_seconds=_I, is_counted=_B, duplicate_of=_S, quality_flags=_S,
    is_synthetic=_B, source_file=_S, source_row=_I,
)  # fmt: skip

# One row per answer: one per option of a multiple choice (value_num 0 or 1), one otherwise.
QUESTIONNAIRE_ANSWER = _schema(
    wave=_I, response_id=_S, respondent_token=_S, item_id=_S, row_id=_S, option_id=_S,
    value_num=_F, value_text=_S, missing_code=_S, is_synthetic=_B,
    source_file=_S, source_row=_I, source_column=_I,
)  # fmt: skip

# The codebook of a wave as it was used to read the export.
CODEBOOK_ITEM = _schema(
    wave=_I, item_id=_S, question_id=_S, question_no=_I, row_id=_S, item_type=_S, option_set=_S,
    eligible_rule=_S, dimension=_S, indicator=_S, label_zh=_S, label_en=_S,
    change_type=_S, comparable=_B, inferred=_B, note=_S,
    source_file=_S, source_row=_I,
)  # fmt: skip

# One row per printed figure about a bank or a group of banks. `value` is the printed number as a
# decimal text in `unit`; the printed words stay beside it. `unit_ambiguous`: a percent sign on a
# change of a share, where the wording does not say whether points are meant.
DISCLOSURE_FIGURE = _schema(
    fiscal_year=_I, figure_id=_S, entity_kind=_S, entity_id=_S, entity_as_printed=_S,
    measure=_S, measure_as_printed=_S, value_as_printed=_S, unit_as_printed=_S,
    value=_S, unit=_S, unit_ambiguous=_B, decimals=_I, qualifier=_S, not_disclosed=_B,
    scope_as_printed=_S, correction=_S, document_id=_S, place=_S, source_file=_S, source_row=_I,
)  # fmt: skip

# One row per document that figures of the year come from, taken from the sidecars.
DISCLOSURE_SOURCE = _schema(
    fiscal_year=_I, document_id=_S, title=_S, producer=_S, url=_S, published_date=_S,
    received_date=_S, kind=_S, reliability=_S, licence=_S, sha256=_S, source_file=_S,
)  # fmt: skip

# One row per statement in a report (PDF) that may be a figure. Nothing reads it but the review: only what a
# person accepts becomes a row of disclosure_figure. Boxes: left, top, right, bottom in points from the top
# left corner of the page. `source_row` is the page.
DISCLOSURE_CANDIDATE = _schema(
    fiscal_year=_I, candidate_id=_S, document_id=_S, entity_kind=_S, entity_id=_S, bank_as_printed=_S,
    page=_I, sentence=_S, sentence_box=_S, value_box=_S, figure_year=_I, measure=_S, measure_as_printed=_S,
    value_as_printed=_S, unit_as_printed=_S, value=_S, unit=_S, decimals=_I, qualifier=_S,
    scope_as_printed=_S, confidence=_F, doubts=_S, pdf_sha256=_S, source_file=_S, source_row=_I,
)  # fmt: skip

# One row per survey figure printed in a report, whatever it measures.
PUBLISHED_FIGURE = _schema(
    document_year=_I, document_id=_S, figure_id=_S, line=_I, place=_S, survey_year=_I,
    dimension_as_printed=_S, indicator_as_printed=_S, question_as_printed=_S,
    population_as_printed=_S, option_as_printed=_S, value_as_printed=_S, unit_as_printed=_S,
    value=_S, unit=_S, decimals=_I, qualifier=_S, printed_text=_S, flags=_S, scope_as_printed=_S,
    source_file=_S, source_row=_I,
)  # fmt: skip

# Figures about banks and bank groups printed in a report that are not figures of `disclosures/`.
PUBLISHED_BANK_FIGURE = _schema(
    document_year=_I, document_id=_S, figure_id=_S, line=_I, place=_S, entity_as_printed=_S,
    bank_type_as_printed=_S, year_as_printed=_S, measure_as_printed=_S, value_as_printed=_S,
    unit_as_printed=_S, value=_S, decimals=_I, qualifier=_S, printed_text=_S, as_of=_S,
    source_stated=_S, scope_as_printed=_S, source_file=_S, source_row=_I,
)  # fmt: skip

# One row per rank or comparison that a report makes in words, as a claim about its figures.
PUBLISHED_CLAIM = _schema(
    document_year=_I, document_id=_S, claim_id=_S, line=_I, place=_S, wording=_S, is_quote=_B,
    kind=_S, operands=_S, bound=_S, source_file=_S, source_row=_I,
)  # fmt: skip

# One row per bank and period of its type.
BANK = _schema(
    bank_id=_S, name_zh=_S, short_name_zh=_S, name_en=_S, bank_type=_S, province=_S,
    is_listed=_B, a_share_code=_S, h_share_code=_S, valid_from=_S, valid_to=_S, note=_S,
    source_file=_S, source_row=_I,
)  # fmt: skip

BANK_ALIAS = _schema(
    alias=_S, alias_normalised=_S, entity_kind=_S, entity_id=_S, kind=_S,
    valid_from=_S, valid_to=_S, note=_S, source_file=_S, source_row=_I,
)  # fmt: skip

# One row per event and pair of banks; event_date is a day, a month or a year.
BANK_EVENT = _schema(
    event_id=_S, event_type=_S, event_date=_S, bank_id_from=_S, bank_id_to=_S, citation=_S, note=_S,
    source_file=_S, source_row=_I,
)  # fmt: skip

POPULATION = _schema(
    as_of_date=_S, institution_type=_S, bank_type=_S, institutions=_I, document_id=_S, note=_S,
    source_file=_S, source_row=_I,
)  # fmt: skip

PROVINCE = _schema(
    province=_S, label_zh=_S, label_en=_S, region=_S, source_file=_S, source_row=_I,
)  # fmt: skip

TABLES: dict[str, pa.Schema] = {
    "questionnaire_response": QUESTIONNAIRE_RESPONSE,
    "questionnaire_answer": QUESTIONNAIRE_ANSWER,
    "codebook_item": CODEBOOK_ITEM,
    "disclosure_figure": DISCLOSURE_FIGURE,
    "disclosure_source": DISCLOSURE_SOURCE,
    "disclosure_candidate": DISCLOSURE_CANDIDATE,
    "published_figure": PUBLISHED_FIGURE,
    "published_bank_figure": PUBLISHED_BANK_FIGURE,
    "published_claim": PUBLISHED_CLAIM,
    "bank": BANK,
    "bank_alias": BANK_ALIAS,
    "bank_event": BANK_EVENT,
    "population": POPULATION,
    "province": PROVINCE,
}

# What was set aside, and why: one row per rejected row or cell, next to the landed tables.
REJECT = _schema(
    year=_I, dataset=_S, source_file=_S, source_row=_I, source_column=_S, reason=_S, found=_S,
    remedy=_S, raw_row=_S,
)  # fmt: skip

# Missing answers carry one of these codes; an answered one carries `answered`.
MISSING_CODES = ("answered", "blank", "skipped_by_logic", "not_asked_this_wave", "invalid")
