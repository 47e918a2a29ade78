"""The pulled dataset in `rules/order-status-golden` is what `curator pull` writes of the demo's."""

from datetime import UTC, datetime
from pathlib import Path

from curator.dataset import LOCK, digest, read_folder, read_lock, snapshot, write_folder
from curator.gateway import Gateway
from curator.sandbox.demo import seed_demo
from curator.sandbox.server import SandboxServer
from tests.dataset.conftest import connection_of

EXAMPLE = Path(__file__).parents[2] / "rules" / "order-status-golden"
SEEDED = datetime(2026, 11, 23, 9, tzinfo=UTC)


def test_the_example_is_what_pull_writes(tmp_path: Path) -> None:
    with SandboxServer(clock=lambda: SEEDED) as server:
        seed_demo(server.store, SEEDED)
        with Gateway(connection_of(server)) as gateway:
            write_folder(snapshot(gateway, EXAMPLE.name), tmp_path)
    written = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    assert written == {path.relative_to(EXAMPLE) for path in EXAMPLE.rglob("*") if path.is_file()}
    for path in written - {Path(LOCK)}:
        assert (tmp_path / path).read_text(encoding="utf-8") == (EXAMPLE / path).read_text(encoding="utf-8")
    assert read_lock(tmp_path).items == read_lock(EXAMPLE).items


def test_the_example_reads_as_its_lock_says() -> None:
    example = read_folder(EXAMPLE)
    assert {each.id: digest(each) for each in example.items.values()} == read_lock(EXAMPLE).items
