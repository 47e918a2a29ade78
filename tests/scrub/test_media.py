"""Media: found in every form, named, never read or rewritten, never written without a decision."""

import base64
import random

import pytest

from curator.model import ScrubPolicy
from curator.model.rule import PathPolicy
from curator.scrub.drafts import scrub_draft
from curator.scrub.gate import Choice
from curator.scrub.pipeline import Pipeline
from tests.scrub.test_gate import draft

PLAIN = ScrubPolicy()
TOKEN = "@@@langfuseMedia:type=image/jpeg|id=38a8259f-79f9-451a-8f8b-949e12bf52ed|source=base64_data_uri@@@"
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + random.Random(3).randbytes(6_000)).decode()
URI = f"data:image/png;base64,{PNG}"
RAW = base64.b64encode(random.Random(4).randbytes(3_000)).decode()
"""Bytes whose beginning says nothing, such as raw sound."""
ELSEWHERE = "https://cdn.example.com/label.png"
FORMS = {
    "token": ({"type": "image_url", "image_url": {"url": TOKEN}}, "image/jpeg"),
    "token in a text": (f"Here is it: {TOKEN} Jane Hunter", "image/jpeg"),
    "data URI": ({"type": "image_url", "image_url": {"url": URI}}, "image/png, 6 kB"),
    "data URI in Markdown": (f"![label]({URI})", "image/png, 6 kB"),
    "data URI in JSON in a text": ('{"url": "' + URI + '"}', "image/png, 6 kB"),
    "Anthropic": (
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
        "image/png, 6 kB",
    ),
    "sound": ({"type": "input_audio", "input_audio": {"data": PNG[:4000], "format": "wav"}}, "image/png, 3 kB"),
    "file elsewhere": ({"type": "input_file", "file_id": "file-6F2ksmvXxt4VdoqmHRw6kL"}, "file"),
    "picture elsewhere": ({"type": "image_url", "image_url": {"url": ELSEWHERE}}, "image"),
    "token with a codec": (TOKEN.replace("image/jpeg", "audio/ogg; codecs=opus"), "audio/ogg; codecs=opus"),
    "token as a key": ({TOKEN: 1}, "image/jpeg"),
    "file by its address": ({"type": "input_file", "file_url": ELSEWHERE}, "file"),
    "Gemini": ({"inline_data": {"mime_type": "audio/pcm", "data": RAW}}, "audio/pcm, 3 kB"),
    "Gemini, elsewhere": ({"fileData": {"mimeType": "image/png", "fileUri": ELSEWHERE}}, "image/png"),
    "Bedrock": ({"image": {"format": "png", "source": {"bytes": RAW}}}, "image, 3 kB"),
    "Bedrock, elsewhere": ({"video": {"format": "mp4", "source": {"s3Location": {"uri": "s3://b/a"}}}}, "video"),
    "LangChain": ({"type": "image", "base64": RAW, "mime_type": "image/png"}, "image/png, 3 kB"),
    "Vercel": ({"type": "image", "image": ELSEWHERE}, "image"),
    "OpenTelemetry": (
        {"type": "blob", "modality": "audio", "content": RAW, "mime_type": "audio/pcm"},
        "audio/pcm, 3 kB",
    ),
    "OpenTelemetry, elsewhere": ({"type": "uri", "modality": "image", "uri": ELSEWHERE}, "image"),
    "MCP": ({"type": "resource", "resource": {"blob": RAW, "mimeType": "application/pdf"}}, "application/pdf, 3 kB"),
    "Pydantic AI": ({"kind": "image-url", "url": ELSEWHERE}, "image"),
    "screenshot": ({"type": "computer_screenshot", "image_url": ELSEWHERE}, "screenshot"),
    "a file of text elsewhere": ({"type": "file", "mediaType": "text/plain", "url": ELSEWHERE}, "text/plain"),
    "JSON in a text, escaped": ('[{"type": "image", "url": "https:\\/\\/x.example\\/a.png"}]', "image"),
    "JSON in a text": (f'[{{"type": "image_url", "image_url": {{"url": "{ELSEWHERE}"}}}}]', "image"),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_medium_is_named_and_blocks(pipeline: Pipeline, form: str) -> None:
    content, says = FORMS[form]
    one = draft(input={"messages": [{"role": "user", "content": content}]}, expected_output={"outcome": "answer"})
    result = scrub_draft(pipeline, one, PLAIN, {}, review=False)
    media = [f for f in result.findings if f.entity == "MEDIA"]
    assert [f.recognizer for f in media] == [says]
    assert [p.code for p in result.problems if p.blocking] == ["PII_MEDIA"]
    assert says in next(p.message for p in result.problems if p.blocking)
    assert not result.complete
    found = [f for f in pipeline.find({"input": one.input}, PLAIN) if f.action == "replace"]
    assert "MEDIA" in {f.entity for f in found}, "the audit counts it too"


def test_a_decision_lets_it_through(pipeline: Pipeline) -> None:
    one = draft(input={"query": f"What is in {URI}?"}, expected_output={"outcome": "answer"})
    [finding] = scrub_draft(pipeline, one, PLAIN, {}, review=False).findings
    kept = scrub_draft(pipeline, one, PLAIN, {finding.id: Choice(action="keep", reason="a drawing")}, review=False)
    assert kept.writable
    assert kept.input == one.input
    assert kept.summary.reasons == ("MEDIA x 1: a drawing",)
    words = Choice(action="replace", text="a parcel label of Jane Hunter")
    described = scrub_draft(pipeline, one, PLAIN, {finding.id: words}, review=False)
    assert described.writable
    assert described.input == {"query": "What is in a parcel label of <PERSON_1>?"}
    ruled = ScrubPolicy(paths=(PathPolicy(path="input.query", action="keep", reason="drawings only"),))
    assert scrub_draft(pipeline, one, ruled, {}, review=False).writable


def test_nothing_inside_is_rewritten_and_the_text_around_it_is_read(pipeline: Pipeline) -> None:
    for size in (2_000, 60_000):
        body = base64.b64encode(random.Random(size).randbytes(size)).decode()
        text = f"My name is Jane Hunter. data:image/png;base64,{body} Mail jane@corp.com."
        after = pipeline.scrub({"q": text}, ScrubPolicy(paths=(PathPolicy(path="q", action="replace"),))).value
        assert after == {"q": "My name is <PERSON_1>. <MEDIA_1> Mail <EMAIL_ADDRESS_1>."}


def test_a_document_that_is_a_text_is_read(pipeline: Pipeline) -> None:
    part = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "ask jane@corp.com"}}
    after = pipeline.scrub({"content": [part]}, PLAIN).value
    assert after == {"content": [{**part, "source": {**part["source"], "data": "ask <EMAIL_ADDRESS_1>"}}]}  # type: ignore[dict-item]


@pytest.mark.parametrize(
    "text",
    [
        "commit " + "0123456789abcdef" * 5,
        "https://cdn.example.com/products/lamp.png",
        base64.b64encode(b"the quick brown fox jumps over the lazy dog, twice and three times over").decode(),
        "data:text/plain;base64,SGVsbG8gd29ybGQ=",
    ],
)
def test_what_is_no_medium(pipeline: Pipeline, text: str) -> None:
    value = {"type": "lookup", "image_url": text}
    assert "MEDIA" not in {f.entity for f in pipeline.find(value, PLAIN)}
