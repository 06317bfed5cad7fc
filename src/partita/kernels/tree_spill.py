"""Copies whose residuals don't fail together (SOAR's rule). Called by ``hierarchy.covering``.

A block of rows takes its parts in rounds. In each, products of the residuals of the last round with all
centres tell, up to rounding, what a further part would cost; what is too close to tell is worked out in
float64 in fixed order.
"""

from __future__ import annotations

import numpy as np

from partita.kernels.assign import distance_exact, frame_row, slack_of
from partita.kernels.jit import jit
from partita.kernels.tree_cover import at_most, few_nearest, score_limit


@jit
def spill_residuals(block, frame, cells, copies, directions, starts):
    """Residuals to the part taken last, of length 1.

    IN block, frame, cells, copies. OUT directions float32 (b, d) (0 for an item at the centre), starts
    float64[b] (their products with the items).
    """
    d = block.X.shape[1]
    point = np.empty(d)
    for i in range(block.X.shape[0]):
        frame_row(block.X[i], frame.shift, frame.scale, False, point)
        center = cells.centers[copies.parts[i, copies.counts[i] - 1]]
        length = np.sqrt(distance_exact(point, center))
        starts[i] = 0.0
        for j in range(d):
            unit = (point[j] - center[j]) / length if length > 0.0 else 0.0
            starts[i] += unit * point[j]
            directions[i, j] = unit


@jit
def spill_round(block, frame, cells, request, done, turned, starts, costs, copies):
    """Let rows that have `done` parts take another.

    IN block, frame, cells, request, done, turned float32 (b, k) (directions times centres), starts
    float64[b]. INOUT costs float32 (b, k) (the price of correlation so far), copies.
    """
    d, k = block.X.shape[1], cells.half.shape[0]
    point, losses = np.empty(d), np.empty(k, np.float32)
    price, double = np.float32(request.penalty), np.float32(2.0)
    for i in range(block.X.shape[0]):
        if copies.counts[i] != done:
            continue
        start, cost, across, along = np.float32(starts[i]), costs[i], block.products[i], turned[i]
        for j in range(k):
            product = start - along[j]
            cost[j] += price * product * product
            losses[j] = double * (cells.half[j] - across[j]) + cost[j]
        taken = copies.parts[i, :done]
        losses[taken] = np.inf
        frame_row(block.X[i], frame.shift, frame.scale, False, point)
        best = _cheapest(point, losses, cost, block.norms[i], cells, request, taken)
        if best >= 0:
            copies.parts[i, done] = best
            copies.squares[i, done] = distance_exact(point, cells.centers[best])
            copies.counts[i] += 1


@jit
def _cheapest(point, losses, costs, norm, cells, request, taken):
    """The centre of least loss (`losses` lacks the squared length) within the radius; -1 when there is none.

    Ties go to the lower.
    """
    reach = request.radius * request.radius
    # Twice: for the products, and for what is added to them in float32.
    slack = 2.0 * slack_of(point.shape[0], norm, cells.longest)
    limit = _affordable(losses, costs, norm * norm, slack, cells.longest, request, taken.shape[0])
    best, lowest = -1, np.inf
    for j in at_most(losses, limit - norm * norm):
        if np.float64(losses[j]) - costs[j] + norm * norm - slack > reach or losses[j] == np.inf:
            continue
        apart = distance_exact(point, cells.centers[j])
        loss = apart + request.penalty * _correlation(point, cells.centers, taken, j)
        if apart <= reach and (best < 0 or loss < lowest):
            best, lowest = j, loss
    return best


@jit
def _affordable(losses, costs, square, slack, longest, request, done):
    """What the loss of the cheapest centre within the radius seems at most to be."""
    reach = request.radius * request.radius
    lowest = np.inf
    if reach == np.inf:
        lowest = np.float64(score_limit(losses, 1)) + square
    else:
        for j in range(losses.shape[0]):
            if np.float64(losses[j]) - costs[j] + square + slack <= reach:
                lowest = min(lowest, losses[j] + square)
    # A loss is wrong by up to ``slack + 2 (loss blur)**0.5 + blur + grain * loss``. Its own error limits the
    # lowest; that of a loss twice as high, what is compared with it, unless errors are as high as losses.
    blur = request.penalty * done * (slack / max(longest, 2.0**-500)) ** 2
    grain = 2.0**-22 * (done + 8)
    lowest = max(lowest, 32.0 * (slack + blur))
    upper = lowest + slack + 2.0 * np.sqrt(lowest * blur) + blur + grain * lowest
    return upper + slack + 2.0 * np.sqrt(2.0 * upper * blur) + blur + grain * 2.0 * upper


@jit
def _correlation(point, centers, taken, candidate):
    """Squared lengths of the residual of `candidate` along those of the parts taken, summed."""
    total = 0.0
    for part in taken:
        product, square = 0.0, 0.0
        for j in range(point.shape[0]):
            residual = point[j] - centers[part, j]
            product += residual * (point[j] - centers[candidate, j])
            square += residual * residual
        if square > 0.0:
            total += product * product / square
    return total


@jit
def spill_capped(block, frame, cells, request, copies):
    """How many rows could take one more part. IN all."""
    d = block.X.shape[1]
    point = np.empty(d)
    capped = 0
    for i in range(block.X.shape[0]):
        if copies.counts[i] < request.most:
            continue
        frame_row(block.X[i], frame.shift, frame.scale, False, point)
        slack = slack_of(d, block.norms[i], cells.longest)
        scores = cells.half - block.products[i]
        near, apart = few_nearest(point, scores, cells, slack, request.most + 1)
        more = False
        for r in range(near.shape[0]):
            free = not (copies.parts[i, : request.most] == near[r]).any()
            more |= free and apart[r] <= request.radius * request.radius
        capped += more
    return capped
