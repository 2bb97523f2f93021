"""The context vectors of a lesson's sentences, kept until the weights are others, and which are near to a sentence."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
import streamlit as st

from pages.parts.state import TranslateState
from pages.parts.texts import text
from pages.parts.translate.query import Query, kind_of
from seq2seq import Lesson, Translator
from seq2seq.analysis.contexts import PCA, context_vectors, distances
from seq2seq.limits import MAX_ENCODED, MAX_ENCODED_LIVE, MAX_MAPPED
from seq2seq.state import Weights

_GOLDEN = 0.618034  # multiples of the golden ratio, modulo 1, fill the line evenly however many there are


@dataclass(frozen=True)
class Encoded:
    """Sentences of a lesson, encoded as far as there was time."""

    lesson: Lesson
    weights: Weights  # that they are encoded with
    queue: list[str]  # to be encoded in this order; any beginning of it is spread evenly over the lesson
    vectors: np.ndarray  # the context vectors of its beginning: (encoded, 2 · hidden)

    @classmethod
    def none(cls, translator: Translator) -> Self:
        """Returns the sentences of a lesson before any is encoded: all of them, or some of a very large lesson."""
        lesson = translator.lesson
        sources = list(lesson.targets)
        order = np.argsort(np.arange(len(sources)) * _GOLDEN % 1, kind="stable")[:MAX_ENCODED]
        trained = lesson.pairs[lesson.training_rows[0]].source  # first, for a sentence always has a nearest one
        queue = [trained, *(sources[n] for n in order if sources[n] != trained)]
        return cls(lesson, translator.weights, queue, _no_vectors(translator))

    def of(self, translator: Translator) -> Self:
        """Returns them as they are for a model: the same if it has the same weights, else before any is encoded."""
        if self.lesson is not translator.lesson:
            return Encoded.none(translator)
        if self.weights is not translator.weights:
            return replace(self, weights=translator.weights, vectors=_no_vectors(translator))
        return self

    def encode_on(self, translator: Translator, is_live: bool) -> Self:
        """Returns them with all encoded; of a model that still trains, for it changes, as many as take a moment."""
        left = self.queue[len(self.vectors) :]
        if is_live:
            left = _of_a_moment(translator, left)
        if not left:
            return self
        bar = st.progress(0.0) if not is_live else None

        def tell(done: int) -> None:
            bar.progress(done / len(left), text("contexts.encoding", done=f"{done:,}", all=f"{len(left):,}"))

        vectors = context_vectors(translator, left, tell if bar else None)
        if bar:
            bar.empty()
        return replace(self, vectors=np.concatenate([self.vectors, vectors]))

    def including(self, sentence: str, vector: np.ndarray) -> Self:
        """Returns them with one more, unless it is there."""
        if sentence in self.sources:
            return self
        return replace(self, queue=[*self.sources, sentence], vectors=np.concatenate([self.vectors, [vector]]))

    @property
    def sources(self) -> list[str]:
        """The encoded sentences."""
        return self.queue[: len(self.vectors)]

    @cached_property
    def pca(self) -> PCA:
        """The map, made of those that are on it whatever is typed."""
        return PCA.fit(self.vectors[:MAX_MAPPED])


@dataclass(frozen=True)
class Neighbourhood:
    """What lies around a sentence."""

    encoded: Encoded  # the sentences that it is compared with; itself among them if the model was trained on it
    vector: np.ndarray  # its context vector: (2 · hidden,)
    distances: np.ndarray  # from there to each of them: (encoded,)
    nearest: list[int]  # which of them the model was trained on, the nearest first


def neighbourhood(query: Query, state: TranslateState, is_live: bool) -> Neighbourhood:
    """Returns what lies around a sentence; see `Encoded.encode_on`."""
    translator = query.translator
    kept = state.encoded.of(translator) if state.encoded else Encoded.none(translator)
    encoded = state.encoded = kept.encode_on(translator, is_live)
    vector = context_vectors(translator, [query.sentence])[0]
    if query.kind == "trained":
        encoded = encoded.including(query.sentence, vector)
    apart, sources = distances(encoded.vectors, vector), encoded.sources
    order = np.argsort(apart, kind="stable").tolist()
    return Neighbourhood(encoded, vector, apart, [n for n in order if kind_of(query.lesson, sources[n]) == "trained"])


def _no_vectors(translator: Translator) -> np.ndarray:
    return np.empty((0, 2 * translator.lesson.model.decoder_size), np.float32)


def _of_a_moment(translator: Translator, sentences: list[str]) -> list[str]:
    """Returns as many of some sentences as are encoded in a moment; the first of them in any case."""
    tokens = 0
    for n, sentence in enumerate(sentences):
        tokens += len(translator.source_ids(sentence))
        if n and tokens * translator.lesson.model.decoder_size > MAX_ENCODED_LIVE:
            return sentences[:n]
    return sentences
