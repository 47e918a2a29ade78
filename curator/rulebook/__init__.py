"""Finds and loads rule files; every error names file, line and key.

A rule file is data: no YAML tag constructs objects, schema files stay inside the rule's folder, and Python paths are
only imported when the user allows it (see `curator explain rules`).
"""

import difflib
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path

from curator.config import Settings
from curator.model import Rule
from curator.model.errors import UsageError
from curator.model.files import read_text, write_text
from curator.rulebook.check import LoadedRule, RuleProblem, check_text, did_you_mean
from curator.rulebook.checks import CHECK_REMEDIES, wrong_in
from curator.rulebook.paths import Finder, find_all, is_jsonpath, path_error
from curator.rulebook.schemas import TooMuchWork, errors_in

MEGABYTES = 1.0


class MalformedRule(UsageError):
    """A rule file that cannot be used: exit 2. `problems` names every line that is wrong."""

    def __init__(self, problems: Sequence[RuleProblem]) -> None:
        self.problems = tuple(problems)
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(
            f"{problems[0]}{more}",
            code="RULE_MALFORMED",
            remedy="`curator rules check` lists every problem with its line.",
        )


def shipped_rules() -> Path:
    """The folder of the rules that come with curator: beside the package in a checkout, inside it in a wheel."""
    inside = Path(__file__).parent.parent / "_rules"
    return inside if inside.is_dir() else Path(__file__).parent.parent.parent / "rules"


def rules_folder(settings: Settings) -> Path:
    """The configured folder, else `./rules` when it holds rule files, else the rules that ship with curator."""
    if settings.rules:
        return Path(settings.rules).expanduser()
    here = Path("rules")
    return here if next(_rule_files(here), None) else shipped_rules()


def load_rules(settings: Settings) -> list[LoadedRule]:
    """Every rule of the folder, by name. Raises UsageError when the folder is empty or two rules share a name."""
    folder = rules_folder(settings)
    loaded = [load_rule(path, allow_python=settings.allow_python) for path in _rule_files(folder)]
    if not loaded:
        raise UsageError(
            f"No rule files (*.yaml) in {folder}.",
            code="RULES_NONE",
            remedy="`curator rules new NAME` writes a first one.",
        )
    by_name: dict[str, LoadedRule] = {}
    for rule in loaded:
        other = by_name.setdefault(rule.rule.rule, rule)
        if other is not rule:
            problem = f"the name {rule.rule.rule} is also used by {other.path.name}"
            raise MalformedRule([RuleProblem(file=str(rule.path), line=1, key="rule", message=problem)])
    return sorted(loaded, key=lambda rule: rule.rule.rule)


def find_rule(name_or_path: str, settings: Settings) -> LoadedRule:
    """The rule with that name or in that file. Raises UsageError with the names there are."""
    path = Path(name_or_path).expanduser()
    if path.suffix in (".yaml", ".yml") or path.is_file():
        return load_rule(path, allow_python=settings.allow_python)
    folder = rules_folder(settings)
    for candidate in (folder / f"{name_or_path}.yaml", folder / f"{name_or_path}.yml"):
        if re.fullmatch(r"[A-Za-z0-9._-]+", name_or_path) and candidate.is_file():
            return load_rule(candidate, allow_python=settings.allow_python)
    rules = load_rules(settings)
    for rule in rules:
        if rule.rule.rule == name_or_path:
            return rule
    names = [rule.rule.rule for rule in rules]
    raise UsageError(
        f"No rule {name_or_path!r} in {folder}.{did_you_mean(name_or_path, names)}",
        code="RULE_UNKNOWN",
        remedy=f"There are: {', '.join(names)}.",
    )


def rule_feeding(dataset: str, rules: Sequence[LoadedRule]) -> LoadedRule | None:
    """The only one of the rules that feeds a dataset; None when none does, or several."""
    feeding = [each for each in rules if each.rule.dataset.name == dataset]
    return feeding[0] if len(feeding) == 1 else None


def load_rule(path: Path, *, allow_python: bool = False) -> LoadedRule:
    """Loads one file. Raises MalformedRule with every problem found, or UsageError when it cannot be read."""
    text = _read(path)
    problems, loaded = check_text(text, path, allow_python)
    if problems or loaded is None:
        raise MalformedRule(problems)
    taught = {key: lines for key in LISTS if (lines := _lines(list_of(path, key)))}
    types = _lines(types_file(path))
    if not taught and not types:
        return loaded
    scrub = loaded.rule.scrub
    both = {key: (*getattr(scrub, key), *lines) for key, lines in taught.items()}
    rule = loaded.rule.model_copy(update={"scrub": scrub.model_copy(update=both)})
    return loaded.model_copy(update={"rule": with_types(rule, types)})


