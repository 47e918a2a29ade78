"""The looks: one calm dark theme, one light, and one made of the terminal's own sixteen colours."""

import contextlib
import os
from pathlib import Path

from textual.theme import Theme

DARK = Theme(
    name="curator-dark",
    primary="#7fa7cc",
    secondary="#86b5a4",
    accent="#d8a95f",
    success="#8fbc7a",
    warning="#dcae62",
    error="#e0817a",
    foreground="#d5d9e0",
    background="#15171c",
    surface="#1a1d23",
    panel="#22262e",
    dark=True,
    variables={
        "faint": "#8a929e",
        "line": "#2c313b",
        "cursor": "#2b3644",
        "cursor-style": "none",
        "cursor-blurred": "#22262e",
        "syntax-key": "#8fb3d9",
        "syntax-string": "#c5cbd5",
        "syntax-number": "#d8a95f",
        "syntax-constant": "#b79ad1",
        "mask": "#e0a2c0",
        "footer-background": "#1a1d23",
        "footer-key-foreground": "#d8a95f",
        "footer-description-foreground": "#a2a9b4",
        "border": "#7fa7cc",
        "border-blurred": "#2c313b",
        "scrollbar": "#333945",
        "scrollbar-hover": "#4a5260",
        "scrollbar-active": "#7fa7cc",
        "scrollbar-background": "#1a1d23",
        "scrollbar-background-hover": "#1a1d23",
        "scrollbar-background-active": "#1a1d23",
        "block-cursor-background": "#2b3644",
        "block-cursor-foreground": "#e8ebf0",
        "block-cursor-text-style": "none",
        "block-cursor-blurred-background": "#22262e",
        "input-selection-background": "#7fa7cc 35%",
    },
)

LIGHT = Theme(
    name="curator-light",
    primary="#2c6291",
    secondary="#2f735f",
    accent="#96600c",
    success="#37732a",
    warning="#8a5a06",
    error="#ae342c",
    foreground="#2a2d33",
    background="#fbfaf7",
    surface="#f4f2ed",
    panel="#e9e6de",
    dark=False,
    variables={
        "faint": "#65696f",
        "line": "#dcd8ce",
        "cursor": "#dbe6f0",
        "cursor-style": "none",
        "cursor-blurred": "#ebe8e1",
        "syntax-key": "#2c6291",
        "syntax-string": "#33373e",
        "syntax-number": "#96600c",
        "syntax-constant": "#77479b",
        "mask": "#9c2f66",
        "footer-background": "#f4f2ed",
        "footer-key-foreground": "#96600c",
        "footer-description-foreground": "#54585f",
        "border": "#2c6291",
        "border-blurred": "#dcd8ce",
        "scrollbar": "#d0ccc1",
        "scrollbar-hover": "#b3aea2",
        "scrollbar-active": "#2c6291",
        "scrollbar-background": "#f4f2ed",
        "scrollbar-background-hover": "#f4f2ed",
        "scrollbar-background-active": "#f4f2ed",
        "block-cursor-background": "#dbe6f0",
        "block-cursor-foreground": "#1c1f24",
        "block-cursor-text-style": "none",
        "block-cursor-blurred-background": "#ebe8e1",
        "input-selection-background": "#2c6291 30%",
    },
)

# The terminal's own palette: right on 16 colours, and in whatever scheme the user made for the terminal.
ANSI = Theme(
    name="curator-ansi",
    primary="ansi_blue",
    secondary="ansi_cyan",
    accent="ansi_yellow",
    success="ansi_green",
    warning="ansi_yellow",
    error="ansi_red",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    ansi=True,
    variables={
        "ansi-background": "ansi_black",
        "ansi-foreground": "ansi_white",
        "faint": "ansi_bright_black",
        "line": "ansi_bright_black",
        "cursor": "ansi_default",
        "cursor-style": "reverse",
        "cursor-blurred": "ansi_default",
        "syntax-key": "ansi_blue",
        "syntax-string": "ansi_default",
        "syntax-number": "ansi_yellow",
        "syntax-constant": "ansi_magenta",
        "mask": "ansi_magenta",
        "footer-key-foreground": "ansi_yellow",
        "border": "ansi_blue",
        "border-blurred": "ansi_bright_black",
        "block-cursor-background": "ansi_default",
        "block-cursor-foreground": "ansi_default",
        "block-cursor-text-style": "reverse bold underline",
        "block-cursor-blurred-background": "ansi_default",
        "block-cursor-blurred-text-style": "none",
    },
)

THEMES = (DARK, LIGHT, ANSI)


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
