"""The documentation's site, opened from disk: it asks the network for nothing, and search works."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from site_of_docs import built_site

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A window on the first page, with what it asked for beyond the disk."""
    opened = browser.new_page(viewport={"width": 1400, "height": 900})
    yield opened
    opened.close()


def test_a_site_on_disk_is_searched_without_a_network(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((built_site() / "index.html").as_uri())
    page.locator("input.md-search__input").first.fill("placebo")
    page.wait_for_selector(".md-search-result__item", timeout=20_000)
    assert asked and not [url for url in asked if not url.startswith(("file:", "data:", "blob:"))]


@pytest.mark.parametrize("width", [400, 1400])
def test_no_page_is_wider_than_its_window(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    for name in ("index", "how-to/script", "gallery/index", "gallery/two-bits", "reference/commands"):
        page.goto((built_site() / f"{name}.html").as_uri())
        room = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert room <= 0, name
