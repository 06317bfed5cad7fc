"""Keep half of the token vectors of documents, and see what a search loses by it."""

import numpy as np

from partita.search import pool

rng = np.random.default_rng(0)
senses = rng.standard_normal((300, 64))
sizes = rng.integers(20, 120, 200)
offsets = np.concatenate([[0], np.cumsum(sizes)])
tokens = np.concatenate([senses[rng.choice(300, 10)][rng.integers(0, 10, size)] for size in sizes])
tokens += 0.4 * rng.standard_normal(tokens.shape)
tokens /= np.linalg.norm(tokens, axis=1, keepdims=True)


def scores(vectors, bounds, query):
    """For each document the sum of the best similarities of the query's vectors."""
    return np.maximum.reduceat(query @ vectors.T, bounds[:-1], axis=1).sum(axis=0)


queries = [tokens[offsets[b] : offsets[b] + 5] + 0.1 * rng.standard_normal((5, 64)) for b in range(200)]
for name, pooled in (
    ("every token", pool(tokens, offsets, factor=1)),
    ("half", pool(tokens, offsets, factor=2)),
    ("half, the first token kept", pool(tokens, offsets, factor=2, protected=1)),
    ("a tenth", pool(tokens, offsets, factor=10)),
    ("none further than 0.3", pool(tokens, offsets, error_bound=0.3)),
):
    found = [scores(pooled.vectors, pooled.offsets, query).argmax() == b for b, query in enumerate(queries)]
    print(
        f"{name:28} {len(pooled.vectors):6d} vectors, {np.mean(found):.3f} of the documents found first, "
        f"largest error {pooled.largest_error:.2f}"
    )
