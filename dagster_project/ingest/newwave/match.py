"""Which item of the wave before a column holds: certain, or candidates for a person to choose from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from dagster_project.ingest.codebook import Item
from dagster_project.ingest.newwave.export import WITH_OPTIONS, Question, parse_headers
from dagster_project.ingest.newwave.wording import EXACT, LIGHT, OTHER, relation, similarity, squeeze

# A changed wording is taken only if no other item of the wave before comes this near.
MARGIN = 0.05
# A reworded question must share this part of the labels seen with the options it had.
MIN_OPTION_AGREEMENT = 0.5
# From here on an open row names its best candidate as item_id; below, it stands as a new item.
SUGGEST, SUGGEST_MARGIN = 0.60, 0.10
# Below, an item is no candidate worth naming.
MIN_CANDIDATE, N_CANDIDATES = 0.3, 3


@dataclass
class Earlier:
    """One question of the wave before."""

    stem: str
    items: list[Item]
    rows: list[str]

    @property
    def is_matrix(self) -> bool:
        return self.rows != [""]


@dataclass
class Match:
    item: Item | None = None
    level: str = OTHER
    confidence: float = 0.0
    candidates: list[tuple[Item, float]] = field(default_factory=list)
    why: str = ""


def earlier_questions(items: Sequence[Item]) -> list[Earlier]:
    """The questions of a codebook, their stems read from the headers."""
    grouped: dict[str, list[Item]] = {}
    for item in items:
        grouped.setdefault(item.fields["question_id"], []).append(item)
    found = []
    for members in grouped.values():
        if len(members) == 1 and not members[0].fields["row_id"]:
            text = parse_headers([members[0].header])[0].text
            found.append(Earlier(text, members, [""]))
            continue
        stem, rows = "", []
        for item in members:
            text = parse_headers([item.header])[0].text
            label = item.fields["label_zh"]
            if text.endswith("—" + label):
                stem, text = stem or text[: -len(label) - 1], label
            elif item is members[0] and "—" in text:
                stem, text = text.rsplit("—", 1)
            rows.append(text)
        found.append(Earlier(stem, members, rows))
    return found


def _one_to_one(
    new: dict[int, str], old: dict[int, str], allow: Callable[[int, int, str], bool]
) -> dict[int, tuple[int, str, float]]:
    """new key -> (old key, level, similarity) of texts that are the same beyond doubt.

    First the equal ones, then those that differ in filler; each only where it is the one partner on
    both sides and nothing else comes near.
    """
    found: dict[int, tuple[int, str, float]] = {}
    for level in (EXACT, LIGHT):
        free_new = [key for key in new if key not in found]
        taken = {partner for partner, _, _ in found.values()}
        free_old = [key for key in old if key not in taken]
        pairs = [(n, o) for n in free_new for o in free_old if relation(new[n], old[o]) in (EXACT, level)]
        of_new, of_old = Counter(n for n, _ in pairs), Counter(o for _, o in pairs)
        for n, o in pairs:
            if of_new[n] > 1 or of_old[o] > 1 or not allow(n, o, level):
                continue
            near = similarity(new[n], old[o])
            second = max((similarity(new[n], old[k]) for k in free_old if k != o), default=0.0)
            if level == EXACT or near - second >= MARGIN:
                found[n] = (o, level, 1.0 if level == EXACT else near)
    return found


def match(
    questions: list[Question], earlier: list[Earlier], wave: int, previous_wave: int
) -> dict[int, Match]:
    """The match of every column (by column_no): an item of the wave before, or candidates only."""
    new_stems = [squeeze(question.stem, wave) for question in questions]
    old_stems = [squeeze(question.stem, previous_wave) for question in earlier]
    result: dict[int, Match] = {}

    def agree(n: int, o: int, level: str) -> bool:
        return level == EXACT or agreement(questions[n], earlier[o].items[0]) >= MIN_OPTION_AGREEMENT

    pairs: dict[int, tuple[int, str, float]] = {}
    for matrix in (False, True):
        pairs |= _one_to_one(
            {n: new_stems[n] for n, q in enumerate(questions) if q.is_matrix == matrix and q.stem},
            {o: old_stems[o] for o, q in enumerate(earlier) if q.is_matrix == matrix and q.stem},
            agree,
        )
    for n, question in enumerate(questions):
        if n not in pairs:
            continue
        o, level, near = pairs[n]
        if not question.is_matrix:
            result[question.columns[0].column_no] = Match(earlier[o].items[0], level, near)
            continue
        rows = _one_to_one(
            {k: squeeze(row, wave) for k, row in enumerate(question.rows)},
            {k: squeeze(row, previous_wave) for k, row in enumerate(earlier[o].rows)},
            lambda *_: True,
        )
        for k, (partner, row_level, row_near) in rows.items():
            worse = EXACT if (level, row_level) == (EXACT, EXACT) else LIGHT
            result[question.columns[k].column_no] = Match(
                earlier[o].items[partner], worse, min(near, row_near)
            )
    _candidates(questions, earlier, (new_stems, old_stems), pairs, result, wave, previous_wave)
    return result


def _candidates(
    questions: list[Question],
    earlier: list[Earlier],
    stems: tuple[list[str], list[str]],
    pairs: dict[int, tuple[int, str, float]],
    result: dict[int, Match],
    wave: int,
    previous_wave: int,
) -> None:
    """Give every column without a match its nearest free items of the wave before."""
    taken = {found.item.item_id for found in result.values() if found.item}
    for n, question in enumerate(questions):
        for column, row in zip(question.columns, question.rows, strict=True):
            if column.column_no in result:
                continue
            scored: list[tuple[Item, float]] = []
            for o, old in enumerate(earlier):
                stem = 1.0 if n in pairs and pairs[n][0] == o else similarity(stems[0][n], stems[1][o])
                for item, old_row in zip(old.items, old.rows, strict=True):
                    if item.item_id in taken:
                        continue
                    if question.is_matrix and old.is_matrix:
                        near = similarity(squeeze(row, wave), squeeze(old_row, previous_wave))
                        score = 0.4 * stem + 0.6 * near if stems[0][n] and stems[1][o] else near
                    else:
                        text = squeeze(row or question.stem, wave)
                        score = similarity(text, squeeze(old_row or old.stem, previous_wave))
                    score = 0.85 * score + 0.15 * agreement(question, item)
                    if question.is_matrix != old.is_matrix:
                        score *= 0.8
                    scored.append((item, min(score, 0.99)))
            scored.sort(key=lambda pair: -pair[1])
            result[column.column_no] = Match(
                candidates=[pair for pair in scored[:N_CANDIDATES] if pair[1] >= MIN_CANDIDATE],
                why=f"the stem is now {question.stem!r}"
                if question.is_matrix and n not in pairs and scored and scored[0][1] >= SUGGEST
                else "",
            )


def agreement(question: Question, item: Item) -> float:
    """Share of the labels seen that the item had as options; for items without options, 1 or 0."""
    if not question.labels:
        return 1.0
    if not item.options:
        return 0.0 if question.item_type in WITH_OPTIONS and item.item_type in ("number",) else 1.0
    return sum(label in item.options for label in question.labels) / len(question.labels)
