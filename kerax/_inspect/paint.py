"""Two canvases with one set of strokes: SVG as text, and pictures through Pillow."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from html import escape
from typing import Any

from .._host.optional import optional

__all__ = ["Picture", "Svg", "helvetica"]

Point = tuple[float, float]

FONT = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"

# Widths of Helvetica, in thousandths of the size; what is not listed is as wide as "0".
_NARROW = {"i": 222, "j": 222, "l": 222, "'": 191, "I": 278, "t": 278, "f": 278, ".": 278, ",": 278, " ": 278, ":": 278}
_WIDE = {"m": 833, "w": 722, "M": 833, "W": 944, "(": 333, ")": 333, "[": 278, "]": 278, "r": 333, "-": 333, "_": 556}
_MIDDLE = dict.fromkeys("csvkxyzJ", 500) | dict.fromkeys("ABEKPSVXY", 667) | dict.fromkeys("CDHNRU", 722)
_WIDTHS = _NARROW | _WIDE | _MIDDLE | dict.fromkeys("GOQ", 778) | {"F": 611, "T": 611, "L": 556, "Z": 611}


def helvetica(text: str, size: float) -> float:
    """The width of a text in Helvetica."""
    return sum(_WIDTHS.get(letter, 556) for letter in text) * size / 1000


class Svg:
    """A drawing as SVG text."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self.parts: list[str] = []

    @staticmethod
    def measure(text: str, size: float) -> float:
        """The width of a text, with room for a font somewhat wider than Helvetica."""
        return 1.13 * helvetica(text, size)

    def box(
        self,
        x: float,
        y: float,
        w: float,
        h: float,
        radius: float,
        fill: str,
        line: str | None = None,
    ) -> None:
        """A rectangle with round corners; x, y is its upper left corner."""
        stroke = f' stroke="{line}" stroke-width="1"' if line else ""
        self.parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" rx="{radius:g}" fill="{fill}"{stroke}/>'
        )

    def cap(self, x: float, y: float, w: float, h: float, radius: float, fill: str) -> None:
        """A rectangle whose upper corners are round."""
        r = radius
        self.parts.append(
            f'<path d="M{x:.1f},{y + h:.1f}v{r - h:.1f}a{r:g},{r:g} 0 0 1 {r:g},-{r:g}h{w - 2 * r:.1f}'
            f'a{r:g},{r:g} 0 0 1 {r:g},{r:g}v{h - r:.1f}z" fill="{fill}"/>'
        )

    def text(
        self, x: float, y: float, text: str, size: float, fill: str, anchor: str = "start", bold: bool = False
    ) -> None:
        """A line of text; y is its middle."""
        weight = ' font-weight="600"' if bold else ""
        place = "" if anchor == "start" else f' text-anchor="{anchor}"'
        self.parts.append(
            f'<text x="{x:.1f}" y="{y + 0.35 * size:.1f}" font-size="{size:g}" fill="{fill}"{place}{weight}>'
            f"{escape(text)}</text>"
        )

    def curve(self, points: Sequence[Point], line: str, width: float, upright: bool) -> None:
        """A line through points at which it runs along the graph's direction."""
        way = [f"M{points[0][0]:.1f},{points[0][1]:.1f}"]
        for (x0, y0), (x1, y1) in itertools.pairwise(points):
            if (abs(x0 - x1) if upright else abs(y0 - y1)) < 0.05:
                way.append(f"L{x1:.1f},{y1:.1f}")
            else:
                (ax, ay), (bx, by) = _handles((x0, y0), (x1, y1), upright)
                way.append(f"C{ax:.1f},{ay:.1f} {bx:.1f},{by:.1f} {x1:.1f},{y1:.1f}")
        self.parts.append(f'<path d="{"".join(way)}" fill="none" stroke="{line}" stroke-width="{width:g}"/>')

    def polygon(self, points: Sequence[Point], fill: str) -> None:
        """A filled polygon."""
        corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.parts.append(f'<polygon points="{corners}" fill="{fill}"/>')

    def done(self, scale: float = 1.0) -> str:
        """The file's text."""
        size = f'width="{self.width * scale:.0f}" height="{self.height * scale:.0f}"'
        head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {self.width:.1f} {self.height:.1f}"'
        back = f'<rect width="{self.width:.1f}" height="{self.height:.1f}" fill="#ffffff"/>'
        return "\n".join([f'{head} font-family="{FONT}">', back, *self.parts, "</svg>\n"])


