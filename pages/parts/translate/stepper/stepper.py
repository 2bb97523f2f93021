"""The decoding stepper: one turn of the loop at a time, and what happens if something in it is changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.parts import theme
from pages.parts.texts import text
from pages.parts.translate.stepper import picture as step_picture
from seq2seq import DecodingStep, Lesson, Translator
from seq2seq.decoding import Context
from seq2seq.tensors import token_ids
from seq2seq.vocabulary import PAD_ID, Vocabulary

_MAX_STEPS = 300  # that can be asked for
_MAX_LISTED = 1000  # sentences to choose from


@dataclass(frozen=True)
class Change:
    """What is different from the plain translation; the defaults change nothing.

    Args:
        context_of: the source text whose context vector the decoder starts from; "" is none, zeros; None its own.
        is_taught: the true target is fed at every step, whatever the model says (teacher forcing).
        is_endless: ⟨eos⟩ is never picked.
        limit: after how many steps to end; None is the lesson's own limit.
        picks: step, from 0 → id of the token that is said there instead.
    """

    context_of: str | None = None
    is_taught: bool = False
    is_endless: bool = False
    limit: int | None = None
    picks: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Target:
    """A known translation as the decoder is taught it.

    Args:
        fed: what the decoder is fed first, if that is no marker; else "".
        token_ids: what it should say at each step.
    """

    fed: str
    token_ids: tuple[int, ...]

    @classmethod
    def of_pair(cls, lesson: Lesson, row: int) -> Target:
        targets = token_ids(lesson, [row]).decoder_targets[0]  # (time,)
        return cls(lesson.prefix(lesson.pairs[row].target), tuple(targets[targets != PAD_ID].tolist()))


def start(translator: Translator, sentence: str, change: Change) -> Context:
    """Returns what the decoder starts from."""
    if change.context_of == "":
        return Context.zeros(translator.lesson.model.hidden_size)
    return translator.context(sentence if change.context_of is None else change.context_of)


def decode(
    translator: Translator, sentence: str, prefix: str, change: Change, target: Target | None
) -> list[DecodingStep]:
    """Translates a sentence with a change.

    Args:
        translator: of the trained model.
        sentence: the source.
        prefix: given to a model without ⟨bos⟩.
        change: what is different.
        target: the known translation, for teacher forcing.
    """
    forced, limit, endless = {}, change.limit, ()
    if change.is_taught:
        prefix, forced = target.fed, dict(enumerate(target.token_ids))
        limit = limit or (None if translator.lesson.model.markers else len(target.token_ids))
    if change.is_endless:
        endless = (translator.lesson.target_vocabulary.eos_id,)
    context = start(translator, sentence, change)
    return list(translator.steps(context, prefix, forced | change.picks, endless, limit))


def parting(plain: Sequence[DecodingStep], changed: Sequence[DecodingStep]) -> int | None:
    """Returns the first step, from 0, at which two translations say something different; None if they never do."""
    for n, (ours, theirs) in enumerate(zip(plain, changed, strict=False)):
        if ours.token_id != theirs.token_id:
            return n
    return None if len(plain) == len(changed) else min(len(plain), len(changed))


# --- On the page -----------------------------------------------------------------------------------------------------


@dataclass
class Stepper:
    """What the stepper remembers of one sentence and one model.

    Args:
        of: which sentence and model.
        change: what is different now.
        n: the step, from 0, at which the picture begins; from there it goes on in the browser.
        version: how often something was changed.
    """

    of: tuple
    change: Change = field(default_factory=Change)
    n: int = 0
    version: int = 0

    def set(self, **changes) -> None:
        """Changes something, or back with the values that change nothing; a new beginning is shown from step 1."""
        self.change = replace(self.change, **changes)
        self.version += 1
        self.n = 0

    def pick(self, n: int, token_id: int) -> None:
        """Lets a step say another token; what follows is watched from there."""
        self.set(picks=self.change.picks | {n: token_id})
        self.n = n

    def undo(self) -> None:
        """Goes back to the plain translation."""
        self.set(**vars(Change()))


def show(
    translator: Translator,
    sentence: str,
    prefix: str,
    plain: list[DecodingStep],
    row: int | None,
    of: tuple,
    beside: DeltaGenerator,
) -> None:
    """Shows the stepper.

    Args:
        translator: of the trained model.
        sentence: the source.
        prefix: given to a model without ⟨bos⟩.
        plain: the translation with nothing changed.
        row: of the sentence's pair in the lesson; None if its translation is not known.
        of: what tells this sentence and this model from others; a new one begins at step 1 with nothing changed.
        beside: where the changed translation stands, beside the plain one.
    """
    stepper = st.session_state.get("stepper")
    if stepper is None or stepper.of != of:
        stepper = st.session_state["stepper"] = Stepper(of)
    lesson, change = translator.lesson, stepper.change
    target = None if row is None else Target.of_pair(lesson, row)
    steps = plain if change == Change() else decode(translator, sentence, prefix, change, target)
    context = start(translator, sentence, change)
    with beside:
        _changed(stepper, translator, steps)
    step_picture.draw(
        steps,
        [narration(lesson, steps, n, change) for n in range(len(steps))],
        context,
        lesson.target_vocabulary,
        is_given=not lesson.model.markers and bool(target.fed if change.is_taught else prefix),
        begins={None: "h, c", "": "✎ 0"}.get(change.context_of, "✎ h, c"),
        start=(repr((*of, stepper.version)), stepper.n),
        on_pick=stepper.pick,
    )
    _what_if(stepper, translator, sentence, target)
    if change != Change():
        table = comparison(plain, steps, lesson.target_vocabulary)
        table.index = [text(f"stepper.row_{name}") for name in table.index]
        st.dataframe(table, width="stretch", key="comparison", alt=text("stepper.comparison"))
        at = parting(plain, steps)
        st.markdown(text("stepper.same") if at is None else text("stepper.part", step=at + 1))


def narration(lesson: Lesson, steps: Sequence[DecodingStep], n: int, change: Change) -> str:
    """Says in a line what happens at step n, and in another how it goes on or why it ended."""
    step = steps[n]
    best = int(step.probabilities.argmax())
    happens = text(
        "stepper.now_forced" if step.forced else "stepper.now",
        step=n + 1,
        steps=len(steps),
        t=n,
        fed=theme.ZERO_ROW if step.fed is None else theme.display_token(step.fed),
        best=theme.display_token(lesson.target_vocabulary.tokens[best]),
        p=f"{step.probabilities[best]:.1%}",
        token=theme.display_token(step.token),
    )
    if step.stop_reason is None:
        return f"{happens}\n{text('stepper.goes_on')}"
    ended = step.stop_reason if lesson.model.markers or change.limit else "without_eos"
    return f"{happens}\n⚑ {text(f'translate.ended_{ended}', steps=len(steps))}"


def comparison(plain: Sequence[DecodingStep], changed: Sequence[DecodingStep], vocabulary: Vocabulary) -> pd.DataFrame:
    """Returns two translations below each other: rows "plain", "changed" and "own", a column for each step from 1.

    A token that was forced has a ✎, and one that is not what the plain translation says a ≠. "own" is what the model
    would have said by itself where it was forced.
    """
    rows = {"plain": [theme.display_token(step.token) for step in plain], "changed": [], "own": []}
    for n, step in enumerate(changed):
        differs = n >= len(plain) or plain[n].token_id != step.token_id
        rows["changed"].append("✎" * step.forced + "≠" * differs + " " + theme.display_token(step.token))
        best = int(step.probabilities.argmax())
        rows["own"].append(theme.display_token(vocabulary.tokens[best]) if step.forced else "")
    table = pd.DataFrame.from_dict(rows, orient="index").fillna("")
    table.columns = [str(n + 1) for n in range(table.shape[1])]
    return table


def _changed(stepper: Stepper, translator: Translator, steps: list[DecodingStep]) -> None:
    """Shows the changed translation and names what was changed."""
    with st.container(key="changed", gap="xsmall", vertical_alignment="center"):
        if stepper.change == Change():
            st.caption(text("stepper.nothing_changed"))
            return
        st.text(" · ".join(_in_words(stepper.change, translator.lesson)))
        with st.container(horizontal=True, vertical_alignment="center"):
            with st.container(key="changed-translation", width="content"):
                st.text(translator.text_of(steps) or "–")
            st.button(text("stepper.undo"), icon=":material/undo:", on_click=stepper.undo, shortcut="U")


def _in_words(change: Change, lesson: Lesson) -> list[str]:
    words = []
    if change.context_of == "":
        words.append(text("stepper.did_zero"))
    elif change.context_of is not None:
        words.append(text("stepper.did_context", sentence=theme.display_text(change.context_of)))
    if change.is_taught:
        words.append(text("stepper.did_taught"))
    if change.is_endless:
        words.append(text("stepper.did_endless"))
    if change.limit is not None:
        words.append(text("stepper.did_limit", steps=change.limit))
    for n, token_id in sorted(change.picks.items()):
        token = theme.display_token(lesson.target_vocabulary.tokens[token_id])
        words.append(text("stepper.did_pick", step=n + 1, token=token))
    return words


def _what_if(stepper: Stepper, translator: Translator, sentence: str, target: Target | None) -> None:
    """Offers the changes, each one click there and one click back."""
    lesson, change = translator.lesson, stepper.change
    can_teach = target is not None and bool(target.token_ids)
    others = [source for source in dict.fromkeys(pair.source for pair in lesson.pairs) if source != sentence]
    st.markdown(text("stepper.what_if"))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for name, is_on, changes, is_possible in (
            ("taught", change.is_taught, {"is_taught": not change.is_taught}, can_teach),
            ("zero", change.context_of == "", {"context_of": None if change.context_of == "" else ""}, True),
            ("endless", change.is_endless, {"is_endless": not change.is_endless}, lesson.model.markers),
        ):
            st.button(
                text(f"stepper.do_{name}"),
                type="primary" if is_on else "secondary",
                on_click=stepper.set,
                kwargs=changes,
                disabled=not is_possible,
                key=f"do-{name}",
            )
        st.session_state["other-context"] = change.context_of or None
        st.selectbox(
            text("stepper.do_context"),
            others[:_MAX_LISTED],
            index=None,
            format_func=theme.display_text,
            placeholder=text("stepper.choose"),
            key="other-context",
            on_change=lambda: stepper.set(context_of=st.session_state["other-context"]),
            width=260,
        )
        st.session_state["limit"] = change.limit
        st.number_input(
            text("stepper.do_limit"),
            value=None,
            step=1,
            placeholder=str(translator.max_new_tokens),
            key="limit",
            on_change=lambda: stepper.set(limit=_within(st.session_state["limit"])),
            width=180,
        )
    if not can_teach:
        st.caption(text("stepper.no_target"))


def _within(limit: int | None) -> int | None:
    return None if limit is None else max(1, min(limit, _MAX_STEPS))
