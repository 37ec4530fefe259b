"""Models that take text: every way in, every kind of data, files, copies, and what the errors say."""

from __future__ import annotations

import threading
import zipfile

import numpy as np
import pytest

import kerax
from kerax import layers
from kerax._errors import ArgumentError, DataError, DTypeError, GraphError, Unsupported
from kerax.compat import tf
from kerax.data import _prefetch
from kerax.models._split import Prepared

TEXTS = np.array(["good film, great", "Bad film", "great great good", "awful bad bad", "good one", "so bad"], object)
TAGS = np.array(["x", "y", "x", "z", "x", "y"], object)
Y = np.array([1, 0, 1, 0, 1, 0], "float32")
NUMBERS = np.linspace(-1, 1, 18, dtype="float32").reshape(6, 3)
IDS = np.array([[3], [5], [3], [9], [7], [3]])


def vectorizer(**options):
    layer = layers.TextVectorization(**options)
    layer.adapt(TEXTS)
    return layer


def lookup(cls, data, **options):
    layer = cls(**options)
    layer.adapt(data)
    return layer


def classifier(**options):
    """A functional model of texts."""
    inputs = kerax.Input((1,), dtype="string")
    x = vectorizer(**options)(inputs)
    if options.get("output_mode", "int") == "int":
        x = layers.GlobalAveragePooling1D()(layers.Embedding(12, 4, mask_zero=True)(x))
    model = kerax.Model(inputs, layers.Dense(1, activation="sigmoid")(x))
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model


def expected_of(model, texts=TEXTS):
    """What a model gives, called by hand: each layer in turn, eagerly."""
    return np.asarray(model(texts))


# -- one input ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [{"output_sequence_length": 4}, {}, {"output_mode": "multi_hot"}, {"output_mode": "tf_idf"}],
    ids=["fixed length", "open length", "multi-hot", "tf-idf"],
)
def test_a_model_of_texts_trains_tests_and_predicts(options):
    kerax.utils.set_random_seed(0)
    model = classifier(**options)
    history = model.fit(TEXTS, Y, batch_size=4, epochs=2, verbose=0, validation_data=(TEXTS[:2], Y[:2]))
    assert np.isfinite(history.history["val_loss"]).all()
    expected = expected_of(model)
    np.testing.assert_allclose(model.predict(TEXTS, batch_size=6, verbose=0), expected, rtol=1e-5)
    np.testing.assert_allclose(model.predict_on_batch(TEXTS), expected, rtol=1e-5)
    loss, accuracy = model.evaluate(TEXTS, Y, verbose=0)
    np.testing.assert_allclose(loss, -np.mean(np.log(np.where(Y == 1, expected[:, 0], 1 - expected[:, 0]))), rtol=1e-4)
    np.testing.assert_allclose(accuracy, np.mean((expected[:, 0] > 0.5) == Y))
    np.testing.assert_allclose(model.test_on_batch(TEXTS, Y)[0], loss, rtol=1e-4)
    assert model.train_on_batch(TEXTS, Y)[0] == pytest.approx(loss, rel=1e-4)


def test_texts_train_as_their_integers_do():
    """The same weights after the same steps, in memory, batch by batch, and from a generator."""
    layer = vectorizer(output_sequence_length=4)

    def stack():
        kerax.utils.set_random_seed(3)
        return [layers.Embedding(12, 4), layers.Flatten(), layers.Dense(1)]

    def trained(model, *data, **options):
        model.compile("adam", "mse")
        model.fit(*data, epochs=2, shuffle=False, verbose=0, **options)
        return model.get_weights()

    plain = kerax.Sequential([kerax.Input((4,), dtype="int32"), *stack()])
    wanted = trained(plain, np.asarray(layer(TEXTS)), Y, batch_size=2)
    found = [trained(kerax.Sequential([layer, *stack()]), TEXTS, Y, batch_size=2)]
    by_batch = kerax.Sequential([kerax.Input((1,), dtype="string"), layer, *stack()])
    by_batch._host_part().rowwise = False  # so that the set is not prepared as a whole
    found.append(trained(by_batch, TEXTS, Y, batch_size=2))
    batches = ((TEXTS[i : i + 2], Y[i : i + 2]) for _ in range(2) for i in (0, 2, 4))
    found.append(trained(kerax.Sequential([layer, *stack()]), batches, steps_per_epoch=3))
    for weights in found:
        for a, b in zip(weights, wanted, strict=True):
            np.testing.assert_allclose(a, b, atol=1e-6)


