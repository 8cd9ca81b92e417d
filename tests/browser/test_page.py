"""The page in a real browser: quiet, whole at every width, usable by mouse, keyboard and print."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pictures_examples import HOSTILE, PICTURED

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

Open = Callable[..., "Page"]
NAMES = (*PICTURED, "healthy", "hostile")

CONTRAST = """() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgb = (color) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = (c) => [0.2126, 0.7152, 0.0722].reduce((sum, weight, i) => {
    const v = c[i] / 255;
    return sum + weight * (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  }, 0);
  const below = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = rgb(getComputedStyle(at).backgroundColor);
      if (color[3] === 255) return color;
    }
    return [255, 255, 255, 255];
  };
  const found = [];
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    const box = element.getBoundingClientRect();
    if (!own || !box.width || element.closest('script, style, title, desc, .skip, #tip')) continue;
    const style = getComputedStyle(element);
    const inDrawing = element.namespaceURI.endsWith('svg');
    const ink = rgb(inDrawing ? style.fill : style.color);
    if (inDrawing && element.closest('#grid-0 .mark-text:not(.role-axis-label, .role-axis-title)'))
      continue;  // these stand on fields, not on the page
    const [a, b] = [light(ink), light(below(element))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const size = parseFloat(style.fontSize), bold = style.fontWeight >= 700;
    if (ratio < (size >= 24 || (bold && size >= 18.7) ? 3 : 4.5))
      found.push([element.tagName, element.className.baseVal ?? element.className,
                  element.textContent.slice(0, 30), ratio.toFixed(2)].join(' | '));
  }
  const root = getComputedStyle(document.body);
  for (let i = 0; i < 5; i++) {
    const [a, b] = ['--h', '--t'].map((n) => light(rgb(root.getPropertyValue(n + i).trim())));
    if ((Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 4.5) found.push('field ' + i);
  }
  return found;
}"""


@pytest.fixture
def opened(browser: Browser, page_files: dict[str, Path]) -> Iterator[Open]:
    """Opens a page; afterwards nothing may have been asked for, and nothing complained about."""
    contexts, heard = [], []

    def open_page(name: str, *, width: int = 1400, **given: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900}, **given)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: heard.append(message.text))
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.on("request", lambda request: None if request.url.startswith(("file:", "data:"))
                else heard.append(request.url))  # fmt: skip
        page.on("dialog", lambda dialog: (heard.append(dialog.message), dialog.dismiss()))
        page.goto(page_files[name].as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert heard == []


@pytest.mark.parametrize("name", NAMES)
def test_it_fits_every_width_and_asks_for_nothing(opened: Open, name: str) -> None:
    for width in (400, 1400):
        page = opened(name, width=width)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        shown = page.locator(".wide" if width > 640 else ".narrow")
        assert all(shown.nth(i).is_visible() for i in range(shown.count()))
        hidden = page.locator(".narrow" if width > 640 else ".wide")
        assert not any(hidden.nth(i).is_visible() for i in range(hidden.count()))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", NAMES)
def test_text_stands_out(opened: Open, name: str, scheme: str) -> None:
    """WCAG AA: 4.5 to 1, and 3 to 1 for large letters, in light and in dark."""
    page = opened(name, color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    assert page.evaluate(CONTRAST) == []


def test_dark_is_dark(opened: Open) -> None:
    colors = []
    for scheme in ("light", "dark"):
        page = opened("two-bits", color_scheme=scheme)
        colors.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        dot = page.locator("#ladder .wide [data-tip^=seed]").first
        colors.append(dot.evaluate("e => getComputedStyle(e).fill"))
    assert len(set(colors)) == 4
    assert sum(map(int, colors[2][4:-1].split(","))) < 150 < sum(
        map(int, colors[0][4:-1].split(",")))


def test_the_slider_goes_through_the_trainings(opened: Open) -> None:
    page = opened("two-bits")
    replicas = PICTURED["two-bits"].pictures
    assert replicas is not None
    count = len(replicas.replicas)
    panels, slider = page.locator(".panels > .panel"), page.locator("#which")
    assert panels.count() == count
    assert [panels.nth(i).is_visible() for i in range(count)].count(True) == 1
    slider.focus()
    page.keyboard.press("Home")
    seen = []
    for place in range(count):
        assert panels.nth(place).is_visible()
        seen.append(page.locator("#which-now").inner_text())
        assert slider.get_attribute("aria-valuetext") == seen[-1]
        page.keyboard.press("ArrowRight")
    assert seen == [f"seed {r.seed} · loss {r.loss:.3g}" for r in replicas.replicas]
    assert [panels.nth(i).is_visible() for i in range(count)].count(True) == 1


def test_hovering_tells_which_inputs_are_merged(opened: Open) -> None:
    page = opened("two-bits")
    tip = page.locator("#tip")
    assert tip.is_hidden()
    page.locator("#ladder .wide [data-tip*='come out alike']").first.hover()
    assert tip.is_visible() and "come out alike" in tip.inner_text()
    page.keyboard.press("Escape")
    assert tip.is_hidden()
    page.locator("#ladder .wide text[data-tip^='loss']").first.hover()
    assert tip.inner_text().startswith("loss")


def test_copy_and_download(opened: Open, tmp_path: Path) -> None:
    page = opened("two-bits", accept_downloads=True)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    repaired = page.locator("#repaired").text_content()
    assert repaired is not None and "autoencoder.fit" in repaired
    button = page.locator("[data-copy=repaired]")
    button.click()
    page.wait_for_function("document.querySelector('[data-copy=repaired]').textContent == 'Copied'")
    assert page.locator("#copied").inner_text() == "Copied"
    with page.expect_download() as started:
        page.locator("a[download]").click()
    started.value.save_as(tmp_path / "saved.py")
    assert started.value.suggested_filename == "train_unstuck.py"
    assert (tmp_path / "saved.py").read_text(encoding="utf-8") == repaired


def test_every_control_is_reached_by_keyboard(opened: Open) -> None:
    page = opened("two-bits")
    wanted = page.evaluate("""() => [...document.querySelectorAll('a, button, input, summary')]
        .filter((e) => e.getClientRects().length).length""")
    reached = set()
    for _ in range(3 * wanted):
        page.keyboard.press("Tab")
        found = page.evaluate("""() => { const e = document.activeElement;
            return [[...document.querySelectorAll('*')].indexOf(e), e.tagName,
                    getComputedStyle(e).outlineStyle]; }""")
        if found[1] in ("A", "BUTTON", "INPUT", "SUMMARY"):
            assert found[2] != "none", "the focus is not seen"
            reached.add(found[0])
    assert len(reached) == wanted


def test_without_javascript_it_tells_the_story(opened: Open) -> None:
    page = opened("two-bits", java_script_enabled=False)
    said = page.locator("main").inner_text()
    for text in ("FRAGILE", "48 of\u00a0256", "rescued", "come out alike", "unstuck run train.py"):
        assert text.replace("\u00a0", " ") in said.replace("\u00a0", " ")
    panels = page.locator(".panels > .panel")
    assert all(panels.nth(i).is_visible() for i in range(panels.count()))
    for selector in (".slider", "[data-copy]"):
        assert not page.locator(selector).first.is_visible()
    page.locator("#forest summary").click()
    assert page.locator("#forest table").is_visible()


def test_the_first_screen_answers(opened: Open) -> None:
    """Outcome, what breaks it, the change and both rates are seen without scrolling."""
    page = opened("two-bits")
    for selector in (".head h1", ".answer mark", ".answer .diff", ".bar.before", ".bar.after"):
        box = page.locator(selector).first.bounding_box()
        assert box is not None and box["y"] + box["height"] < 900, selector
    page.locator("a[href='#why']").first.click()
    assert page.locator("#why .card").first.is_visible()


def test_a_narrow_page_is_short_and_opens_where_one_goes(opened: Open) -> None:
    page = opened("two-bits", width=400)
    assert page.evaluate("document.documentElement.scrollHeight") <= 6 * 900
    assert not page.locator("#why .card").first.is_visible()
    page.locator("a[href='#why']").first.click()
    assert page.locator("#why .card").first.is_visible()


def test_it_prints(opened: Open) -> None:
    page = opened("two-bits", color_scheme="dark")
    printed = page.pdf(format="A4")
    assert printed.startswith(b"%PDF") and len(printed) > 20_000
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate("document.querySelectorAll('details:not([open])').length") == 0
    ink = page.evaluate("getComputedStyle(document.querySelector('.sentence')).color")
    assert sum(map(int, ink[4:-1].split(","))) < 200, "dark mode would print light letters"
    assert not page.locator("nav").is_visible()
    assert page.locator(".wide").first.is_visible()


def test_names_from_the_script_do_nothing(opened: Open) -> None:
    page = opened("hostile")
    assert page.title() != "owned"
    assert page.locator("img").count() == 0
    assert page.locator("body > script").count() == 2
    assert HOSTILE in page.locator("#script .source").inner_text()
    assert HOSTILE in page.locator("#how").inner_text()
    tip = page.locator("#ladder .wide [data-tip^=seed]").first
    assert HOSTILE in (tip.get_attribute("data-tip") or "")
