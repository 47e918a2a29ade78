"""The looks (`themes.json`): one calm dark theme, one light, one made of the terminal's own sixteen colours."""

import contextlib
import json
import os
from pathlib import Path

from textual.theme import Theme


def _read() -> tuple[Theme, ...]:
    looks = json.loads(Path(__file__).with_name("themes.json").read_text(encoding="utf-8"))
    return tuple(Theme(name=name, **look) for name, look in looks.items())


THEMES = _read()
DARK, LIGHT, ANSI = THEMES
"""The last is right on 16 colours, and in whatever scheme the user made for the terminal."""


def own_variables(dark: bool) -> dict[str, str]:
    """Defaults of curator's own variables, so that Textual's other themes work too."""
    return dict((DARK if dark else LIGHT).variables)


def _file() -> Path:
    """Beside what the terminal remembers; `curator.config` knows the folder too, but loads more than a first paint."""
    folder = os.environ.get("CURATOR_STATE_DIR")
    if folder is None:
        import platformdirs

        folder = str(platformdirs.user_state_path("curator"))
    return Path(folder) / "terminal" / "theme"


def remembered() -> str:
    """The theme of the last time, so that the first paint has the right colours already."""
    try:
        return _file().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return DARK.name


def remember(name: str) -> None:
    """Keeps the theme for the next first paint."""
    with contextlib.suppress(OSError):
        _file().parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _file().write_text(name, encoding="utf-8")