@pytest.mark.parametrize(
    "texts",
    [
        TEXTS,
        TEXTS[:, None],
        TEXTS.astype(str),
        TEXTS.astype("S"),
        list(TEXTS),
        [[text] for text in TEXTS],
        tuple(text.encode() for text in TEXTS),
    ],
    ids=["objects", "column", "U", "S", "list", "rows", "bytes"],
)
def test_text_comes_in_every_form(texts):
    model = classifier(output_sequence_length=4)
    expected = expected_of(model)
    np.testing.assert_allclose(model.predict(texts, verbose=0), expected, rtol=1e-5)
    if not isinstance(texts, tuple):  # several arguments of a call
        np.testing.assert_allclose(model(texts), expected, rtol=1e-5)
    model.fit(texts, Y, verbose=0)


def test_pandas_columns_are_inputs():
    pandas = pytest.importorskip("pandas")
    model = classifier(output_sequence_length=4)
    column = pandas.Series(TEXTS)
    np.testing.assert_allclose(model.predict(column, verbose=0), expected_of(model), rtol=1e-5)
    model.fit(column, pandas.Series(Y), verbose=0)


def test_sequences_are_as_long_as_the_longest_of_their_batch():
    inputs = kerax.Input((1,), dtype="string")
    ids = vectorizer()(inputs)
    lengths = layers.Lambda(lambda x: kerax.ops.ones_like(x[:, :1]) * x.shape[1])(ids)
    model = kerax.Model(inputs, lengths)
    assert model.predict(TEXTS, batch_size=2, verbose=0).ravel().tolist() == [3, 3, 3, 3, 2, 2]


def test_the_host_works_in_the_thread_that_reads_ahead(monkeypatch):
    monkeypatch.setattr(_prefetch, "_TURN", 20.0)  # however busy this machine is
    threads = []
    layer = vectorizer(standardize=lambda text: threads.append(threading.current_thread().name) or text)
    model = kerax.Sequential([layer, layers.Embedding(12, 2), layers.GlobalMaxPooling1D(), layers.Dense(1)])
    model.compile("sgd", "mse")
    model.predict(TEXTS[:2], verbose=0)
    threads.clear()
    model.fit(iter([(TEXTS[:2], Y[:2]), (TEXTS[2:4], Y[2:4]), (TEXTS[4:], Y[4:])]), steps_per_epoch=3, verbose=0)
    assert threads == ["MainThread"] * 2 + ["kerax-prefetch"] * 6  # the first batch is looked at before


def test_a_vocabulary_learned_anew_reaches_compiled_steps():
    numbers = lookup(layers.IntegerLookup, [3])
    inputs = kerax.Input((1,), dtype="int64")
    model = kerax.Model(inputs, numbers(inputs))
    assert model.predict(np.array([[3], [5]]), verbose=0).tolist() == [[1], [0]]
    numbers.adapt([5])
    assert model.predict(np.array([[3], [5]]), verbose=0).tolist() == [[0], [1]]


def test_eager_steps_take_text():
    model = classifier()
    model.compile("sgd", "binary_crossentropy", run_eagerly=True)
    model.fit(TEXTS, Y, verbose=0, batch_size=4)
    np.testing.assert_allclose(model.predict(TEXTS, verbose=0), expected_of(model), rtol=1e-5)


def test_a_step_of_ones_own_takes_text():
    class Doubled(kerax.Model):
        def train_step(self, data):
            x, y = data
            loss = kerax.ops.mean((self(x, training=True) - y) ** 2)
            return {"loss": 2 * loss, "rows": kerax.ops.cast(kerax.ops.shape(y)[0], "float32")}

    inputs = kerax.Input((1,), dtype="string")
    x = layers.Embedding(12, 2)(vectorizer(output_sequence_length=3)(inputs))
    model = Doubled(inputs, layers.Dense(1)(layers.Flatten()(x)))
    model.compile("sgd")
    logs = model.fit(TEXTS, Y[:, None], batch_size=6, verbose=0).history
    wanted = 2 * np.mean((expected_of(model) - Y[:, None]) ** 2)
    assert logs["loss"] == pytest.approx([wanted], rel=1e-4)
    assert logs["rows"] == [6]


