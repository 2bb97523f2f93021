"""A short form of `make fuzz`; of lesson files see tests/takeaway/test_lesson_file.py."""

import pytest

from tests import fuzz


def test_whatever_text_comes_is_read_or_refused_in_words(monkeypatch):
    for module, name in fuzz.PATCHED:
        monkeypatch.setattr(module, name, getattr(module, name))  # to be put back
    kinds = {kind: share for kind, share in fuzz.KINDS.items() if kind is not fuzz.a_lesson_file}
    became = {(kind, what) for kind, what, *_ in fuzz.cases(400, kinds)}
    assert {kind for kind, what in became if what == "read"} == {kind.__name__ for kind in kinds}


def test_a_zip_of_very_many_members_is_not_listed(monkeypatch):
    monkeypatch.setattr("zipfile.ZipFile.__init__", lambda *_: pytest.fail("listed"))
    pairs, problems = fuzz.understood(fuzz.ARCHIVES["65,535 members"]())
    assert problems and not pairs
