"""The pages about audit and erasure are so: the example is followed, the workflow's commands exist."""

import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from curator.sandbox.demo.data import plant
from curator.sandbox.server import SandboxServer
from tests.docs.shell import blocks, lines
from tests.docs.test_mentions import problem

TOPICS = Path(__file__).parents[2] / "curator" / "help" / "topics"
WORKFLOWS = TOPICS.parent / "workflows"
AUDIT = (TOPICS / "audit.md").read_text(encoding="utf-8")


def fenced(kind: str) -> list[str]:
    every = re.findall(r"^```(\w*)\n(.*?)^```$", AUDIT, re.DOTALL | re.MULTILINE)
    return [text for found, text in every if found == kind]


def test_the_weekly_workflow_audits_and_always_shows_what_was_found() -> None:
    workflow: Any = YAML(typ="safe").load((WORKFLOWS / "weekly.yml").read_text(encoding="utf-8"))
    steps = workflow["jobs"]["weekly"]["steps"]
    (audit,) = [step["run"] for step in steps if step.get("run", "").startswith("curator audit")]
    assert problem(audit) is None
    assert "--fail-on error --" in f"{audit} --"
    written = audit.split("--output ")[1].split()[0]
    (shown,) = [step for step in steps if step.get("run", "").startswith(f"cat {written}")]
    assert shown["if"] == "always()"
    assert workflow["on" if "on" in workflow else True]["schedule"][0]["cron"].count(" ") == 4


@pytest.mark.slow
def test_the_example_is_as_the_page_says(server: SandboxServer, tmp_path: Path) -> None:
    plant(server.store, datetime.now(UTC) - timedelta(minutes=1))
    (example,) = [block for block in blocks(AUDIT) if "--audit-example" in block]
    done = subprocess.run(
        ["/bin/bash", "-ec", "\n".join(lines(example))],
        cwd=tmp_path,
        env=os.environ | server.environment() | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    shown, story = fenced("")
    assert done.stdout.startswith(shown.rstrip() + "\n")
    item = re.search(r"audit-example-[0-9a-f-]+", shown)
    assert item is not None
    told = subprocess.run(
        [sys.executable, "-m", "curator", "audit", "audit-example", item[0]],
        env=os.environ | server.environment(),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    dateless = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "", story)
    assert dateless in re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "", told)
