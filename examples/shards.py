"""Split vectors into shards of bounded size; each shard is one slice of the re-ordered vectors."""

import numpy as np

import partita as pt

rng = np.random.default_rng(0)
vectors = (
    rng.normal(size=(40, 32))[rng.integers(0, 40, 20_000)] + rng.normal(scale=0.3, size=(20_000, 32))
).astype("f4")

maker = pt.points.HierarchicalKMeans(max_size=1000).fit(vectors)
h = maker.hierarchy_
print(h)

shards = h.cut(max_size=1000)
print(f"{shards.n_parts} shards, from {shards.sizes.min()} to {shards.sizes.max()} vectors")

in_order = vectors[h.order]
part = shards.parts[0]
same = np.array_equal(in_order[h.start[part] : h.stop[part]], vectors[h.members(part)])
print("a shard is one contiguous block of the re-ordered vectors:", same)

query = vectors[:3] + 0.01
print("shards of three new vectors:", maker.predict(query, level=shards).tolist())
