"""The behaviour of Langfuse 4.16.0 as cases of our own, over real HTTP."""

import httpx
import pytest

from contract.history_cases import HISTORY
from contract.item_cases import ITEMS_AND_IDS, SCHEMAS
from contract.list_cases import LISTS
from contract.steps import DATASETS, Step, walk

STRICT = {
    "inputSchema": {"type": "object", "required": ["question"], "properties": {"question": {"type": "string"}}},
    "expectedOutputSchema": {"type": "object", "required": ["answer"], "properties": {"answer": {"type": "string"}}},
}
CASES = {**ITEMS_AND_IDS, **SCHEMAS, **HISTORY, **LISTS}


@pytest.mark.parametrize("steps", CASES.values(), ids=CASES.keys())
def test_case(steps: list[Step], http: httpx.Client) -> None:
    for name, schemas in (("one", {}), ("two", {}), ("strict", STRICT)):
        http.post(DATASETS, json={"name": name, **schemas}).raise_for_status()
    walk(http, steps)
