"""Media from a trace to an item over HTTP: named, blocked, kept with a reason, linked, verified, audited, erased."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from curator.gateway import Gateway
from curator.help import outcomes
from curator.model import StoredItem
from curator.promote.proof import Late, ReadBack, proof_of
from curator.sandbox.load import load_files
from curator.sandbox.server import SandboxServer
from tests import command
from tests.promote.support import connection_of, make_item
from tests.scrub.test_media import ELSEWHERE, RAW, TOKEN, URI

RULE = """rule: desk
version: 1
dataset: {name: desk}
queue: {signals: [{level: ERROR}]}
input: {schema: {type: object}, fields: {content: {from: $.input.content}}}
expected_output: {schema: {type: object}, fields: {outcome: {value: answer}}}
lineage: {failure_types: [wrong], default_failure_type: wrong, rubric: desk-v1}
"""
WAYS: dict[str, Any] = {
    "token": [{"type": "image_url", "image_url": {"url": TOKEN}}],
    "token in a text": f"Here: {TOKEN}, please.",
    "data URI": [{"type": "image_url", "image_url": {"url": URI}}],
    "sound": [{"type": "input_audio", "input_audio": {"data": RAW, "format": "wav"}}],
    "file": [{"type": "file", "file": {"file_id": "file-6F2ksmvXxt4VdoqmHRw6kL"}}],
    "Anthropic": [{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": RAW}}],
    "Gemini": [{"inline_data": {"mime_type": "image/png", "data": RAW}}],
    "Bedrock": [{"image": {"format": "png", "source": {"bytes": RAW}}}],
    "elsewhere": [{"type": "input_file", "file_url": ELSEWHERE}],
}
TRACES = {way: f"{number:032x}" for number, way in enumerate(WAYS, 0xABC)}
UNKNOWN = TOKEN.replace("38a8259f", "00000000")


@pytest.mark.usefixtures("lasting_workers")
def test_every_way_is_blocked_then_kept_and_known_to_verify_audit_and_erase(tmp_path: Path) -> None:
    at = datetime.now(UTC).isoformat()
    row = {"type": "SPAN", "name": "desk", "startTime": at, "endTime": at, "level": "ERROR", "isRootObservation": True}
    rows = [
        json.dumps(row | {"id": f"{way} root", "traceId": TRACES[way], "input": json.dumps({"content": content})})
        for way, content in WAYS.items()
    ]
    (tmp_path / "rows.jsonl").write_text("\n".join(rows))
    (tmp_path / "desk.yaml").write_text(RULE)
    with SandboxServer() as server:
        load_files(server.store, [tmp_path / "rows.jsonl"])
        places = {"CURATOR_CONFIG": str(tmp_path / "config.toml"), "CURATOR_STATE_DIR": str(tmp_path / "state")}
        places["CURATOR_REVIEWER"] = "ada"

        def run(*arguments: str) -> Any:
            return command.run(*arguments, "--json", env=server.environment() | places, folder=tmp_path).document

        def receipt(trace: str, *arguments: str) -> Any:
            return run("promote", trace, "--rules", "desk.yaml", *arguments)["receipts"][0]

        run("seed", "--rules", "desk.yaml")
        for way, trace in TRACES.items():
            draft = run("draft", trace, "--rules", "desk.yaml")
            [finding] = [each for each in draft["findings"] if each["entity"] == "MEDIA"]
            assert "PII_MEDIA" in {each["code"] for each in draft["problems"] if each["blocking"]}, way
            assert receipt(trace)["verdict"] == "refused", way
            kept = receipt(trace, "--keep", f"{finding['id']}=a drawing by Jane Hunter")
            assert kept["verdict"] == "verified", (way, kept["problem"])
            with Gateway(connection_of(server)) as gateway:
                stored = gateway.item(kept["item_id"])
            assert stored is not None
            assert stored.input == {"content": WAYS[way]}, "nothing inside is rewritten"
            assert stored.media == ((TOKEN,) if way == "token" else ())
            assert stored.metadata["scrub"]["reasons"] == ["MEDIA x 1: a drawing by <PERSON_1>"]
        assert {each["verdict"] for each in run("verify", "desk")["items"]} == {"verified"}
        report = run("audit", "desk", "--rules", "desk.yaml")
        assert not [each for each in report["findings"] if each["severity"] != "info"]
        assert "pictures, sound and files that reviewers kept (9 items hold some)" in report["not_looked_at"]
        trail = run("erase", "--trace", TRACES["token"], "--dry-run")
        assert trail["items"][0]["media"] == [TOKEN]
        assert any("pictures" in note for note in trail["notes"])
        content = f'input.content={{"a": "{UNKNOWN}"}}'
        draft = run("draft", TRACES["token"], "--rules", "desk.yaml", "--case", "2", "--set", content)
        [finding] = [each for each in draft["findings"] if each["entity"] == "MEDIA"]
        refused = receipt(TRACES["token"], "--case", "2", "--set", content, "--keep", f"{finding['id']}=a drawing")
        assert refused["problem"]["code"] == "ITEM_MEDIA_UNKNOWN"


def test_a_medium_that_the_server_has_not_linked_is_not_verified() -> None:
    item = make_item(input={"content": [TOKEN, f"in a text: {TOKEN}"]})
    at = datetime.now(UTC)
    about = {"dataset_id": "d", "created_at": at, "updated_at": at}

    def reading(media: tuple[str, ...] | None) -> ReadBack:
        stored = StoredItem(**item.model_dump(), **about, media=media)
        return ReadBack(by_id=stored, listed=stored, rows=1, total=1, counted=True)

    for media in ((TOKEN,), None):
        assert proof_of(item, reading(media), None).stored.media == media
    with pytest.raises(Late, match="38a8259f") as late:
        proof_of(item, reading(()), None)
    assert late.value.outcome == outcomes.MEDIA_UNLINKED