class Picture:
    """A drawing as pixels.

    Args:
        width, height: in the units of the strokes.
        scale: pixels for each unit; less where the picture would not fit into memory.
    """

    LARGEST = 60e6  # pixels
    LONGEST = 60000  # pixels on a side: what every format takes
    _fonts: dict[float, Any] = {}

    def __init__(self, width: float, height: float, scale: float) -> None:
        image = optional("PIL.Image", extra="vision", why="Drawing a model as a picture")
        draw = optional("PIL.ImageDraw", extra="vision", why="Drawing a model as a picture")
        scale = min(scale, (self.LARGEST / (width * height)) ** 0.5, self.LONGEST / max(width, height))
        self.smooth = 2 if width * height * scale * scale * 4 <= self.LARGEST else 1  # drawn larger, then reduced
        self.scale = scale * self.smooth
        size = (max(1, round(width * scale)) * self.smooth, max(1, round(height * scale)) * self.smooth)
        self.image = image.new("RGB", size, "white")
        self._draw = draw.Draw(self.image)

    @classmethod
    def _font(cls, pixels: float) -> Any:
        pixels = round(pixels, 2)
        if pixels not in cls._fonts:
            fonts = optional("PIL.ImageFont", extra="vision", why="Drawing a model as a picture")
            cls._fonts[pixels] = fonts.load_default(pixels)
        return cls._fonts[pixels]

    @classmethod
    def measure(cls, text: str, size: float) -> float:
        """The width of a text."""
        return cls._font(size * 4).getlength(text) / 4

    def _at(self, *values: float) -> list[float]:
        return [value * self.scale for value in values]

    def box(
        self,
        x: float,
        y: float,
        w: float,
        h: float,
        radius: float,
        fill: str,
        line: str | None = None,
    ) -> None:
        """A rectangle with round corners; x, y is its upper left corner."""
        width = max(1, round(self.scale)) if line else 0
        self._draw.rounded_rectangle(self._at(x, y, x + w, y + h), radius * self.scale, fill, line, width)

    def cap(self, x: float, y: float, w: float, h: float, radius: float, fill: str) -> None:
        """A rectangle whose upper corners are round."""
        corners = (True, True, False, False)
        self._draw.rounded_rectangle(self._at(x, y, x + w, y + h), radius * self.scale, fill, corners=corners)

    def text(
        self, x: float, y: float, text: str, size: float, fill: str, anchor: str = "start", bold: bool = False
    ) -> None:
        """A line of text; y is its middle."""
        place = {"start": "l", "middle": "m", "end": "r"}[anchor] + "s"
        stroke = 0.016 * size * self.scale if bold else 0
        where = (x * self.scale, (y + 0.35 * size) * self.scale)
        self._draw.text(where, text, fill, self._font(size * self.scale), place, stroke_width=stroke)

    def curve(self, points: Sequence[Point], line: str, width: float, upright: bool) -> None:
        """A line through points at which it runs along the graph's direction."""
        way: list[Point] = [points[0]]
        for start, end in itertools.pairwise(points):
            if (abs(start[0] - end[0]) if upright else abs(start[1] - end[1])) < 0.05:
                way.append(end)
                continue
            a, b = _handles(start, end, upright)
            for step in range(1, 25):
                t = step / 24
                u = 1 - t
                weights = (u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t)
                corners = (start, a, b, end)
                way.append(tuple(sum(k * p[i] for k, p in zip(weights, corners, strict=True)) for i in (0, 1)))  # type: ignore[arg-type]
        pixels = [(x * self.scale, y * self.scale) for x, y in way]
        self._draw.line(pixels, line, max(1, round(width * self.scale)), joint="curve")

    def polygon(self, points: Sequence[Point], fill: str) -> None:
        """A filled polygon."""
        self._draw.polygon([(x * self.scale, y * self.scale) for x, y in points], fill)

    def done(self) -> Any:
        """The picture, a `PIL.Image.Image`."""
        return self.image.reduce(self.smooth) if self.smooth > 1 else self.image


def _handles(start: Point, end: Point, upright: bool) -> tuple[Point, Point]:
    (x0, y0), (x1, y1) = start, end
    if upright:
        return (x0, (y0 + y1) / 2), (x1, (y0 + y1) / 2)
    return ((x0 + x1) / 2, y0), ((x0 + x1) / 2, y1)
