"""A sentence that is to be translated, the model that does it, and what the model knows of the sentence."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from seq2seq import DecodingStep, Lesson, Translator
from seq2seq.analysis.batched import next_tokens, search_start
from seq2seq.analysis.search import BeamSearch, Hypothesis, SampledStep, beam_search, sample


def kind_of(lesson: Lesson, sentence: str) -> str:
    """Tells what a model that is trained on a lesson knows of a sentence: "trained", "held_out" or "unseen"."""
    if sentence not in lesson.targets:
        return "unseen"
    return "held_out" if sentence in lesson.held_out_sources else "trained"


@dataclass(frozen=True)
class Query:
    """A sentence that is to be translated."""

    translator: Translator  # of the trained model
    sentence: str  # the source, normalised
    prefix: str = ""  # how the translation begins; for a model without ⟨bos⟩, which cannot begin by itself

    @property
    def lesson(self) -> Lesson:
        return self.translator.lesson

    @property
    def kind(self) -> str:
        """See `kind_of`."""
        return kind_of(self.lesson, self.sentence)

    @property
    def targets(self) -> list[str]:
        """The right translations, where the lesson has some."""
        return self.lesson.targets.get(self.sentence, [])

    @cached_property
    def steps(self) -> list[DecodingStep]:
        """The greedy translation, step by step."""
        return list(self.translator.steps(self.sentence, self.prefix))

    @cached_property
    def translation(self) -> str:
        return self.translator.text_of(self.steps)

    @cached_property
    def greedy(self) -> Hypothesis:
        """The greedy translation as a search finds it, with its probability."""
        return self.beam_search(num_beams=1).hypotheses[0]

    @cached_property
    def right(self) -> tuple[str, float] | None:
        """The most probable right translation and the log probability of the whole, with the ⟨eos⟩ that ends it."""
        if not self.lesson.model.markers:
            return None  # it ends nowhere
        return max(((target, self._total(target)) for target in self.targets), key=lambda pair: pair[1], default=None)

    def _total(self, target: str) -> float:
        """Returns the log probability of a whole translation, by feeding it to the decoder."""
        vocabulary, total = self.lesson.target_vocabulary, 0.0
        fed, (state, memory) = vocabulary.bos_id, self.translator.encoded(self.sentence)
        for token_id in [*vocabulary.encode(target).tolist(), vocabulary.eos_id]:
            log_probabilities, (state,) = next_tokens(self.translator, memory, [fed], [state])  # (1, target tokens)
            total += float(log_probabilities[0, token_id])
            fed = token_id
        return total

    def beam_search(self, num_beams: int, length_penalty: float = 0.0) -> BeamSearch:
        """See `search.beam_search`."""
        return beam_search(search_start(self.translator, self.sentence, self.prefix), num_beams, length_penalty)

    def sample(self, temperature: float, seed: int) -> list[SampledStep]:
        """See `search.sample`."""
        return list(sample(search_start(self.translator, self.sentence, self.prefix), temperature, seed))

    def output_text(self, token_ids: Sequence[int]) -> str:
        """Returns the text of what a search found, with what it was given."""
        vocabulary = self.lesson.target_vocabulary
        return vocabulary.decode([*vocabulary.encode(self.prefix).tolist(), *token_ids])
