"""Nothing of the corpus hangs, surprises, keeps silent or makes a command say what is not so."""

import pytest

from tests.hostile.corpus import Case, corpus, play

STEP = 20
"""The usual suite takes one case in so many: no multiple of the commands, so that each of them has its turn."""


def test_the_corpus_is_large_enough() -> None:
    assert len(corpus()) >= 300
    assert len({(case.mode, case.name) for case in corpus()}) == len(corpus())


@pytest.mark.parametrize("case", corpus()[::STEP], ids=lambda case: case.name)
def test_a_part_of_the_corpus(case: Case) -> None:
    assert play(case).wrong == ""


@pytest.mark.slow
@pytest.mark.parametrize("case", corpus(), ids=lambda case: case.name)
def test_the_whole_corpus(case: Case) -> None:
    assert play(case).wrong == ""
