"""The figures by length on the page Train: told by the training process, or translated, they are the same."""

from seq2seq import NOTEBOOK_PAIRS, Translator
from tests.pages.app import TEXTS, a_run, chart_tables, checked, new_session, open_page


def opened(run):
    app = open_page("train", new_session(run=run))
    app.session_state["lengths"] = True
    return chart_tables(checked(app.run()), "train.lengths_alt", measure=TEXTS["train.cer"])["points"]


def test_whoever_translates_the_figures_are_the_same(trained):
    run = a_run(trained.at(15))
    here = opened(run)
    outputs = {source: Translator(run.state).translate(source) for source, _ in NOTEBOOK_PAIRS}
    assert here["sentences"].sum() == 5
    right = sum(output == target for output, (_, target) in zip(outputs.values(), NOTEBOOK_PAIRS, strict=True))
    assert (here["exact_match"] * here["sentences"]).sum() == right
    told = opened(a_run(trained.at(15), outputs={15: outputs}))
    assert told.equals(here)
    others = dict.fromkeys(outputs, "")
    assert (opened(a_run(trained.at(15), outputs={15: others}))["cer"] == 1).all()  # they are really taken from there
    assert opened(a_run(trained.at(15), outputs={12: others})).equals(here)  # but not those of another epoch
