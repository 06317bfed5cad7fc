"""Makers of parts from vectors, names resolved on first use. Called by text, the doors and users."""

from __future__ import annotations

from typing import TYPE_CHECKING

from partita._core.lazy import lazy_names

_PUBLIC = {
    "CurveClustering": "partita.points.curve_clustering",
    "DenseVote": "partita.points.dense_vote",
    "HDBSCAN": "partita.points.hdbscan",
    "HierarchicalKMeans": "partita.points.hierarchical_kmeans",
    "KMeans": "partita.points.kmeans",
    "LikelihoodSDP": "partita.points.likelihood_sdp",
    "Linkage": "partita.points.linkage",
    "NestedDensity": "partita.points.nested_density",
    "PPP": "partita.points.ppp",
    "RareGroups": "partita.points.rare_groups",
    "SphericalKMeans": "partita.points.spherical_kmeans",
    "TopologicalClustering": "partita.points.topological",
    "TreeMixture": "partita.points.tree_mixture",
}

__all__ = [
    "HDBSCAN",
    "PPP",
    "CurveClustering",
    "DenseVote",
    "HierarchicalKMeans",
    "KMeans",
    "LikelihoodSDP",
    "Linkage",
    "NestedDensity",
    "RareGroups",
    "SphericalKMeans",
    "TopologicalClustering",
    "TreeMixture",
]

if TYPE_CHECKING:
    from partita.points.curve_clustering import CurveClustering
    from partita.points.dense_vote import DenseVote
    from partita.points.hdbscan import HDBSCAN
    from partita.points.hierarchical_kmeans import HierarchicalKMeans
    from partita.points.kmeans import KMeans
    from partita.points.likelihood_sdp import LikelihoodSDP
    from partita.points.linkage import Linkage
    from partita.points.nested_density import NestedDensity
    from partita.points.ppp import PPP
    from partita.points.rare_groups import RareGroups
    from partita.points.spherical_kmeans import SphericalKMeans
    from partita.points.topological import TopologicalClustering
    from partita.points.tree_mixture import TreeMixture

__getattr__, __dir__ = lazy_names(__name__, _PUBLIC)
