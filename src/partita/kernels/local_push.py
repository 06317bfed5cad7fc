"""Mass that spreads from seeds over met rows: flow diffusion and PageRank, in rounds. Called by graphs.

In a round all nodes that hold too much push at once, from what they held when it began, so that a round's
result does not depend on the order in which nodes were met but for the last bits of sums.
"""

from __future__ import annotations

from partita.kernels.jit import jit


@jit
def flow_rounds(met, sink, slack, mass, value, active, listed, excess, rounds):
    """Rounds of flow diffusion until nobody holds more than its sink, or an unopened node does.

    A node that holds more than ``sink + slack`` pushes the rest over its edges, by their shares; its value
    grows by what it pushes per unit of strength.

    IN sink, slack float64[slots]. INOUT mass, value float64[slots], active int32[slots] (the nodes that hold
    too much, first ``listed[0]``). SCRATCH excess float64[slots]. INOUT rounds int64[1], rounds left.
    Returns whether an active node has to be opened.
    """
    count = listed[0]
    while count > 0 and rounds[0] > 0:
        for i in range(count):
            if met.start[active[i]] < 0:
                listed[0] = count
                return True
        rounds[0] -= 1
        for i in range(count):
            s = active[i]
            excess[i] = 0.0
            if met.strength[s] > 0.0:
                excess[i] = (mass[s] - sink[s]) / met.strength[s]
                mass[s] = sink[s]
                value[s] += excess[i]
        pushes = 0
        for i in range(count):
            if excess[i] > 0.0:
                s = active[i]
                pushes += met.stop[s] - met.start[s]
                for e in range(met.start[s], met.stop[s]):
                    mass[met.neighbour[e]] += excess[i] * met.share[e]
        if pushes > met.used[0]:
            count = _collect_all(met, active, mass, sink, slack)
        else:
            count = _collect(met, active, count, excess, mass, sink, slack)
    listed[0] = count
    return False


@jit
def _collect_all(met, active, mass, sink, slack):
    """As ``_collect``, by a look at all slots: where many edges carried mass, these are fewer."""
    fresh = 0
    for s in range(met.used[0]):
        if mass[s] > sink[s] + slack[s] and (met.start[s] < 0 or met.strength[s] > 0.0):
            active[fresh] = s
            fresh += 1
    return fresh


@jit
def _collect(met, active, count, excess, mass, sink, slack):
    """The nodes that hold too much after a round, each once: those that pushed, and their neighbours."""
    pushed, fresh = active[:count].copy(), 0
    for i in range(count):
        s = pushed[i]
        if excess[i] <= 0.0:
            continue
        for e in range(met.start[s], met.stop[s]):
            u = met.neighbour[e]
            if mass[u] > sink[u] + slack[u] and (met.start[u] < 0 or met.strength[u] > 0.0):
                active[fresh] = u
                fresh += 1
                mass[u] = -mass[u]
        if mass[s] > sink[s] + slack[s]:
            active[fresh] = s
            fresh += 1
            mass[s] = -mass[s]
    for i in range(fresh):
        mass[active[i]] = -mass[active[i]]
    return fresh


@jit
def rank_rounds(met, least, teleport, mass, value, active, listed, excess, rounds):
    """Rounds of PageRank pushes until every node holds less than `least`, or an unopened node does not.

    A node that holds `least` or more keeps the share `teleport` of it as its value and spreads the rest over
    its edges, by their shares; a node without edges keeps all.

    IN least float64[slots]. Others as in ``flow_rounds``.
    """
    count = listed[0]
    while count > 0 and rounds[0] > 0:
        for i in range(count):
            if met.start[active[i]] < 0:
                listed[0] = count
                return True
        rounds[0] -= 1
        for i in range(count):
            s = active[i]
            held, mass[s] = mass[s], 0.0
            if met.strength[s] > 0.0:
                value[s] += teleport * held
                excess[i] = (1.0 - teleport) * held / met.strength[s]
            else:
                value[s] += held
                excess[i] = 0.0
        for i in range(count):
            s = active[i]
            for e in range(met.start[s], met.stop[s]):
                mass[met.neighbour[e]] += excess[i] * met.share[e]
        pushed, fresh = active[:count].copy(), 0
        for i in range(count):
            s = pushed[i]
            for e in range(met.start[s], met.stop[s]):
                u = met.neighbour[e]
                if mass[u] > 0.0 and mass[u] >= least[u]:
                    active[fresh] = u
                    fresh += 1
                    mass[u] = -mass[u]
        for i in range(fresh):
            mass[active[i]] = -mass[active[i]]
        count = fresh
    listed[0] = count
    return False


@jit
def sweep_cuts(met, slots, degree, shape, given, inside):
    """Cuts and volumes of the first 1, 2, … of `slots`, all opened.

    IN degree float64[slots] (volume of each in the graph as given). SCRATCH inside bool[slots], False.
    OUT shape float64 (len, 2): weight that leaves the set, and its strength; given float64[len], its volume.
    """
    cut, strength, volume = 0.0, 0.0, 0.0
    for i in range(slots.shape[0]):
        s = slots[i]
        within = 0.0
        for e in range(met.start[s], met.stop[s]):
            if inside[met.neighbour[e]]:
                within += met.share[e]
        inside[s] = True
        cut += met.strength[s] - 2.0 * within
        strength += met.strength[s]
        volume += degree[s]
        shape[i, 0] = max(cut, 0.0)
        shape[i, 1] = strength
        given[i] = volume
    for s in slots:
        inside[s] = False
