"""Charts as inline SVG. Positions are percentages and there is no view box, so that bars stretch and text does not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from markupsafe import Markup

_BAR = Markup('<rect class="{}" x="{:.3f}%" width="{:.3f}%" height="100%"/>')
_COLUMN = Markup(
    '<g><title>{}</title><rect class="column" x="{:.3f}%" y="{:.2f}" width="{:.3f}%" height="{:.2f}" rx="2"/>'
    '<text class="value" x="{:.3f}%" y="{:.2f}">{}</text>{}</g>'
)
_COLUMNS = Markup('<svg class="columns" role="img" aria-label="histogram of {}" width="100%" height="{:.0f}">{}</svg>')
_LABEL = Markup('<text class="label" x="{:.3f}%" y="{}">{}</text>')


def bar(parts: Iterable[tuple[str, int]], of: int) -> Markup:
    """A horizontal bar of (CSS class, count) parts side by side, on a scale that ends at `of`."""
    drawn, begin = Markup(""), 0.0
    for name, count in parts:
        width = 100 * count / max(of, 1)
        drawn += _BAR.format(name, begin, width)
        begin += width
    return Markup('<svg class="bar" aria-hidden="true" width="100%" height="12">{}</svg>').format(drawn)


def columns(bars: Sequence[tuple[str, int]], unit: str, max_labels: int = 8) -> Markup:
    """A histogram of (label, count) columns with its counts on top; labels are thinned out until they fit a phone."""
    height, top, foot = 150.0, 16.0, 20.0
    most, slot = max((count for _, count in bars), default=0) or 1, 100 / max(len(bars), 6)
    every = -(-len(bars) // max_labels)
    drawn = Markup("")
    for number, (label, count) in enumerate(bars):
        tall = (height - top - foot) * count / most
        y, middle = height - foot - tall, slot * (number + 0.5)
        below = _LABEL.format(middle, height - 5, label) if number % every == 0 else ""
        value = f"{count:,}" if count and len(bars) <= 2 * max_labels else ""
        title = f"{label}: {count:,} {unit}"
        drawn += _COLUMN.format(title, slot * (number + 0.1), y, slot * 0.8, tall, middle, y - 4, value, below)
    return _COLUMNS.format(unit, height, drawn)
