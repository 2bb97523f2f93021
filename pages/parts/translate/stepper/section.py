"""The section on the decoding: one turn of the loop at a time, and what happens if something in it is changed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd
import streamlit as st

from pages.parts.drawing.choosing import choose_sentence
from pages.parts.drawing.tokens import display_text, display_token, source_labels
from pages.parts.players.stepper import AttendedSource, Shown, draw, narration
from pages.parts.state import TranslateState, bound
from pages.parts.texts import text
from pages.parts.translate.query import Query
from pages.parts.translate.stepper import attention, occlusion
from pages.parts.translate.stepper.heat_map import numbered
from pages.parts.translate.stepper.intervention import NOTHING, Intervention, Target, decode, parting, start
from pages.parts.workspace.session import Session
from seq2seq import DecodingStep, Lesson
from seq2seq.limits import MAX_STEPS
from seq2seq.vocabulary import Vocabulary


@dataclass
class Stepper:
    """What the stepper remembers of one sentence and one model."""

    of: tuple  # which sentence and model
    intervention: Intervention = NOTHING
    n: int = 0  # the step, from 0, at which the picture begins; from there the browser goes from step to step
    version: int = 0  # how often something was changed

    def change(self, **changes) -> None:
        """Changes one thing alone: what was changed before is as it was, or nobody knows what an effect comes from."""
        self._set(Intervention(**changes))

    def end_after(self, steps: int | None) -> None:
        """Ends after so many steps; None is the lesson's own limit."""
        self.change(limit=None if steps is None else max(1, min(steps, MAX_STEPS)))

    def pick(self, n: int, token_id: int) -> None:
        """Lets a step of what is seen, be it changed, output another token; what follows is watched from there."""
        self._set(replace(self.intervention, picks=self.intervention.picks | {n: token_id}), n)

    def undo(self) -> None:
        """Goes back to the plain translation."""
        self._set(NOTHING)

    def _set(self, intervention: Intervention, n: int = 0) -> None:
        self.intervention, self.n = intervention, n
        self.version += 1


def show(session: Session, query: Query, state: TranslateState, of: tuple) -> None:
    """Shows the stepper, and below it what can be changed, and what comes of that.

    Another sentence or model, told apart by `of`, begins at step 1 with nothing changed.
    """
    if state.stepper is None or state.stepper.of != of:
        state.stepper = Stepper(of)
    stepper, lesson = state.stepper, query.lesson
    intervention = stepper.intervention
    right = next((target for target in query.targets if target == query.translation), (query.targets or [None])[0])
    target = None if right is None else Target.of(lesson, right)
    steps = query.steps if intervention == NOTHING else decode(query, intervention, target)
    attended = None if lesson.model.attention == "none" else _attended(query, intervention)
    shown = Shown(
        steps,
        [narration(lesson, steps, n, attended, intervention.limit is not None) for n in range(len(steps))],
        start(query, intervention).context,
        lesson.target_vocabulary,
        is_given=not lesson.model.markers and bool(target.prefix if intervention.teacher_forced else query.prefix),
        begins={None: "h, c", "": "✎ 0"}.get(intervention.context_of, "✎ h, c"),
        version=repr((*of, stepper.version)),
        n=stepper.n,
        has_shortcuts=session.has_shortcuts,
        can_pick=session.shows("what_if"),
        attended=attended,
    )
    draw(shown, state, stepper.pick)
    if attended is not None:
        attention.show(session.theme, attended.tokens, steps)
    occlusion.section(session, query)
    if not session.shows("what_if"):
        return
    _what_if(stepper, query, target)
    _changed(session, stepper, query, steps)
    if intervention != NOTHING:
        table = comparison(query.steps, steps, lesson.target_vocabulary)
        table.index = [text(f"stepper.row_{name}") for name in table.index]
        st.dataframe(table, key="comparison", alt=text("stepper.comparison"))
        at = parting(query.steps, steps)
        st.markdown(text("stepper.same") if at is None else text("stepper.part", step=at + 1))