LISTS = {"allow": "never-personal.txt", "deny": "always-personal.txt"}
"""Key of a rule's `scrub` → end of the name of the list beside its file: what reviewers taught it, one text a line."""


def list_of(path: Path, key: str) -> Path:
    """`rules/mine.yaml` → `rules/mine.never-personal.txt`."""
    return path.with_name(f"{path.stem}.{LISTS[key]}")


def teach(path: Path, *, never: Collection[str] = (), always: Collection[str] = ()) -> str:
    """Adds texts that are never personal, or always, to the lists beside a rule's file (`LISTS`), one text a line.

    Returns the change as a unified diff, empty when the lists held them. Raises UsageError.
    """
    lists = ((list_of(path, "allow"), never), (list_of(path, "deny"), always))
    changes = [
        _rewrite(target, lambda lines, new=new: dict.fromkeys((*lines, *(" ".join(text.split()) for text in new))))  # type: ignore[misc]
        for target, new in lists
    ]
    return "\n".join(change for change in changes if change)


_NAME = re.compile(r"[^\s=#](?:[^=\n]{0,58}[^\s=])?")


def types_file(path: Path) -> Path:
    """`rules/mine.yaml` → `rules/mine.failure-types.txt`, for git to review: `name` adds a type, `old = new` renames
    one, or merges it into one that is there; the lines are applied in their order."""
    return path.with_name(f"{path.stem}.failure-types.txt")


def type_name(text: str) -> str:
    """The name of a type as it is written. Raises UsageError (FAILURE_TYPE)."""
    name = " ".join(text.split())
    if not _NAME.fullmatch(name):
        words = f"{text!r} is no name of a failure type"
        raise UsageError(words, code="FAILURE_TYPE", remedy="Write up to 60 characters, none of them =.")
    return name


def with_types(rule: Rule, lines: Iterable[str]) -> Rule:
    """The rule with the failure types that the lines make of its own."""
    names, default = list(rule.lineage.failure_types), rule.lineage.default_failure_type
    for line in lines:
        old, _, new = (part.strip() for part in line.partition("="))
        names = list(dict.fromkeys(new if new and name == old else name for name in (*names, old)))
        default = new if new and default == old else default
    update = {"failure_types": tuple(names), "default_failure_type": default}
    return rule.model_copy(update={"lineage": rule.lineage.model_copy(update=update)})


def change_types(path: Path, name: str, new: str = "") -> str:
    """Adds a failure type to those of a rule, or makes it `new` from now on.

    Returns the change of the list beside the rule's file as a unified diff. Raises UsageError.
    """
    line = f"{type_name(name)} = {type_name(new)}" if new else type_name(name)
    return _rewrite(types_file(path), lambda lines: [*(each for each in lines if each != line), line])


def _rewrite(target: Path, how: Callable[[list[str]], Iterable[str]]) -> str:
    before = target.read_text("utf-8").splitlines() if target.is_file() else []
    after = list(how(before))
    if after != before:
        remedy = "Check its permissions; a copy of the rule in a folder of your own can be taught."
        write_text(target, "\n".join(after) + "\n", code="RULE_WRITE", remedy=remedy)
    return "\n".join(difflib.unified_diff(before, after, target.name, target.name, n=1, lineterm=""))


def _lines(path: Path) -> list[str]:
    if not path.is_file():
        return []
    return [line for line in _read(path).splitlines() if line.strip() and not line.startswith("#")]


def check_file(path: Path, *, allow_python: bool = False) -> list[RuleProblem]:
    """Every problem of one file, in the order of its lines; empty when it is fine."""
    return check_text(_read(path), path, allow_python)[0]


def _rule_files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from sorted(p for p in folder.iterdir() if p.suffix in (".yaml", ".yml") and p.is_file())


def _read(path: Path) -> str:
    return read_text(path, code="RULE_UNREADABLE", megabytes=MEGABYTES)


def check_new(folder: Path, name: str) -> Path:
    """The file that a new rule of this name gets. Raises UsageError for a bad name and for a file that exists."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,63}", name):
        raise UsageError(f"{name!r} is not a rule name.", code="RULE_NAME")
    target = folder / f"{name}.yaml"
    if target.exists():
        raise UsageError(f"{target} exists.", code="RULE_EXISTS")
    return target


def write_new(target: Path, text: str) -> None:
    """Writes the rule's text and proves that it loads. Raises UsageError."""
    remedy = "Name another folder with --folder, or check its permissions."
    write_text(target, text, code="RULE_WRITE", remedy=remedy)
    load_rule(target)
