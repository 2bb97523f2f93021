"""A question about the lengths of sentences that a model gets right; see questions.py."""

from pages.parts.questions.question import Question, mistakes_of
from seq2seq.analysis.lengths import by_length, sampled_outputs
from seq2seq.state import TrainingState


def of_a_model(state: TrainingState) -> list[Question]:
    """Asks from which length on the model goes wrong; nothing where that can be said of none.

    Lengths are put together as on the pages, where the answer can be looked up; each group goes by its least length.
    """
    groups = by_length(state.lesson, sampled_outputs(state))
    trained, held_out = ([group for group in groups if group.is_held_out == side] for side in (False, True))
    n = next((n for n, group in enumerate(trained) if group.exact_match < 1), 0)
    if n == 0:  # none is wrong, or already the shortest are
        return []
    first = trained[n]
    worst = min(trained, key=lambda group: group.exact_match)
    mistaken = [("held_out_length", group.least) for group in held_out if group.exact_match < 1][:1]
    mistaken += [("last_right_length", trained[n - 1].least), ("worst_length", worst.least)]
    mistaken += [("longest_length", trained[-1].least), ("shortest_length", trained[0].least)]
    values = {"sentences": first.sentences, "wrong": round(first.sentences * (1 - first.exact_match))}
    values |= {"asked": sum(group.sentences for group in trained)}
    mistakes = mistakes_of(first.least, mistaken)
    return [
        Question("first_wrong_length", first.least, mistakes, values=values, level=state.lesson.model.source_tokens)
    ]