# -- several inputs ----------------------------------------------------------------------------------


def table_model():
    """A title that two branches read, a tag that is looked up, hashed and crossed, an id, and numbers."""
    title, tag = (kerax.Input((1,), dtype="string", name=name) for name in ("title", "tag"))
    number, vector = kerax.Input((1,), dtype="int64", name="id"), kerax.Input((3,), name="vector")
    ids = vectorizer(output_sequence_length=4)(title)
    parts = [
        layers.GlobalAveragePooling1D()(layers.Embedding(12, 3, mask_zero=True)(ids)),
        layers.GlobalMaxPooling1D()(layers.Embedding(12, 2)(ids)),
        lookup(layers.StringLookup, TAGS, output_mode="one_hot")(tag),
        layers.Hashing(5, output_mode="one_hot")(tag),
        lookup(layers.IntegerLookup, IDS, output_mode="one_hot")(number),
        layers.HashedCrossing(7, output_mode="one_hot")((tag, number)),
        vector,
    ]
    out = layers.Dense(1, activation="sigmoid", name="out")(layers.Concatenate()(parts))
    model = kerax.Model({"title": title, "tag": tag, "id": number, "vector": vector}, out)
    model.compile("adam", "binary_crossentropy")
    return model


TABLE = {"title": TEXTS, "tag": TAGS, "id": IDS, "vector": NUMBERS}


def rows(start, stop):
    return {name: column[start:stop] for name, column in TABLE.items()}


def test_text_numbers_and_categories_go_together():
    model = table_model()
    part = model._host_part()
    assert part.names == ["text_vectorization", "string_lookup", "hashing", "hashed_crossing"]
    assert [tensor.shape for tensor in part.frontier] == [(None, 4), (None, 4), (None, 5), (None, 7)]
    model.fit(TABLE, Y, batch_size=4, epochs=2, verbose=0)
    expected = np.asarray(model(TABLE))
    np.testing.assert_allclose(model.predict(TABLE, batch_size=4, verbose=0), expected, rtol=1e-5)
    batches = iter([(rows(0, 4), Y[:4]), (rows(4, 6), Y[4:])])
    model.fit(batches, steps_per_epoch=2, verbose=0)
    model.evaluate(iter([(rows(0, 6), Y)]), steps=1, verbose=0)
    alone = {name: value for name, value in zip(("title", "tag", "id", "vector"), rows(0, 1).values(), strict=True)}
    assert model.predict(alone, verbose=0).shape == (1, 1)
    model.fit(TABLE, Y, validation_split=0.5, verbose=0)


def test_inputs_that_nothing_on_the_host_needs_are_passed_on():
    prepared = table_model()._prepare_on_host(TABLE)
    assert isinstance(prepared, Prepared)
    # In the order of the names: id, tag, title, vector.
    assert [value is None for value in prepared.inputs] == [False, True, True, False]
    assert all(isinstance(value, np.ndarray) for value in prepared.made)


# -- models in models --------------------------------------------------------------------------------


def test_an_end_to_end_model_is_put_around_a_trained_one():
    layer = vectorizer(output_sequence_length=4)
    trained = kerax.Sequential([layers.Embedding(12, 4), layers.GlobalAveragePooling1D(), layers.Dense(1)])
    trained.compile("adam", "mse")
    trained.fit(layer(TEXTS), Y, verbose=0)
    expected = trained.predict(layer(TEXTS), verbose=0)
    whole = kerax.Sequential([kerax.Input((1,), dtype="string"), layer, trained])
    np.testing.assert_allclose(whole.predict(TEXTS, verbose=0), expected, rtol=1e-5)
    not_built = kerax.Sequential([layer, trained, layers.Activation("sigmoid")])
    not_built.compile(loss="binary_crossentropy", metrics=["accuracy"])
    assert np.isfinite(not_built.evaluate(TEXTS, Y, verbose=0)).all()
    np.testing.assert_allclose(not_built(list(TEXTS)), 1 / (1 + np.exp(-expected)), rtol=1e-5)
    inputs = kerax.Input((1,), dtype="string")
    functional = kerax.Model(inputs, trained(layer(inputs)))
    np.testing.assert_allclose(functional.predict(TEXTS, verbose=0), expected, rtol=1e-5)


