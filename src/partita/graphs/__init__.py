"""Makers of parts from graphs, names resolved on first use. Called by text, the doors and users."""

from __future__ import annotations

from typing import TYPE_CHECKING

from partita._core.lazy import lazy_names

_PUBLIC = {
    "BootstrapMultigrid": "partita.graphs.bootstrap_multigrid",
    "AcyclicPartition": "partita.graphs.acyclic_partition",
    "BipartiteSBM": "partita.graphs.bipartite_sbm",
    "BottomUp": "partita.graphs.bottom_up",
    "Communities": "partita.graphs.communities",
    "CommunityProfile": "partita.graphs.profile",
    "DistanceOracle": "partita.graphs.low_diameter",
    "Embedding": "partita.graphs.embedding",
    "LocalCluster": "partita.graphs.local_cluster",
    "LocalPart": "partita.graphs.local_cluster",
    "LowDiameter": "partita.graphs.low_diameter",
    "Matching": "partita.graphs.matching",
    "MultilevelPartition": "partita.graphs.multilevel_partition",
    "NeighbourhoodIndex": "partita.graphs.neighbourhood_index",
    "PartOrder": "partita.graphs.part_order",
    "Ranked": "partita.graphs.neighbourhood_index",
    "TopDown": "partita.graphs.top_down",
    "community_profile": "partita.graphs.profile",
    "embed": "partita.graphs.embedding",
    "match_graphs": "partita.graphs.matching",
    "order_parts": "partita.graphs.part_order",
}

__all__ = [
    "AcyclicPartition",
    "BipartiteSBM",
    "BootstrapMultigrid",
    "BottomUp",
    "Communities",
    "CommunityProfile",
    "DistanceOracle",
    "Embedding",
    "LocalCluster",
    "LocalPart",
    "LowDiameter",
    "Matching",
    "MultilevelPartition",
    "NeighbourhoodIndex",
    "PartOrder",
    "Ranked",
    "TopDown",
    "community_profile",
    "embed",
    "match_graphs",
    "order_parts",
]

if TYPE_CHECKING:
    from partita.graphs.acyclic_partition import AcyclicPartition
    from partita.graphs.bipartite_sbm import BipartiteSBM
    from partita.graphs.bootstrap_multigrid import BootstrapMultigrid
    from partita.graphs.bottom_up import BottomUp
    from partita.graphs.communities import Communities
    from partita.graphs.embedding import Embedding, embed
    from partita.graphs.local_cluster import LocalCluster, LocalPart
    from partita.graphs.low_diameter import DistanceOracle, LowDiameter
    from partita.graphs.matching import Matching, match_graphs
    from partita.graphs.multilevel_partition import MultilevelPartition
    from partita.graphs.neighbourhood_index import NeighbourhoodIndex, Ranked
    from partita.graphs.part_order import PartOrder, order_parts
    from partita.graphs.profile import CommunityProfile, community_profile
    from partita.graphs.top_down import TopDown

__getattr__, __dir__ = lazy_names(__name__, _PUBLIC)
