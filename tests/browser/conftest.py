"""One headless Chromium for all tests of the page; they skip, and say so, where there is none."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from webdriver import Browser, find_browser

sys.path.append(str(Path(__file__).parent.parent / "report"))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    found = find_browser()
    if found is None:
        pytest.skip("needs a Chromium and its chromedriver on the PATH (Debian: chromium, chromium-driver)")
    browser = Browser(*found)
    yield browser
    browser.close()


@pytest.fixture
def browser(chromium: Browser) -> Iterator[Browser]:
    """The browser at desktop size, light, without motion; a test fails when its page logged an error."""
    chromium.resize(1280, 860)
    chromium.prefer("light")
    chromium.console()
    yield chromium
    assert chromium.console() == []
