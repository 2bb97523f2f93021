"""What the stepper says: what happens at a step, what was changed, and how two translations compare."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from pages.parts.texts import text
from pages.parts.theme import ZERO_ROW, display_text, display_token
from pages.parts.translate.stepper.intervention import Intervention
from seq2seq import DecodingStep, Lesson
from seq2seq.vocabulary import Vocabulary


def narration(lesson: Lesson, steps: Sequence[DecodingStep], n: int, intervention: Intervention) -> str:
    """Says in a line what happens at step n, and in another how it goes on or why it ended."""
    step = steps[n]
    best = int(step.probabilities.argmax())
    happens = text(
        "stepper.now_forced" if step.forced else "stepper.now",
        step=n + 1,
        steps=len(steps),
        t=n,
        fed=ZERO_ROW if step.fed is None else display_token(step.fed),
        best=display_token(lesson.target_vocabulary.tokens[best]),
        p=f"{step.probabilities[best]:.1%}",
        token=display_token(step.token),
    )
    if step.stop_reason is None:
        return f"{happens}\n{text('stepper.goes_on')}"
    ended = step.stop_reason if lesson.model.markers or intervention.limit else "without_eos"
    return f"{happens}\n⚑ {text(f'translate.ended_{ended}', steps=len(steps))}"


def in_words(intervention: Intervention, lesson: Lesson) -> list[str]:
    """Names everything that is changed."""
    words = []
    if intervention.context_of == "":
        words.append(text("stepper.did_zero"))
    elif intervention.context_of is not None:
        words.append(text("stepper.did_context", sentence=display_text(intervention.context_of)))
    if intervention.teacher_forced:
        words.append(text("stepper.did_taught"))
    if intervention.suppress_eos:
        words.append(text("stepper.did_endless"))
    if intervention.limit is not None:
        words.append(text("stepper.did_limit", steps=intervention.limit))
    for n, token_id in sorted(intervention.picks.items()):
        token = display_token(lesson.target_vocabulary.tokens[token_id])
        words.append(text("stepper.did_pick", step=n + 1, token=token))
    return words


def comparison(plain: Sequence[DecodingStep], changed: Sequence[DecodingStep], vocabulary: Vocabulary) -> pd.DataFrame:
    """Returns two translations below each other: rows "plain", "changed" and "own", a column for each step from 1.

    A token that was forced has a ✎, and one that is not the plain translation's a ≠. "own" is what the model would
    have output by itself where it was forced.
    """
    rows = {"plain": [display_token(step.token) for step in plain], "changed": [], "own": []}
    for n, step in enumerate(changed):
        differs = n >= len(plain) or plain[n].token_id != step.token_id
        rows["changed"].append("✎" * step.forced + "≠" * differs + " " + display_token(step.token))
        best = int(step.probabilities.argmax())
        rows["own"].append(display_token(vocabulary.tokens[best]) if step.forced else "")
    table = pd.DataFrame.from_dict(rows, orient="index").fillna("")
    table.columns = [str(n + 1) for n in range(table.shape[1])]
    return table
