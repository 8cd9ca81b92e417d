"""Vega-Lite specifications as inline SVG, drawn offline, in colours that follow the page.

A specification names colours as CSS variables (`var(--ink)`), so that one drawing serves light, dark
and print. Every chart is drawn twice, for wide and for narrow windows, and has a table as its twin.
Its "width" and "height" are those of the whole, of which "margins", across and down, are about what
labels and titles take.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from .drawer import svg

Spec = dict[str, Any]
SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
CONFIG: Spec = {
    "background": None, "font": "sans-serif", "view": {"stroke": None}, "aria": True,
    "axis": {"labelColor": "var(--muted)", "titleColor": "var(--ink)", "gridColor": "var(--line)",
             "domainColor": "var(--edge)", "tickColor": "var(--edge)", "labelFontSize": 12,
             "titleFontSize": 12, "titleFontWeight": 500, "labelLimit": 0, "titleLimit": 0},
    "legend": {"labelColor": "var(--ink)", "titleColor": "var(--ink)", "labelFontSize": 12,
               "titleFontSize": 12, "labelLimit": 0}, "title": {"limit": 0},
    "header": {"labelColor": "var(--ink)", "titleColor": "var(--ink)", "labelFontSize": 12},
    "text": {"color": "var(--ink)", "fontSize": 12},
    "rule": {"color": "var(--edge)"},
}  # fmt: skip
_NUMBERS = re.compile(r'(?<= )(?:d|transform|x2|y2)="[^"]*"')
_DIGITS = re.compile(r"(\.\d\d)\d+")
_ROLES = re.compile(r' role="graphics-(?:symbol|object)" aria-roledescription="[^"]*"')
_AXIS = re.compile(r' aria-label="(?:[XY]-axis|[^"]*legend)[^"]*"')
_HEAD = re.compile(r"<svg [^>]*viewBox=\"0 0 ([\d.]+) ([\d.]+)\">")


@dataclass(frozen=True, kw_only=True)
class Table:
    """A chart's figures in words: the same as it draws, for whoever does not see it."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A chart for the page: `title` names it, `text` says what it shows.

    It is drawn for wide and for narrow windows, or as `parts` that flow as there is room.
    """

    name: str
    title: str
    text: str
    table: Table
    wide: str = ""
    narrow: str = ""
    parts: tuple[Markup, ...] = ()


def figure(
    name: str, title: str, text: str, wide: Spec, narrow: Spec, table: Table
) -> Figure:
    """Draw a chart at both widths; `name` is its id on the page."""
    return Figure(
        name=name, title=title, text=text, table=table,
        wide=_svg(wide, f"{name}-wide", title, text),
        narrow=_svg(narrow, f"{name}-narrow", title, text),
    )  # fmt: skip


def figure_of_parts(
    name: str, title: str, text: str, parts: Mapping[str, Spec], table: Table
) -> Figure:
    """Draw several small charts, each with a title of its own."""
    return Figure(
        name=name, title=title, text=text, table=table,
        parts=tuple(_svg(spec, f"{name}-{number}", part, text)
                    for number, (part, spec) in enumerate(parts.items())),
    )  # fmt: skip


def _svg(spec: Spec, name: str, title: str, text: str) -> Markup:
    across, down = spec["margins"]
    # Fitting the drawing to its size would lay it out, and measure every label, twice.
    whole = {"$schema": SCHEMA, "config": CONFIG, "autosize": "pad", "padding": 4,
             **{key: value for key, value in spec.items() if key != "margins"},
             "width": spec["width"] - across, "height": spec["height"] - down}  # fmt: skip
    drawn = svg(whole)
    head = _HEAD.match(drawn)
    if head is None:
        raise ValueError("the drawing does not begin as an SVG should")
    body = drawn[head.end() :]
    body = _ROLES.sub("", _AXIS.sub("", body)).replace(" aria-label=", " data-tip=")
    # The page's own font: drawing with its list of names would take twice as long.
    body = body.replace(' font-family="sans-serif"', "").replace(' opacity="1"', "")
    body = body.replace(' pointer-events="none"', "").replace(' aria-hidden="true"', "")
    body = _NUMBERS.sub(lambda found: _DIGITS.sub(r"\1", found[0]), body)
    width, height = head[1], head[2]
    return Markup(
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" width="{width}"'
        f' height="{height}" viewBox="0 0 {width} {height}" aria-labelledby="{name}-t {name}-d">'
        f'<title id="{name}-t">{escape(title)}</title><desc id="{name}-d">{escape(text)}</desc>'
        f"{body}"
    )
