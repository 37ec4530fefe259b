"""Bad data and bad arguments: one clear error each, which says what to do."""

import itertools
import logging

import numpy as np
import pytest

import kerax
from kerax import layers


def x(n=20, width=5):
    return np.zeros((n, width), "float32")


def model(units=1, activation=None, **compiled):
    made = kerax.Sequential([kerax.Input((5,)), layers.Dense(units, activation, name="head")])
    made.compile(**{"optimizer": "sgd", "loss": "mse", **compiled})
    return made


def two():
    inputs = kerax.Input((5,))
    return kerax.Model(inputs, [layers.Dense(1, name="price")(inputs), layers.Dense(2, name="kind")(inputs)])


SPARSE = "sparse_categorical_crossentropy"

CASES = {
    "a source for one batch": (
        lambda: model().train_on_batch(iter([(x(), x(20, 1))])),
        r"train_on_batch: got a source of batches, a list_iterator, expected the arrays of one batch",
    ),
    "a source to predict": (
        lambda: model().predict_on_batch(iter([x()])),
        r"predict_on_batch: got a source of batches",
    ),
    "lengths": (lambda: model().fit(x(20), x(18, 1)), r"x: 20 rows, y: 18 rows"),
    "weights": (lambda: model().fit(x(), x(20, 1), sample_weight=np.ones(3)), r"sample_weight: 3 rows"),
    "empty": (lambda: model().fit(x(0), x(0, 1)), r"0 rows"),
    "no data": (lambda: model().fit(None, x(20, 1)), r"fit: x.*None"),
    "targets for one column": (lambda: model().fit(x(), x(20, 3)), r"\(\d+, 3\).*\(\d+, 1\)"),
    "one-hot for sparse": (lambda: model(4, "softmax", loss=SPARSE).fit(x(), x(20, 4)), r"sparse|\(\d+, 4\)"),
    "labels": (lambda: model(3, "softmax", loss=SPARSE).fit(x(), np.arange(20) % 4), r"0 to 3.*0 to 2.*3 classes"),
    "labels from 1": (lambda: model(3, "softmax", loss=SPARSE).fit(x(), np.arange(20) % 3 + 1), r"subtract 1"),
    "binary labels": (lambda: model(1, "sigmoid", loss="binary_crossentropy").fit(x(), np.arange(20) % 3), r"0 to 2"),
    "validation labels": (
        lambda: model(3, "softmax", loss=SPARSE).fit(x(), np.arange(20) % 3, validation_data=(x(), np.arange(20) % 5)),
        r"0 to 4.*0 to 2",
    ),
    "text as targets": (lambda: model().fit(x(), np.array(["a"] * 20)), r"y: got dtype <U1.*numpy.unique"),
    "no targets": (lambda: model().fit(x()), r"fit: y: got no targets"),
    "input width": (lambda: model().fit(x(20, 4), x(20, 1)), r"\(.*4\).*5"),
    "loss name": (lambda: model(loss="mean_square_error"), r"mean_squared_error"),
    "metric name": (lambda: model(metrics=["accurracy"]), r"accuracy"),
    "optimizer name": (lambda: model(optimizer="adm"), r"adam"),
    "activation name": (lambda: layers.Dense(2, "rellu"), r"relu"),
    "output name": (
        lambda: fitted(two(), loss={"prize": "mse", "kind": "mse"}),
        r"'prize'.*price",
    ),
    "missing output": (lambda: fitted(two(), loss={"price": "mse"}), r"\['price'\].*kind"),
    "too many losses": (lambda: fitted(two(), loss=["mse"] * 3), r"3 entries.*2"),
    "too few targets": (lambda: fitted(two(), loss="mse", y=[x(20, 1)] * 3), r"3.*2"),
    "unknown target": (lambda: fitted(two(), loss="mse", y={"price": x(20, 1), "sort": x(20, 2)}), r"'sort'"),
    "not compiled": (
        lambda: kerax.Sequential([kerax.Input((5,)), layers.Dense(1)]).fit(x(), x(20, 1)),
        r"not compiled.*compile\(",
    ),
    "class weight keys": (
        lambda: model(3, "softmax", loss=SPARSE).fit(x(), np.arange(20) % 3, class_weight={0: 1.0, 7: 2.0}),
        r"class_weight.*7.*0 to 2",
    ),
    "class weight names": (
        lambda: model(3, "softmax", loss=SPARSE).fit(x(), np.arange(20) % 3, class_weight={"cat": 1.0}),
        r"class_weight.*'cat'",
    ),
    "endless": (lambda: model().fit(itertools.repeat((x(), x(20, 1)))), r"steps_per_epoch"),
    "endless evaluate": (lambda: model().evaluate(itertools.repeat((x(), x(20, 1)))), r"steps=100"),
    "validation without rows": (lambda: model().fit(x(), x(20, 1), validation_data=(x(0), x(0, 1))), r"0 rows"),
    "y beside a generator": (lambda: model().fit(iter([(x(), x(20, 1))]), x(20, 1)), r"y beside"),
}


