"""Shards of a graph on racks of machines: balanced at both levels, and few edges between racks."""

import numpy as np

import partita as pt

side = np.arange(900).reshape(30, 30)
across = np.stack((side[:, :-1], side[:, 1:]), -1).reshape(-1, 2)
down = np.stack((side[:-1], side[1:]), -1).reshape(-1, 2)
edges = np.concatenate((across, down))
work = np.ones((900, 2))
work[:450, 1] = 2.0  # the first half needs twice the memory

made = pt.graphs.MultilevelPartition((2, 3), node_weights=work, imbalance=0.05).fit(edges)
for level, name in enumerate(("racks", "machines"), start=1):
    labels = made.hierarchy_.labels(level)
    load = np.stack([work[labels == part].sum(axis=0) for part in range(labels.max() + 1)])
    print(f"{len(load)} {name}: {made.cuts_[level - 1]:g} edges between, work and memory {load.tolist()}")
