"""A dataset as files: one readable YAML file per item, `dataset.yaml`, and a lock that pins version and digests.

The files are for review: keys in a stable order, texts of several lines as blocks, one item per file, named by its id.
What is read back is the same JSON to the last bit; `write_folder` proves that of every item before it says so.
"""

import io
import json
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import JsonValue, ValidationError

from curator.model import Item, Value
from curator.model.errors import UsageError
from curator.model.lineage import fingerprint

ITEMS, DATASET, LOCK = "items", "dataset.yaml", "curator.lock"
MAX_FILE = 20_000_000
"""Bytes of one file; Langfuse itself takes items of up to 4.5 MB."""
HEAD = "# One dataset item. Review it, change it, then `curator diff` and `curator push` this folder.\n"
HEAD_FIELDS = ("description", "metadata", "input_schema", "expected_output_schema")
"""What describes a dataset beside its name."""
ITEM_FIELDS = ("id", "status", "source_trace_id", "source_observation_id", "input", "expected_output", "metadata")
"""What an item file may hold, in its order."""
Content = Literal["stored", "scrubbed"]
"""`stored`: the items as Langfuse holds them. `scrubbed`: what the scrub of today finds in them is replaced."""


class Snapshot(Value):
    """A dataset at one moment, wherever it was read from."""

    name: str
    description: str | None = None
    metadata: Any = None
    input_schema: Any = None
    expected_output_schema: Any = None
    host: str = ""
    project_id: str = ""
    version: datetime | None = None
    """The moment whose items these are; None for a folder that somebody edits."""
    content: Content = "stored"
    items: dict[str, Item]
    """Item id → item; archived items are left out, as the server's list leaves them out."""


class Lock(Value):
    """What pins a dataset: enough to find its items again and to tell whether they are the same. Holds no content."""

    dataset: str
    host: str = ""
    project_id: str = ""
    version: datetime
    content: Content = "stored"
    items: dict[str, str]
    """Item id → digest over everything that an item holds."""


def digest(item: Item) -> str:
    """sha256 (hex) over everything an item holds but the name of its dataset, which a copy of it changes."""
    return fingerprint(_document(item))


def lock_of(snapshot: Snapshot) -> Lock:
    """The lock of a snapshot that has a version."""
    assert snapshot.version is not None
    return Lock(
        dataset=snapshot.name,
        host=snapshot.host,
        project_id=snapshot.project_id,
        version=snapshot.version,
        content=snapshot.content,
        items={item_id: digest(item) for item_id, item in sorted(snapshot.items.items())},
    )


def write_folder(snapshot: Snapshot, folder: Path, *, overwrite: bool = False) -> Lock:
    """Writes `dataset.yaml`, `items/*.yaml` and `curator.lock`; item files of ids that are gone are removed.

    Raises UsageError when the folder holds edits that the lock does not know (unless `overwrite`), or is unwritable.
    """
    if not overwrite:
        _refuse_to_lose(folder, snapshot.name)
    lock = lock_of(snapshot)
    try:
        (folder / ITEMS).mkdir(parents=True, exist_ok=True)
        head = {field: value for field in ("name", *HEAD_FIELDS) if (value := getattr(snapshot, field)) is not None}
        _write(folder / DATASET, _text(head))
        for item in snapshot.items.values():
            text = item_text(item)
            file = _file_of(item.id)
            if digest(_item(_parsed(text, file), snapshot.name, file)) != lock.items[item.id]:
                raise AssertionError(f"the file of {item.id} would not read back as the same item")
            _write(folder / ITEMS / file, text)
        for path in {*(folder / ITEMS).glob("*.yaml")} - {folder / ITEMS / _file_of(each) for each in snapshot.items}:
            path.unlink()
        write_lock(lock, folder / LOCK)
    except OSError as error:
        raise _unwritable(folder, error) from None
    return lock


def write_lock(lock: Lock, path: Path) -> None:
    """Writes a lock file: JSON, one item a line, so that a pull request shows which items moved. Raises OSError."""
    _write(path, json.dumps(lock.model_dump(mode="json"), indent=1, ensure_ascii=False, sort_keys=True) + "\n")


