"""The lesson as plain Keras, a notebook or a script: what a student keeps from the class.

Its code is in `notebook.py.jinja` beside this file, a step after `# %%`; `texts/` has the sentence of each step.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from seq2seq.limits import MAX_DENSE_BYTES
from seq2seq.state import TrainingState
from seq2seq.tensors import dense_bytes

if TYPE_CHECKING:
    from jinja2 import Template
    from nbformat import NotebookNode

_FOLDER = Path(__file__).parent
_SPLITS = {"character": "list", "jamo": "jamo", "word": "words"}  # the functions of the notebook, by level of tokens
_LOSSES = 5  # epochs whose losses in the app can be compared with the notebook's


class Step(NamedTuple):
    """A step of the lesson."""

    name: str
    why: str  # Markdown
    code: str


def to_notebook(state: TrainingState, language: str = "en") -> NotebookNode:
    """Returns the lesson of a training as a notebook that trains it again, from the same first weights.

    Its losses are those of `training.advance`, as far as the learning rate was not changed on the way. At a high rate
    they may part after some tens of epochs, as on any two machines: differences in rounding grow with each step.

    Args:
        state: the lesson, and the losses to compare with.
        language: of the sentences: "en" or "ko".

    Raises:
        ValueError: the notebook's one-hot tensors would be too large; see `is_too_large`.
    """
    from nbformat import v4  # noqa: PLC0415

    cells = []
    for step in _steps(state, language):
        cells.append(v4.new_markdown_cell(step.why, id=f"{step.name}-why"))
        if step.code:
            cells.append(v4.new_code_cell(step.code, id=step.name))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return v4.new_notebook(cells=cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}})


def to_script(state: TrainingState, language: str = "en") -> str:
    """Returns the same as a Python script, whose cells editors know by `# %%`. See `to_notebook`."""
    cells = []
    for step in _steps(state, language):
        cells.append("\n".join(["# %% [markdown]", *(f"# {line}".rstrip() for line in step.why.splitlines())]))
        if step.code:
            cells.append(f"# %%\n{step.code}")
    return "\n\n".join(cells) + "\n"


def is_too_large(state: TrainingState) -> bool:
    """Whether a lesson's one-hot tensors, which the notebook makes, would take more than `MAX_DENSE_BYTES`."""
    return dense_bytes(state.lesson) > MAX_DENSE_BYTES


def _steps(state: TrainingState, language: str) -> Iterator[Step]:
    """Yields the steps of a lesson; one whose code this lesson does not need is left out."""
    if is_too_large(state):
        raise ValueError(f"the notebook's tensors would take more than {MAX_DENSE_BYTES / 1e9:.1f} GB")
    values = _values(state)
    for name, (why, code) in _templates(language).items():
        filled = code.render(values).strip() if code else ""
        if filled or not code:
            yield Step(name, why.render(values).strip(), filled)


@cache
def _templates(language: str) -> dict[str, tuple[Template, Template | None]]:
    """Returns the sentence and the code of every step by its name; some have no code."""
    from jinja2 import Environment, StrictUndefined  # noqa: PLC0415

    environment = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    texts = tomllib.loads((_FOLDER / "texts" / language / "notebook.toml").read_text("utf-8"))
    steps = re.split(r"^# %% (\w+)\n", (_FOLDER / "notebook.py.jinja").read_text("utf-8"), flags=re.MULTILINE)[1:]
    return {
        name: (environment.from_string(texts[name]), environment.from_string(code) if code else None)
        for name, code in zip(steps[::2], steps[1::2], strict=True)
    }


def _values(state: TrainingState) -> dict[str, Any]:
    """Returns what fills in the templates: numbers, and texts as Python writes them."""
    lesson, training, first = state.lesson, state.lesson.training, state.history[:_LOSSES]
    held_out = lesson.held_out_rows.tolist()
    callbacks = ["new_order"] * training.shuffle
    callbacks += ["StopWhenRight()" if training.stop_when_right else "Progress()"]
    callbacks += ["early_stopping"] * bool(training.patience)
    is_same_rate = all(record["learning_rate"] == training.learning_rate for record in first)
    return {
        "pairs": [(_literal(source), _literal(target)) for source, target in lesson.pairs],
        "model": lesson.model,
        "decoder_size": "2 * hidden_size" if lesson.model.bidirectional else "hidden_size",
        "has_attention": lesson.model.attention != "none",
        "training": training,
        "splits": _SPLITS,
        "levels": sorted({lesson.model.source_tokens, lesson.model.target_tokens}),
        "held_out": held_out,
        "of": "[rows]" if held_out else "",
        "trained_pairs": "trained_pairs" if held_out else "pairs",
        "is_pooled": lesson.model.mask_padding and training.batch_size > 1,
        "loss": "token_loss" if lesson.model.mask_padding else "loss",
        "callbacks": callbacks,
        "first_losses": [f"{record['loss']:.4f}" for record in first if is_same_rate],
    }


def _literal(text: str) -> str:
    """Returns a text as Python source between double quotes; what cannot be seen in it is written as its number."""
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in quoted)
