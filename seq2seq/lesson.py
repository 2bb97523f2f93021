"""A lesson: the pairs, and every number that decides what the model is and how it is trained."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from seq2seq.data.checks import UsablePairs, check_pairs
from seq2seq.data.pairs import Pair, to_pair
from seq2seq.limits import SETTING_RANGES
from seq2seq.vocabulary import LEVELS, Vocabulary

ATTENTIONS = ("none", "dot")


@dataclass(frozen=True)
class ModelConfig:
    """What the model is.

    Args:
        hidden_size: units of the encoder's LSTM and of the decoder's. They are equal because the encoder's last
            states become the decoder's first ones; of a bidirectional encoder's two LSTMs, see `decoder_size`.
        markers: ⟨bos⟩ and ⟨eos⟩ around the target. Without them nothing tells the decoder how to start and when
            to stop.
        mask_padding: leave zero rows out of the encoder, the loss and the metrics. Without it they are inputs and
            targets as if they were text.
        source_tokens, target_tokens: what is one input of the encoder and one output of the decoder: a character, a
            jamo or a word; see `vocabulary.split`.
        attention: "none": the decoder knows the source by the encoder's last states alone; "dot": it looks at all of
            them at every step, see `cell.attend`.
        bidirectional: the encoder has a second LSTM, which reads from the end to the beginning, so that every state
            knows what comes after its token as well. Source: Schuster and Paliwal 1997.
    """

    hidden_size: int = 32
    markers: bool = True
    mask_padding: bool = True
    source_tokens: str = "character"
    target_tokens: str = "character"
    attention: str = "none"
    bidirectional: bool = False

    @property
    def decoder_size(self) -> int:
        """Units of the decoder: the last states of a bidirectional encoder's two LSTMs are joined for it."""
        return 2 * self.hidden_size if self.bidirectional else self.hidden_size

    def __post_init__(self):
        _check_ranges(self)
        for side in ("source_tokens", "target_tokens"):
            if getattr(self, side) not in LEVELS:
                raise ValueError(f"{side} must be one of {', '.join(LEVELS)}, not {getattr(self, side)}")
        if self.attention not in ATTENTIONS:
            raise ValueError(f"attention must be one of {', '.join(ATTENTIONS)}, not {self.attention}")


@dataclass(frozen=True)
class TrainingConfig:
    """How the model is trained, with Adam.

    The defaults memorise the notebook's five sentences from every seed tried (0–29) in 25 to 50 epochs; at the
    notebook's learning rate of 0.001 it takes 200 to 240. A rate ten times as high overshoots now and then, and
    `clip_norm` keeps that from throwing away what was learned.

    Args:
        epochs: how many times the model sees every pair, at most.
        batch_size: pairs per step of the optimizer.
        learning_rate: Adam's.
        patience: stop when the training loss has not fallen below its best for this many epochs (Keras's
            `EarlyStopping` on `loss`); 0 never stops early.
        seed: decides the first weights and the order of the pairs.
        shuffle: a new order of the pairs in every epoch.
        clip_norm: gradients longer than this, all weights together, are shortened to it; 0 leaves them.
        stop_when_right: stop when the model, on its own, translates every training sentence exactly.
        held_out: share of the pairs, 0 to 0.5, that is kept out of the training to evaluate the model with.
    """

    epochs: int = 150
    batch_size: int = 1
    learning_rate: float = 0.01
    patience: int = 0
    seed: int = 0
    shuffle: bool = True
    clip_norm: float = 1.0
    stop_when_right: bool = True
    held_out: float = 0.0

    def __post_init__(self):
        _check_ranges(self)


def _check_ranges(config: ModelConfig | TrainingConfig) -> None:
    for name, (least, most) in SETTING_RANGES.items():
        value = getattr(config, name, least)  # a range of the other config is no matter
        if not least <= value <= most:  # also refuses NaN
            raise ValueError(f"{name} must be from {least} to {most}, not {value}")
        if isinstance(least, int) and value % 1:
            raise ValueError(f"{name} must be a whole number, not {value}")


