"""Communities of Zachary's karate club: as many as pay, exactly two, and with wishes."""

import networkx as nx

import partita as pt

club = nx.karate_club_graph()
found = pt.graphs.Communities().fit(club)
print(f"{found.n_clusters_} communities, modularity {found.quality_:.4f}")
for part in found.hierarchy_.levels[-1]:
    print("  ", sorted(found.hierarchy_.members(part).tolist()))

two = pt.graphs.Communities(n_clusters=2).fit(club)
print("two:", two.labels_.tolist())

wishes = pt.graphs.Communities(max_size=10, cannot_link=[(0, 1)]).fit(club)
print("at most ten each, 0 and 1 apart:", wishes.hierarchy_.cut(level=1).sizes.tolist())
