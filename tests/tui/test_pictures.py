"""The pictures in `screenshots/`: every screen at two sizes, nothing personal on any, each shown in the README."""

import html
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.demo.truth import DemoData
from tests.recording import NAME, SIZE
from tests.screenshots import FOLDER, NARROW, SCENES, USUAL
from tests.tui.terminal import plain

ROOT = Path(__file__).parents[2]
SCREENS = {"queue", "trace", "workbench", "receipt", "bulk", "datasets", "lineage", "runs", "compare", "log", "help"}


def words_of(picture: Path) -> str:
    """The text on a picture, in one line with single spaces."""
    texts = re.findall(r"<text[^>]*>(.*?)</text>", picture.read_text(encoding="utf-8"), re.DOTALL)
    return re.sub(r"\s+", " ", " ".join(html.unescape(text).replace("\xa0", " ") for text in texts))


def test_every_screen_is_pictured_at_two_sizes() -> None:
    assert set(SCENES) >= SCREENS
    for name in SCREENS:
        assert {NARROW, USUAL} <= set(SCENES[name][1]), name
    wanted = {f"{name}-{w}x{h}.svg" for name, (_, sizes) in SCENES.items() for w, h in sizes}
    assert {path.name for path in FOLDER.glob("*.svg")} == wanted | {f"{NAME}.svg"}


def test_the_recording_is_small_whole_and_tells_the_main_job(demo: DemoData) -> None:
    played, picture = FOLDER / f"{NAME}.cast", FOLDER / f"{NAME}.svg"
    assert max(path.stat().st_size for path in (played, picture)) < 1_000_000
    header, *events = map(json.loads, played.read_text(encoding="utf-8").splitlines())
    assert (header["version"], header["width"], header["height"]) == (2, *SIZE)
    assert [event[0] for event in events] == sorted(event[0] for event in events)
    shown = " ".join(plain(text) for _, kind, text in events if kind == "o")
    for words in ("Open 4", "it protects", "verified: it is there, once, as meant, and clean", "Promoted 1"):
        assert words in shown, words
        assert words.split()[0] in words_of(picture), words
    values = {known.value for known in demo.personal if len(known.value) > 3}
    assert sorted(value for value in values if value in " ".join(shown.split())) == []
    captions = [text for _, kind, text in events if kind == "m"]
    assert all(caption in words_of(picture) for caption in captions)
    # Every group that is not always seen is hidden at some time; the last moment ends where the recording does.
    groups = {each.get("class") for each in ElementTree.parse(picture).iter("{http://www.w3.org/2000/svg}g")}
    style = picture.read_text(encoding="utf-8")
    assert len([name for name in groups if name and f"@keyframes {name} " in style]) > len(captions)
    assert f" {events[-1][0]}s step-end infinite" in style


def test_the_readme_shows_every_screen() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in sorted(SCREENS) if f"screenshots/{name}-" not in readme] == []


@pytest.mark.parametrize("picture", sorted(FOLDER.glob("*.svg")), ids=lambda path: path.stem)
def test_nothing_personal_is_on_a_picture(picture: Path, demo: DemoData) -> None:
    words = words_of(picture)
    assert "curator" in words, "the text is found at all"
    values = {known.value for known in demo.personal if len(known.value) > 3}
    assert len(values) > 50
    assert sorted(value for value in values if value in words) == []


def test_the_pictures_hold_masks(demo: DemoData) -> None:
    """So that the test above looks at pictures on which personal values would stand."""
    assert "‹PHONE_NUMBER›" in words_of(FOLDER / "trace-120x36.svg")
    assert "<CREDIT_CARD_1>" in words_of(FOLDER / "workbench-120x36.svg")
