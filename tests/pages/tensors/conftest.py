"""Lessons with every setting that changes the tensors; some of their sentences are too long for one line."""

from itertools import product

import pytest

from seq2seq import NOTEBOOK_PAIRS, Lesson, ModelConfig, Pair
from seq2seq.vocabulary import LEVELS

MODELS = [ModelConfig(4, *setting, level, level) for *setting, level in product([True, False], [True, False], LEVELS)]
LONG = (Pair("abcdefghij " * 3, "나는 오늘도 배가 고파서 " * 3), Pair("a", "나"))


@pytest.fixture(scope="module", params=MODELS, ids=str)
def lesson(request):
    return Lesson((*NOTEBOOK_PAIRS[:2], *LONG), request.param)
