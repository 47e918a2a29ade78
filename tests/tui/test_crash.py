"""A mistake of curator's own ends the terminal with kind and place, and without a text of a trace."""

import pytest

from curator.model.errors import CuratorError
from curator.tui.app import CuratorApp
from curator.tui.widgets.frame import TopBar

SECRET = "07700 900142"


class Broken(CuratorApp):
    """The app with a mistake in it."""

    def _open(self) -> None:
        self._stumble({"question": f"Call me: {SECRET}"})

    def _stumble(self, trace: dict[str, str]) -> None:
        raise ValueError(f"cannot read {trace['question']}")


def test_news_for_a_screen_that_is_just_being_opened_are_no_mistake() -> None:
    """Rows arrive, and progress with them, while a key opens a screen."""
    TopBar("queue").show_connection([("text", "langfuse.example")], busy=True)


def nothing() -> None:
    raise AssertionError("nobody asks for a session")


def test_a_mistake_of_curators_own_prints_no_text_of_a_trace(capfd: pytest.CaptureFixture[str]) -> None:
    error = Broken(nothing).run(headless=True)  # type: ignore[arg-type]
    assert isinstance(error, CuratorError)
    assert error.code == "UNEXPECTED"
    assert "ValueError at tests.tui.test_crash:" in error.message
    said = "".join(capfd.readouterr())
    assert SECRET not in said + error.message
    assert "Traceback" not in said
