"""Candidate statements in the text of a report: a number, what it is of, and why to doubt it.

Nothing found here is a figure. A number becomes a candidate only where the words before it in the same
sentence (or its label and column in a table) say what it is; what they leave open is a doubt.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from dagster_project.ingest.measures import Measures
from dagster_project.ingest.numbers import NumberError, ParsedNumber, parse_number
from dagster_project.ingest.reports.text import Page, TableRow, Text
from dagster_project.ingest.reports.wordings import Event, Wordings

Box = tuple[float, float, float, float]
START = 0.9
# How much of the confidence each doubt leaves. It orders the review; it is no probability.
DOUBTS = {
    "the number was joined across a line break": 0.8,
    "no denominator is named": 0.5,
    "another amount stands before it": 0.6,
    "far from the word that says what it is": 0.7,
    "of another year": 0.7,
    "compared with another year than the one before": 0.4,
    "growth stands after a share: it may be the growth of the share": 0.6,
    "small type: a footnote": 0.8,
    "no year over the column": 0.7,
    "the unit is the caption's": 0.9,
}
_WORD_DOUBT = 0.5
_FAR = 40
_NOTHING = "Nothing to do unless the report prints it elsewhere."

_PLAIN_NUMBER = r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?"
_UNIT = (
    r"(?:(?:万亿|亿|千万|百万|万|千)?[余多]?(?:元|人民币|人(?!民)|名)"
    r"|%|个?百分点|个?基点|bps?\b|percent(?:age points?)?|(?:trillion|billion|million)(?: yuan| rmb)?)"
)
_NUMBER = re.compile(
    r"(?<![0-9.a-z])(?<![0-9],)(?P<lead>(?:不低于|不少于|不超过|超过|超|逾|接近|近|大约|约为|约|不足|不到|"
    r"over |more than |nearly |about |approximately )?\s*(?:人民币|rmb|cny|¥)?\s*)"
    rf"(?P<number>[+-]?{_PLAIN_NUMBER})\s*(?P<unit>{_UNIT})?(?P<trail>左右|以上|以下|以内)?"
)
_BARE = re.compile(_PLAIN_NUMBER)
_RANGE = re.compile(rf"{_PLAIN_NUMBER}\s*{_UNIT}?\s*(?:-|~|—|–|至|到| to )\s*{_PLAIN_NUMBER}\s*{_UNIT}?")
_SENTENCE = re.compile(r"[。！？!?;；]|\.(?=\s)|$")
_CELL = re.compile(
    rf"(?P<number>[+-]?{_PLAIN_NUMBER})\s*(?P<unit>{_UNIT})?|\((?P<negative>{_PLAIN_NUMBER})\)"
)
_YEAR_CELL = re.compile(r"20[0-9]{2}(?:年(?:度|末)?)?(?:[-/年]?12[-/月]31日?)?")


@dataclass(frozen=True)
class Candidate:
    """A number that may be a figure. year: the year that its words name. parsed: as printed, with unit."""

    page: int
    sentence: str
    sentence_box: Box
    value_box: Box
    measure: str
    wording: str
    value_as_printed: str
    unit_as_printed: str
    parsed: ParsedNumber
    year: int
    scope: str = ""
    doubts: tuple[str, ...] = ()
    edge_key: str = ""

    @property
    def confidence(self) -> float:
        value = START
        for doubt in self.doubts:
            value *= DOUBTS.get(doubt, _WORD_DOUBT)
        return round(value, 2)


@dataclass(frozen=True)
class Dropped:
    """A number of one of our measures that cannot become a figure as it is printed."""

    page: int
    reason: str
    found: str
    remedy: str
    sentence: str


@dataclass
class _State:
    """What the words so far have said."""

    subject: Event | None = None
    relation: Event | None = None
    year: int | None = None
    compared: str = ""
    scope: str = ""
    after_share: bool = False
    amount_seen: bool = False


@dataclass
class Finder:
    """Finds the candidates of one report. fiscal_year: of the folder, for numbers without a year."""

    fiscal_year: int
    wordings: Wordings
    measures: Measures
    _caption: str = ""
    _headers: list[TableRow] = field(default_factory=list)
    _data_seen: bool = False

    def page(self, page: Page) -> Iterator[Candidate | Dropped]:
        self._caption, self._headers, self._data_seen = "", [], False
        for part in page.parts:
            if isinstance(part, Text):
                self._note_caption(part)
                yield from self._paragraph(page, part)
            else:
                yield from self._table_row(page, part)

    # -- sentences -----------------------------------------------------------------------------------

    def _paragraph(self, page: Page, text: Text) -> Iterator[Candidate | Dropped]:
        plain = self.wordings.match_text(text.plain)
        start = 0
        for stop in _SENTENCE.finditer(plain):
            if stop.end() > start and plain[start : stop.end()].strip():
                yield from self._sentence(page, text, plain, start, stop.end())
            start = stop.end()

    def _sentence(
        self, page: Page, text: Text, plain: str, start: int, end: int
    ) -> Iterator[Candidate | Dropped]:
        sentence = plain[start:end]
        events = self.wordings.events(sentence)
        word_doubts = tuple(dict.fromkeys(event.value for event in events if event.kind == "doubt"))
        ranges = [match.span() for match in _RANGE.finditer(sentence)]
        state, stack = _State(), []
        numbers = {match.start("number"): match for match in _NUMBER.finditer(sentence) if match["unit"]}
        at, upcoming = 0, list(reversed(events))
        while at < len(sentence):
            if upcoming and upcoming[-1].start <= at:
                event = upcoming.pop()
                if event.start == at:
                    self._hear(state, event, sentence)
                    at = event.end
                continue
            if sentence[at] == "(":
                stack.append(replace(state))
            elif sentence[at] == ")" and stack:
                state = stack.pop()
            elif sentence[at] == ",":
                # A thousands separator is inside a number and is not met here.
                state.relation = None
            if inside := next((span for span in ranges if span[0] == at), None):
                yield from self._range(page, text, state, sentence, inside, start, end)
                at, state.relation = inside[1], None
            elif match := numbers.get(at):
                following = upcoming[-1] if upcoming else None
                if (
                    state.relation is None
                    and following is not None
                    and following.value.startswith("share_")
                    and following.start - match.end() in (0, 1)
                    and match["unit"] in ("%", "percent")
                ):
                    state.relation = upcoming.pop()  # English: 5.1% of operating revenue
                yield from self._number(page, text, state, match, word_doubts, start, end)
                at = match.end()
                state.after_share |= state.relation is not None and state.relation.value.startswith("share")
                state.relation, state.compared = None, ""
            else:
                number = _BARE.match(sentence, at)
                at = number.end() if number else at + 1

    def _hear(self, state: _State, event: Event, sentence: str) -> None:
        words = sentence[event.start : event.end]
        if event.kind == "subject":
            state.subject, state.relation, state.after_share, state.amount_seen = event, None, False, False
        elif event.kind == "relation":
            # 占比同比提升: the growth of a share, not a share.
            if (
                event.value in ("growth", "fall")
                and state.relation
                and state.relation.value.startswith("share")
            ):
                state.after_share = True
            state.relation = event
        elif event.kind == "comparison":
            state.compared = words
        elif event.kind == "previous_year":
            state.year = self.fiscal_year - 1
        elif event.kind == "year":
            state.year = int(words[:4])
        elif event.kind == "scope":
            state.scope = words

    def _measure(self, state: _State, unit_kind: tuple[str, str]) -> tuple[str, list[str]]:
        """Measure and doubts of a number of this kind after these words; blank where it is none of ours."""
        subject = state.subject.value if state.subject else "none"
        relation = state.relation.value if state.relation else ""
        table = {
            ("investment", "", "money"): "tech_investment",
            ("investment", "share_of_revenue", "percent"): "tech_investment_share_of_revenue",
            ("investment", "share", "percent"): "tech_investment_share_of_revenue",
            ("investment", "share_of_profit", "percent"): "tech_investment_share_of_profit",
            ("investment", "growth", "percent"): "tech_investment_growth",
            ("investment", "fall", "percent"): "tech_investment_growth",
            ("staff", "", "count"): "tech_staff",
            ("staff", "share", "percent"): "tech_staff_share",
            ("staff", "share_of_staff", "percent"): "tech_staff_share",
            ("staff", "growth", "percent"): "tech_staff_growth",
            ("staff", "fall", "percent"): "tech_staff_growth",
        }
        measure = table.get((subject, relation, unit_kind[0]), "")
        doubts = []
        if not relation and state.amount_seen:
            doubts.append("another amount stands before it")
        if relation == "share" and subject == "investment":
            doubts.append("no denominator is named")
        if relation in ("growth", "fall"):
            if state.after_share:
                doubts.append("growth stands after a share: it may be the growth of the share")
            other = re.search(r"20[0-9]{2}", state.compared)
            if other and int(other[0]) != (state.year or self.fiscal_year) - 1:
                doubts.append("compared with another year than the one before")
        return measure, doubts

    def _number(
        self, page: Page, text: Text, state: _State, match: re.Match[str], word_doubts: tuple[str, ...],
        start: int, end: int,
    ) -> Iterator[Candidate | Dropped]:  # fmt: skip
        if not state.subject or state.subject.value == "none":
            return
        first, last = match.start(), match.end()
        if state.relation and state.relation.value == "fall":
            first = state.relation.start
        printed = text.slice(start + first, start + last).strip()
        kind = self._unit_kind(match["unit"])
        measure, doubts = self._measure(state, kind)
        if not measure:
            return
        state.amount_seen = state.amount_seen or not state.relation
        try:
            parsed = parse_number(printed)
        except NumberError as error:
            yield Dropped(page.number, "unreadable_number", error.found, error.remedy, text.slice(start, end))
            return
        if not self.measures.fits(measure, parsed.unit):
            return
        if any(start + match.start("number") < at < start + match.end("unit") for at in text.breaks):
            doubts.append("the number was joined across a line break")
        governing = state.relation or state.subject
        if match.start("number") - governing.end > _FAR:
            doubts.append("far from the word that says what it is")
        if text.size < 0.85 * page.size:
            doubts.append("small type: a footnote")
        year = state.year or self.fiscal_year
        if year != self.fiscal_year:
            doubts.append("of another year")
        wording = [state.subject, state.relation] if state.relation else [state.subject]
        yield Candidate(
            page=page.number,
            sentence=text.slice(start, end).strip(),
            sentence_box=text.box(start, end),
            value_box=text.box(start + match.start("number"), start + last),
            measure=measure,
            wording="".join(text.slice(start + e.start, start + e.end).strip() for e in wording),
            value_as_printed=printed,
            unit_as_printed=parsed.unit,
            parsed=parsed,
            year=year,
            scope=state.scope,
            doubts=(*doubts, *word_doubts),
            edge_key=text.edge_key,
        )

    def _range(
        self,
        page: Page,
        text: Text,
        state: _State,
        sentence: str,
        span: tuple[int, int],
        start: int,
        end: int,
    ) -> Iterator[Dropped]:
        unit = re.search(_UNIT + "$", sentence[: span[1]])
        if unit and self._measure(state, self._unit_kind(unit[0]))[0]:
            printed = text.slice(start + span[0], start + span[1])
            yield Dropped(page.number, "range", f"the range {printed!r}", _NOTHING, text.slice(start, end))

    def _unit_kind(self, unit: str) -> tuple[str, str]:
        try:
            normal = parse_number("1" + re.sub("[余多]", "", unit)).unit
        except NumberError:
            normal = "元" if re.fullmatch("(?:tr|b|m)illion", unit) else ""
        return self.measures.units.get(normal, ("", ""))

    # -- tables --------------------------------------------------------------------------------------

    def _note_caption(self, text: Text) -> None:
        """A short line above a table may give its unit; a long one ends what the headers said."""
        plain = self.wordings.match_text(text.plain)
        if len(plain) <= 60:
            # A short sentence with an amount is no caption.
            if not any(match["unit"] for match in _NUMBER.finditer(plain)):
                self._caption = self.wordings.caption_unit(plain) or self._caption
        else:
            self._headers, self._data_seen = [], False

    def _table_row(self, page: Page, row: TableRow) -> Iterator[Candidate | Dropped]:
        plain = [self.wordings.match_text(cell.plain) for cell in row]
        values = [
            at
            for at in range(1, len(row))
            if _CELL.fullmatch(plain[at]) and not _YEAR_CELL.fullmatch(plain[at])
        ]
        if not values:
            self._caption = self.wordings.caption_unit(" ".join(plain)) or self._caption
            self._headers = [*([] if self._data_seen else self._headers), row]
            self._data_seen = False
            return
        self._data_seen = True
        for at, cell in enumerate(row):
            if at not in values:
                yield from self._paragraph(page, cell)
        if any(match["unit"] for match in _NUMBER.finditer(plain[0])):
            return  # a statement of its own, not the label of a row
        label = _State()
        for event in self.wordings.events(plain[0]):
            self._hear(label, event, plain[0])
        if not label.subject or label.subject.value == "none":
            return
        sentence = " | ".join("".join(cell.printed) for cell in row)
        for at in values:
            yield from self._cell(page, row, at, plain, replace(label), sentence)

    def _cell(
        self, page: Page, row: TableRow, at: int, plain: list[str], state: _State, sentence: str
    ) -> Iterator[Candidate | Dropped]:
        cell, doubts = row[at], []
        header = " ".join(self.wordings.match_text(h.plain) for h in self._over(row, at))
        state.year = None
        for event in self.wordings.events(header):
            if event.kind == "relation" and state.relation:
                return  # the change of a share, or a share of a change: none of our measures
            if event.kind != "subject":
                self._hear(state, event, header)
        if not state.relation and re.search("变动|增减|变化", header):
            if "%" not in header:
                return
            state.relation = Event(0, 0, "relation", "growth")
        match = _CELL.fullmatch(plain[at])
        assert match
        number = match["number"] or f"-{match['negative']}"
        unit, from_caption = match["unit"] or "", False
        for words in (header, plain[0]):  # the column says more than the row
            unit = unit or ("%" if "%" in words and state.relation else self.wordings.caption_unit(words))
            if not unit and state.subject and state.subject.value == "staff" and "人)" in words:
                unit = "人"
        if not unit and not state.relation and state.subject and state.subject.value == "investment":
            unit, from_caption = self._caption, True
        if not unit:
            kinds = ("money", "percent", "count")
            if any(self._measure(state, (kind, ""))[0] for kind in kinds):
                found = f"{''.join(cell.printed)!r} in the row {plain[0]!r} without a unit"
                yield Dropped(
                    page.number, "no_unit", found, "Look at the page; lay the figure out as CSV.", sentence
                )
            return
        measure, more = self._measure(state, self._unit_kind(unit))
        if not measure:
            return
        doubts += more
        try:
            parsed = parse_number(
                number + ("" if match["unit"] is None else match["unit"]), unit if not match["unit"] else ""
            )
        except NumberError as error:
            yield Dropped(page.number, "unreadable_number", error.found, error.remedy, sentence)
            return
        if state.relation and state.relation.value == "fall":
            yield Dropped(
                page.number, "unreadable_number", f"{number!r} under a word of falling", _NOTHING, sentence
            )
            return
        if from_caption:
            doubts.append("the unit is the caption's")
        if state.year is None:
            doubts.append("no year over the column")
        elif state.year != self.fiscal_year:
            doubts.append("of another year")
        boxes = [other.box() for other in row]
        yield Candidate(
            page=page.number,
            sentence=sentence,
            sentence_box=(boxes[0][0], min(b[1] for b in boxes), boxes[-1][2], max(b[3] for b in boxes)),
            value_box=cell.box(),
            measure=measure,
            wording=" / ".join(
                filter(
                    None, ("".join(row[0].printed), " ".join("".join(h.printed) for h in self._over(row, at)))
                )
            ),
            value_as_printed="".join(cell.printed) if not match["negative"] else number,
            unit_as_printed=parsed.unit,
            parsed=parsed,
            year=state.year or self.fiscal_year,
            scope=state.scope,
            doubts=tuple(doubts),
            edge_key=cell.edge_key,
        )

    def _over(self, row: TableRow, at: int) -> list[Text]:
        """The header cells over a cell: at the same place in a header of as many cells, else the nearest."""
        box = row[at].box()
        middle = (box[0] + box[2]) / 2
        found = []
        for header in self._headers:
            if len(header) == len(row):
                found.append(header[at])
                continue
            near = min(header, key=lambda h: abs((h.box()[0] + h.box()[2]) / 2 - middle))
            if abs((near.box()[0] + near.box()[2]) / 2 - middle) < 60:
                found.append(near)
        return found


def without_running_headers(
    found: Iterable[Candidate | Dropped], counts: dict[str, int]
) -> list[Candidate | Dropped]:
    """Candidates in a line that stands on three pages or more, at the same height, are no statements."""
    kept: list[Candidate | Dropped] = []
    for entry in found:
        if isinstance(entry, Candidate) and entry.edge_key and counts.get(entry.edge_key, 0) >= 3:
            kept.append(
                Dropped(
                    entry.page,
                    "page_header",
                    f"{entry.value_as_printed!r} in a running header",
                    _NOTHING,
                    entry.sentence,
                )
            )
        else:
            kept.append(entry)
    return kept
