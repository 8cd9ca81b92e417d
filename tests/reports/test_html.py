"""The page as text: complete, escaped, self-contained, and with no number of its own."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import math
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from pictures_examples import HOSTILE, PICTURED, hostile, image
from results_examples import EXAMPLES
from unstuck.diagnosis import saved
from unstuck.diagnosis.saved import schema
from unstuck.reports import render
from unstuck.reports.formats.html import fragment
from unstuck.reports.formats.json import document
from unstuck.reports.html_page.images import data_uri
from unstuck.reports.parts import words
from unstuck.result.documents import from_document
from unstuck.result.results import OwnRun, Result

ALL: dict[str, Result] = {**EXAMPLES, **{f"{name}, pictured": r for name, r in PICTURED.items()}}


class Reader(HTMLParser):
    """Elements with their attributes, and the text outside scripts, styles, drawings and source."""

    VOID = ("meta", "link", "img", "input", "br", "option")
    SKIPPED = ("script", "style", "svg", "pre", "code", "head")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.scripts: list[str] = []
        self._open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if "script" in self._open:
            self.scripts.append(data)
        elif not set(self.SKIPPED) & set(self._open):
            self.words.append(data)


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    """Every example as a page, rendered once."""
    return {name: render("html", result) for name, result in ALL.items()}


@pytest.mark.parametrize("name", ALL)
def test_a_page_is_whole_and_asks_for_nothing(name: str, pages: dict[str, str]) -> None:
    page = pages[name]
    reader = Reader(page)
    tags = [tag for tag, _ in reader.elements]
    assert tags.count("html") == tags.count("h1") == tags.count("main") == 1
    ids = [attrs["id"] for _, attrs in reader.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    for tag, attrs in reader.elements:
        assert "style" not in attrs, "a style attribute breaks the Content-Security-Policy"
        assert not any(key.startswith("on") for key in attrs), tag
        for key in ("src", "href", "xlink:href", "action", "srcset"):
            value = attrs.get(key)
            assert value is None or value.startswith(("data:", "#")), (tag, value)
            if value is not None and len(value) > 1 and value.startswith("#L"):
                assert value[1:] in ids or ALL[name].source is None
    assert len(page.encode()) < 1.5e6
    assert page.count("url(") == 0 and "@import" not in page


@pytest.mark.parametrize("name", ALL)
def test_the_policy_allows_just_its_own_style_and_script(name: str, pages: dict[str, str]) -> None:
    page = pages[name]
    policy = next(attrs["content"] for tag, attrs in Reader(page).elements
                  if attrs.get("http-equiv") == "Content-Security-Policy")  # fmt: skip
    assert policy is not None and "default-src 'none'" in policy and "unsafe" not in policy
    for tag in ("style", "script"):
        bodies = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.S)
        assert len(bodies) == 1
        digest = base64.b64encode(hashlib.sha256(bodies[0].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


@pytest.mark.parametrize("name", ALL)
def test_the_document_in_the_page_is_the_diagnosis(name: str, pages: dict[str, str]) -> None:
    body = re.search(r'<script type="application/json" id="diagnosis">(.*?)</script>', pages[name],
                     re.S)  # fmt: skip
    assert body is not None
    embedded = json.loads(body[1])
    Draft202012Validator(schema()).validate(embedded)
    assert embedded == document(ALL[name])
    assert document(from_document(embedded)) == embedded
    assert not set("<>&\u2028\u2029") & set(body[1])


TOKEN = re.compile(r"\d+(?:[.,]\d+)*(?:e[−+-]?\d+)?")


def numbers_of(value: Any) -> Iterator[float | str]:
    """Every number of a document, those inside of strings as they stand there."""
    if isinstance(value, dict):
        for key, entry in value.items():
            yield from numbers_of(str(key))
            yield from numbers_of(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from numbers_of(entry)
        yield len(value)
    elif isinstance(value, str):
        yield from TOKEN.findall(value)
    elif value is not None and not isinstance(value, bool):
        yield float(value)


def spellings(value: float) -> Iterator[str]:
    """The ways in which a number may be written on the page."""
    size = abs(value)
    yield from (words.number(size), f"{size:g}", words.percent(size), words.fixed(size),
                words.duration(size), words.fixed(size, 1), f"{size:,.0f}")  # fmt: skip
    yield from (words.points(size, (size, size)), words.points(-size, (-size, -size)))
    if 1 < size < 1e9 and size == int(size):
        yield str(int(size))
    if 0 < size < 1:
        yield f"about one in {round(1 / size)}"


@pytest.mark.parametrize("name", ALL)
def test_no_number_is_on_the_page_that_is_not_in_the_document(
    name: str, pages: dict[str, str]
) -> None:
    """Figures are worded, never computed; small counts of what is listed are the exception."""
    known = {"95", "2"}  # the confidence of every interval, the 2 of R2
    known |= {str(i) for i in range(33)}  # the n-th unit, row, repair; "and 3 more"
    for value in numbers_of(document(ALL[name])):
        if isinstance(value, str):
            known.add(value)
        elif math.isfinite(value):
            for written in spellings(value):
                known |= set(TOKEN.findall(written))
    for share in (m.share for m in ALL[name].population.modes):
        known.add(str(round(share * ALL[name].population.replicas)))  # words.mode_count
    code_map = ALL[name].code_map
    known |= {str(row + 1) for row in (code_map.rows if code_map is not None else ())}
    told = re.sub(r'<section id="words".*?</section>', "", pages[name], flags=re.S)  # a glossary
    said = " ".join(Reader(told).words)
    said = re.sub(r"of a hundred|holds half|90 %\.", "", said)
    unknown = {found for found in TOKEN.findall(said) if found not in known}
    assert not unknown


def test_names_from_the_script_stay_text() -> None:
    given = hostile()
    page = render("html", given)
    reader = Reader(page)
    assert HOSTILE not in page
    assert not [attrs for tag, attrs in reader.elements if tag == "img" and "onerror" in attrs]
    assert not any(key.startswith("on") for _, attrs in reader.elements for key in attrs)
    assert len(reader.scripts) == 2
    assert page.count("&lt;/script&gt;") > 20
    top = fragment(given)
    assert HOSTILE not in top and "<script" not in top


def test_without_data_no_row_is_left() -> None:
    given = PICTURED["digits"]
    page = render("html", given, data=False)
    assert given.pictures is not None
    for sample in given.pictures.samples:
        assert sample.image is not None and sample.image.pixels not in page
    assert "data:image/png" not in page and "data:image/png" in render("html", given)
    two_bits = render("html", PICTURED["two-bits"], data=False)
    embedded = json.loads(re.findall(r'id="diagnosis">(.*?)</script>', two_bits, re.S)[0])
    assert embedded["rows"] == embedded["targets"] == embedded["pictures"]["samples"] == []
    assert "come out alike" not in two_bits
    assert not [m for m in embedded["population"]["modes"] if m["outputs"] or m["codes"]]
    assert "0.67 0.67" not in two_bits


def test_a_chart_has_a_twin(pages: dict[str, str]) -> None:
    page = pages["two-bits, pictured"]
    figures = re.findall(r"<figure.*?</figure>", page, re.S)
    assert len(figures) == 5  # ladder, forest, sets, curves, pairs
    for body in figures[1:]:
        assert body.count("<table>") == 1 and "<tbody>" in body
    assert 'class="modes"' in page  # the ladder's, which is in plain sight
    for svg in re.findall(r"<svg(?! class=.bar).*?</svg>", page, re.S):
        assert svg.startswith("<svg") and 'role="img"' in svg
        assert "<title" in svg and "<desc" in svg
        assert "font-family" not in svg and "http" not in svg.replace("http://www.w3.org", "")


def test_every_set_of_changes_is_drawn(pages: dict[str, str]) -> None:
    page = pages["two-bits, pictured"]
    figure = re.search(r'<figure class="figure" id="sets">.*?</figure>', page, re.S)
    assert figure is not None
    rows = re.findall(r"<tr><th scope=\"row\">(.*?)</th>.*?<td>([^<]*)</td></tr>", figure[0], re.S)
    assert rows[0] == ("the script as it is", "no") and len(rows) == 8
    assert ("middle layer 2 → 16 units + relu → linear", "repair 1") in rows
    assert ("middle layer 2 → 16 units + epochs 12 → 120", "yes, a smallest set") in rows
    wide, narrow = re.findall(r"<svg(?! class=.bar).*?</svg>", figure[0], re.S)
    said = "middle layer 2 → 16 units + relu → linear: 64\u00a0of\u00a064"
    assert wide.count(f'data-tip="{said}') == 1 + 2  # its bar, and a dot for each change
    assert narrow.count(f'data-tip="{said}') == 1 + 2 and narrow.count("data-tip=") < wide.count(
        "data-tip=")
    assert "Of 23\u00a0sets tried" in figure[0]


def test_the_sets_are_in_the_detailed_text_too() -> None:
    said = render("text", PICTURED["two-bits"], verbose=2, width=100).replace("\u00a0", " ")
    assert "together 64 of 64       middle layer 2 → 16 units + relu → linear: smallest" in said
    assert "together 48 of 64       relu → linear + epochs 12 → 120: not enough" in said
    assert "together" not in render("text", PICTURED["two-bits"])


def test_codes_are_drawn_as_maps(pages: dict[str, str]) -> None:
    figure = re.search(r'<figure class="figure" id="codes">.*?</figure>', pages["digits, pictured"],
                       re.S)  # fmt: skip
    assert figure is not None
    before, after = re.findall(r"<svg(?! class=.bar).*?</svg>", figure[0], re.S)
    for svg in (before, after):
        assert svg.count('data-tip="row ') == 40
        assert all(svg.count(f'fill="var(--c{shade})"') == 8 for shade in range(5))
    heights = [set(re.findall(r'translate\([\d.]+,([\d.]+)\)" d="[^"]*" fill="var\(--c', svg))
               for svg in (before, after)]  # fmt: skip
    assert len(heights[0]) == 1 < len(heights[1])  # the codes of the first lie on a line
    assert len(re.findall("<tr>", figure[0])) == 41
    assert 'id="codes"' not in render("html", PICTURED["digits"], data=False)
    assert 'id="codes"' not in pages["two-bits, pictured"]


def test_codes_that_are_all_the_same_are_on_one_spot() -> None:
    digits = PICTURED["digits"]
    assert digits.code_map is not None
    tiny = tuple((1e-9 * i, -1e-9 * i) for i in range(len(digits.code_map.rows)))
    page = render("html", dataclasses.replace(
        digits, code_map=dataclasses.replace(digits.code_map, before=tiny, after=(), held=(1.0,))))
    figure = re.search(r'<figure class="figure" id="codes">.*?</figure>', page, re.S)
    assert figure is not None and figure[0].count("<svg") == 1
    places = {tuple(map(float, found)) for found in re.findall(
        r'translate\(([\d.]+),([\d.]+)\)" d="[^"]*" fill="var\(--c', figure[0])}
    assert max(abs(a - b) for axis in zip(*places, strict=True) for a in axis for b in axis) < 10


def test_classes_are_named_and_the_wrong_ones_marked() -> None:
    scores = tuple(0.02 for _ in range(8))
    digits = PICTURED["digits"]
    assert digits.pictures is not None
    samples = tuple(dataclasses.replace(s, target=(float(i % 2),))
                    for i, s in enumerate(digits.pictures.samples))  # fmt: skip
    seven = (0.86, *scores, 0.0)
    replica = dataclasses.replace(digits.pictures.replicas[0], images=(), outputs=(seven,) * 10)
    pictures = dataclasses.replace(digits.pictures, samples=samples, replicas=(replica,))
    page = render("html", dataclasses.replace(digits, pictures=pictures))
    assert page.count("class 0 (0.86)") == 10
    assert page.count("class 0 (0.86) ✗") == 5


def test_every_dot_and_arm_is_drawn(pages: dict[str, str]) -> None:
    page, result = pages["two-bits, pictured"], PICTURED["two-bits"]
    ladder = re.search(r'<figure class="figure" id="ladder">.*?</figure>', page, re.S)
    assert ladder is not None and result.pictures is not None
    count = len(result.pictures.final_losses)
    assert ladder[0].count('data-tip="seed ') == 2 * count  # for wide and narrow windows
    forest = re.search(r'<figure class="figure" id="forest">.*?</figure>', page, re.S)
    assert forest is not None
    rows = re.findall(r"<tr><th scope=\"row\">(.*?)</th>", forest[0])
    assert len(rows) == len(result.arms) and "placebo: another shuffle" in rows


def test_the_users_own_run_is_marked() -> None:
    given = dataclasses.replace(PICTURED["two-bits"], own_run=OwnRun(loss=0.48, learned=False))
    page = render("html", given)
    assert page.count("▼ your run</text>") == 2
    assert page.count('data-tip="your own run · loss 0.48"') >= 2
    assert ">your own run</text>" in page and "▼ your run" not in render("html", ALL["two_bits"])


def test_diverged_trainings_are_drawn_apart(pages: dict[str, str]) -> None:
    page, result = pages["diverging, pictured"], PICTURED["diverging"]
    assert ">no number</text>" in page
    assert page.count('data-tip="seed ') == 2 * result.population.replicas
    for svg in re.findall(r"<svg(?! class=.bar).*?</svg>", page, re.S)[:2]:
        heights = re.findall(r'translate\([\d.]+,(-[\d.]+)\)"[^>]*>(?:no number|constant )', svg)
        assert len(heights) == 2 == len(set(heights)), "the labels would lie on each other"


def test_right_and_wrong_answers_are_told_apart(pages: dict[str, str]) -> None:
    panels = re.findall(r'<section class="panel.*?</section>', pages["two-bits, pictured"], re.S)
    learned = next(p for p in panels if "every input comes out as it should" in p)
    assert 'class="wrong"' not in learned
    merged = next(p for p in panels if "[0, 1], [1, 0] and [1, 1] come out alike" in p)
    assert merged.count('aria-label="wrong"') == 2
    assert "1 of\xa02 units dead" in merged.replace("1\xa0of", "1 of")
    assert "[0,\xa01] = [1,\xa00] = [1,\xa01]" in merged


def test_images_are_whole_pngs() -> None:
    uri = data_uri(image(3))
    data = base64.b64decode(uri.removeprefix("data:image/png;base64,"))
    assert data.startswith(b"\x89PNG") and data.endswith(b"IEND\xaeB`\x82")
    damaged = dataclasses.replace(image(3), width=9)
    assert data_uri(damaged) == "" == data_uri(dataclasses.replace(image(3), pixels="?"))


def test_rendering_is_without_keras_and_jax(tmp_path: Path) -> None:
    saved.write(tmp_path / "a.unstuck", PICTURED["two-bits"], {})
    code = (
        "import sys\nfrom unstuck.doors.cli import app\n"
        "try:\n    app(['report', sys.argv[1], '--html', sys.argv[2], '--format', 'json'])\n"
        "except SystemExit as end:\n    assert end.code == 0, end.code\n"
        "slow = {'keras', 'jax', 'sklearn', 'scipy', 'libcst', 'altair', 'pandas'} & set(sys.modules)\n"
        "assert not slow, slow\n"
    )
    files = [str(tmp_path / name) for name in ("a.unstuck", "a.html")]
    done = subprocess.run([sys.executable, "-c", code, *files], capture_output=True, text=True,
                          check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "a.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_notebook_gets_the_top_alone() -> None:
    shown = fragment(PICTURED["two-bits"])
    assert shown.startswith('<div class="unstuck">') and shown.endswith("</div>")
    assert "FRAGILE" in shown and 'id="forest"' in shown
    for absent in ("<script", "<iframe", "<html", "http-equiv", "diagnosis"):
        assert absent not in shown
    style = re.search(r"<style>(.*?)</style>", shown, re.S)
    assert style is not None
    plain = re.sub(r"/\*.*?\*/", "", style[1], flags=re.S)
    for selector in re.findall(r"(?:^|[}{])\s*([^{}@]+)\{", plain):
        for part in selector.split(","):
            assert part.strip().startswith((".unstuck", "body.unstuck", "#tip")), part
