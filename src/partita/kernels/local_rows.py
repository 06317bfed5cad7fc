"""Rows of a graph that a local search has met, by a hash map from nodes to slots. Called by graphs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from partita.kernels.jit import jit

_SPREAD = np.uint64(0x9E3779B97F4A7C15)


class Met(NamedTuple):
    """Nodes met so far, in order of meeting: node ``node[s]`` has slot s. Rows of opened slots are copied.

    Attributes
    ----------
    table : int32, length a power of two
        Open addressing: slot, or -1.
    node : int32[capacity]
    used : int64[2]
        Slots in use, and entries in use.
    start, stop : int64[capacity]
        The entries of an opened slot; ``start == -1`` before.
    strength : float64[capacity]
        Sum of the shares of an opened slot.
    neighbour : int32[entries]
        Slots.
    share : float64[entries]
        Weight of the edge, times what the attributes of its ends make of it.
    """

    table: np.ndarray
    node: np.ndarray
    used: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    strength: np.ndarray
    neighbour: np.ndarray
    share: np.ndarray


def met_empty(capacity: int, entries: int) -> Met:
    """Room for `capacity` nodes and `entries` entries; nothing is met yet."""
    size = 1 << max(4, int(2 * capacity - 1).bit_length())
    return Met(
        np.full(size, -1, np.int32),
        np.empty(capacity, np.int32),
        np.zeros(2, np.int64),
        np.full(capacity, -1, np.int64),
        np.full(capacity, -1, np.int64),
        np.zeros(capacity),
        np.empty(entries, np.int32),
        np.empty(entries),
    )


@jit
def met_slot(met, node):
    """The slot of a node, a new one where it was not met. INOUT met (with room for one more)."""
    mask = met.table.shape[0] - 1
    place = np.int64((np.uint64(node) * _SPREAD) >> np.uint64(32)) & mask
    while met.table[place] >= 0:
        slot = met.table[place]
        if met.node[slot] == node:
            return slot
        place = (place + 1) & mask
    slot = np.int32(met.used[0])
    met.table[place] = slot
    met.node[slot] = node
    met.start[slot] = -1
    met.stop[slot] = -1
    met.strength[slot] = 0.0
    met.used[0] += 1
    return slot


@jit
def met_find(met, nodes, out):
    """Slots of nodes, new ones where they were not met. IN nodes int64. INOUT met. OUT out int32."""
    for i in range(nodes.shape[0]):
        out[i] = met_slot(met, nodes[i])


@jit
def met_open(met, graph, features, decay, slots):
    """Copy the rows of `slots`; an edge counts its weight times exp(-decay |x - y|^2).

    IN features float64 (n, d), d may be 0. INOUT met (with room for all neighbours and entries).
    """
    for s in slots:
        v = met.node[s]
        filled = met.used[1]
        met.start[s] = filled
        strength = 0.0
        for e in range(graph.indptr[v], graph.indptr[v + 1]):
            u = graph.indices[e]
            apart = 0.0
            for j in range(features.shape[1]):
                difference = features[u, j] - features[v, j]
                apart += difference * difference
            share = graph.weights[e] * np.exp(-decay * apart)
            met.neighbour[filled] = met_slot(met, u)
            met.share[filled] = share
            strength += share
            filled += 1
        met.stop[s] = filled
        met.strength[s] = strength
        met.used[1] = filled
