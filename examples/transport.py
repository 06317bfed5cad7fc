"""Match two pictures by moving the ink of one to the other: smooth, sparse, and without showing either."""

import numpy as np
from sklearn.datasets import load_digits

import partita as pt

images = load_digits().images
one, other = images[1].ravel(), images[5].ravel()
a, b = one / one.sum(), other / other.sum()
pixels = np.argwhere(np.ones((8, 8))).astype(float)
C = ((pixels[:, None] - pixels) ** 2).sum(axis=2)

for method in ("sinkhorn", "newton_sparse"):
    plan = pt.transport.sinkhorn(C, a, b, 0.05, method=method)
    print(f"{method}: {plan.n_iter} iterations, cost {plan.cost:.4f}, at least {plan.lower_bound:.4f}")

few = pt.transport.sparse_plan(C, a, b, max_nonzeros=3, gamma=20.0, tol=1e-6)
ink = few.matrix[:, b > 0] > 0
print(f"every pixel takes ink from at most {ink.sum(axis=0).max()} others; cost {few.cost:.4f}")

inked = [(pixels[mass > 0], mass[mass > 0]) for mass in (a, b)]
found = pt.transport.federated_wasserstein(inked, n_points=100, share=0.1)
print(f"distance {np.sqrt(plan.cost):.3f}, found by interpolants alone: at most {found.distance:.3f}")