def fitted(made, loss, y=None):
    made.compile("sgd", loss)
    made.fit(x(), [x(20, 1), x(20, 2)] if y is None else y, verbose=0)


@pytest.mark.parametrize("case", CASES)
def test_the_error_says_what_came_and_what_to_do(case):
    call, message = CASES[case]
    with pytest.raises(ValueError, match=f"(?s){message}"):
        call()


def test_an_unknown_argument_of_fit_is_refused():
    with pytest.raises(TypeError, match="nb_epoch"):
        model().fit(x(), x(20, 1), nb_epoch=3)


def test_token_ids_beyond_the_embedding_are_named():
    made = kerax.Sequential(
        [kerax.Input((4,), dtype="int32"), layers.Embedding(10, 3, name="words"), layers.Flatten(), layers.Dense(1)]
    )
    made.compile("sgd", "mse")
    ids = np.arange(80).reshape(20, 4) % 15
    with pytest.raises(ValueError, match=r"'words'.*0 to 14.*0 to 9.*input_dim=15"):
        made.fit(ids, x(20, 1))
    with pytest.raises(ValueError, match="'words'"):
        made.predict(ids)


def test_tokens_are_checked_behind_several_inputs_and_in_dicts():
    words, rest = kerax.Input((4,), dtype="int32", name="words"), kerax.Input((5,), name="rest")
    hidden = layers.Flatten()(layers.Embedding(10, 3, name="lookup")(words))
    made = kerax.Model([words, rest], layers.Dense(1)(layers.concatenate([hidden, rest])))
    made.compile("sgd", "mse")
    with pytest.raises(ValueError, match="'lookup'"):
        made.fit({"rest": x(), "words": np.full((20, 4), 12)}, x(20, 1))
    made.fit({"rest": x(), "words": np.full((20, 4), 2)}, x(20, 1), verbose=0)


def test_labels_that_the_loss_ignores_or_weights_of_zero_are_no_errors():
    made = model(3, "softmax", loss=kerax.losses.SparseCategoricalCrossentropy(ignore_class=-1))
    made.fit(x(), np.arange(20) % 3 - np.where(np.arange(20) % 3 == 0, 1, 0), verbose=0)
    made = model(3, "softmax", loss=SPARSE)
    labels = np.arange(20) % 4
    made.fit(x(), np.where(labels == 3, 0, labels), sample_weight=(labels != 3).astype("float32"), verbose=0)


def test_steps_that_keep_recompiling_warn_with_the_shapes(caplog):
    made = kerax.Sequential([kerax.Input((None, 3)), layers.LSTM(2), layers.Dense(1)])
    made.compile("sgd", "mse")

    def batches():
        for length in range(2, 12):
            yield np.zeros((4, length, 3), "float32"), np.zeros((4, 1), "float32")

    with caplog.at_level(logging.WARNING, logger="kerax"):
        made.fit(batches(), verbose=0)
    assert "compiled 8 times" in caplog.text
    assert "(4, 9, 3)" in caplog.text
