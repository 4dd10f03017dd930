"""How many respondents stand behind a block of printed shares.

A block is what one document prints for one survey year and population. Every share of it is k/n for
the same n, so the shares give n away: the posterior over n in 2..1000 says how well each n explains
them, against the hypothesis that no n does. An error of print costs a figure ERROR, so a few wrong
figures do not hide the n of the others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from dagster_project.audit.figures import ALL, Figure

N_MAX = 1000
# Share of printed figures that are wrong, before anything is known of a document.
ERROR = 0.02
# Weight of "the shares are no counts of one n" before anything is known.
NO_BASE = 0.1
# An n stays a candidate down to this fraction of the weight of the best.
KEEP = 1e-3
# A figure is impossible when all n that could give it have less than this weight together.
DOUBT = 0.01
# Fewer distinct shares than this say nothing of n.
ENOUGH = 3
SLACK = 1e-9

_NS = np.arange(2, N_MAX + 1)


def counts(share: float, half: float, n: int) -> range:
    """Counts k of n with 100k/n within `half` of `share` (both in percent)."""
    low = int(np.ceil((share - half) * n / 100 - SLACK))
    high = int(np.floor((share + half) * n / 100 + SLACK))
    return range(max(low, 0), min(high, n) + 1)


def half_up(share: float, decimals: int) -> float:
    """`share` rounded as print does: a half goes up."""
    return float(np.floor(share * 10**decimals + 0.5 + SLACK)) / 10**decimals


def _n_counts(share: float, half: float) -> np.ndarray:
    """Number of such counts for every n of _NS."""
    low = np.maximum(np.ceil((share - half) * _NS / 100 - SLACK), 0)
    high = np.minimum(np.floor((share + half) * _NS / 100 + SLACK), _NS)
    return np.maximum(high - low + 1, 0)


@dataclass(frozen=True)
class Base:
    """Candidates for the number of respondents of a block, best first, with their weights (sum <= 1).

    no_base: weight of "no n gives these shares"; support: distinct shares that the best n gives.
    """

    candidates: tuple[int, ...] = ()
    weights: tuple[float, ...] = ()
    no_base: float = 1.0
    support: int = 0

    @property
    def n(self) -> int | None:
        return self.candidates[0] if self.candidates else None

    @property
    def known(self) -> bool:
        """Whether the shares say that there is a base at all."""
        return self.no_base < DOUBT and self.support >= ENOUGH

    def chance(self, figure: Figure) -> float:
        """Weight of the hypotheses under which the figure can be a share of counts."""
        fits = sum(
            weight
            for n, weight in zip(self.candidates, self.weights, strict=True)
            if counts(figure.value, figure.half, n)
        )
        return fits + self.no_base

    @classmethod
    def of(cls, n: int) -> Base:
        return cls((n,), (1.0,), 0.0, ENOUGH)


def infer(figures: Iterable[Figure], allowed: Sequence[int] | None = None) -> Base:
    """The base that explains exact shares; `allowed` limits n where something else is known of it."""
    shares = sorted({(f.value, f.decimals) for f in figures if f.kind == "share" and f.exact})
    weight = -np.log(_NS.astype(float))
    weight -= np.log(np.exp(weight).sum())
    weight += np.log(1 - NO_BASE)
    if allowed is not None:
        weight = np.where(np.isin(_NS, list(allowed)), weight, -np.inf)
    nothing = np.log(NO_BASE)
    for value, decimals in shares:
        cell = np.log(10.0**-decimals / 100)
        found = _n_counts(value, 0.5 * 10.0**-decimals)
        with np.errstate(divide="ignore"):
            fits = np.log(1 - ERROR) + np.log(found / (_NS + 1))
        weight = weight + np.where(found > 0, fits, np.log(ERROR) + cell)
        nothing += cell
    top = max(weight.max(), nothing)
    scaled, rest = np.exp(weight - top), float(np.exp(nothing - top))
    total = scaled.sum() + rest
    keep = np.flatnonzero(scaled >= KEEP * scaled.max()) if scaled.max() > 0 else np.array([], dtype=int)
    order = sorted(keep, key=lambda i: (-scaled[i], i))
    candidates = tuple(int(_NS[i]) for i in order)
    fitting = [v for v, d in shares if candidates and counts(v, 0.5 * 10.0**-d, candidates[0])]
    return Base(
        candidates,
        tuple(float(scaled[i] / total) for i in order),
        rest / total,
        len(fitting),
    )


@dataclass
class Bases:
    """The base of each block, and of single questions that others answered than the rest."""

    blocks: dict[tuple[str, int, str], Base] = field(default_factory=dict)
    questions: dict[tuple[str, int, str, str], int] = field(default_factory=dict)

    def of(self, figure: Figure, years_back: int = 0) -> Base:
        """Base of a figure, or of the same question `years_back` years before (same document)."""
        document, year, population = figure.block
        year -= years_back
        other = self.questions.get((document, year, population, figure.question))
        if other is not None:
            return Base.of(other)
        return self.blocks.get((document, year, population), Base())


def infer_bases(figures: Sequence[Figure]) -> Bases:
    """Bases of all blocks. Groups whose share of the sample is printed have only the counts it allows."""
    shares: dict[tuple[str, int, str], list[Figure]] = defaultdict(list)
    for figure in figures:
        if figure.kind == "share" and figure.exact:
            shares[figure.block].append(figure)
    bases = Bases()
    for block in sorted(shares, key=lambda block: (block[2] != ALL, block)):
        allowed = None
        if block[2] != ALL:
            allowed = _group_sizes(shares.get((*block[:2], ALL), []), bases.blocks, block)
        bases.blocks[block] = infer(shares[block], allowed)
    for block, members in shares.items():
        _other_bases(bases, block, members)
    return bases


def composition(shares: Iterable[Figure], populations: set[str]) -> dict[str, Figure]:
    """Shares of the sample by population: options of one question of all respondents that are populations."""
    by_item: dict[str, dict[str, Figure]] = defaultdict(dict)
    for figure in shares:
        if figure.population == ALL and figure.exact and not figure.complement and len(figure.options) == 1:
            (option,) = figure.options
            if option in populations:
                by_item[figure.item][option] = figure
    return max(by_item.values(), key=len, default={})


def _group_sizes(
    of_all: list[Figure], blocks: dict[tuple[str, int, str], Base], block: tuple[str, int, str]
) -> list[int] | None:
    whole = blocks.get((*block[:2], ALL), Base())
    share = composition(of_all, {block[2]}).get(block[2])
    if share is None or not whole.known:
        return None
    sizes = {k for n in whole.candidates for k in counts(share.value, share.half, n) if k >= 2}
    return sorted(sizes) or None


def _other_bases(bases: Bases, block: tuple[str, int, str], members: list[Figure]) -> None:
    """A question that only some answered: one smaller n explains all its shares, two of them anew."""
    base = bases.blocks[block]
    if not base.known or base.n is None:
        return
    questions: dict[str, list[Figure]] = defaultdict(list)
    for figure in members:
        questions[figure.question].append(figure)
    for question, asked in questions.items():
        odd = {(f.value, f.decimals) for f in asked if base.chance(f) < DOUBT}
        if len(odd) < 2:
            continue
        fitting = [
            n
            for n in range(max(base.n // 4, 5), base.n + 3)
            if all(counts(f.value, f.half, n) for f in asked)
        ]
        if fitting:
            nearest = min(fitting, key=lambda n: (abs(n - (base.n or 0)), n))
            bases.questions[(*block, question)] = nearest
