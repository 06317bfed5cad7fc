"""Vectors: against dense linear algebra, and the laws that the tree rests on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from partita._core.threads import thread_scope
from partita.text.spectrum import leading_spectrum
from partita.text.tokens import count_tokens
from partita.text.vectors import DocumentVectors, term_weight


def fit(texts, **options):
    return DocumentVectors.fit(count_tokens(texts), **options)


def low_rank(n, m, rank, seed=0):
    rng = np.random.default_rng(seed)
    values = np.linspace(10, 3, rank)
    left = np.linalg.qr(rng.standard_normal((n, rank)))[0]
    right = np.linalg.qr(rng.standard_normal((m, rank)))[0]
    return sparse.csr_matrix(((left * values) @ right.T).astype(np.float32)), values, right


@pytest.mark.parametrize(("n", "m"), [(300, 80), (60, 200)])
def test_the_spectrum_agrees_with_dense_linear_algebra(n, m):
    matrix, values, right = low_rank(n, m, 12)
    spectrum = leading_spectrum(matrix, 8)
    np.testing.assert_allclose(spectrum.values, values[:8], rtol=1e-4)
    np.testing.assert_allclose(np.abs(np.sum(spectrum.vectors * right[:, :8], axis=0)), 1.0, atol=1e-4)
    np.testing.assert_allclose(spectrum.vectors.T @ spectrum.vectors, np.eye(8), atol=1e-5)
    assert np.all(spectrum.vectors[np.abs(spectrum.vectors).argmax(axis=0), np.arange(8)] > 0)


def test_the_spectrum_ends_at_the_rank():
    matrix, values, _ = low_rank(50, 40, 3)
    assert len(leading_spectrum(matrix, 20).values) == len(values)


def test_the_spectrum_is_the_same_for_any_number_of_threads():
    matrix = low_rank(400, 300, 60)[0]
    results = []
    for threads in (1, 2):
        with thread_scope(threads):
            results.append(leading_spectrum(matrix, 30).vectors)
    np.testing.assert_array_equal(*results)


TEXTS = st.lists(st.text(alphabet="abc de", max_size=15), min_size=1, max_size=25).map(
    lambda t: sorted(set(t))
)


@given(TEXTS)
def test_fitted_vectors_are_those_of_transform_bit_for_bit(texts):
    model, vectors = fit(texts)
    np.testing.assert_array_equal(model.transform(texts), vectors)


@given(TEXTS)
def test_a_vector_depends_on_no_other_row(texts):
    model, vectors = fit(texts)
    alone = [model.transform([text])[0] for text in texts]
    np.testing.assert_array_equal(np.array(alone), vectors)


@given(TEXTS)
def test_vectors_are_of_length_one_or_zero(texts):
    model, vectors = fit(texts)
    length = np.linalg.norm(vectors.astype(np.float64), axis=1)
    known = np.array([any(term in model.place for term in count_tokens([text]).terms) for text in texts])
    # A text whose terms lie in no direction that is kept has length zero as well.
    assert np.all((np.abs(length - 1.0) <= 1e-6) | (length == 0.0))
    assert np.all(length[~known] == 0.0)
    assert length.any() == known.any()


def test_with_all_components_the_products_are_those_of_tfidf():
    texts = sorted(["red apple pie", "green apple", "red car", "old red car", "car race", "apple"])
    counts = count_tokens(texts)
    dense = counts.matrix.toarray()
    weight = term_weight((dense > 0).sum(axis=0), len(texts))
    rows = np.where(dense > 0, 1 + np.log(np.maximum(dense, 1)), 0) * weight
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    vectors = fit(texts, n_components=50)[1]
    np.testing.assert_allclose(vectors @ vectors.T, rows @ rows.T, atol=1e-5)


def test_a_word_in_every_document_hardly_weighs():
    weight = term_weight(np.array([1, 50, 99, 100]), 100)
    assert np.all(np.diff(weight) < 0)
    assert weight[-1] < 1e-3 * weight[0]


def test_what_was_chosen_is_said():
    texts = sorted({f"w{i} w{j}" for i in range(12) for j in range(12)} | {"once"})
    model, vectors = fit(texts, max_features=7)
    assert model.choices["min_document_frequency"] == 2
    assert model.choices["n_terms"] == len(model.place) == 7
    assert model.choices["n_terms_left_out"] == {"in too few documents": 1, "beyond max_features": 5}
    assert model.choices["n_components"] == vectors.shape[1] <= 7
    assert fit(texts, n_components=3)[1].shape[1] == 3


def test_without_any_word_all_vectors_are_zero():
    model, vectors = fit(["", "!!"])
    assert not vectors.any()
    assert not model.transform(["a word"]).any()
