"""TopicTree: topics are found, and the laws of every maker hold for documents too."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.metrics import adjusted_rand_score, homogeneity_score

import partita as pt
from partita import NOISE, InvalidDataError, InvalidParameterError
from partita._core.progress import Progress
from partita.text import TopicTree

TOPICS = {
    "fruit": ("apple", "banana", "orchard", "juice", "harvest", "peel", "ripe", "vitamin"),
    "traffic": ("car", "engine", "diesel", "road", "wheel", "driver", "brake", "motor"),
    "music": ("violin", "concert", "melody", "orchestra", "piano", "rhythm", "choir", "opera"),
    "ocean": ("whale", "coral", "tide", "reef", "plankton", "harbour", "shark", "salt"),
}
FILLER = ("the", "of", "and", "with", "very")


def corpus(n_each=60, seed=0):
    """Documents of eight words of one topic and four that stand everywhere, and the topic of each."""
    rng = np.random.default_rng(seed)
    texts, topics = [], []
    for topic, words in enumerate(TOPICS.values()):
        for _ in range(n_each):
            words_here = [*rng.choice(words, 8), *rng.choice(FILLER, 4)]
            texts.append(" ".join(rng.permutation(words_here)))
            topics.append(topic)
    return texts, np.array(topics)


@pytest.fixture(scope="module")
def fitted():
    texts, topics = corpus()
    return TopicTree().fit(texts), texts, topics


def test_topics_are_found_without_their_number(fitted):
    tree, _, topics = fitted
    assert adjusted_rand_score(topics, tree.hierarchy_.cut(n_clusters=4).labels) > 0.95
    assert homogeneity_score(topics, tree.labels_) > 0.95
    assert 4 <= tree.n_clusters_ <= 12


def test_topics_are_named_by_their_words(fitted):
    tree, _, topics = fitted
    h = tree.hierarchy_
    p = h.cut(n_clusters=4)
    for k, part in enumerate(p.parts):
        topic = np.bincount(topics[p.members(k)]).argmax()
        words = list(TOPICS.values())[topic]
        assert set(h.part_data["name"][part].split(", ")) <= set(words)
        assert not set(h.part_data["terms"][part]) & set(FILLER)


def test_the_result_is_a_lawful_hierarchy_with_a_record(fitted):
    tree, texts, _ = fitted
    h = tree.hierarchy_
    h.check()
    assert h.n_items == len(texts)
    assert tree.n_clusters_ == len(h.levels[-1])
    assert tree.made_by_ is h.made_by
    assert h.made_by.method == "TopicTree"
    assert h.made_by.choices["n_components"] == tree.transform(["apple"]).shape[1]
    assert h.made_by.choices["n_documents_without_known_terms"] == 0
    assert h.made_by.choices["divider"]["method"]
    assert type(h.made_by).from_json(h.made_by.to_json()).method == "TopicTree"


def test_the_result_can_be_saved_with_its_names(fitted, tmp_path):
    h = fitted[0].hierarchy_
    h.save(tmp_path / "topics.partita")
    back = pt.load(tmp_path / "topics.partita")
    assert back.part_data["name"].tolist() == h.part_data["name"].tolist()
    assert back.part_data["terms"].tolist() == h.part_data["terms"].tolist()


def test_predict_gives_the_labels_of_the_fit_at_every_level_and_cut(fitted):
    tree, texts, _ = fitted
    h = tree.hierarchy_
    np.testing.assert_array_equal(tree.predict(texts), tree.labels_)
    for level in range(len(h.levels)):
        np.testing.assert_array_equal(tree.predict(texts, level=level), h.labels(level))
    cut = h.cut(n_clusters=4)
    np.testing.assert_array_equal(tree.predict(texts, level=cut), cut.labels)
    assert tree.predict(texts).dtype == np.int32


def test_new_documents_go_where_their_topic_is(fitted):
    tree, _, topics = fitted
    cut = tree.hierarchy_.cut(n_clusters=4)
    new, truth = corpus(n_each=10, seed=5)
    new = [text + " unheard" for text in new]
    of_topic = [np.bincount(cut.labels[topics == t]).argmax() for t in range(4)]
    np.testing.assert_array_equal(tree.predict(new, level=cut), np.array(of_topic)[truth])


@pytest.mark.parametrize("seed", range(3))
def test_labels_follow_the_rows_when_these_are_permuted(fitted, seed):
    tree, texts, _ = fitted
    rows = np.random.default_rng(seed).permutation(len(texts))
    other = TopicTree(random_state=seed, n_jobs=1 + seed % 2).fit([texts[i] for i in rows])
    np.testing.assert_array_equal(other.labels_, tree.labels_[rows])
    for level in range(len(tree.hierarchy_.levels)):
        np.testing.assert_array_equal(other.hierarchy_.labels(level), tree.hierarchy_.labels(level)[rows])
    assert other.hierarchy_.part_data["name"].tolist() == tree.hierarchy_.part_data["name"].tolist()
    assert other.made_by_.fingerprint == tree.made_by_.fingerprint


def test_equal_texts_share_a_part():
    texts, _ = corpus(n_each=25)
    twice = texts + texts[::-1]
    labels = TopicTree().fit(twice).labels_
    np.testing.assert_array_equal(labels[: len(texts)], labels[: len(texts) - 1 : -1])


def test_documents_without_known_words_are_noise_at_the_root_and_counted(fitted):
    texts, _ = corpus(n_each=25)
    tree = TopicTree().fit([*texts, "", "?!", ""])
    h = tree.hierarchy_
    h.check()
    assert set(h.own_items(0).tolist()) >= {100, 101, 102}
    assert tree.labels_[100:].tolist() == [NOISE] * 3
    assert h.labels(0)[100:].tolist() == [0] * 3
    assert tree.made_by_.choices["n_documents_without_known_terms"] == 3
    assert any("3 documents" in note for note in tree.made_by_.notes)
    assert tree.predict(["", "unheard", texts[0]]).tolist() == [NOISE, NOISE, tree.labels_[0]]
    assert tree.predict([""], level=0).tolist() == [0]
    assert not tree.transform(["", "unheard"]).any()


@pytest.mark.parametrize(
    "texts",
    [
        ["one document"],
        ["the same text"] * 7,
        ["red apple", "green apple", "fast car"],
        ["", "", ""],
        [""],
        ["", "a word"],
        ["7 8 9", "7 8", "9"],
        ["word " * 200_000, "another word", "third"],
        ["東京都の天気", "東京の電車", "京都の寺", "नमस्ते दुनिया", "Привет мир", "مرحبا"],
        ["\ud800 broken surrogate", "a\x00b", "\u200d\u200d"],
    ],
    ids=["one", "equal", "three", "empty", "one empty", "half empty", "numbers", "long", "scripts", "broken"],
)
def test_small_and_odd_corpora(texts):
    tree = TopicTree().fit(texts)
    h = tree.hierarchy_
    h.check()
    assert h.n_items == len(tree.labels_) == len(texts)
    np.testing.assert_array_equal(tree.predict(texts), tree.labels_)
    assert len(h.part_data["name"]) == len(h.part_data["terms"]) == h.n_parts
    for text, label in zip(texts, tree.labels_):
        assert label == tree.labels_[texts.index(text)]


def test_bad_documents_are_refused_with_their_row(fitted):
    with pytest.raises(InvalidDataError, match="Document 1 of X"):
        TopicTree().fit(["a", None, "b"])
    with pytest.raises(InvalidDataError, match="one text"):
        TopicTree().fit("a text")
    with pytest.raises(InvalidDataError, match="0 documents"):
        TopicTree().fit([])
    with pytest.raises(InvalidDataError, match="Document 0 of X"):
        fitted[0].predict([3])
    assert fitted[0].predict([]).shape == (0,)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_components", 0),
        ("n_components", 2.5),
        ("ngram_range", 2),
        ("ngram_range", (0, 1)),
        ("ngram_range", (2, 1)),
        ("ngram_range", (1, 2, 3)),
        ("max_features", 0),
        ("min_size", 0),
        ("max_depth", 0),
        ("n_terms", 0),
        ("n_terms", None),
        ("n_jobs", "all"),
        ("random_state", -1),
        ("progress", "yes"),
    ],
)
def test_bad_parameters_are_refused_by_name(name, value):
    with pytest.raises(InvalidParameterError, match=name):
        TopicTree(**{name: value}).fit(["a text", "another"])


def test_parameters_are_obeyed():
    texts, _ = corpus(n_each=25)
    tree = TopicTree(n_components=5, ngram_range=[1, 2], max_features=30, n_terms=1).fit(texts)
    assert tree.transform(texts).shape == (100, 5)
    assert len(tree.vectors_.place) == 30
    pairs = TopicTree(ngram_range=(2, 2)).fit(texts).vectors_.place
    assert all(len(term.split()) == 2 for term in pairs)
    assert all("," not in name for name in tree.hierarchy_.part_data["name"])


def test_it_is_an_estimator(fitted):
    copy = clone(TopicTree(n_components=7, ngram_range=(1, 2)))
    assert copy.get_params()["n_components"] == 7
    assert not hasattr(copy, "hierarchy_")
    with pytest.raises(NotFittedError):
        copy.predict(["a"])
    with pytest.raises(NotFittedError):
        copy.transform(["a"])
    tree, texts, _ = fitted
    np.testing.assert_array_equal(TopicTree().fit_predict(texts), tree.labels_)
    np.testing.assert_array_equal(TopicTree().fit_transform(texts), tree.transform(texts))


def test_progress_is_told():
    stages = []

    class Told(Progress):
        def start(self, label, total=None):
            stages.append(label)

    TopicTree(progress=Told()).fit(corpus(n_each=5)[0])
    assert {"Reading words", "Making vectors", "Naming parts"} <= set(stages)


@given(st.lists(st.text(max_size=20), min_size=1, max_size=12), st.randoms(use_true_random=False))
@settings(max_examples=15)
def test_any_texts_are_divided_by_the_laws(texts, random):
    tree = TopicTree().fit(texts)
    tree.hierarchy_.check()
    np.testing.assert_array_equal(tree.predict(texts), tree.labels_)
    rows = random.sample(range(len(texts)), len(texts))
    np.testing.assert_array_equal(TopicTree().fit([texts[i] for i in rows]).labels_, tree.labels_[rows])
    label_of = dict(zip(texts, tree.labels_))
    assert [label_of[text] for text in texts] == tree.labels_.tolist()


@pytest.mark.data
@pytest.mark.slow
def test_packages_of_a_distribution(real_data):
    import pyarrow.parquet as pq

    table = pq.read_table(
        real_data("debian-packages", "packages.parquet"), columns=["long_description", "section"]
    )
    texts = [text or "" for text in table["long_description"].to_pylist()]
    tree = TopicTree().fit(texts)
    tree.hierarchy_.check()
    np.testing.assert_array_equal(tree.predict(texts), tree.labels_)
    ami = [
        pt.compare(np.unique(table["section"].to_numpy(), return_inverse=True)[1], tree.hierarchy_.labels(j))[
            "ami"
        ]
        for j in range(len(tree.hierarchy_.levels))
    ]
    assert max(ami) > 0.25
