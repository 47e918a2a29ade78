"""Foreign text cannot act: not in a widget, a message, a title, a picture or the clipboard, not on the wire."""

import base64
import os
import re
import sys
import unicodedata
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curator.sandbox.server import SandboxServer
from curator.scrub.scrubber import Scrubber
from curator.tui.memory import LastPlace, Memory
from curator.tui.session import Session
from curator.tui.text import editable, unescaped, visible
from tests.tui.driver import Driver, driving, settings_for
from tests.tui.hostile import CONTROLS, ESCAPES, MARKUP, PAYLOADS, UNSEEN, load
from tests.tui.terminal import Terminal, plain, sequences

HARMFUL = {"Cc", "Cf", "Cs", "Zl", "Zp"}
STOPS = {PAYLOADS.index(text) for text in (UNSEEN[0], ESCAPES[18], CONTROLS[0], MARKUP[0])}
"""Failures on which the cursor rests until their preview is there."""
BEYOND_ASCII_FORMATS = set(range(0x0600, 0x0606)) | {0x06DD, 0x070F, 0x0890, 0x0891, 0x08E2, 0x110BD, 0x110CD}
"""Format characters that are seen: Arabic and Syriac signs."""


def harm(text: str) -> set[str]:
    return {c for c in text if unicodedata.category(c) in HARMFUL and ord(c) not in BEYOND_ASCII_FORMATS}


def test_corpus_is_big_enough() -> None:
    assert len(PAYLOADS) >= 60
    assert len(set(PAYLOADS)) == len(PAYLOADS)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_visible_text_is_harmless(payload: str) -> None:
    shown = visible(payload)
    assert harm(shown) == set()
    assert harm(visible(payload, newlines=True)) <= {"\n"}
    assert len(visible(payload, limit=5)) <= 5 * 12 + 1
    assert unescaped(editable(payload)) == payload
    assert harm(editable(payload)) == set()


@given(st.text(st.characters(), max_size=200))
def test_any_text_is_harmless(text: str) -> None:
    assert harm(visible(text)) == set()
    assert unescaped(editable(text)) == text
    assert harm(editable(text)) == set()


@pytest.mark.anyio
@pytest.mark.slow
async def test_every_screen_shows_the_corpus_harmlessly(scrubber: Scrubber) -> None:
    with SandboxServer() as server:
        load(server, PAYLOADS)
        async with driving(Session(settings_for(server), scrubber), (160, 60)) as driver:
            await driver.until(lambda: len(driver.queue.failures.rows) == len(PAYLOADS), "the failures")
            for number in range(0, len(PAYLOADS), 7):
                driver.queue.failures.cursor = number
                await driver.until(lambda: "Output" in driver.text(), "the preview")
                look(driver)
            await driver.press("r", "slash")
            await driver.type("pwned")
            await driver.press("enter", "enter")
            look(driver)
            await driver.press("r", "v", "j", "l", "y")
            look(driver)
            assert harm(driver.app.clipboard) <= {"\n"}
            await driver.press("escape", "escape", "p")
            look(driver)
            await driver.press("r", "v", "l", "l")
            look(driver)
            await driver.press("escape", "d")
            look(driver)
            await driver.press("2", "L")
            look(driver)
            for payload in PAYLOADS:
                driver.screen.tell([("text", payload), ("bad", payload)], bad=True)
            await driver.settle()
            look(driver)
            assert not driver.app._exit


def look(driver: Driver) -> None:
    """What is on screen has no character that acts, no link, no action; its picture is a picture."""
    for strip in driver.screen._compositor.render_strips():
        for segment in strip:
            assert harm(segment.text) == set(), segment
            if segment.style is not None:
                assert segment.style.link is None
                assert "@click" not in segment.style.meta
    picture = driver.app.export_screenshot()
    ElementTree.fromstring(picture)
    assert harm(picture) <= {"\n"}


@pytest.mark.slow
def test_no_byte_on_the_wire_is_an_escape_that_the_app_did_not_make() -> None:
    """The real program on a real terminal: with the corpus it sends only what it sends without."""
    calm = ["good morning", "where is my order?", "thank you"]
    benign, _ = walk_through(calm)
    hostile, text = walk_through(PAYLOADS)
    assert hostile["other"] <= benign["other"]
    assert hostile["csi"] <= benign["csi"]
    assert not hostile["sgr"] & {"5", "6", "8", "53", "73"}
    assert harm(text) == set()
    assert "␛" in text
    assert "‹RLO›" in text


def walk_through(payloads: list[str]) -> tuple[dict[str, set[str]], str]:
    """Opens the program, looks at every failure and some screens, leaves; the kinds of escapes, and the text.

    What went to the clipboard (OSC 52) is looked at here: it is as harmless as what is shown.
    """
    with SandboxServer() as server:
        load(server, payloads)
        Memory(settings_for(server)).keep_last_place(LastPlace(fold="off"))  # groups would move the rows meanwhile
        environment = server.environment() | {"CURATOR_STATE_DIR": os.environ["CURATOR_STATE_DIR"]}
        with Terminal([sys.executable, "-m", "curator"], environment) as terminal:
            terminal.wait_for("prompt_label")  # in the first one's preview, when its personal values are known
            every = f"/{len(payloads)} "
            if every not in plain(terminal.written.decode(errors="ignore")):  # else `j` stops at the last that is there
                terminal.wait_for(every)
            terminal.send("l")
            terminal.wait_for("production")  # the pane's title is drawn anew when the pane has the keys
            terminal.send("y")
            terminal.wait_for("Copy what?")
            terminal.send("1")
            terminal.wait_for("Copied")
            terminal.press("h", "production")
            for number in range(1, len(payloads)):
                terminal.send("j")
                if number in STOPS or number == len(payloads) - 1:
                    terminal.wait_for(f"PWNED-{number}")
            terminal.send("r")
            terminal.send("\r")
            terminal.wait_for("1 score")
            terminal.send("r")
            terminal.send("p")
            terminal.wait_for("failure type")
            terminal.send("\x1b")
            terminal.wait_for("1 score")
            terminal.send("d")
            terminal.wait_for("why?")
            terminal.send("1")
            terminal.wait_for("Dismissed")
            terminal.send("q")
            terminal.wait_end()
            written = terminal.written.decode()
    found, text = sequences(written)
    copies = {each for each in found["other"] if each.startswith("\x1b]52;c;")}
    assert len(copies) == 1
    for copy in copies:
        copied = base64.b64decode(copy[7:].rstrip("\x07\x1b\\")).decode()
        assert "PWNED-0" in copied
        assert harm(copied) <= {"\n"}
    found["other"] -= copies
    return found, re.sub(r"\s", "", text)
