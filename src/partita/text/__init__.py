"""Documents to a tree of named topics, and names for any hierarchy over texts. Called by the doors."""

from __future__ import annotations

from partita.text.naming import names
from partita.text.topic_tree import TopicTree

__all__ = ["TopicTree", "names"]
