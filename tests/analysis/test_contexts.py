"""Context vectors of many sentences: the map and the neighbours."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seq2seq import NOTEBOOK_PAIRS, Translator
from seq2seq.analysis.contexts import PCA, context_vectors, distances
from seq2seq.analysis.metrics import spread_evenly

SOURCES = [source for source, _ in NOTEBOOK_PAIRS]
clouds = st.builds(
    lambda seed, points, features: np.random.default_rng(seed).standard_normal((points, features)),
    st.integers(0, 10_000),
    st.integers(3, 12),
    st.integers(2, 8),
)


@given(clouds)
def test_pca_is_the_eigenvectors_of_the_covariance(points):
    kept = min(points.shape)
    pca = PCA.fit(points, kept)
    eigenvalues, eigenvectors = np.linalg.eigh(np.cov(points.T, bias=True))
    largest = np.maximum(eigenvalues[::-1], 0)
    np.testing.assert_allclose(pca.explained_variance_ratio, largest[:kept] / largest.sum(), atol=1e-9)
    for n in range(2):  # as lines: either end of a direction is as good
        if np.min(np.abs(np.delete(largest, n) - largest[n])) > 1e-3:  # else they can be turned in their plane
            assert abs(pca.components[n] @ eigenvectors[:, -1 - n]) == pytest.approx(1, abs=1e-6)


@given(clouds)
def test_with_all_components_nothing_is_lost(points):
    pca = PCA.fit(points, min(points.shape))
    np.testing.assert_allclose(pca.mean + pca.project(points) @ pca.components, points, atol=1e-9)
    assert pca.explained_variance_ratio.sum() == pytest.approx(1)


@given(clouds)
def test_two_components_are_the_first_of_all(points):
    two, every = PCA.fit(points), PCA.fit(points, min(points.shape))
    np.testing.assert_array_equal(two.components, every.components[:2])
    np.testing.assert_array_equal(two.explained_variance_ratio, every.explained_variance_ratio[:2])
    assert 0 <= two.explained_variance_ratio[1] <= two.explained_variance_ratio[0] <= 1
    np.testing.assert_allclose(two.components @ two.components.T, np.eye(2), atol=1e-9)
    variances = np.var(two.project(points), axis=0)
    np.testing.assert_allclose(variances / np.var(points, axis=0).sum(), two.explained_variance_ratio, atol=1e-9)


@given(clouds)
def test_the_order_of_the_points_does_not_mirror_the_map(points):
    np.testing.assert_allclose(np.abs(PCA.fit(points[::-1]).components), np.abs(PCA.fit(points).components), atol=1e-6)
    for component in PCA.fit(points).components:
        assert component[np.abs(component).argmax()] > 0


@pytest.mark.parametrize("points", [np.ones((1, 6)), np.zeros((4, 6)), np.eye(2, 6), np.ones((3, 1))])
def test_points_that_make_no_plane_break_nothing(points):
    pca = PCA.fit(points)
    assert pca.components.shape == (2, points.shape[1])
    assert pca.project(points).shape == (len(points), 2)
    assert np.isfinite(pca.project(points)).all()
    varies = len(np.unique(points, axis=0)) > 1
    np.testing.assert_allclose(pca.explained_variance_ratio, [float(varies), 0], atol=1e-12)


# --- With a model ----------------------------------------------------------------------------------------------------


def test_context_vectors_are_h_and_c_of_each_text(trained, notebook_trained):
    for translator in (Translator(trained), Translator(notebook_trained)):
        texts = [*SOURCES, "How are", "☃", ""]
        vectors = context_vectors(translator, texts)
        assert vectors.shape == (len(texts), 64)
        for text, vector in zip(texts, vectors, strict=True):
            np.testing.assert_allclose(vector, np.concatenate(translator.context(text)), atol=1e-6)


def test_the_distance_is_over_all_numbers_of_h_and_c():
    np.testing.assert_allclose(distances(np.array([[0, 0, 0], [3, 0, 4.0]]), np.zeros(3)), [0, 5])


@pytest.mark.parametrize(("rows", "most"), [(1, 3), (3, 3), (10, 3), (1000, 300)])
def test_rows_are_spread_evenly(rows, most):
    chosen = spread_evenly(np.arange(rows), most)
    assert len(chosen) == min(rows, most)
    assert (chosen[0], chosen[-1]) == (0, rows - 1)
    steps = np.diff(chosen)
    assert not len(steps) or (steps.min() >= 1 and steps.max() - steps.min() <= 1)