def read_folder(folder: Path) -> Snapshot:
    """The dataset that a folder describes, edits included; its items have to be in files named by their ids.

    Raises UsageError that names the file and, where there is one, the line.
    """
    head = _parsed(_read(folder / DATASET), DATASET)
    if not isinstance(head, dict) or not isinstance(head.get("name"), str):
        raise _malformed(DATASET, "it needs the dataset's name under `name`")
    lock = read_lock(folder / LOCK) if (folder / LOCK).exists() else None
    items = {}
    for path in sorted((folder / ITEMS).glob("*.yaml")):
        item = _item(_parsed(_read(path), path.name), head["name"], path.name)
        items[item.id] = item
    return Snapshot(
        name=head["name"],
        **{field: head.get(field) for field in HEAD_FIELDS},
        host=lock.host if lock else "",
        project_id=lock.project_id if lock else "",
        content=lock.content if lock else "stored",
        items=items,
    )


def read_lock(path: Path) -> Lock:
    """A lock file, or that of a folder. Raises UsageError."""
    path = path / LOCK if path.is_dir() else path
    try:
        return Lock.model_validate_json(_read(path))
    except ValidationError:
        raise UsageError(f"{path} is no lock file of curator.", code="LOCK_MALFORMED") from None


def first_of(names: Sequence[str]) -> str:
    """The first three, and how many more there are."""
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def item_text(item: Item) -> str:
    """The YAML of one item."""
    return HEAD + _text(_document(item))


def _document(item: Item) -> dict[str, JsonValue]:
    document: dict[str, JsonValue] = {field: getattr(item, field) for field in ITEM_FIELDS}
    for source in ("source_trace_id", "source_observation_id"):
        document[source] = document[source] or None
    return {key: value for key, value in document.items() if value is not None}


def _file_of(item_id: str) -> str:
    """The name of an item's file: its id, with what would lead elsewhere written as `%2F`. Ids come from a server."""
    return re.sub(r"^\.|[/\\%\x00-\x1f]", lambda found: f"%{ord(found[0]):02X}", item_id) + ".yaml"


def _item(document: object, dataset: str, file: str) -> Item:
    where = f"{ITEMS}/{file}"
    if not isinstance(document, dict):
        raise _malformed(where, "it is no mapping with id, input, expected_output and metadata")
    if unknown := sorted(set(document) - set(ITEM_FIELDS)):
        raise _malformed(where, f"it has keys that an item does not have: {', '.join(map(str, unknown))}")
    if not isinstance(document.get("id"), str) or _file_of(document["id"]) != file:
        raise _malformed(where, "its id is not the name of the file")
    if document.get("status", "ACTIVE") not in ("ACTIVE", "ARCHIVED"):
        raise _malformed(where, "its status is neither ACTIVE nor ARCHIVED")
    sources = {key: document.get(key) for key in ("source_trace_id", "source_observation_id")}
    if any(not isinstance(value, str | None) for value in sources.values()):
        raise _malformed(where, "a source id is not text; put it in quotes")
    # Not validated by pydantic: what somebody stored may hold metadata that is no object, and any depth.
    fields: dict[str, Any] = {**document, **sources, "dataset": dataset, "status": document.get("status", "ACTIVE")}
    return Item.model_construct(**{"input": None, "expected_output": None, "metadata": None, **fields})


# ── YAML: what a person reads, and the very same JSON again ─────────────────────────────────────────────────────────


def _text(document: Mapping[str, JsonValue]) -> str:
    stream = io.StringIO()
    _yaml().dump({key: _sorted(value) for key, value in document.items()}, stream)
    return stream.getvalue()


def _sorted(value: Any) -> Any:
    """Keys in one order: the server changes theirs, and a diff must not show that."""
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(each) for each in value] if isinstance(value, list) else value


def _yaml() -> Any:
    from ruamel.yaml import YAML

    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.width = 110
    yaml.allow_unicode = True
    yaml.representer.sort_base_mapping_type_on_output = False  # `_sorted` has put them in order
    yaml.representer.add_representer(str, _represent_text)
    yaml.representer.ignore_aliases = lambda data: True  # `&id001` is nothing to review
    return yaml


