"""One engine for all tests of the scrub: loading it takes two seconds."""

from pathlib import Path

import pytest

from curator.scrub.engine import Engine
from curator.scrub.pipeline import Pipeline

DATA = Path(__file__).parent / "data"
SHARED = Path(__file__).parents[3] / "shared"


@pytest.fixture(scope="session")
def engine() -> Engine:
    """With the installed name model, when there is one."""
    return Engine()


@pytest.fixture(scope="session")
def patterns() -> Engine:
    """Without a name model: what patterns alone find."""
    return Engine(use_model=False)


@pytest.fixture(scope="session")
def pipeline(engine: Engine) -> Pipeline:
    return Pipeline(engine)


@pytest.fixture(scope="session")
def named(engine: Engine) -> Pipeline:
    """A pipeline that surely has a name model."""
    if engine.model is None:
        pytest.skip("no name model is installed (pip install 'langfuse-curator[ner]')")
    return Pipeline(engine)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Labelled texts and traces that lie beside the repository on some machines."""
    if not SHARED.is_dir():
        pytest.skip("../shared is not here")
    return SHARED
