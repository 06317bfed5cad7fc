"""Fewer vectors for each document: token pooling, chunked soft matching, pseudo-queries. For users."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from partita._core.errors import InvalidParameterError
from partita._core.params import Integer, OneOf, Optional, Real, check_parameters
from partita._core.progress import Progress
from partita.search._documents import Documents, Request
from partita.search.pooled import Pooled

_METRICS = OneOf(("cosine", "euclidean"))
_POOLING = (
    "B. Clavié, A. Chaffin, G. Adams, Reducing the footprint of multi-vector retrieval with minimal "
    "performance impact via token pooling, arXiv:2409.14683; J. H. Ward, Hierarchical grouping to optimize "
    "an objective function, JASA 58 (1963), doi:10.1080/01621459.1963.10500845"
)
_MATCHING = (
    "J. Hu et al., Efficient long-context LLM inference via KV cache clustering, arXiv:2506.11418; D. Bolya "
    "et al., Token merging: your ViT but faster, ICLR 2023, arXiv:2210.09461"
)
_QUERIES = (
    "H. Tang et al., Improving document representations by generating pseudo query embeddings for dense "
    "retrieval, ACL 2021, doi:10.18653/v1/2021.acl-long.392"
)


def pool(
    tokens: Any,
    offsets: Any = None,
    *,
    factor: float | None = None,
    error_bound: float | None = None,
    protected: Any = 0,
    metric: str = "cosine",
    n_jobs: int | None = None,
    progress: bool | Progress | None = None,
) -> Pooled:
    """Token vectors of documents pooled to fewer, by Ward's linkage within each document.

    *When to choose this*: an index keeps a vector for every token (late interaction) and takes too much room.
    Half of the vectors go with hardly a loss in many collections. Where one rare token must be found in a
    long document, pooling harms: protect such tokens, or bound the error.

    Parameters
    ----------
    tokens : array-like of shape (n, d)
        The vectors of all documents, one document after another.
    offsets : array-like of int, shape (n_documents + 1,), optional
        Document b has rows ``offsets[b]`` to ``offsets[b + 1]``. Default: one document.
    factor : float, optional
        At least 1: m tokens that are not protected become ``ceil(m / factor)`` vectors (fewer only where
        merges of equal height go together, as for repeated tokens). Default 2, where `error_bound` is None.
    error_bound : float, optional
        Instead of `factor`: no token lies further than this from its pooled vector. A document is cut at the
        highest parts of its tree for which that holds. With unit tokens and a unit query no similarity then
        changes by more than that.
    protected : int or array-like of bool, shape (n,)
        The first so many tokens of every document, or the tokens themselves, that stay as they are.
    metric : {"cosine", "euclidean"}
        For cosine, tokens and pooled vectors have length 1 (tokens of zeros stay zeros). Ward's linkage takes
        Euclidean distances of these: fed with cosine distances it would be no longer Ward's.
    n_jobs : int, optional
        Threads; the result is the same for any number.
    progress : bool or Progress, optional
        True shows progress bars on standard error.

    Returns
    -------
    pooled : Pooled
        Vectors in the order of their earliest tokens.

    Raises
    ------
    InvalidParameterError, InvalidDataError
    BudgetError
        For a document whose squared distances exceed the memory budget.

    Notes
    -----
    For a document of m tokens O(m^2 d) time and 8 m^2 bytes. The clusters are those of SciPy's ``linkage(…,
    "ward")`` and ``fcluster(…, "maxclust")`` of the same document [1]_ [2]_.

    References
    ----------
    .. [1] B. Clavié, A. Chaffin, G. Adams, Reducing the footprint of multi-vector retrieval with minimal
       performance impact via token pooling. https://arxiv.org/abs/2409.14683
    .. [2] J. H. Ward, Hierarchical grouping to optimize an objective function, JASA 58 (1963).
       https://doi.org/10.1080/01621459.1963.10500845

    Examples
    --------
    >>> import numpy as np
    >>> tokens = np.array([[1.0, 0], [0.9, 0.1], [0, 1.0], [1.0, 0], [0, 1.0], [0, 2.0]])
    >>> pooled = pool(tokens, [0, 3, 6], factor=1.5)
    >>> pooled.offsets.tolist(), pooled.labels.tolist()
    ([0, 2, 4], [0, 0, 1, 2, 3, 3])
    >>> pool(tokens, [0, 3, 6], error_bound=0.01).labels.tolist()
    [0, 1, 2, 3, 4, 4]
    """
    rules = {"factor": Optional(Real(low=1.0)), "error_bound": Optional(Real(low=0.0)), "metric": _METRICS}
    given = _check("pool", rules, factor=factor, error_bound=error_bound, metric=metric)
    if factor is not None and error_bound is not None:
        raise InvalidParameterError(
            "factor and error_bound can't both be kept.",
            name="error_bound",
            got=error_bound,
            hint="give one of them; error_bound chooses the number of vectors itself",
        )
    documents = Documents.checked(tokens, offsets, protected, unit=metric == "cosine", name="tokens")
    if error_bound is None:
        request = Request("pool", given, _POOLING, factor=float(factor or 2.0))
    else:
        request = Request("pool", given, _POOLING, bound=float(error_bound))
    return documents.linked(request, n_jobs, progress)


def pseudo_queries(
    tokens: Any,
    offsets: Any = None,
    *,
    n_queries: int = 4,
    metric: str = "cosine",
    n_jobs: int | None = None,
    progress: bool | Progress | None = None,
) -> Pooled:
    """A few centroids for each document, which stand for the questions that it may answer.

    *When to choose this*: one vector a document says too little, and one for every token is too many. A query
    is compared with each centroid; the best one, or their sum weighted by similarity, is the score.

    Parameters
    ----------
    tokens : array-like of shape (n, d)
        The vectors of all documents, one document after another.
    offsets : array-like of int, shape (n_documents + 1,), optional
        Document b has rows ``offsets[b]`` to ``offsets[b + 1]``. Default: one document.
    n_queries : int
        Centroids of a document; fewer where it has fewer distinct tokens.
    metric : {"cosine", "euclidean"}
        For cosine, tokens and centroids have length 1.
    n_jobs : int, optional
        Threads; the result is the same for any number.
    progress : bool or Progress, optional
        True shows progress bars on standard error.

    Returns
    -------
    pooled : Pooled

    Raises
    ------
    InvalidParameterError, InvalidDataError, BudgetError

    Notes
    -----
    k-means within each document [1]_, started from Ward's clusters and so without random numbers. O(m^2 d)
    time for a document of m tokens.

    References
    ----------
    .. [1] H. Tang et al., Improving document representations by generating pseudo query embeddings for dense
       retrieval, ACL 2021. https://doi.org/10.18653/v1/2021.acl-long.392

    Examples
    --------
    >>> import numpy as np
    >>> tokens = np.array([[1.0, 0], [0.9, 0.1], [0, 1.0], [0.1, 0.9], [1.0, 0]])
    >>> pseudo_queries(tokens, [0, 4, 5], n_queries=2).offsets.tolist()
    [0, 2, 3]
    """
    rules = {"n_queries": Integer(low=1), "metric": _METRICS}
    given = _check("pseudo_queries", rules, n_queries=n_queries, metric=metric)
    documents = Documents.checked(tokens, offsets, 0, unit=metric == "cosine", name="tokens")
    request = Request("pseudo_queries", given, _QUERIES, n_queries=int(n_queries))
    return documents.linked(request, n_jobs, progress)


def pool_sequence(
    keys: Any,
    values: Any = None,
    *,
    offsets: Any = None,
    chunk: int = 64,
    ratio: float = 0.5,
    counts: Any = None,
    protected: Any = 0,
    n_jobs: int | None = None,
    progress: bool | Progress | None = None,
) -> Pooled:
    """A sequence shortened by merging similar items within chunks: chunked soft matching.

    *When to choose this*: the items have an order that must last (a cache of keys and values, a stream of
    states), and time must grow with their number only. For documents as sets of tokens, `pool` loses less.

    Parameters
    ----------
    keys : array-like of shape (n, d)
        By whose cosines items are matched; pooled keys are plain means.
    values : array-like of shape (n, …), optional
        Averaged along with the keys.
    offsets : array-like of int, shape (n_sequences + 1,), optional
        Bounds of several sequences. Default: one.
    chunk : int
        Items that are matched with one another, at least 2.
    ratio : float
        Share of the items of a chunk that is merged away, at most 0.5 a pass. For more, call again with the
        pooled keys, values and counts.
    counts : array-like of shape (n,), optional
        How many items each already stands for (weights of the means). Default: one.
    protected : int or array-like of bool, shape (n,)
        The first so many items of every sequence, or the items themselves, that stay as they are.
    n_jobs : int, optional
        Threads; the result is the same for any number.
    progress : bool or Progress, optional
        True shows progress bars on standard error.

    Returns
    -------
    pooled : Pooled
        In the order of the items that stayed; ``counts`` to correct attention by (log counts), ``values``.

    Raises
    ------
    InvalidParameterError, InvalidDataError

    Notes
    -----
    The items of a chunk that are not protected alternate between two sides. Each of the first side is linked
    with the most similar of the second; the most similar links, ``floor(ratio * items)`` of them, are merged,
    several into one where they agree [1]_ [2]_. O(n chunk d) time.

    References
    ----------
    .. [1] J. Hu et al., Efficient long-context LLM inference via KV cache clustering.
       https://arxiv.org/abs/2506.11418
    .. [2] D. Bolya et al., Token merging: your ViT but faster, ICLR 2023. https://arxiv.org/abs/2210.09461

    Examples
    --------
    >>> import numpy as np
    >>> keys = np.array([[1.0, 0], [1.0, 0], [0, 1.0], [1.0, 1.0]])
    >>> pooled = pool_sequence(keys, np.arange(4.0), ratio=0.25)
    >>> pooled.labels.tolist(), pooled.values.tolist(), pooled.counts.tolist()
    ([0, 0, 1, 2], [0.5, 2.0, 3.0], [2.0, 1.0, 1.0])
    """
    rules = {"chunk": Integer(low=2), "ratio": Real(low=0.0, high=0.5)}
    given = _check("pool_sequence", rules, chunk=chunk, ratio=ratio)
    documents = Documents.checked(keys, offsets, protected, unit=False, name="keys")
    request = Request("pool_sequence", given, _MATCHING, chunk=int(chunk), ratio=float(ratio))
    return documents.matched(request, values, counts, n_jobs, progress)


def _check(owner: str, rules: Mapping[str, Any], **values: Any) -> dict[str, Any]:
    """`values` if their rules allow them."""
    check_parameters(owner, rules, values)
    return values
