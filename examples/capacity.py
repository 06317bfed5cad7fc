"""Put items into cells of limited size, at the least cost, with a proof; then cells that move to balance."""

import numpy as np

import partita as pt

rng = np.random.default_rng(0)
shops = rng.normal(size=(6, 2))
homes = rng.normal(size=(3000, 2)) * [1.0, 0.5]
costs = ((homes[:, None] - shops) ** 2).sum(axis=2)

nearest = np.bincount(costs.argmin(axis=1), minlength=6)
print("nearest shop:      ", nearest.tolist(), f"cost {costs.min(axis=1).sum():.1f}")

found = pt.transport.assign(costs, min_size=400, max_size=600)
print(
    "400 to 600 a shop: ",
    found.sizes.tolist(),
    f"cost {found.cost:.1f}, no less than {found.lower_bound:.1f}",
)
print("price of a place:  ", found.prices.round(2).tolist())

weight = rng.uniform(1, 10, size=(3000, 2))
heavy = pt.transport.assign(costs, weights=weight, capacity=weight.sum(axis=0) / 5.5)
print("two resources:     ", heavy.sizes.tolist(), f"cost {heavy.cost:.1f}, at most {heavy.gap:.2f} too dear")

cells = pt.transport.balance_cells(homes, shops, 500, 500)
print("shops that move:   ", np.bincount(cells.labels).tolist(), f"cost {cells.cost:.1f}")

try:
    pt.transport.assign(costs, max_size=400)
except pt.InfeasibleError as error:
    print(error)