def test_models_of_text_are_split_where_they_are_nested():
    inner = classifier(output_sequence_length=4)
    stacked = kerax.Sequential([inner, layers.Dense(1)])
    np.testing.assert_allclose(stacked.predict(TEXTS, verbose=0), expected_of(stacked), rtol=1e-5)
    deeper = kerax.Sequential([kerax.Sequential([stacked]), layers.Dense(1)])
    deeper.compile("sgd", "mse")
    deeper.fit(TEXTS, Y, verbose=0)
    np.testing.assert_allclose(deeper.predict(TEXTS, verbose=0), expected_of(deeper), rtol=1e-5)
    assert len(deeper.trainable_variables) == 7


def test_a_model_inside_may_take_text_and_what_the_device_computed():
    title, vector = kerax.Input((1,), dtype="string"), kerax.Input((3,))
    words = layers.GlobalMaxPooling1D()(layers.Embedding(12, 2)(vectorizer(output_sequence_length=4)(title)))
    inner = kerax.Model([title, vector], layers.Dense(2)(layers.Concatenate()([words, vector])))
    first, second = kerax.Input((1,), dtype="string"), kerax.Input((3,))
    outer = kerax.Model([first, second], layers.Dense(1)(inner([first, layers.Dense(3)(second)])))
    outer.compile("adam", "mse")
    outer.fit([TEXTS, NUMBERS], Y, verbose=0, batch_size=4)
    np.testing.assert_allclose(
        outer.predict([TEXTS, NUMBERS], verbose=0), outer([TEXTS, NUMBERS]), rtol=1e-5, atol=1e-6
    )


def test_a_model_of_layers_on_the_host_alone():
    front = kerax.Sequential([kerax.Input((1,), dtype="string"), vectorizer(output_sequence_length=4)])
    assert front.predict(TEXTS, verbose=0).tolist() == np.asarray(front(TEXTS)).tolist()
    whole = kerax.Sequential([front, layers.Embedding(12, 2), layers.Flatten(), layers.Dense(1)])
    whole.compile("sgd", "mse")
    whole.fit(TEXTS, Y, verbose=0)
    assert whole._host_part().names == [front.name]


def test_functions_of_text_run_on_the_host():
    inputs = kerax.Input((1,), dtype="string")
    lower = layers.Lambda(lambda x: tf.strings.regex_replace(x, "one|film", "movie"))(inputs)
    assert (lower.shape, lower.dtype) == ((None, 1), "string")
    words = layers.TextVectorization(vocabulary=["movie"], output_sequence_length=3)(lower)
    model = kerax.Model(inputs, words)
    assert model.predict(np.array(["one film movie", "x"]), verbose=0).tolist() == [[2, 2, 2], [1, 0, 0]]
    assert not model._host_part().rowwise  # a function of the user's may look at the whole batch


def test_classes_get_their_names_at_the_end():
    names = layers.StringLookup(vocabulary=["cat", "dog"], num_oov_indices=0, invert=True)
    inputs = kerax.Input((3,))
    scores = layers.Dense(2, name="scores")(inputs)
    best = layers.Lambda(lambda x: kerax.ops.argmax(x, axis=-1))(scores)
    model = kerax.Model(inputs, {"name": names(best), "scores": scores})
    wanted = np.array(["cat", "dog"])[np.asarray(model(NUMBERS)["scores"]).argmax(-1)]
    for found in (model.predict(NUMBERS, verbose=0), model.predict_on_batch(NUMBERS), model(NUMBERS)):
        assert found["name"].tolist() == wanted.tolist()
        assert found["scores"].shape == (6, 2)
    assert model.predict(NUMBERS, batch_size=4, verbose=0)["name"].tolist() == wanted.tolist()
    model.compile("sgd", "mse")
    with pytest.raises(GraphError, match=r"outputs that are text: 'string_lookup' makes them"):
        model.fit(NUMBERS, Y, verbose=0)


def test_text_in_and_text_out():
    words = ["good", "film"]
    there = layers.TextVectorization(vocabulary=words, output_sequence_length=2)
    back = layers.StringLookup(vocabulary=words, mask_token="", invert=True)
    model = kerax.Sequential([kerax.Input((1,), dtype="string"), there, back])
    assert model.predict(TEXTS[:2], verbose=0).tolist() == [["good", "film"], ["[UNK]", "film"]]


