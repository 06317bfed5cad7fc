"""Find topics within topics in texts that every reader has: the documentation of NumPy and SciPy."""

import inspect

import numpy as np
import scipy.linalg
import scipy.optimize
import scipy.signal
import scipy.special
import scipy.stats

import partita as pt

modules = (np, np.linalg, np.random, scipy.linalg, scipy.optimize, scipy.signal, scipy.special, scipy.stats)
texts = {}
for module in modules:
    for name in dir(module):
        text = inspect.getdoc(getattr(module, name)) or ""
        if len(text) > 200:
            texts[text] = f"{module.__name__}.{name}"
documents, names = list(texts), list(texts.values())

h = pt.text.TopicTree().fit(documents).hierarchy_
print(h)
for part in range(min(h.n_parts, 40)):
    if h.depth[part] <= 2:
        example = names[h.members(part)[0]]
        print(f"{'  ' * int(h.depth[part])}{h.part_data['name'][part]} ({h.sizes[part]}), such as {example}")
