"""Every component in a real browser: accessible, within its width, by keyboard, and without script."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page

pytestmark = [pytest.mark.browser, pytest.mark.urls("tests.browser.pattern_urls")]

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.fixture
def patterns_url(console_url: str) -> str:
    return f"{console_url}/_patterns/"


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """What the browser grumbles about: a refused style, a script that fails, a file that is missing."""
    heard: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            heard.append(message.text)

    page.on("console", listen)
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("requestfailed", lambda request: heard.append(request.url))
    return heard


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (390, "dark")])
def test_every_component_is_accessible_and_keeps_to_its_width(
    patterns_url: str, page: Page, complaints: list[str], width: int, theme: str
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
    page.goto(patterns_url, wait_until="networkidle")
    assert complaints == []  # axe itself brings styles that our CSP refuses, so it comes afterwards
    assert page.evaluate("document.documentElement.scrollWidth") == width

    found = Axe().run(page, options=RULES).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []


def test_a_slash_goes_to_the_search_but_not_while_somebody_types(patterns_url: str, page: Page) -> None:
    page.goto(f"{patterns_url}?part=charts")
    page.keyboard.press("/")
    search = page.locator("[data-search]")
    assert search.evaluate("box => box === document.activeElement")
    page.keyboard.press("/")
    assert search.input_value() == "/"


def test_a_question_opens_over_the_page_and_gives_the_keyboard_back(patterns_url: str, page: Page) -> None:
    page.goto(f"{patterns_url}?part=overlays")
    page.click("a[data-dialog=stop]")
    assert page.locator("#stop").evaluate("box => box.matches(':modal')")
    page.keyboard.press("Escape")
    assert not page.locator("#stop").is_visible()
    assert page.evaluate("document.activeElement.dataset.dialog") == "stop"


def test_a_menu_is_walked_by_arrows(patterns_url: str, page: Page) -> None:
    page.goto(f"{patterns_url}?part=controls")
    page.focus("[popovertarget=p-more]")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.firstChild.textContent") == "Copy"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.getAttribute('popovertarget')") == "p-more"


def test_a_chosen_theme_is_painted_by_the_server_from_then_on(patterns_url: str, page: Page) -> None:
    page.goto(f"{patterns_url}?part=charts")
    page.click("[popovertarget=me]")
    page.click("[data-theme-choice=dark]")
    page.goto(f"{patterns_url}?part=charts")
    assert page.get_attribute("html", "data-theme") == "dark"


@pytest.fixture
def plain_page(chromium: Browser) -> Iterator[Page]:
    """A visitor whose browser runs no script."""
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 1280, "height": 800})
    yield context.new_page()
    context.close()


def test_questions_and_menus_work_without_script(patterns_url: str, plain_page: Page) -> None:
    plain_page.goto(f"{patterns_url}?part=overlays")
    plain_page.click("a[data-dialog=stop]")
    assert plain_page.is_visible("#stop")
    plain_page.click("#stop [data-close]")
    assert not plain_page.is_visible("#stop")
    plain_page.click("[popovertarget=me]")
    assert plain_page.is_visible("#me")
    assert not plain_page.is_visible("[data-theme-choice=dark]")