# -- as data -----------------------------------------------------------------------------------------


def test_a_model_of_texts_is_saved_with_its_vocabularies(tmp_path):
    model = table_model()
    model.fit(TABLE, Y, verbose=0)
    expected = model.predict(TABLE, verbose=0)
    model.save(tmp_path / "model.keras")
    assets = [name for name in zipfile.ZipFile(tmp_path / "model.keras").namelist() if name.startswith("assets/")]
    assert assets == [
        "assets/layers/text_vectorization/vocabulary.txt",
        "assets/layers/text_vectorization/_lookup_layer/vocabulary.txt",
        "assets/layers/string_lookup/vocabulary.txt",
        "assets/layers/integer_lookup/vocabulary.txt",
    ]
    again = kerax.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again.predict(TABLE, verbose=0), expected)
    again.fit(TABLE, Y, verbose=0)
    model.save_weights(tmp_path / "model.weights.h5")
    model.load_weights(tmp_path / "model.weights.h5")


@pytest.mark.parametrize("options", [{"output_mode": "multi_hot"}, {"output_mode": "tf_idf"}, {"split": "character"}])
def test_what_a_layer_has_learned_is_in_the_file(options, tmp_path):
    layer = layers.TextVectorization(**options)
    layer.adapt(["a b\nb", "b c"])
    model = kerax.Sequential([kerax.Input((1,), dtype="string"), layer])
    model.save(tmp_path / "model.keras")
    again = kerax.models.load_model(tmp_path / "model.keras")
    assert again.layers[0].get_vocabulary() == layer.get_vocabulary()
    np.testing.assert_array_equal(again(["a b b\nz"]), model(["a b b\nz"]))


def test_formats_without_room_for_a_vocabulary_refuse_it(tmp_path):
    model = classifier()
    for name in ("model.h5", "folder"):
        with pytest.raises(Unsupported, match=r"vocabularies that layers have learned \(text_vectorization.*\.keras"):
            model.save(tmp_path / name)
    given = kerax.Sequential([kerax.Input((1,), dtype="string"), layers.StringLookup(vocabulary=["a"])])
    given.save(tmp_path / "model.h5")
    assert kerax.models.load_model(tmp_path / "model.h5").predict(["a"], verbose=0).tolist() == [[1]]


