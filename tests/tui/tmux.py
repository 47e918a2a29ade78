"""The same as `terminal`, in a window of tmux: what a person on a server has, and what others can watch."""

import os
import shlex
import subprocess
import tempfile
from pathlib import Path

from tests.tui.terminal import Terminal


class Tmux(Terminal):
    """A program in a tmux server of its own; a context manager. `tmux -L NAME attach -r` watches it."""

    name = f"curator-{os.getpid()}"
    """Of the socket."""

    def __enter__(self) -> "Tmux":
        self.folder = tempfile.TemporaryDirectory()
        pipe = Path(self.folder.name) / "written"
        os.mkfifo(pipe)
        self.handle = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        columns, rows = map(str, self.size)
        # The program starts when the pipe stands, so that nothing that it writes is missed.
        start = f"tmux -L {self.name} wait-for start; exec {shlex.join(self.command)}"
        variables = [word for pair in self.environment.items() for word in ("-e", "=".join(pair))]
        self._tmux("-f", os.devnull, "new-session", "-d", "-x", columns, "-y", rows, *variables, start)
        self._tmux("set-option", "-g", "window-size", "manual")
        self._tmux("pipe-pane", f"exec cat > {shlex.quote(str(pipe))}")
        self._tmux("wait-for", "-S", "start")
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(["tmux", "-L", self.name, "kill-server"], check=False, capture_output=True)
        os.close(self.handle)
        self.folder.cleanup()

    def send(self, keys: str) -> None:
        self._tmux("send-keys", "-H", *(f"{byte:02x}" for byte in keys.encode()))

    def _tmux(self, *words: str) -> None:
        subprocess.run(["tmux", "-L", self.name, *words], check=True, capture_output=True, env=self.environment)
