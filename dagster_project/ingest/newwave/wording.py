"""Do two wordings ask the same? Used to propose a codebook, never to load answers.

The answer is `light` only where nothing but spelling, filler and a few words that the field uses
interchangeably differs. Any exchanged content word can turn a question into another one (投入占营业收入
and 投入占净利润 differ by two characters in fifteen), so that is for a person to judge.
"""

from __future__ import annotations

import re
import unicodedata

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

EXACT, LIGHT, OTHER = "exact", "light", "other"

# A long text may gain or lose one character (智能/智能化); two are a word of their own, and 境外, 农村 or
# 零售 put before a question make it another one.
MIN_SIMILARITY = 0.90
MAX_ADDED_OR_REMOVED = 1

_SAME_WORDS = (
    ("占比", "比重", "比例"),
    ("举措", "措施"),
    ("推动", "促进", "推进"),
    ("应用", "运用"),
    ("员工", "职工"),
    ("程度", "水平"),
)
_FILLER = re.compile(
    "请问|请选择|您认为|贵单位|贵行|您行|我行|本行|当前|目前|现阶段|以下|下列|上述|各类|各项|主要|相关|有关"
    "|情况|状况|方面|开展|进行|以及|哪些|如何|什么|是否|单选|多选|单选题|多选题|可多选|必答|的|了|及|和|与|或|等|在|对|于|其"
)
_CHANGES_MEANING = re.compile(
    r"[0-9a-z<>]|[不未无非反除免拟最仅各否他别]"
    "|[新旧正副主次大中小高低上下前后首单双男女总净国省市县城乡农]"
)


def squeeze(text: str, wave: int | None = None) -> str:
    """Letters and digits only, in one width and case; with a wave, years are told relative to it.

    >>> squeeze('6、 ＣＲＭ（客户）')
    '6crm客户'
    """
    text = unicodedata.normalize("NFKC", text).casefold()
    if wave is not None:
        text = re.sub(r"20[0-9]{2}(?![0-9])", lambda match: f"<{int(match[0]) - wave}>", text)
    # 1.5 and 1-5 are not 15.
    return re.sub(r"[^\w<>≤≥=%~±+.-]|_|(?<![0-9])[.-]|[.-](?![0-9])", "", text)


def core(text: str) -> str:
    """A squeezed text without filler, words of one meaning made one."""
    for first, *others in _SAME_WORDS:
        for other in others:
            text = text.replace(other, first)
    return _FILLER.sub("", text) or text


def similarity(one: str, two: str) -> float:
    """0..1 over the cores of two squeezed texts."""
    return float(fuzz.ratio(core(one), core(two))) / 100


def relation(one: str, two: str) -> str:
    """EXACT, LIGHT or OTHER for two squeezed texts; symmetric."""
    if one == two:
        return EXACT
    a, b = core(one), core(two)
    if a == b:
        return LIGHT
    steps = [step for step in Levenshtein.opcodes(a, b) if step.tag != "equal"]
    if any(step.tag == "replace" for step in steps) or similarity(one, two) < MIN_SIMILARITY:
        return OTHER
    changed = "".join(a[step.src_start : step.src_end] + b[step.dest_start : step.dest_end] for step in steps)
    if len(changed) > MAX_ADDED_OR_REMOVED or _CHANGES_MEANING.search(changed):
        return OTHER
    return LIGHT
