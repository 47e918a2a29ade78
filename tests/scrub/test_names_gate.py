"""Names of a person's own choice (cases, labels, descriptions) are refused when they hold a value."""

import pytest

from curator.model import ScrubPolicy
from curator.model.errors import UsageError
from curator.scrub.gate import refuse_personal
from curator.scrub.pipeline import Pipeline


@pytest.mark.parametrize(
    "text",
    ["jane.doe@corp.com", "for Jane Hunter", "call 415-555-0132 back", "sk-lf-1234abcd-12ab-12ab-12ab-1234567890ab"],
)
def test_refused_without_repeating_it(pipeline: Pipeline, text: str) -> None:
    with pytest.raises(UsageError) as refused:
        refuse_personal(pipeline, {"The case's name": text})
    assert refused.value.code == "PII_IN_NAME"
    assert "The case's name" in refused.value.message
    assert text not in refused.value.message + refused.value.remedy


@pytest.mark.parametrize("text", ["1", "candidate-2", "nightly run 5", "billing/refund", "Orders that were late", ""])
def test_ordinary_names_pass_without_the_engine(text: str) -> None:
    class Never:
        def find(self, value: object, policy: ScrubPolicy) -> list[object]:
            raise AssertionError("looked at")

    refuse_personal(Never(), {"The label": text})  # type: ignore[arg-type]


def test_a_rule_may_allow_a_word(pipeline: Pipeline) -> None:
    refuse_personal(pipeline, {"The label": "Jane Hunter"}, ScrubPolicy(allow=("Jane Hunter",)))
