"""The rules of the style sheets and the templates that a reader would have to look for otherwise."""

import re
from pathlib import Path

import pytest
from django.conf import settings

CSS = Path(settings.BASE_DIR) / "static" / "css"
JS = Path(settings.BASE_DIR) / "static" / "js"
TEMPLATES = Path(settings.BASE_DIR) / "templates"
SHEETS = sorted(path for path in CSS.rglob("*.css") if path.name != "tokens.css")
PAGES = sorted(path for path in TEMPLATES.rglob("*") if path.suffix in {".html", ".svg"})

COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
JINJA_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
#: Where a size has to be a number: CSS allows no variable in a query or a page's margin.
QUERY = re.compile(r"@(?:media|container|page)[^{]*\{(?:\s*margin:[^;]*;)?")
COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}\b|\b(?:rgb|hsl|oklch|oklab)a?\(|light-dark\(")
SIZE = re.compile(r"(?<![\w.-])\d*\.?\d+(?:px|rem)\b")


def rules(path: Path) -> str:
    return QUERY.sub("", COMMENT.sub("", path.read_text()))


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.name)
def test_only_the_tokens_hold_colours_and_sizes(path: Path) -> None:
    found = [*COLOUR.findall(rules(path)), *SIZE.findall(rules(path))]
    assert [word for word in found if word not in {"oklab"}] == []


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.name)
def test_each_token_that_is_used_exists(path: Path) -> None:
    named = set(re.findall(r"(--[\w-]+):", (CSS / "tokens.css").read_text()))
    assert set(re.findall(r"var\((--[\w-]+)", rules(path))) - named == set()


def test_each_sheet_is_taken_in_once() -> None:
    taken = re.findall(r'@import url\("([^"]+)"\)', (CSS / "app.css").read_text())
    assert sorted(taken) == sorted(str(path.relative_to(CSS)) for path in CSS.rglob("*.css") if path.name != "app.css")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_no_template_holds_inline_style_or_script(path: Path) -> None:
    text = JINJA_COMMENT.sub("", path.read_text())
    assert re.findall(r"""\sstyle\s*=\s*["']|<style\b|\son[a-z]+\s*=\s*["']|javascript:|hx-on""", text) == []
    assert [tag for tag in re.findall(r"<script\b[^>]*>", text) if "src=" not in tag] == []


def test_no_script_evaluates_text() -> None:
    text = "\n".join(path.read_text() for path in JS.glob("*.js"))
    assert re.findall(r"\beval\(|new Function|innerHTML|insertAdjacentHTML|document\.write", text) == []


# --- Contrast ------------------------------------------------------------------------------------------------------

PAIRS = [
    *[(ink, paper) for ink in ("ink", "ink-2", "ink-3") for paper in ("paper", "sheet", "sunk", "raised", "hover")],
    *[(ink, paper) for ink in ("accent", "mark", "good", "bad") for paper in ("sheet", "sunk", "raised")],
    ("on-accent", "accent-fill"),
    ("on-accent", "accent-deep"),
    ("on-bad", "bad-deep"),
    ("on-bad", "bad-deeper"),
    ("on-mark", "mark-fill"),
    ("on-ink", "ink"),
    ("on-toast", "toast"),
    ("on-toast-act", "toast"),
    ("accent", "accent-soft"),
    ("good", "good-soft"),
    ("mark", "mark-soft"),
    ("bad", "bad-soft"),
    ("ink-2", "good-soft"),
    ("ink-2", "mark-soft"),
    ("ink-2", "bad-soft"),
    ("ink-2", "accent-soft"),
    ("ink-2", "chosen"),
    ("ink-2", "quiet"),
    ("ink-3", "night"),
    ("mail-ink-2", "mail"),
]


def colours(name: str) -> tuple[str, str]:
    value = re.search(rf"--{name}: ([^;]+);", (CSS / "tokens.css").read_text())
    assert value is not None, name
    found = re.findall(r"#[0-9a-f]{6}", value.group(1))
    return found[0], found[-1]


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(("ink", "paper"), PAIRS, ids=lambda name: name)
@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_words_can_be_read_on_their_ground(ink: str, paper: str, theme: int) -> None:
    dark, light = sorted((luminance(colours(ink)[theme]), luminance(colours(paper)[theme])))
    assert (light + 0.05) / (dark + 0.05) >= 4.5
