"""Each export is held against the tool that reads it; what it cannot say is named."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from curator.dataset.exports import RUNNERS, export
from curator.model.rule import CheckSpec
from tests.dataset.test_folder import item, snapshot

CHECKS = (
    CheckSpec(name="outcome", type="expected_outcome"),
    CheckSpec(name="says", type="required_terms_present"),
    CheckSpec(name="avoids", type="forbidden_terms_absent"),
    CheckSpec(name="number", type="regex", pattern=r"ORDER-\d+"),
    CheckSpec(name="price", type="numeric_tolerance", path="$.price", expected_path="$.price", tolerance=0.5),
    CheckSpec(name="deep", type="jsonpath_equals", path="$.items[?(@.a == 1)].b", value=1),
    CheckSpec(name="shape", type="json_schema", schema={"type": "object"}),
)
CASES = snapshot(
    item("case-1", input={"query": "Where is it?"},
         expected_output={"outcome": "answer", "must_mention": ["order"], "must_not_mention": ["refund"], "price": 3}),
    item("case-2", input={"messages": [{"role": "user", "content": "hi"}]}, expected_output="hello"),
    item("gone", status="ARCHIVED"),
)  # fmt: skip
GOOD = {"outcome": "answer", "answer": "Your ORDER-1 is on its way", "price": 3.2}
BAD = {"outcome": "answer", "answer": "A refund was made for ORDER-1", "price": 9}


def written(runner: Any, folder: Path) -> list[Path]:
    done = export(CASES, runner, CHECKS)
    assert done.items == 2
    for name, text in done.files.items():
        (folder / name).write_text(text)
    return [folder / name for name in done.files]


@pytest.mark.parametrize("runner", RUNNERS)
def test_every_check_is_translated_or_named(runner: Any) -> None:
    done = export(CASES, runner, CHECKS)
    named = {each.check for each in done.untranslated}
    text = "".join(done.files.values())
    said = {check.name for check in CHECKS if f'"metric": "{check.name}"' in text or f'"name": "{check.name}"' in text}
    assert named | said == {check.name for check in CHECKS}
    assert not named & said
    assert {"deep", "shape"} <= named


def test_pytest_file(tmp_path: Path) -> None:
    """It fails where the answer fails, passes where it passes, and needs no curator."""
    written("pytest", tmp_path)
    for answer, passes in ((GOOD, True), (BAD, False)):
        (tmp_path / "conftest.py").write_text(
            f"import pytest\n@pytest.fixture\ndef answer():\n    return lambda case: {answer!r} if 'query' in case"
            " else {'outcome': None, 'answer': 'ORDER-2', 'price': 1}\n"
        )
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "case-1", str(tmp_path)]
        alone = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=alone)
        assert (done.returncode == 0) == passes, done.stdout + done.stderr


def test_javascript_says_what_the_check_says(tmp_path: Path) -> None:
    """The assertions of promptfoo, evaluated by node as promptfoo does: with `output` in scope."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    tests = json.loads(written("promptfoo", tmp_path)[0].read_text())
    script = (
        "const [asserts, outputs] = JSON.parse(process.argv[1]); console.log(JSON.stringify(outputs.map(output => "
        "Object.fromEntries(asserts.map(a => [a.metric, new Function('output', a.value)(output)])))))"
    )
    argument = json.dumps([tests[0]["assert"], [GOOD, json.dumps(BAD)]])
    done = subprocess.run([node, "-e", script, argument], capture_output=True, text=True, check=True)
    good, bad = json.loads(done.stdout)
    assert good == {"outcome": True, "says": True, "avoids": True, "number": True, "price": True}
    assert bad == {"outcome": True, "says": True, "avoids": False, "number": True, "price": False}


@pytest.mark.slow
def test_promptfoo_runs_it(tmp_path: Path) -> None:
    promptfoo = shutil.which("promptfoo")
    if promptfoo is None:
        pytest.skip("promptfoo is not installed (npm install -g promptfoo)")
    path = written("promptfoo", tmp_path)[0]
    (tmp_path / "provider.js").write_text(
        "module.exports = class { id() { return 'x' } async callApi() { return { output: "
        + json.dumps(GOOD)
        + " } } };"
    )
    (tmp_path / "promptfooconfig.yaml").write_text(
        f'prompts: ["{{{{input}}}}"]\nproviders: [file://provider.js]\ntests: file://{path.name}\n'
    )
    offline = {f"PROMPTFOO_DISABLE_{what}": "1" for what in ("TELEMETRY", "UPDATE", "REMOTE_GENERATION")}
    subprocess.run([promptfoo, "eval", "--no-cache", "-o", "out.json"], cwd=tmp_path, env=os.environ | offline,
                   capture_output=True, check=False, timeout=180)  # fmt: skip
    rows = json.loads((tmp_path / "out.json").read_text())["results"]["results"]
    found = {row["testCase"]["description"]: row["success"] for row in rows}
    assert found["case-1"] is True


def _needs(module: str) -> None:
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} is not installed (pip install '.[runners]')")


@pytest.mark.slow
def test_inspect_reads_it(tmp_path: Path) -> None:
    _needs("inspect_ai")
    from inspect_ai.dataset import json_dataset  # type: ignore[import-not-found, unused-ignore]

    samples = json_dataset(str(written("inspect", tmp_path)[0]))
    assert [sample.id for sample in samples] == ["case-1", "case-2"]
    assert samples[0].input == "Where is it?"
    assert samples[0].target == ["order"]
    assert samples[1].input[0].text == "hi"


@pytest.mark.slow
def test_hugging_face_reads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _needs("datasets")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    from datasets import load_dataset  # type: ignore[import-not-found, unused-ignore]

    path = str(written("hf", tmp_path)[0])
    rows = load_dataset("json", data_files=path, split="train", cache_dir=str(tmp_path / "cache"))
    assert [json.loads(row["input"]) for row in rows] == [each.input for each in list(CASES.items.values())[:2]]


@pytest.mark.slow
def test_deepeval_reads_it(tmp_path: Path) -> None:
    _needs("deepeval")
    from deepeval.dataset import EvaluationDataset  # type: ignore[import-not-found, unused-ignore]

    goldens = EvaluationDataset()
    goldens.add_goldens_from_json_file(file_path=str(written("deepeval", tmp_path)[0]))
    assert [golden.name for golden in goldens.goldens] == ["case-1", "case-2"]


def test_openai_evals_samples(tmp_path: Path) -> None:
    """Its data is read line by line as `{input: [{role, content}], ideal}`; the package itself pins what we do not."""
    rows = [json.loads(line) for line in written("openai-evals", tmp_path)[0].read_text().splitlines()]
    assert [row["ideal"] for row in rows] == [["order"], "hello"]
    assert all({"role", "content"} == set(message) for row in rows for message in row["input"])
