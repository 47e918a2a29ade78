"""Records the main job from the running program: `python -m tests.recording`.

It writes `screenshots/main-job.cast` (asciinema, version 2) and `screenshots/main-job.svg`, an animated picture for the
README. Nothing on PyPI makes either from an app without a terminal; the pictures of single moments are Rich's.
"""

import asyncio
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from rich.console import Console

from curator.scrub.scrubber import Scrubber
from tests.screenshots import FOLDER, complete_failure, previewed, terminal_of_pictures, to_start
from tests.tui.driver import Driver

SIZE = (100, 30)
NAME = "main-job"
TITLE = "curator: a reviewed failure becomes a regression test"
POSTER = 4
"""The moment that stands still for readers who asked for less motion."""


@dataclass(frozen=True)
class Moment:
    """What was on screen for some seconds, and the key that led there."""

    caption: str
    seconds: float
    lines: tuple[str, ...]
    """With the escape sequences of a terminal of 16 million colours."""
    svg: str


class Recorder:
    """Keeps what is on screen after each key."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.moments: list[Moment] = []
        self._console = Console(force_terminal=True, color_system="truecolor", width=SIZE[0])

    async def press(self, keys: Sequence[str], caption: str, seconds: float) -> None:
        """Presses keys, the words of the caption for them, and stays there."""
        await self.driver.press(*keys)
        self.keep(caption, seconds)

    def keep(self, caption: str, seconds: float) -> None:
        """Keeps what is on screen now."""
        strips = self.driver.screen._compositor.render_strips()
        lines = tuple(strip.render(self._console) for strip in strips)
        svg = self.driver.app.export_screenshot(title=caption, simplify=True)
        self.moments.append(Moment(caption, seconds, lines, svg))


async def main_job(driver: Driver) -> list[Moment]:
    """From the queue to a verified item, as a reviewer goes."""
    recorder = Recorder(driver)
    await complete_failure(driver)
    place = driver.queue.failures.cursor
    driver.queue.failures.cursor = place - 1
    await previewed(driver)
    recorder.keep("What failed this week, and why", 2.5)
    await driver.press("j")
    await previewed(driver)
    recorder.keep("j: the next failure; personal values are masked", 2.5)
    await recorder.press(["enter"], "enter: its trace", 2.0)
    await recorder.press(["j", "j"], "j: what was asked, called and answered", 2.5)
    await recorder.press(["p"], "p: the item that it would become", 4.0)
    if driver.screen._prepared.type_open:
        await recorder.press(["1"], "1: what kind of failure it is", 2.0)
    await recorder.press(["l"], "l: the values that were replaced, the checks that it fails", 3.0)
    await recorder.press(["p"], "p: written, read back, proved", 4.0)
    await recorder.press(["enter"], "enter: the next one", 2.5)
    return recorder.moments


def cast(moments: Iterable[Moment]) -> str:
    """An asciinema recording: of each moment the lines that are new, and a marker with its caption."""
    width, height = SIZE
    header = {"version": 2, "width": width, "height": height, "title": TITLE, "env": {"TERM": "xterm-256color"}}
    events: list[object] = [header]
    now, before = 0.0, ("",) * height
    for moment in moments:
        new = [f"\x1b[{y + 1};1H{line}" for y, line in enumerate(moment.lines) if line != before[y]]
        start = "\x1b[?25l\x1b[2J" if not now else ""
        events += [[now, "m", moment.caption], [now, "o", start + "".join(new)]]
        now, before = round(now + moment.seconds, 3), moment.lines
    events.append([now, "o", ""])
    return "".join(f"{json.dumps(event, ensure_ascii=False)}\n" for event in events)


STYLE = re.compile(r"^ *\.(terminal-\d+)-(r\d+) \{ (.*?) \}$", re.MULTILINE)
ELEMENT = re.compile(r"<rect [^>]*/>|<text [^>]*>.*?</text>", re.DOTALL)


def animated(moments: Sequence[Moment]) -> str:
    """One SVG of all moments: what stands in the same place in several is drawn once, and seen in each of them."""
    seen: dict[str, list[int]] = {}
    styles: dict[str, str] = {}
    for number, moment in enumerate(moments):
        for element in ELEMENT.findall(_shared(moment.svg, styles).partition("</defs>")[2]):
            seen.setdefault(element, []).append(number)
    head = STYLE.sub("", moments[0].svg.partition("</defs>")[0])
    head = re.sub(r"terminal-\d+-", "t-", head) + "</defs>"
    rules = [f".{name} {{ {style} }}" for style, name in styles.items()]
    total = sum(moment.seconds for moment in moments)
    sets = {tuple(numbers): f"m{count}" for count, numbers in enumerate(dict.fromkeys(map(tuple, seen.values())))}
    for numbers, name in sets.items():
        if len(numbers) < len(moments):
            rules += _shown(name, numbers, moments, total)
    rules.append("@media (prefers-reduced-motion: reduce) { g { animation: none !important } }")
    head = head.replace("</style>", "\n".join([*rules, "</style>"]))
    frame, *elements = seen  # the window's frame stands first, under everything
    parts = [head, f"<title>{escape(TITLE)}</title>", frame]
    inside = {"<rect": [], "<text": [], "title": []}  # type: ignore[var-annotated]
    for element in elements:
        kind = "title" if 'class="t-title"' in element else element[:5]
        inside[kind].append((sets[tuple(seen[element])], element))
    parts += _grouped(inside["title"])
    parts += ['<g transform="translate(9, 41)" clip-path="url(#t-clip-terminal)"><g class="t-matrix">']
    parts += [*_grouped(inside["<rect"]), *_grouped(inside["<text"]), "</g></g></svg>"]
    return "\n".join(parts) + "\n"


def _shared(svg: str, styles: dict[str, str]) -> str:
    """A picture by names that all share: `styles` holds the name of each style, and learns new ones."""
    found = [(name, styles.setdefault(style, f"s{len(styles)}")) for _, name, style in STYLE.findall(svg)]
    names = {f'class="t-{name}"': f'class="{shared}"' for name, shared in found}
    return re.sub(r'class="t-r\d+"', lambda known: names[known[0]], re.sub(r"terminal-\d+-", "t-", svg))


def _grouped(elements: Iterable[tuple[str, str]]) -> list[str]:
    """Elements that are seen at the same moments as one group."""
    groups: dict[str, list[str]] = {}
    for name, element in elements:
        groups.setdefault(name, []).append(element)
    return [f'<g class="{name}">{"".join(some)}</g>' for name, some in groups.items()]


def _shown(name: str, numbers: Sequence[int], moments: Sequence[Moment], total: float) -> list[str]:
    """Style rules: seen in the moments of these numbers, again and again."""
    steps, now = [], 0.0
    for number, moment in enumerate(moments):
        steps.append(f"{100 * now / total:.2f}% {{ visibility: {'visible' if number in numbers else 'hidden'} }}")
        now += moment.seconds
    still = "visible" if POSTER in numbers else "hidden"
    return [
        f"@keyframes {name} {{ {' '.join(steps)} }}",
        f".{name} {{ visibility: {still}; animation: {name} {total}s step-end infinite }}",
    ]


async def record(scrubber: Scrubber) -> list[Moment]:
    """The main job on a sandbox of its own."""
    async with terminal_of_pictures(SIZE, scrubber) as driver:
        return await main_job(driver)


def main() -> None:
    to_start()
    with Scrubber() as scrubber:
        moments = asyncio.run(record(scrubber))
    for path, text in (
        (FOLDER / f"{NAME}.cast", cast(moments)),
        (FOLDER / f"{NAME}.svg", animated(moments)),
    ):
        path.write_text(text, encoding="utf-8")
        print(f"{path.relative_to(FOLDER.parent)}  {path.stat().st_size // 1024} kB")


if __name__ == "__main__":
    main()