def _represent_text(representer: Any, text: str) -> Any:
    """Texts of several lines as a block; but only texts that come back as they were.

    The emitter breaks lines at U+0085, U+2028 and U+2029 too, and keeps neither tabs nor blanks at a line's edges.
    """
    lines = text.split("\n")
    printable = all(char.isprintable() for char in text if char != "\n")
    at_edges = any(line != line.rstrip() for line in lines) or not lines[0][:1].strip()
    block = len(lines) > 1 and printable and not at_edges
    style = "|" if block else None if printable and len(lines) == 1 else '"'
    return representer.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _parsed(text: str, where: str) -> object:
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        return _json_only(_yaml().load(text), where)
    except MarkedYAMLError as error:
        line = f" in line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise _malformed(where, f"it is not YAML{line}") from None
    except (YAMLError, RecursionError, ValueError):
        raise _malformed(where, "it is not YAML") from None


def _json_only(value: object, where: str, seen: frozenset[int] = frozenset()) -> object:
    """The value, when it is JSON: YAML also has dates, sets, keys of any kind, and values that contain themselves."""
    if id(value) in seen:
        raise _malformed(where, "a value refers to itself")
    if isinstance(value, dict):
        if any(not isinstance(key, str) for key in value):
            raise _malformed(where, "a key is not text; put it in quotes")
        return {key: _json_only(each, where, seen | {id(value)}) for key, each in value.items()}
    if isinstance(value, list):
        return [_json_only(each, where, seen | {id(value)}) for each in value]
    if isinstance(value, (date, datetime)):
        raise _malformed(where, f"{value} is read as a date; put it in quotes")
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    raise _malformed(where, f"it holds a {type(value).__name__}, which JSON does not know")


def _refuse_to_lose(folder: Path, dataset: str) -> None:
    """A pull must not overwrite what somebody edited here and has not pushed, nor the folder of another dataset."""
    if not (folder / DATASET).exists():
        if folder.exists() and any(folder.iterdir()):
            raise UsageError(
                f"{folder} is not empty, and no folder of `curator pull`.",
                code="PULL_FOLDER",
                remedy="Name an empty folder.",
            )
        return
    here, lock = read_folder(folder), read_lock(folder)
    if here.name != dataset:
        raise UsageError(
            f"{folder} holds the dataset {here.name!r}.", code="PULL_FOLDER", remedy="Name another folder."
        )
    edited = [i for i, item in here.items.items() if lock.items.get(i) != digest(item)]
    edited += [i for i in lock.items if i not in here.items]
    if edited:
        raise UsageError(
            f"{folder} holds changes that were not pushed: {first_of(sorted(edited))}.",
            code="PULL_WOULD_OVERWRITE",
        )


def _read(path: Path) -> str:
    try:
        if not path.is_file():
            raise UsageError(f"There is no file {path}.", code="PULL_FOLDER", remedy="`curator pull` makes the folder.")
        if path.stat().st_size > MAX_FILE:
            raise UsageError(f"{path} is larger than 20 MB: no item is.", code="PULL_FOLDER", remedy="Check the path.")
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        raise _malformed(path.name, "it is not UTF-8 text") from None
    except OSError as error:
        raise UsageError(
            f"Cannot read {path}: {error.strerror}.", code="PULL_FOLDER", remedy="Check its permissions."
        ) from None


def _write(path: Path, text: str) -> None:
    """Only what changed is written: a pull of an unchanged dataset touches nothing."""
    data = text.encode("utf-8")
    if not path.exists() or path.read_bytes() != data:
        path.write_bytes(data)


def _malformed(where: str, why: str) -> UsageError:
    return UsageError(f"{where} cannot be used: {why}.", code="ITEM_FILE_MALFORMED")


def _unwritable(folder: Path, error: OSError) -> UsageError:
    return UsageError(
        f"{folder} cannot be written: {error.strerror}.", code="PULL_FOLDER", remedy="Check its permissions and space."
    )
