"""Every maker that must obey the laws. A new maker is added here, and nowhere else in this folder."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Case:
    """A maker with parameters.

    Parameters
    ----------
    name : str
    make : callable
        Keyword arguments -> estimator.
    counts_rows : bool
        Whether a parameter counts rows, so that a row of weight 2 is not the same as two rows.
    any_size : bool
        Whether one row is enough.
    takes_sparse : bool
        Whether sparse rows are taken.
    joins_equal : bool
        Whether equal rows are a part, of height 0.
    """

    name: str
    make: Callable[..., Any]
    counts_rows: bool = False
    any_size: bool = True
    takes_sparse: bool = False
    joins_equal: bool = False

    def __repr__(self) -> str:
        return self.name


def _maker(module: str, name: str, **fixed: Any) -> Callable[..., Any]:
    return lambda **options: getattr(importlib.import_module(module), name)(**{**fixed, **options})


def _there(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


_KMEANS = ("partita.points.hierarchical_kmeans", "HierarchicalKMeans")
_FLAT = ("partita.points.kmeans", "KMeans")
_SPHERICAL = ("partita.points.spherical_kmeans", "SphericalKMeans")
_LINKAGE = ("partita.points.linkage", "Linkage")
_PPP = ("partita.points.ppp", "PPP")
_HDBSCAN = ("partita.points.hdbscan", "HDBSCAN")
_DENSITY = ("partita.points.nested_density", "NestedDensity")
_TOPICS = ("partita.text.topic_tree", "TopicTree")

ARRAY_MAKERS = [
    Case("kmeans", _maker(*_KMEANS)),
    Case("kmeans-12", _maker(*_KMEANS, n_clusters=12), any_size=False),
    Case("kmeans-150-binary", _maker(*_KMEANS, n_clusters=150, branching=2), any_size=False),
    Case("kmeans-max-size", _maker(*_KMEANS, max_size=20), counts_rows=True),
    Case("kmeans-balanced", _maker(*_KMEANS, n_clusters=7, balance=1.2), counts_rows=True, any_size=False),
    Case("kmeans-resampled", _maker(*_KMEANS, n_clusters=8, resample=2), any_size=False),
    Case("kmeans-cosine", _maker(*_KMEANS, n_clusters=9, metric="cosine"), any_size=False),
]
ARRAY_MAKERS += [
    Case("flat", _maker(*_FLAT)),
    Case("flat-12", _maker(*_FLAT, n_clusters=12), any_size=False),
    Case("flat-cosine", _maker(*_FLAT, n_clusters=9, metric="cosine"), any_size=False),
]
if _there(_PPP[0]):
    ARRAY_MAKERS += [Case("ppp", _maker(*_PPP)), Case("ppp-cosine", _maker(*_PPP, metric="cosine"))]
ARRAY_MAKERS += [
    Case("spherical-cosine", _maker(*_SPHERICAL), takes_sparse=True),
    Case("spherical-cosine-9", _maker(*_SPHERICAL, n_clusters=9), any_size=False, takes_sparse=True),
]
ARRAY_MAKERS += [
    Case(f"linkage-{method}", _maker(*_LINKAGE, method=method), takes_sparse=True, joins_equal=True)
    for method in ("ward", "average", "complete", "single", "genie")
]
ARRAY_MAKERS += [
    Case("linkage-5", _maker(*_LINKAGE, n_clusters=5), any_size=False, takes_sparse=True, joins_equal=True),
    Case(
        "linkage-cosine",
        _maker(*_LINKAGE, method="average", metric="cosine"),
        takes_sparse=True,
        joins_equal=True,
    ),
]

_MEDOIDS = ("partita.dissimilarities.kmedoids", "KMedoids")
ARRAY_MAKERS += [
    Case("medoids", _maker(*_MEDOIDS, metric="euclidean")),
    Case("medoids-9-cityblock", _maker(*_MEDOIDS, n_clusters=9, metric="cityblock"), any_size=False),
    Case(
        "medoids-12-batch",
        _maker(*_MEDOIDS, n_clusters=12, metric="euclidean", method="onebatch"),
        any_size=False,
    ),
    Case("medoids-cosine", _maker(*_MEDOIDS, n_clusters=9, metric="cosine"), any_size=False),
]

ARRAY_MAKERS += [
    Case("hdbscan", _maker(*_HDBSCAN)),
    Case("hdbscan-12", _maker(*_HDBSCAN, min_cluster_size=12)),
    Case("hdbscan-cosine", _maker(*_HDBSCAN, metric="cosine")),
    Case("nested-density", _maker(*_DENSITY)),
]

_SDP = ("partita.points.likelihood_sdp", "LikelihoodSDP")
ARRAY_MAKERS += [
    Case("sdp", _maker(*_SDP, n_clusters=3, max_rows=24, max_rounds=3, max_iter=100), any_size=False),
]

_STARS = ("partita.points.tree_mixture", "TreeMixture")
_VOTES = ("partita.points.dense_vote", "DenseVote")
ARRAY_MAKERS += [
    Case("tree-mixture", _maker(*_STARS)),
    Case("tree-mixture-5", _maker(*_STARS, min_samples=5, threshold=0.8)),
    Case("dense-vote", _maker(*_VOTES)),
    Case("dense-vote-3", _maker(*_VOTES, min_samples=3, max_rounds=1)),
]

TEXT_MAKERS = [Case("topics", _maker(*_TOPICS))] if _there(_TOPICS[0]) and _there(_PPP[0]) else []


@dataclass(frozen=True)
class GraphCase:
    """A maker of parts of a graph, with parameters.

    Parameters
    ----------
    name : str
    make : callable
        Keyword arguments -> estimator.
    takes : str
        The kind of graph; ``laws.graph_samples`` has one of each.
    """

    name: str
    make: Callable[..., Any]
    takes: str = "graph"

    def __repr__(self) -> str:
        return self.name


_BOTTOM = ("partita.graphs.bottom_up", "BottomUp")
_TOP = ("partita.graphs.top_down", "TopDown")
_COMMUNITIES = ("partita.graphs.communities", "Communities")
_BALANCED = ("partita.graphs.multilevel_partition", "MultilevelPartition")
_ACYCLIC = ("partita.graphs.acyclic_partition", "AcyclicPartition")
_BLOCKS = ("partita.graphs.bipartite_sbm", "BipartiteSBM")
_MULTIGRID = ("partita.graphs.bootstrap_multigrid", "BootstrapMultigrid")
_DIAMETER = ("partita.graphs.low_diameter", "LowDiameter")
_LOCAL = ("partita.graphs.local_cluster", "LocalCluster")

GRAPH_MAKERS = [
    GraphCase("bottomup", _maker(*_BOTTOM)),
    GraphCase("bottomup-moves", _maker(*_BOTTOM, bottom="moves", weights="log")),
    GraphCase("topdown", _maker(*_TOP)),
    GraphCase("communities", _maker(*_COMMUNITIES)),
    GraphCase("communities-cpm", _maker(*_COMMUNITIES, objective="cpm", resolution=0.3)),
    GraphCase("communities-signed", _maker(*_COMMUNITIES, objective="signed"), "signed graph"),
    GraphCase("communities-multicut", _maker(*_COMMUNITIES, objective="multicut"), "signed graph"),
    GraphCase("communities-directed", _maker(*_COMMUNITIES, objective="directed"), "directed graph"),
    GraphCase("communities-bipartite", _maker(*_COMMUNITIES, objective="bipartite"), "table"),
    GraphCase("partition", _maker(*_BALANCED, n_parts=4)),
    GraphCase("partition-nested", _maker(*_BALANCED, n_parts=(2, 3))),
    GraphCase("partition-nets", _maker(*_BALANCED, n_parts=3, hypergraph=True), "hypergraph"),
    GraphCase("acyclic", _maker(*_ACYCLIC, n_parts=5, max_weight=20), "acyclic graph"),
    GraphCase("bisbm", _maker(*_BLOCKS), "table"),
    GraphCase("multigrid", _maker(*_MULTIGRID, n_clusters=4)),
    GraphCase("lowdiameter", _maker(*_DIAMETER)),
    GraphCase("lowdiameter-inverse", _maker(*_DIAMETER, lengths="inverse")),
    GraphCase("local-flow", _maker(*_LOCAL)),
    GraphCase("local-pagerank", _maker(*_LOCAL, method="pagerank", refine="mqi")),
]

FAMILIES = {case.name.partition("-")[0] for case in [*ARRAY_MAKERS, *TEXT_MAKERS, *GRAPH_MAKERS]}
