"""Nothing personal leaves by a side door: representations, errors, logs, JSON of findings, standard error."""

import io
import json
import logging
import pickle

import pytest

from curator.model import ScrubPolicy
from curator.scrub.engine import Engine
from curator.scrub.items import NotScrubbed
from curator.scrub.pipeline import Pipeline
from tests import command
from tests.scrub.test_gate import draft, scrub

VALUES = ("Omar Davis", "omar@x.com", "Omar")


def clean(text: str) -> bool:
    return not any(value.casefold() in text.casefold() for value in VALUES)


def test_findings_say_where_never_what(pipeline: Pipeline) -> None:
    result = scrub(pipeline, draft(input={"query": "I am Omar Davis", "omar@x.com": {"n": "Omar"}}))
    assert len(result.findings) >= 4
    assert clean(json.dumps([f.model_dump(mode="json") for f in result.findings]))
    assert clean(repr(result.findings) + repr(result.summary) + repr(result.problems))
    assert clean(json.dumps(result.model_dump(mode="json", exclude={"draft"})))


def test_ids_of_findings_do_not_derive_from_values(pipeline: Pipeline) -> None:
    one = pipeline.find({"omar@x.com": "abcd@x.com"}, ScrubPolicy())
    other = pipeline.find({"emma@x.com": "wxyz@x.com"}, ScrubPolicy())
    assert [f.id for f in one] == [f.id for f in other]


def test_logs_and_streams_stay_silent(pipeline: Pipeline, capfd: pytest.CaptureFixture[str]) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        scrub(pipeline, draft())
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    out, err = capfd.readouterr()
    assert clean(stream.getvalue() + out + err)


def test_errors_name_no_text(engine: Engine) -> None:
    value = {"omar@x.com": 1, "OMAR@x.com": 2}
    with pytest.raises(NotScrubbed) as refused:
        Pipeline(engine).scrub(value, ScrubPolicy())
    assert clean(str(refused.value) + repr(refused.value))
    assert str(pickle.loads(pickle.dumps(refused.value))) == str(refused.value)


def test_a_time_out_inside_presidio_is_no_clean_text(engine: Engine) -> None:
    """presidio logs that a pattern timed out and goes on: the engine hears it and refuses."""
    logger = logging.getLogger("presidio-analyzer")
    original = engine._analyzer.analyze

    def slow(**arguments: object) -> object:
        logger.warning("Regex pattern '%s' timed out after %s seconds, skipping.", "x", 2)
        return original(**arguments)

    engine._analyzer.analyze = slow
    try:
        with pytest.raises(NotScrubbed, match="2 seconds"):
            engine.find(["a text that was never read before"])
    finally:
        engine._analyzer.analyze = original


def test_presidios_patterns_give_up_after_two_seconds(engine: Engine) -> None:
    from presidio_analyzer import pattern_recognizer

    assert pattern_recognizer.REGEX_TIMEOUT_SECONDS == 2


def test_the_cache_holds_no_text(engine: Engine) -> None:
    engine.find(["Omar Davis and omar@x.com"])
    assert all(isinstance(key, bytes) and len(key) == 16 for key in engine._cache)


@pytest.mark.usefixtures("lasting_workers")
def test_a_crash_of_the_command_prints_no_value() -> None:
    deep = '{"q": "omar@x.com", "d": ' + "[" * 300 + "]" * 300 + "}"
    done = command.run("scrub", "--json", given=deep)
    assert done.returncode == 1
    assert clean(done.stdout + done.stderr)
    assert "Traceback" not in done.stderr
    assert "PII_NOT_SCRUBBED" in done.stderr
