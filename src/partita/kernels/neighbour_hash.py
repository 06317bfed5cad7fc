"""Minhashes of neighbourhoods in bands, and look-ups with exact Jaccard similarities. Called by graphs."""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit

_FOLD = np.uint64(0x9E3779B97F4A7C15)


@jit
def set_keys(members, factor, shift, band_rows, least, keys):
    """The key of a set in each band: a fold of its smallest hashes.

    IN members int32[k], factor (odd) and shift uint64[bands * band_rows]. SCRATCH least uint64 of that
    length. OUT keys uint32[bands].
    """
    least[:] = np.uint64(0xFFFFFFFFFFFFFFFF)
    for u in members:
        x = np.uint64(u) + np.uint64(1)
        for h in range(factor.shape[0]):
            least[h] = min(least[h], (factor[h] * x + shift[h]) >> np.uint64(32))
    for b in range(keys.shape[0]):
        folded = np.uint64(b)
        for r in range(band_rows):
            folded = (folded ^ least[b * band_rows + r]) * _FOLD
            folded ^= folded >> np.uint64(29)
        keys[b] = np.uint32(folded >> np.uint64(32))


@jit
def nodes_keys(indptr, indices, factor, shift, band_rows, start, stop, keys):
    """Keys of the neighbourhoods of nodes start to stop. OUT keys uint32 (bands, n), those columns."""
    least, own = np.empty(factor.shape[0], np.uint64), np.empty(keys.shape[0], np.uint32)
    for v in range(start, stop):
        set_keys(indices[indptr[v] : indptr[v + 1]], factor, shift, band_rows, least, own)
        keys[:, v] = own


@jit
def run_start(values, key):
    """The first place of a sorted array that holds `key` or more."""
    low, high = 0, values.shape[0]
    while low < high:
        middle = (low + high) // 2
        if values[middle] < key:
            low = middle + 1
        else:
            high = middle
    return low


@jit
def set_matches(indptr, indices, keys, order, own, members, seen, inside, found, similarity):
    """Nodes that share a band with a set, and the Jaccard similarity of their neighbourhoods with it.

    IN keys uint32 (bands, listed), sorted, and order int32 alike: the nodes behind them; own uint32[bands],
    members int32[k]. SCRATCH seen, inside bool[n], False. OUT found int32[n], similarity float64[n].
    Returns their number; pairs without a common neighbour are left out.
    """
    for u in members:
        inside[u] = True
    count = 0
    for b in range(keys.shape[0]):
        at = run_start(keys[b], own[b])
        while at < keys.shape[1] and keys[b, at] == own[b]:
            v = order[b, at]
            at += 1
            if seen[v]:
                continue
            seen[v] = True
            common = 0
            for e in range(indptr[v], indptr[v + 1]):
                common += inside[indices[e]]
            found[count] = v
            similarity[count] = common / (members.shape[0] + indptr[v + 1] - indptr[v] - common)
            count += 1
    kept = 0
    for i in range(count):
        seen[found[i]] = False
        if similarity[i] > 0.0:
            found[kept], similarity[kept] = found[i], similarity[i]
            kept += 1
    for u in members:
        inside[u] = False
    return kept


@jit
def community_grow(indptr, indices, keys, order, factor, shift, band_rows, seeds, joined, scores):
    """Nodes of largest mean similarity to seeds and all that joined before, one by one.

    OUT joined int32[size], scores float64[size], the mean similarity at the time. Returns their number: less
    than asked for where no further node is similar. Ties go to the lower node.
    """
    n, bands = indptr.shape[0] - 1, keys.shape[0]
    least, own = np.empty(factor.shape[0], np.uint64), np.empty(bands, np.uint32)
    seen, inside, member = np.zeros(n, np.bool_), np.zeros(n, np.bool_), np.zeros(n, np.bool_)
    found, similarity = np.empty(n, np.int32), np.empty(n)
    total, pool, size = np.zeros(n), np.empty(n, np.int32), 0
    for s in seeds:
        member[s] = True
    count = 0
    for step in range(seeds.shape[0] + joined.shape[0]):
        v = seeds[step] if step < seeds.shape[0] else joined[step - seeds.shape[0]]
        members = indices[indptr[v] : indptr[v + 1]]
        set_keys(members, factor, shift, band_rows, least, own)
        matches = 0
        if members.shape[0] > 0:
            matches = set_matches(indptr, indices, keys, order, own, members, seen, inside, found, similarity)
        for i in range(matches):
            u = found[i]
            if total[u] == 0.0:
                pool[size] = u
                size += 1
            total[u] += similarity[i]
        if step < seeds.shape[0] - 1:
            continue
        best = -1
        for i in range(size):
            u = pool[i]
            if not member[u] and (
                best < 0 or total[u] > total[best] or (total[u] == total[best] and u < best)
            ):
                best = u
        if best < 0 or count == joined.shape[0]:
            break
        member[best] = True
        joined[count] = best
        scores[count] = total[best] / (step + 1)
        count += 1
    return count


@jit
def pool_similarities(indptr, indices, pool, inside, out):
    """Jaccard similarities of the neighbourhoods of some nodes. SCRATCH inside bool[n]. OUT out (k, k)."""
    for i in range(pool.shape[0]):
        v = pool[i]
        size = indptr[v + 1] - indptr[v]
        for e in range(indptr[v], indptr[v + 1]):
            inside[indices[e]] = True
        out[i, i] = 0.0
        for j in range(i + 1, pool.shape[0]):
            u, common = pool[j], 0
            for e in range(indptr[u], indptr[u + 1]):
                common += inside[indices[e]]
            either = size + indptr[u + 1] - indptr[u] - common
            out[i, j] = common / either if either > 0 else 0.0
            out[j, i] = out[i, j]
        for e in range(indptr[v], indptr[v + 1]):
            inside[indices[e]] = False