def test_a_file_names_no_other_file(tmp_path):
    (tmp_path / "secret.txt").write_text("a\nb")
    model = kerax.Sequential([kerax.Input((1,), dtype="string"), layers.StringLookup(vocabulary=["a", "b"])])
    model.save(tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as old, zipfile.ZipFile(tmp_path / "evil.keras", "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "config.json":
                assert b'"vocabulary": ["a", "b"]' in data
                data = data.replace(b'["a", "b"]', f'"{tmp_path / "secret.txt"}"'.encode())
            new.writestr(name, data)
    with pytest.raises(ArgumentError, match="the name of a file as vocabulary.*name no files"):
        kerax.models.load_model(tmp_path / "evil.keras")


def test_copies_know_the_vocabulary():
    model = table_model()
    copy = kerax.models.clone_model(model)
    copy.set_weights(model.get_weights())
    np.testing.assert_allclose(copy.predict(TABLE, verbose=0), model.predict(TABLE, verbose=0), rtol=1e-6)
    outer = kerax.Sequential([kerax.Input((1,), dtype="string"), classifier(output_mode="count"), layers.Dense(1)])
    twin = kerax.models.clone_model(outer)
    twin.set_weights(outer.get_weights())
    np.testing.assert_allclose(twin(TEXTS), outer(TEXTS), rtol=1e-6)
    again = type(model).from_config(model.get_config())
    assert again.count_params() == model.count_params()


def test_a_model_of_texts_is_summarized_and_drawn(tmp_path):
    model = table_model()
    lines = []
    model.summary(print_fn=lambda line, **_: lines.append(line))
    assert "TextVectorization" in "\n".join(lines)
    kerax.utils.plot_model(model, tmp_path / "model.png", show_shapes=True, show_dtype=True)
    assert (tmp_path / "model.png").stat().st_size > 1000


# -- errors ------------------------------------------------------------------------------------------


def test_text_where_numbers_belong_names_the_layer():
    inputs = kerax.Input((1,), dtype="string")
    with pytest.raises(DTypeError, match=r"Dense 'head'.*got text.*TextVectorization.*StringLookup"):
        layers.Dense(2, name="head")(inputs)
    with pytest.raises(DTypeError, match=r"Embedding 'words'.*got text"):
        layers.Embedding(3, 2, name="words")(np.array(["a"]))


def test_text_for_a_model_of_numbers():
    model = kerax.Sequential([kerax.Input((3,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(DataError, match=r"fit: x: got text.*no layer of 'sequential' takes text.*TextVectorization"):
        model.fit(TEXTS, Y, verbose=0)
    unbuilt = kerax.Sequential([layers.Dense(1)])
    with pytest.raises(DataError, match=r"predict: x: got text.*TextVectorization"):
        unbuilt.predict(TEXTS, verbose=0)
    functional = table_model()
    with pytest.raises(DTypeError, match=r"input 'vector'.*got text.*numbers of dtype float32"):
        functional.predict({**TABLE, "vector": TEXTS}, verbose=0)
    with pytest.raises(DTypeError, match=r"input 'title'.*numbers of dtype float32.*expected text"):
        functional.predict({**TABLE, "title": NUMBERS}, verbose=0)
    with pytest.raises(DTypeError, match=r"input 'title'.*numbers of dtype float32.*expected text"):
        functional({**TABLE, "title": NUMBERS})


@pytest.mark.parametrize("kinds", ["NoneType, str", "NoneType", "NoneType, bytes", "float, str"])
def test_missing_text_is_named(kinds):
    values = {"NoneType": None, "str": "a", "bytes": b"a", "float": float("nan")}
    texts = np.array([values[kind] for kind in kinds.split(", ")], object)
    with pytest.raises(DataError, match=rf"x: got an array of objects \({kinds}\).*fill what is missing"):
        classifier().predict(texts, verbose=0)


class Subclassed(kerax.Model):
    def __init__(self):
        super().__init__()
        self.words = vectorizer(output_sequence_length=4)
        self.embedding, self.head = layers.Embedding(12, 2), layers.Dense(1)

    def call(self, inputs):
        return self.head(kerax.ops.mean(self.embedding(self.words(inputs)), axis=1))


def test_a_subclassed_model_says_what_to_do_with_text():
    model = Subclassed()
    assert model(TEXTS).shape == (6, 1)  # called by hand it takes text
    model.compile("sgd", "mse")
    match = r"text for Subclassed .*call\(\) is compiled.*Functional or Sequential.*dataset.map.*run_eagerly"
    with pytest.raises(DataError, match=match):
        model.fit(TEXTS, Y, verbose=0)
    with pytest.raises(DataError, match=match):
        model.predict(TEXTS, verbose=0)
    model.compile("sgd", "mse", run_eagerly=True)
    model.fit(TEXTS, Y, verbose=0)
    assert model.predict(TEXTS, verbose=0).shape == (6, 1)


def test_weights_before_the_host_cannot_be_trained():
    inputs = kerax.Input((2,))
    bins = layers.Discretization([0.0])(layers.Dense(1, name="projection")(inputs))
    crossed = layers.HashedCrossing(4, output_mode="one_hot")((bins, bins))
    model = kerax.Model(inputs, layers.Dense(1)(crossed))
    model.compile("sgd", "mse")
    assert model.predict(NUMBERS[:, :2], verbose=0).shape == (6, 1)
    with pytest.raises(GraphError, match=r"projection.*before layers that run on the host \(hashed_crossing\)"):
        model.fit(NUMBERS[:, :2], Y, verbose=0)
    model.get_layer("projection").trainable = False
    model.fit(NUMBERS[:, :2], Y, verbose=0)


def test_a_lookup_that_was_not_adapted():
    inputs = kerax.Input((1,), dtype="string")
    x = layers.Embedding(4, 2)(layers.TextVectorization(name="words")(inputs))
    model = kerax.Model(inputs, layers.GlobalMaxPooling1D()(x))
    with pytest.raises(ValueError, match=r"TextVectorization 'words'.*before it has a vocabulary"):
        model.predict(TEXTS, verbose=0)
    with pytest.raises(ValueError, match=r"StringLookup 'tags'.*before it has a vocabulary"):
        layers.StringLookup(output_mode="one_hot", name="tags")(inputs)