def _attended(query: Query, intervention: Intervention) -> AttendedSource:
    """Returns what attention looks at: nothing, another sentence, or the one that is translated."""
    sentence = query.sentence if intervention.looks_at is None else intervention.looks_at
    tokens = source_labels(query.translator, sentence) if sentence else []
    return AttendedSource(tokens, intervention.looks_at is not None or intervention.one_token is not None)


def _changed(session: Session, stepper: Stepper, query: Query, steps: list[DecodingStep]) -> None:
    """Shows the changed translation and names what was changed."""
    with st.container(key="changed", gap="xsmall", vertical_alignment="center"):
        if stepper.intervention == NOTHING:
            st.caption(text("stepper.nothing_changed"))
            return
        st.text(" · ".join(in_words(stepper.intervention, query.lesson)))
        with st.container(horizontal=True, vertical_alignment="center"):
            with st.container(key="changed-translation", width="content"):
                st.text(query.translator.text_of(steps) or "–")
            st.button(
                text("stepper.undo"), icon=":material/undo:", on_click=stepper.undo, shortcut=session.shortcut("U")
            )


def _what_if(stepper: Stepper, query: Query, target: Target | None) -> None:
    """Offers the changes, each one click there and one click back."""
    lesson, now = query.lesson, stepper.intervention
    can_teach, has_attention = target is not None and bool(target.token_ids), lesson.model.attention != "none"
    st.markdown(text("stepper.what_if"))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for name, is_on, change, is_possible in (
            ("taught", now.teacher_forced, {"teacher_forced": True}, can_teach),
            ("zero", now.context_of == "", {"context_of": ""}, True),
            ("endless", now.suppress_eos, {"suppress_eos": True}, lesson.model.markers),
            *[("blind", now.looks_at == "", {"looks_at": ""}, True)] * has_attention,
        ):
            st.button(
                text(f"stepper.do_{name}"),
                type="primary" if is_on else "secondary",
                on_click=stepper.change,
                kwargs={} if is_on else change,
                disabled=not is_possible,
                key=f"do-{name}",
            )
        choose_sentence(
            text("stepper.do_context"),
            (source for source in lesson.targets if source != query.sentence),
            now,
            "other_sentence",
            lambda sentence: stepper.change(context_of=sentence),
            width=260,
        )
        if has_attention:
            _other_attention(stepper, query)
        st.number_input(
            text("stepper.do_limit"),
            step=1,
            placeholder=str(query.translator.max_new_tokens),
            width=180,
            **bound(now, "limit", stepper.end_after),
        )
    if not can_teach:
        st.caption(text("stepper.no_target"))


def _other_attention(stepper: Stepper, query: Query) -> None:
    """Lets attention look elsewhere: at one token alone, or at another sentence."""
    labels = numbered(source_labels(query.translator, query.sentence))
    st.selectbox(
        text("stepper.do_one_token"),
        range(len(labels)),
        format_func=labels.__getitem__,
        placeholder=text("choosing.choose"),
        width=200,
        **bound(stepper.intervention, "one_token", lambda n: stepper.change(one_token=n), options=range(len(labels))),
    )
    choose_sentence(
        text("stepper.do_looks_at"),
        (source for source in query.lesson.targets if source != query.sentence),
        stepper.intervention,
        "other_looked_at",
        lambda sentence: stepper.change(looks_at=sentence),
        width=260,
    )


def in_words(intervention: Intervention, lesson: Lesson) -> list[str]:
    """Names everything that is changed."""
    words = []
    if intervention.context_of == "":
        words.append(text("stepper.did_zero"))
    elif intervention.context_of is not None:
        words.append(text("stepper.did_context", sentence=display_text(intervention.context_of)))
    if intervention.looks_at == "":
        words.append(text("stepper.did_blind"))
    elif intervention.looks_at is not None:
        words.append(text("stepper.did_looks_at", sentence=display_text(intervention.looks_at)))
    if intervention.one_token is not None:
        words.append(text("stepper.did_one_token", n=intervention.one_token + 1))
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
