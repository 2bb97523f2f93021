"""Context vectors of many sentences: a map of them, and which of them are near to each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from seq2seq.analysis.batched import encode_all
from seq2seq.decoding import Translator

_BATCH = 256  # sentences encoded together


def context_vectors(
    translator: Translator, texts: Sequence[str], on_batch: Callable[[int], None] | None = None
) -> np.ndarray:
    """Encodes many texts.

    Args:
        translator: of the model.
        texts: to encode.
        on_batch: told after each batch how many are done.

    Returns:
        h and c of the context vector of each text, end to end: (texts, 2 · hidden).
    """
    vectors = np.empty((len(texts), 2 * translator.lesson.model.decoder_size), np.float32)
    # A batch takes as many steps as its longest text, so texts of like length go together.
    order = np.argsort([len(text) for text in texts], kind="stable")
    for first in range(0, len(texts), _BATCH):
        batch = order[first : first + _BATCH]
        vectors[batch] = np.concatenate(encode_all(translator, [texts[n] for n in batch]).context, axis=1)
        if on_batch:
            on_batch(first + len(batch))
    return vectors


def distances(vectors: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """Returns how far one context vector is from many: the Euclidean distance over all numbers of h and c.

    Args:
        vectors: (sentences, 2 · hidden).
        vector: (2 · hidden,).

    Returns:
        (sentences,).
    """
    return np.linalg.norm(vectors - vector, axis=1)


@dataclass(frozen=True)
class PCA:
    """Principal component analysis: the directions in which points differ most, for a map that keeps the most of it.

    Source: Pearson 1901, Hotelling 1933. Attributes are named as in scikit-learn.

    Args:
        mean: (features,), of the points.
        components: (components, features), directions of length 1 at right angles, the one that tells most first;
            zeros where there are fewer.
        explained_variance_ratio: (components,), the share of all variance, 0…1, that lies along each.
    """

    mean: np.ndarray
    components: np.ndarray
    explained_variance_ratio: np.ndarray

    @classmethod
    def fit(cls, vectors: np.ndarray, n_components: int = 2) -> PCA:
        """Finds the principal components of some points.

        Args:
            vectors: (points, features), at least one point.
            n_components: how many directions to keep.
        """
        vectors = vectors.astype(float)
        mean = vectors.mean(axis=0)
        # The right singular vectors of the centred points are the eigenvectors of their covariance matrix, and the
        # squares of the singular values its eigenvalues, times the points.
        _, singular_values, directions = np.linalg.svd(vectors - mean, full_matrices=False)
        variances = singular_values**2
        ratios = variances / max(variances.sum(), np.finfo(float).tiny)
        # Both ends of a direction are as good; this choice keeps a map from being mirrored by chance.
        largest = np.take_along_axis(directions, np.abs(directions).argmax(axis=1)[:, np.newaxis], axis=1)
        components = directions * np.where(largest < 0, -1, 1)  # (directions, features)
        missing = max(0, n_components - len(components))
        return cls(
            mean,
            np.pad(components[:n_components], ((0, missing), (0, 0))),
            np.pad(ratios[:n_components], (0, missing)),
        )

    def project(self, vectors: np.ndarray) -> np.ndarray:
        """Returns where points lie on the map, those that it was not made from as well: (points, components)."""
        return (vectors - self.mean) @ self.components.T