@dataclass(frozen=True)
class Lesson:
    """Sentence pairs together with the model and the training they are meant for.

    Args:
        pairs: (source, target) texts. They are normalised: Hangul composed, outer spaces gone.
        model: what the model is.
        training: how it is trained.

    Raises:
        ValueError: there is no pair, or one of them cannot be used; the message names the row and the reason.
    """

    pairs: tuple[Pair, ...]
    model: ModelConfig = field(default_factory=ModelConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)

    def __post_init__(self):
        if not self.pairs:
            raise ValueError("a lesson needs at least one pair")
        if isinstance(self.pairs, UsablePairs):  # 80,000 take half a second to check; with other settings not again
            return
        usable, problems = check_pairs(self.pairs)
        if errors := [problem for problem in problems if problem.is_error]:
            raise ValueError("; ".join(map(str, errors[:5])))
        if len(usable) < len(self.pairs):  # a pair that is there several times counts as often
            usable = UsablePairs(to_pair(*pair) for pair in self.pairs)
        object.__setattr__(self, "pairs", usable)

    @classmethod
    def as_in_notebook(cls, pairs: tuple[Pair, ...]) -> Lesson:
        """The seed notebook's setting: no markers, no mask, batch 1, Adam at 0.001, 200 epochs, patience 5.

        The one difference: the pairs keep their order. Keras shuffles them from a generator that belongs to the
        whole process, so the notebook's own order cannot be had twice.
        """
        return cls(
            pairs,
            ModelConfig(hidden_size=32, markers=False, mask_padding=False),
            TrainingConfig(
                epochs=200,
                batch_size=1,
                learning_rate=0.001,
                patience=5,
                shuffle=False,
                clip_norm=0.0,
                stop_when_right=False,
            ),
        )

    @cached_property
    def source_vocabulary(self) -> Vocabulary:
        return Vocabulary.from_texts((pair.source for pair in self.pairs), level=self.model.source_tokens)

    @cached_property
    def target_vocabulary(self) -> Vocabulary:
        return Vocabulary.from_texts(
            (pair.target for pair in self.pairs), markers=self.model.markers, level=self.model.target_tokens
        )

    @cached_property
    def held_out_rows(self) -> np.ndarray:
        """Which pairs are kept out of the training, drawn by the seed: (held out,) indices, sorted.

        Pairs of one source stay together, or the model would be evaluated on a sentence that it was trained on.
        """
        if not self.training.held_out:
            return np.arange(0)
        rows_of = {}
        for row, pair in enumerate(self.pairs):
            rows_of.setdefault(pair.source, []).append(row)
        wanted, drawn = round(self.training.held_out * len(self.pairs)), []
        sources = list(rows_of)
        for n in np.random.default_rng(self.training.seed).permutation(len(sources))[:-1]:  # one is left to train on
            if len(drawn) + len(rows_of[sources[n]]) <= wanted:
                drawn += rows_of[sources[n]]
        return np.array(sorted(drawn), dtype=int)

    @cached_property
    def held_out_sources(self) -> frozenset[str]:
        """The sources of the pairs that are kept out of the training."""
        return frozenset(self.pairs[row].source for row in self.held_out_rows)

    @cached_property
    def training_rows(self) -> np.ndarray:
        """Which pairs the model is trained on: (trained,) indices, sorted."""
        return np.setdiff1d(np.arange(len(self.pairs)), self.held_out_rows)

    @property
    def steps_per_epoch(self) -> int:
        """Batches of an epoch, each a step of the optimizer; the last one may be smaller."""
        return -(-len(self.training_rows) // self.training.batch_size)

    @cached_property
    def targets(self) -> dict[str, list[str]]:
        """Source → its targets; a source with several may be translated by any of them."""
        targets = {}
        for source, target in self.pairs:
            targets.setdefault(source, []).append(target)
        return targets

    @cached_property
    def lengths(self) -> np.ndarray:
        """Tokens of each pair's source and of its target: (pairs, 2)."""
        source, target = self.source_vocabulary, self.target_vocabulary
        return np.array([(len(source.split(pair.source)), len(target.split(pair.target))) for pair in self.pairs])

    @cached_property
    def source_length(self) -> int:
        """Time steps of the encoder: the tokens of the longest source."""
        return int(self.lengths[:, 0].max())

    @cached_property
    def target_length(self) -> int:
        """Time steps of the decoder: the tokens of the longest target, and one for the marker."""
        return int(self.lengths[:, 1].max()) + self.model.markers

    def prefix(self, target: str) -> str:
        """Returns what must be given to the decoder of a target: without ⟨bos⟩ it cannot begin, so its first token."""
        return "" if self.model.markers else self.target_vocabulary.split(target)[0]

    @cached_property
    def prefixes(self) -> list[str]:
        """What the decoder can be given to begin with: every `prefix`, sorted."""
        return sorted({self.prefix(pair.target) for pair in self.pairs})
