"""A line plot as SVG, without a library: a few series of a few points each."""

import math
from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 64, 190, 36, 44
COLOURS = ("#0b6bcb", "#c2410c", "#15803d", "#7e22ce", "#a16207", "#be185d", "#0f766e", "#475569")
STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#475569}.title{font-size:14px;fill:#0f172a}"
    "@media(prefers-color-scheme:dark){text{fill:#94a3b8}.title{fill:#e2e8f0}}"
)

Series = Mapping[str, Sequence[tuple[float, float]]]


def line_plot(title: str, series: Series, *, x_label: str, logarithmic: bool = False) -> str:
    """The SVG. `series`: by name, points (x, y) with x above 0. The x axis is logarithmic, the y axis if asked for and
    nothing is 0."""
    xs = sorted({x for points in series.values() for x, _ in points})
    ys = [y for points in series.values() for _, y in points]
    logarithmic = logarithmic and min(ys) > 0
    low, high = (min(ys) / 1.3, max(ys) * 1.3) if logarithmic else (0.0, (max(ys) or 1) * 1.05)

    def across(x: float) -> float:
        span = math.log(xs[-1] / xs[0]) or 1
        return LEFT + math.log(x / xs[0]) / span * (WIDTH - LEFT - RIGHT)

    def up(y: float) -> float:
        share = math.log(y / low) / math.log(high / low) if logarithmic else (y - low) / (high - low)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    parts = [f'<text class="title" x="{LEFT}" y="20">{escape(title)}</text>']
    for tick in ticks(low, high, logarithmic=logarithmic):
        y = up(tick)
        parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#94a3b8" stroke-opacity=".3"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{short(tick)}</text>')
    low_edge = HEIGHT - BOTTOM + 18
    parts += [f'<text x="{across(x):.1f}" y="{low_edge}" text-anchor="middle">{short(x)}</text>' for x in xs]
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<text x="{middle}" y="{HEIGHT - 6}" text-anchor="middle">{escape(x_label)}</text>')
    for number, (name, points) in enumerate(series.items()):
        colour = COLOURS[number % len(COLOURS)]
        path = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in sorted(points))
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{across(x):.1f}" cy="{up(y):.1f}" r="3" fill="{colour}"/>' for x, y in points]
        at = TOP + 8 + 18 * number
        parts.append(f'<circle cx="{WIDTH - RIGHT + 16}" cy="{at - 4}" r="4" fill="{colour}"/>')
        parts.append(f'<text x="{WIDTH - RIGHT + 26}" y="{at}">{escape(name)}</text>')
    box = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {box}><style>{STYLE}</style>{"".join(parts)}</svg>\n'


def ticks(low: float, high: float, *, logarithmic: bool) -> list[float]:
    """Round values of the y axis."""
    if logarithmic:
        powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        found = [digit * 10.0**power for power in powers for digit in (1, 2, 5)]
        return [value for value in found if low <= value <= high]
    step = 10 ** math.floor(math.log10(high - low))
    step = next(step * part for part in (0.1, 0.2, 0.5, 1, 2) if (high - low) / (step * part) <= 8)
    return [step * n for n in range(math.floor(high / step) + 1)]


def short(value: float) -> str:
    """1500000 as 1.5M."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"
