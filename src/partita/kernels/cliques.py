"""Items joined by the cliques that they share, as the scale grows. Called by dissimilarities.

At scale t the graph has an edge between items that are at most t apart. Sets of items are rows of 64-bit
words: a clique that an edge completes lies in the words that both of its ends have in common.
"""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit
from partita.kernels.merging import set_find

_ONE = np.uint64(1)
_WORD = 64


@jit
def band_count(D, low, high):
    """How many pairs i < j are more than `low` and at most `high` apart. IN D float (n, n)."""
    count = 0
    for i in range(D.shape[0]):
        for j in range(i + 1, D.shape[0]):
            count += low < D[i, j] <= high
    return count


@jit
def band_fill(D, low, high, first, second, apart):
    """OUT first, second int32[e], apart float64[e]: those pairs, by rows."""
    e = 0
    for i in range(D.shape[0]):
        for j in range(i + 1, D.shape[0]):
            if low < D[i, j] <= high:
                first[e], second[e], apart[e] = i, j, D[i, j]
                e += 1


@jit
def bits_set(words, i):
    """Put item `i` into a set. INOUT words uint64[w]."""
    words[i // _WORD] |= _ONE << np.uint64(i % _WORD)


@jit
def bit_lowest(word):
    """The place of the lowest bit of a word that is not 0."""
    place, half = 0, 32
    while half > 0:
        if word & ((_ONE << np.uint64(half)) - _ONE) == 0:
            word >>= np.uint64(half)
            place += half
        half //= 2
    return place


@jit
def bits_next(words, after):
    """The least item above `after` in a set, -1 if there is none."""
    at = (after + 1) // _WORD
    if at >= words.shape[0]:
        return -1
    word = (words[at] >> np.uint64((after + 1) % _WORD)) << np.uint64((after + 1) % _WORD)
    while word == 0:
        at += 1
        if at >= words.shape[0]:
            return -1
        word = words[at]
    return at * _WORD + bit_lowest(word)


@jit
def clique_within(adjacent, levels, items, size):
    """Whether the items in ``levels[0]`` hold a clique of `size` items: depth first, in rising order.

    IN adjacent uint64 (n, w). SCRATCH levels uint64 (size, w) from 1 on, items intp[size].
    """
    if size <= 0:
        return True
    depth = 0
    items[0] = -1
    while depth >= 0:
        # Lower items are not looked at again: a clique is found from its lowest item.
        item = bits_next(levels[depth], items[depth])
        if item < 0:
            depth -= 1
            continue
        items[depth] = item
        if depth == size - 1:
            return True
        for word in range(adjacent.shape[1]):
            levels[depth + 1, word] = levels[depth, word] & adjacent[item, word]
        depth += 1
        items[depth] = item
    return False


@jit
def _unite(above, inside, x, y, apart, a, b, length, made):
    """Join the sets of items `x` and `y`; returns how many edges are made then."""
    x, y = set_find(above, x), set_find(above, y)
    if x == y:
        return made
    low, high = min(x, y), max(x, y)
    above[high] = low
    inside[low] |= inside[high]
    a[made], b[made], length[made] = low, high, apart
    return made + 1


@jit
def cliques_join(first, second, apart, m, adjacent, inside, above, a, b, length, made):
    """Add edges in their order, and join the items of every clique of `m` items that one of them completes.

    IN first, second int32[e], apart float64[e] ascending, m (2 or more). INOUT adjacent uint64 (n, w): the
    edges so far; inside uint64 (n, w): the items of each set, at its root; above intp[n]: union-find.
    OUT a, b int32[n - 1], length float64[n - 1] from `made` on: the joins. Returns how many there are.

    At most O(n^2) edges of O(n^(m - 2)) common items of O(n / 64) words.
    """
    n, words = adjacent.shape
    levels, items = np.empty((m, words), np.uint64), np.empty(m, np.intp)
    common, left = np.empty(words, np.uint64), np.empty(words, np.uint64)
    for e in range(first.shape[0]):
        if made == n - 1:
            break
        i, j = np.intp(first[e]), np.intp(second[e])
        if m == 2:
            made = _unite(above, inside, i, j, apart[e], a, b, length, made)
            continue
        together = set_find(above, i) == set_find(above, j)
        for word in range(words):
            common[word] = adjacent[i, word] & adjacent[j, word]
            left[word] = common[word]
        v = bits_next(left, -1)
        while v >= 0:
            if not (together and set_find(above, v) == set_find(above, i)):
                for word in range(words):
                    levels[0, word] = common[word] & adjacent[v, word]
                if clique_within(adjacent, levels, items, m - 3):
                    made = _unite(above, inside, i, j, apart[e], a, b, length, made)
                    made = _unite(above, inside, i, v, apart[e], a, b, length, made)
                    together = True
            if together:
                # What has been joined already need not be asked again.
                root = set_find(above, i)
                for word in range(words):
                    left[word] &= ~inside[root, word]
            v = bits_next(left, v)
        bits_set(adjacent[i], j)
        bits_set(adjacent[j], i)
    return made


@jit
def large_sets(a, b, n, least):
    """OUT intp[e]: how many sets of at least `least` items there are after each join. IN a, b int32[e]."""
    above, size = np.arange(n), np.ones(n, np.intp)
    count = np.empty(a.shape[0], np.intp)
    large = n if least <= 1 else 0
    for e in range(a.shape[0]):
        x, y = set_find(above, np.intp(a[e])), set_find(above, np.intp(b[e]))
        large -= (size[x] >= least) + (size[y] >= least)
        above[y] = x
        size[x] += size[y]
        large += size[x] >= least
        count[e] = large
    return count
