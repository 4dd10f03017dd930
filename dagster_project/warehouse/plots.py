"""A small picture of the main marts for the page of their asset: same rows, same bytes."""

from __future__ import annotations

import base64
import io
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dagster_project.settings import Settings

_INK, _HONEY, _GRID = "#211c14", "#c4851c", "#d9d0bc"

_SCORES = """
select dimension.label_zh, score.score, score.is_synthetic
from marts.mart_dimension_score as score
inner join framework.framework_dimension as dimension
    on
        score.dimension = dimension.dimension
        and score.wave between dimension.valid_from_wave and coalesce(dimension.valid_to_wave, 9999)
where
    score.wave = ? and score.scenario = 'headline' and score.population_kind = 'all' and score.score is not null
order by score.dimension_no
"""
_INVESTMENT = """
select name_zh, cast(investment_cny / 1e8 as double)
from marts.mart_fintech_investment
where fiscal_year = ? and investment_cny is not null
order by investment_cny desc, bank_id
limit 12
"""


def _dimension_scores(settings: Settings, con: Any, wave: int) -> bytes | None:
    rows = con.execute(_SCORES, [wave]).fetchall()
    if len(rows) < 3:
        return None
    labels, scores, is_synthetic = zip(*rows, strict=True)
    note = "（合成数据 synthetic）" if any(is_synthetic) else ""
    figure, text = _figure(settings, 3.6, 3.6)
    axes = figure.add_axes(
        (0.16, 0.1, 0.68, 0.68), projection="polar", theta_offset=math.pi / 2, theta_direction=-1
    )
    angles = [2 * math.pi * n / len(rows) for n in range(len(rows))]
    axes.fill(angles, scores, facecolor=_HONEY, alpha=0.3, edgecolor=_HONEY, linewidth=2)
    axes.set_xticks(
        angles,
        [f"{label}\n{score:.1f}" for label, score in zip(labels, scores, strict=True)],
        fontproperties=text,
        linespacing=1.5,
    )
    axes.set_rlim(0, 100)
    axes.set_rgrids([25, 50, 75, 100], labels=["", "50", "", "100"], color=_INK, size=7)
    axes.grid(color=_GRID)
    axes.spines["polar"].set_color(_GRID)
    axes.set_title(f"{wave} 各维度得分 / dimension scores{note}", fontproperties=text, pad=18)
    return _png(figure)


def _investment(settings: Settings, con: Any, year: int) -> bytes | None:
    rows = con.execute(_INVESTMENT, [year]).fetchall()
    if not rows:
        return None
    names, amounts = zip(*rows, strict=True)
    height = 0.5 + 0.24 * len(rows)
    figure, text = _figure(settings, 5, height)
    axes = figure.add_axes((0.3, 0.05 / height, 0.68, 1 - 0.4 / height))
    bars = axes.barh(range(len(rows)), amounts, color=_HONEY)
    axes.bar_label(bars, [f"{amount:,.1f}" for amount in amounts], padding=3, fontproperties=text)
    axes.set_yticks(range(len(rows)), names, fontproperties=text)
    axes.invert_yaxis()
    axes.set_xlim(0, max(amounts) * 1.15)
    axes.set_xticks([])
    axes.spines[:].set_visible(False)
    axes.set_title(f"{year} 科技投入（亿元）/ investment, CNY 100 m", fontproperties=text, loc="left")
    return _png(figure)


_PICTURES: dict[str, Callable[[Settings, Any, int], bytes | None]] = {
    "mart_dimension_score": _dimension_scores,
    "mart_fintech_investment": _investment,
}


def plot(settings: Settings, con: Any, table: str, year: int) -> str | None:
    """Markdown with a PNG of the year's rows of `table`, read through `con`; None where there is nothing to draw."""
    picture = _PICTURES[table](settings, con, year) if table in _PICTURES else None
    if picture is None:
        return None
    return f"![plot](data:image/png;base64,{base64.b64encode(picture).decode('ascii')})"


def _figure(settings: Settings, width: float, height: float) -> tuple[Any, Any]:
    """A figure and the font of its texts. matplotlib is loaded when the first picture is drawn."""
    # Its list of the machine's fonts; a service has no home folder to keep it in.
    os.environ.setdefault("MPLCONFIGDIR", str(settings.home / "cache" / "matplotlib"))
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties

    return Figure((width, height), dpi=80), FontProperties(fname=_font(settings), size=9)


def _font(settings: Settings) -> Path:
    """The font of the report unpacked: matplotlib reads no woff2."""
    from dagster_project.release.report_font import VENDORED_FONT

    path = settings.home / "cache" / f"{VENDORED_FONT.stem}.ttf"
    if not path.exists():
        from fontTools.ttLib import TTFont

        path.parent.mkdir(parents=True, exist_ok=True)
        font = TTFont(VENDORED_FONT, recalcTimestamp=False)
        font.flavor = None
        temporary = path.with_suffix(f".{os.getpid()}.tmp")
        font.save(temporary)
        temporary.replace(path)
    return path


def _png(figure: Any) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = Image.frombuffer("RGBA", canvas.get_width_height(), canvas.buffer_rgba()).convert("RGB")
    buffer = io.BytesIO()
    # Thirty-two colours: a quarter of the bytes in the event log.
    pixels.quantize(32).save(buffer, format="PNG")
    return buffer.getvalue()
