"""Grounded Laplacians of bipartite graphs: sampled elimination, conjugate gradients. Called by transport.

The matrix is ``[[diag(left), -W], [-W', diag(right)]]`` with ``left`` and ``right`` at least the sums of the
rows and columns of W. What they exceed them by is an edge to one more vertex, the ground, held at 0.

Elimination of a vertex joins all its neighbours with each other. Here each neighbour keeps, by chance, one
of its new edges, with the weight that makes the whole right on average: the factor stays as sparse as the
graph, and close enough to it to precondition conjugate gradients (R. Kyng and S. Sachdeva, FOCS 2016,
arXiv:1605.02353). The random numbers come from a fixed stream.
"""

from __future__ import annotations

from collections import namedtuple

import numpy as np

from partita.kernels.jit import jit

Factor = namedtuple("Factor", ["order", "rank", "first", "vertex", "share", "pivot"])
"""order, rank intp[N]: vertices as eliminated, and back. Column c of the factor: ``first[c]`` to
``first[c + 1]`` of vertex int32 (by rank) and share float64. pivot float64[N]."""


@jit
def bipartite_factor(first, partner, mass, left, right):
    """The sampled factor of a grounded Laplacian.

    IN first, partner, mass: W as CSR (n, m), left float64[n], right float64[m]. Returns a Factor with
    N = n + m + 1 vertices: rows, columns, ground. O(nnz log nnz) time on average, about 50 nnz bytes.
    """
    n, m = left.shape[0], right.shape[0]
    order, rank = _elimination_order(first, partner, n, m)
    heads, following, vertex, weight, n_edges = _edges(first, partner, mass, left, right, rank)
    return _eliminate(order, rank, heads, following, vertex, weight, n_edges)


def diagonal_factor(left, right):
    """The factor that knows the diagonal alone, for graphs with many edges. IN left, right: the diagonal."""
    N = len(left) + len(right) + 1
    order = np.arange(N)
    nothing = np.empty(0, np.int32), np.empty(0)
    return Factor(order, order, np.zeros(N + 1, np.int64), *nothing, np.concatenate((left, right, [0.0])))


@jit
def _elimination_order(first, partner, n, m):
    """Fewest partners first, the ground last."""
    degree = np.zeros(n + m + 1, np.int64)
    for i in range(n):
        degree[i] = first[i + 1] - first[i]
    for position in range(partner.shape[0]):
        degree[n + partner[position]] += 1
    degree[n + m] = partner.shape[0] + n + m
    order = np.argsort(degree, kind="mergesort")
    rank = np.empty_like(order)
    for position in range(order.shape[0]):
        rank[order[position]] = position
    return order, rank


@jit
def _edges(first, partner, mass, left, right, rank):
    """Every edge in the list of whichever of its ends is eliminated first."""
    n, m = left.shape[0], right.shape[0]
    most = partner.shape[0] + n + m
    heads = np.full(n + m + 1, -1, np.int64)
    following, vertex, weight = np.empty(most, np.int64), np.empty(most, np.int32), np.empty(most)
    rest_left, rest_right, used = left.copy(), right.copy(), 0
    for i in range(n):
        for position in range(first[i], first[i + 1]):
            j = partner[position]
            rest_left[i] -= mass[position]
            rest_right[j] -= mass[position]
            used = _insert(heads, following, vertex, weight, used, rank[i], rank[n + j], mass[position])
    for i in range(n):
        if rest_left[i] > 0.0:
            used = _insert(heads, following, vertex, weight, used, rank[i], rank[n + m], rest_left[i])
    for j in range(m):
        if rest_right[j] > 0.0:
            used = _insert(heads, following, vertex, weight, used, rank[n + j], rank[n + m], rest_right[j])
    return heads, following, vertex, weight, used


@jit
def _insert(heads, following, vertex, weight, slot, x, y, value):
    low, high = min(x, y), max(x, y)
    vertex[slot], weight[slot] = high, value
    following[slot] = heads[low]
    heads[low] = slot
    return slot + 1


@jit
def _gather(head, following, vertex, weight, seat, around, mass, slots):
    """The neighbours in one list, repeated ones together. Returns how many, and how many slots they held."""
    found, held, slot = 0, 0, head
    while slot >= 0:
        v = vertex[slot]
        if seat[v] < 0:
            seat[v] = found
            around[found], mass[found] = v, 0.0
            found += 1
        mass[seat[v]] += weight[slot]
        slots[held] = slot
        held += 1
        slot = following[slot]
    for position in range(found):
        seat[around[position]] = -1
    return found, held


