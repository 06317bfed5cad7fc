"""TopologicalClustering: complexes and Betti numbers that are known, and parts that distance can't tell."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.cluster import SpectralClustering
from sklearn.metrics import adjusted_rand_score

import partita as pt
from laws import test_laws_arrays as laws
from laws.registry import Case
from partita.points import TopologicalClustering
from partita.points._complex import alpha_filtration, choose_scale, persistence
from partita.points._hodge import cluster_lines, sign_points

CASE = Case("topological", lambda **options: TopologicalClustering(**options))


def circle(n: int, x: float = 0.0) -> np.ndarray:
    turn = 2 * np.pi * np.arange(n) / n
    return np.column_stack([np.cos(turn) + x, np.sin(turn)])


def sphere(n: int, x: float = 0.0) -> np.ndarray:
    place = np.arange(n) + 0.5
    tilt, turn = np.arccos(1 - 2 * place / n), np.pi * (1 + 5**0.5) * place
    return np.column_stack([np.cos(turn) * np.sin(tilt) + x, np.sin(turn) * np.sin(tilt), np.cos(tilt)])


def circles_on_a_line(noise: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    line = np.column_stack([np.linspace(1.1, 2.9, 20), np.zeros(20)])
    X = np.concatenate([circle(70), circle(70, 4.0), line])
    return X + noise * np.random.default_rng(seed).standard_normal(X.shape), np.repeat(
        [0, 1, 2], [70, 70, 20]
    )


def spheres_with_arcs(noise: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    t = np.linspace(-1.6, 1.6, 40)
    arcs = [np.column_stack([t, np.zeros(40), s * (0.9 + 0.8 * np.cos(0.827 * t))]) for s in (-1, 1)]
    X = np.concatenate([sphere(250, -2.0), sphere(250, 2.0), *arcs])
    return X + noise * np.random.default_rng(seed).standard_normal(X.shape), np.repeat(
        [0, 1, 2], [250, 250, 80]
    )


def empty_ball_scale(points: np.ndarray, corners: tuple[int, ...]) -> float:
    """The radius at which the balls around the corners meet in a point that is nearest to them, by a grid."""
    low, high = points.min(axis=0) - 0.3, points.max(axis=0) + 0.3
    axes = [np.linspace(a, b, 600) for a, b in zip(low, high)]
    places = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, points.shape[1])
    apart = cdist(places, points)
    own = apart[:, list(corners)].max(axis=1)
    inside = own <= apart.min(axis=1) + 0.004
    return float(own[inside].min()) if inside.any() else np.inf


def test_scales_are_those_of_empty_balls():
    points = np.random.default_rng(3).random((7, 2))
    filtration = alpha_filtration(points)
    for k in (1, 2):
        for corners, scale in zip(filtration.simplices[k], filtration.scale[k]):
            expected = empty_ball_scale(points, tuple(corners))
            if scale < 0.3:
                assert abs(scale - expected) < 0.02
    for k in (1, 2):
        for own, faces in zip(filtration.scale[k], filtration.faces[k]):
            assert (filtration.scale[k - 1][faces] <= own).all()


@pytest.mark.parametrize("d", [2, 3])
def test_betti_numbers_add_up_to_the_euler_characteristic(d: int):
    points = np.random.default_rng(d).random((60, d))
    filtration = alpha_filtration(points)
    features = persistence(filtration)
    for scale in np.quantile(np.concatenate(filtration.scale[1:]), [0.05, 0.2, 0.5, 0.8, 1.0]):
        euler = sum((-1) ** k * int((s <= scale).sum()) for k, s in enumerate(filtration.scale))
        betti = [features.alive(float(scale), k) for k in range(d + 1)]
        assert euler == sum((-1) ** k * b for k, b in enumerate(betti))
        signed = sign_points(filtration, features, float(scale))
        assert signed.betti == tuple(betti)
        assert signed.residual < 1e-6


@pytest.mark.parametrize(
    ("points", "betti"),
    [
        (circle(40), (1, 1, 0)),
        (np.concatenate([circle(40), circle(40, 5.0)]), (2, 2, 0)),
        (sphere(150), (1, 0, 1, 0)),
        (np.concatenate([sphere(150), sphere(150, 2.0)]), (1, 0, 2, 0)),
    ],
    ids=["circle", "two circles", "sphere", "two spheres that touch"],
)
def test_known_shapes_have_their_betti_numbers(points, betti):
    features = persistence(alpha_filtration(points))
    scale, why = choose_scale(features)
    assert tuple(features.alive(scale, k) for k in range(len(betti))) == betti
    assert "persist" in why


@pytest.mark.parametrize("noise", [0.0, 0.03])
def test_circles_on_a_line(noise: float):
    X, truth = circles_on_a_line(noise, 1)
    found = TopologicalClustering(3).fit(X)
    assert found.betti_numbers_[:2] == (1, 2)
    assert adjusted_rand_score(truth, found.labels_) > 0.8


@pytest.mark.parametrize("noise", [0.01, 0.04])
def test_spheres_with_arcs_are_told_apart_better_than_by_a_graph(noise: float):
    X, truth = spheres_with_arcs(noise, 2)
    found = TopologicalClustering(3).fit(X)
    assert found.betti_numbers_ == (1, 1, 2, 0)
    ours = adjusted_rand_score(truth, found.labels_)
    graph = SpectralClustering(3, affinity="nearest_neighbors", random_state=0).fit_predict(X)
    assert ours > 0.9
    assert ours > adjusted_rand_score(truth, graph) + 0.05


def test_lines_are_found_whatever_their_signs():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, 90)
    lines = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]) / np.sqrt([[1], [1], [2]])
    rows = lines[truth] * rng.choice([-1.0, 1.0], 90)[:, None] * rng.uniform(0.8, 1.2, 90)[:, None]
    got = cluster_lines(np.concatenate([rows, 1e-6 * rng.standard_normal((5, 2))]))
    assert adjusted_rand_score(truth, got[:90]) == 1.0
    assert (got[90:] == 0).all()


def test_a_given_scale_is_kept_and_a_small_one_leaves_points_alone():
    X, _ = circles_on_a_line(0.0, 0)
    found = TopologicalClustering(scale=0.001).fit(X)
    assert found.scale_ == 0.001
    assert found.betti_numbers_[0] == len(X)
    assert "scale" not in found.made_by_.choices


def test_blobs_without_holes_are_told_by_components():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.random((60, 2)), rng.random((60, 2)) + 8.0])
    found = TopologicalClustering(scale=0.8).fit(X)
    assert adjusted_rand_score(np.repeat([0, 1], 60), found.labels_) == 1.0


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("d", [1, 2, 3])
def test_few_points_in_few_directions(n: int, d: int):
    X = np.random.default_rng(n).random((n, d))
    found = TopologicalClustering().fit(X)
    found.hierarchy_.check()
    np.testing.assert_array_equal(found.predict(X), found.labels_)


@pytest.mark.parametrize(
    "X",
    [
        np.zeros((9, 3)),
        np.array(list(np.ndindex(5, 5)), float),
        np.array(list(np.ndindex(3, 3, 3)), float),
        np.column_stack([np.arange(12.0), 2 * np.arange(12.0)]),
        np.column_stack([circle(30), np.zeros(30), np.ones(30)]),
        np.repeat(circle(20), 3, axis=0),
        np.concatenate([circle(20), circle(20) + 1e-12]),
    ],
    ids=["equal", "square grid", "cubic grid", "on a line", "in a plane", "repeated", "nearly repeated"],
)
def test_degenerate_points(X):
    found = TopologicalClustering().fit(X)
    found.hierarchy_.check()
    np.testing.assert_array_equal(found.predict(X), found.labels_)


def test_what_can_t_be_done_is_refused_before_work(monkeypatch):
    with pytest.raises(pt.InfeasibleError, match="span 4 directions"):
        TopologicalClustering().fit(np.random.default_rng(0).random((30, 4)))
    with pytest.raises(pt.InfeasibleError, match="2 distinct rows"):
        TopologicalClustering(3).fit([[0.0, 1.0], [0.0, 1.0], [2.0, 0.0]])
    monkeypatch.setenv("PARTITA_MEMORY", "1MiB")
    with pytest.raises(pt.BudgetError, match="sample"):
        TopologicalClustering().fit(np.random.default_rng(0).random((300, 2)))


@pytest.mark.parametrize(
    "law",
    [
        laws.test_valid_hierarchy_and_predict_is_labels,
        laws.test_equal_rows_share_a_label,
        laws.test_threads_and_seeds_make_no_difference,
        laws.test_float_types_and_layouts_make_no_difference,
        laws.test_integers_are_floats,
        laws.test_the_record_tells_what_was_made,
        laws.test_arrow_tables_and_frames,
        laws.test_constant_columns_change_nothing,
    ],
)
def test_laws(law, monkeypatch):
    monkeypatch.setattr(laws, "blobs", lambda: circles_on_a_line(0.03, 5)[0].astype(np.float32))
    law(CASE)


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_rows_leaves_no_trace(seed: int, monkeypatch):
    monkeypatch.setattr(laws, "blobs", lambda: circles_on_a_line(0.03, 5)[0].astype(np.float32))
    laws.test_labels_follow_rows_through_any_order(CASE, seed)


@pytest.mark.parametrize("scale", [1e-30, 1e30, 1e-200, 1e150])
def test_the_unit_makes_no_difference(scale: float):
    X, _ = circles_on_a_line(0.03, 5)
    near, far = TopologicalClustering(3).fit(X), TopologicalClustering(3).fit(X * scale)
    assert far.betti_numbers_ == near.betti_numbers_
    np.testing.assert_allclose(far.scale_, near.scale_ * scale, rtol=1e-6)


def test_every_simplex_has_its_faces():
    filtration = alpha_filtration(np.random.default_rng(1).random((25, 3)))
    for k in (1, 2, 3):
        for corners, faces in zip(filtration.simplices[k], filtration.faces[k]):
            expected = [tuple(c) for c in combinations(corners, k)][::-1]
            assert [tuple(filtration.simplices[k - 1][f]) for f in faces] == expected


def test_noise_full_of_holes_ends_and_says_so():
    found = TopologicalClustering(scale=0.035).fit(np.random.default_rng(0).random((700, 2)))
    assert found.betti_numbers_[1] > 32
    assert "too many" in found.made_by_.notes[0]
