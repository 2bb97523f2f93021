"""A question about the lengths of sentences that a model gets right; see questions.py."""

from pages.parts.questions.question import Question, mistakes_of
from seq2seq.analysis.lengths import sampled_outputs
from seq2seq.state import TrainingState


def of_a_model(state: TrainingState) -> list[Question]:
    """Asks from which length on the model goes wrong; nothing where that can be said of none."""
    lesson = state.lesson
    trained: dict[int, list[bool]] = {}  # tokens of the source → of each sentence, whether it is right
    held_out: dict[int, list[bool]] = {}
    for source, output in sampled_outputs(state).items():
        side = held_out if source in lesson.held_out_sources else trained
        length = len(lesson.source_vocabulary.split(source))
        side.setdefault(length, []).append(output in lesson.targets[source])
    lengths = sorted(trained)
    n = next((n for n, length in enumerate(lengths) if not all(trained[length])), 0)
    if n == 0:  # none is wrong, or already the shortest are
        return []
    right = lengths[n]
    mistaken = [("held_out_length", length) for length in sorted(held_out) if not all(held_out[length])][:1]
    mistaken += [("last_right_length", lengths[n - 1])]
    mistaken += [("worst_length", min(lengths, key=lambda length: sum(trained[length]) / len(trained[length])))]
    mistaken += [("longest_length", lengths[-1]), ("shortest_length", lengths[0])]
    values = {"sentences": len(trained[right]), "wrong": trained[right].count(False)}
    values |= {"asked": sum(map(len, trained.values()))}
    level = lesson.model.source_tokens
    return [Question("first_wrong_length", right, mistakes_of(right, mistaken), values=values, level=level)]
