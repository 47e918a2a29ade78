"""The worker process: killed when it takes too long, replaced when it dies, silent about what it reads."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from curator.model import ScrubPolicy
from curator.model.errors import UsageError
from curator.scrub import Choice, NotScrubbed, Scrubber
from curator.scrub.items import Limits
from curator.scrub.worker import attempt
from tests.scrub.test_gate import draft

PLAIN = ScrubPolicy()


@pytest.fixture(scope="module")
def scrubber() -> Iterator[Scrubber]:
    with pytest.MonkeyPatch.context() as patch, Scrubber() as one:
        patch.setenv("LANGFUSE_SECRET_KEY", "sk-lf-x")
        one.start().result()
        yield one


def test_everything_works_across_the_process(scrubber: Scrubber) -> None:
    result = scrubber.scrub(draft(), PLAIN)
    assert result.input == {"query": "I am <PERSON_1>, mail <EMAIL_ADDRESS_1>, from Chicago."}
    assert result.draft == draft()
    mail = next(f for f in result.findings if f.entity == "EMAIL_ADDRESS")
    kept = scrubber.scrub(draft(), PLAIN, {mail.id: Choice(action="keep", reason="synthetic")}, review=True)
    assert kept.summary.kept == {"EMAIL_ADDRESS": 1}
    assert not kept.writable
    scrubber.warm([{"q": "Jane Doe"}, {"q": "Bob Ross"}])
    assert [f.entity for f in scrubber.find({"q": "jane@x.com"}, PLAIN)] == ["EMAIL_ADDRESS"]
    assert scrubber.scrub_value("jane@x.com", PLAIN).value == "<EMAIL_ADDRESS_1>"


def test_a_wrong_policy_is_a_usage_error_here_too(scrubber: Scrubber) -> None:
    with pytest.raises(UsageError, match="EMAILS"):
        scrubber.find({}, ScrubPolicy(entities=("EMAILS",)))


def test_asking_returns_at_once_and_a_worker_that_is_late_or_dies_is_replaced() -> None:
    """One after the other: loading the engine takes seconds."""
    long = {"q": "Omar Davis says hi to Emily Chang. " * 8000}
    with Scrubber(use_model=False) as one:
        begun = time.monotonic()
        future = one.submit(draft(), PLAIN)
        assert time.monotonic() - begun < 0.2
        assert not future.done()
        assert future.result(timeout=60).writable

        one.limits = Limits(seconds=0.3)
        begun = time.monotonic()
        with pytest.raises(NotScrubbed, match=r"longer than 0\.3 seconds"):
            one.find(long, PLAIN)
        assert time.monotonic() - begun < 5
        one.limits = Limits(seconds=2)
        assert len(one.find({"q": "jane@x.com"}, PLAIN)) == 1, "a new worker serves the next request"

        assert one._process is not None
        one._process.send_signal(signal.SIGSTOP)
        future = one.submit(draft(), PLAIN)
        with pytest.raises(TimeoutError):
            future.result(timeout=2.5)  # longer than its limit, of which it has used nothing
        one._process.send_signal(signal.SIGCONT)
        assert future.result(timeout=60).writable, "waiting is not counted"

        one.limits = Limits()
        future = one.submit(draft(input=long), PLAIN)
        time.sleep(0.3)
        one._process.kill()
        with pytest.raises(NotScrubbed, match="ended unexpectedly"):
            future.result(timeout=30)


def test_a_request_that_nobody_waits_for_any_more_is_skipped(scrubber: Scrubber) -> None:
    long = scrubber.submit(draft(input={"q": "Omar Davis says hi to Emily Chang. " * 60}), PLAIN)
    stale = scrubber.submit(draft(), PLAIN)
    assert stale.cancel()
    assert scrubber.submit(draft(), PLAIN).result(timeout=60).writable
    assert long.done()
    assert stale.cancelled()


def test_closed_means_closed() -> None:
    one = Scrubber()
    one.close()
    with pytest.raises(NotScrubbed, match="closed"):
        one.find({}, PLAIN)


def test_closed_while_the_worker_is_being_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that refuses at once must not wait for an engine that it does not need."""
    scrubber = Scrubber()
    spawn, started = scrubber._spawn, threading.Event()

    def late() -> "subprocess.Popen[bytes]":
        started.set()
        while not scrubber._closed:
            time.sleep(0.01)
        return spawn()

    monkeypatch.setattr(scrubber, "_spawn", late)
    asked = scrubber.start()
    assert started.wait(60)
    scrubber.close()
    assert isinstance(asked.exception(60), NotScrubbed)
    assert scrubber._process is not None
    assert scrubber._process.wait(10) == -signal.SIGKILL


def test_an_unforeseen_error_leaves_without_its_message() -> None:
    def crash() -> object:
        raise KeyError("jane@x.com")

    assert attempt(crash) == {"not_scrubbed": "the scrub crashed (KeyError)"}


@pytest.mark.parametrize("module", ["curator.scrub", "curator.scrub.drafts", "curator.scrub.nlp"])
def test_the_caller_imports_neither_presidio_nor_spacy(module: str) -> None:
    heavy = ("presidio_analyzer", "spacy", "tldextract")
    code = f"import sys, {module}; sys.exit(any(m.split('.')[0] in {heavy} for m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_worker_gets_no_keys(scrubber: Scrubber) -> None:
    scrubber.start().result()
    assert scrubber._process is not None
    environment = Path(f"/proc/{scrubber._process.pid}/environ")
    if not environment.exists():
        pytest.skip("no /proc here")
    assert b"LANGFUSE" not in environment.read_bytes()