@jit
def _eliminate(order, rank, heads, following, vertex, weight, n_edges):
    N = order.shape[0]
    first, pivot = np.zeros(N + 1, np.int64), np.zeros(N)
    room = 2 * n_edges + N
    columns, shares = np.empty(room, np.int32), np.empty(room)
    seat = np.full(N, -1, np.int64)
    around, mass, slots = np.empty(N, np.int64), np.empty(N), np.empty(n_edges, np.int64)
    running, used, state = np.empty(N), 0, np.uint64(88172645463325252)
    for c in range(N - 1):
        d, _ = _gather(heads[c], following, vertex, weight, seat, around, mass, slots)
        if used + d > columns.shape[0]:
            columns, shares = _longer(columns, used + d), _longer(shares, used + d)
        by_mass = np.argsort(mass[:d], kind="mergesort")
        total = 0.0
        for position in range(d):
            total += mass[by_mass[position]]
            running[position] = total
        scale, degree = 1.0, total
        for position in range(d - 1):
            j = around[by_mass[position]]
            share = mass[by_mass[position]] * scale / degree
            state ^= state << np.uint64(13)
            state ^= state >> np.uint64(7)
            state ^= state << np.uint64(17)
            chance = (state >> np.uint64(11)) * 1.1102230246251565e-16
            sought = running[position] + chance * (total - running[position])
            other = min(np.searchsorted(running[:d], sought), d - 1)
            k = around[by_mass[max(other, position + 1)]]
            columns[used], shares[used] = j, share
            used += 1
            _insert(heads, following, vertex, weight, slots[position], j, k, share * (1.0 - share) * degree)
            scale *= 1.0 - share
            degree *= (1.0 - share) * (1.0 - share)
        if d > 0:
            columns[used], shares[used] = around[by_mass[d - 1]], 1.0
            used += 1
            pivot[c] = degree
        first[c + 1] = used
    first[N] = used
    return Factor(order, rank, first, columns[:used], shares[:used], pivot)


@jit
def _longer(values, least):
    longer = np.empty(max(2 * values.shape[0], least), values.dtype)
    longer[: values.shape[0]] = values
    return longer


@jit
def factor_solve(factor, residual, work, out):
    """OUT out float64[N - 1]: the factor's answer for `residual` float64[N - 1], the ground at 0.

    OUT work float64[N].
    """
    N = factor.order.shape[0]
    total = 0.0
    for v in range(N - 1):
        work[factor.rank[v]] = residual[v]
        total += residual[v]
    work[factor.rank[N - 1]] = -total
    for c in range(N - 1):
        last = factor.first[c + 1] - 1
        value = work[c]
        for position in range(factor.first[c], last):
            share = factor.share[position]
            work[factor.vertex[position]] += share * value
            value *= 1.0 - share
        if last >= factor.first[c]:
            work[factor.vertex[last]] += value
        work[c] = value / factor.pivot[c] if factor.pivot[c] > 0.0 else 0.0
    work[N - 1] = 0.0
    for c in range(N - 2, -1, -1):
        last = factor.first[c + 1] - 1
        if last >= factor.first[c]:
            value = work[c] + work[factor.vertex[last]]
            for position in range(last - 1, factor.first[c] - 1, -1):
                share = factor.share[position]
                value = (1.0 - share) * value + share * work[factor.vertex[position]]
            work[c] = value
    ground = work[factor.rank[N - 1]]
    for v in range(N - 1):
        out[v] = work[factor.rank[v]] - ground


@jit
def bipartite_apply(first, partner, mass, left, right, x, out):
    """OUT out float64[n + m]: the grounded Laplacian times `x` float64[n + m]."""
    n = left.shape[0]
    for j in range(right.shape[0]):
        out[n + j] = right[j] * x[n + j]
    for i in range(n):
        total, value = left[i] * x[i], x[i]
        for position in range(first[i], first[i + 1]):
            j = n + partner[position]
            total -= mass[position] * x[j]
            out[j] -= mass[position] * value
        out[i] = total


@jit
def bipartite_solve(first, partner, mass, left, right, factor, wanted, tol, max_iter, x):
    """Preconditioned conjugate gradients from 0.

    IN W as CSR, left, right, factor, wanted float64[n + m], tol: the length of the residual to reach, as a
    share of that of `wanted`. OUT x float64[n + m]: the best answer found. Returns the number of iterations.
    """
    N = wanted.shape[0]
    residual, z, work, product = wanted.copy(), np.empty(N), np.empty(N + 1), np.empty(N)
    x[:] = 0.0
    goal = tol * tol * np.dot(residual, residual)
    factor_solve(factor, residual, work, z)
    p, rz = z.copy(), np.dot(residual, z)
    for iteration in range(max_iter):
        bipartite_apply(first, partner, mass, left, right, p, product)
        curvature = np.dot(p, product)
        if not (curvature > 0.0 and rz > 0.0):
            return iteration
        step = rz / curvature
        for v in range(N):
            x[v] += step * p[v]
            residual[v] -= step * product[v]
        if np.dot(residual, residual) <= goal:
            return iteration + 1
        factor_solve(factor, residual, work, z)
        previous, rz = rz, np.dot(residual, z)
        for v in range(N):
            p[v] = z[v] + rz / previous * p[v]
    return max_iter
