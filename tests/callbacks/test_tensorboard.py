"""callbacks.TensorBoard: what it writes when; tests/events asks a real server for the values."""

from __future__ import annotations

import logging
import os

import numpy as np
import pytest

import kerax
from kerax import callbacks, layers, summary
from kerax._events.default import default
from kerax._events.weights import picture_of
from tests.events.reading import entries, events_in, graphs, points, tags

X = np.random.default_rng(0).normal(size=(48, 3)).astype("float32")
Y = X.sum(axis=1, keepdims=True)


def compiled(*inner, **options):
    model = kerax.Sequential([kerax.Input((3,)), *inner, layers.Dense(1, name="head")])
    model.compile(**{"optimizer": "sgd", "loss": "mse", "metrics": ["mae"], **options})
    return model


@pytest.fixture(scope="module")
def shared():
    """A model that some tests train on."""
    return compiled()


def train(model, board, epochs=1, **options):
    more = options.pop("callbacks", [])
    return model.fit(X, Y, 8, epochs=epochs, verbose=0, callbacks=[*more, board], **options).history


def steps(folder, tag, run="train"):
    return [one.step for one in entries(folder) if (one.run, one.tag) == (run, tag)]


# -- what is written -----------------------------------------------------------------------------


def test_with_the_defaults_steps_stay_fused(tmp_path):
    model = compiled()
    history = train(model, callbacks.TensorBoard(tmp_path), epochs=3, validation_data=(X, Y))
    assert {kind for kind, *_ in model._engine.value.now.programs if kind != "blockwise"} == {"fused"}
    assert sorted(tags(tmp_path, "train")) == ["epoch_learning_rate", "epoch_loss", "epoch_mae"]
    assert sorted(tags(tmp_path, "validation")) == [
        "epoch_loss",
        "epoch_mae",
        "evaluation_loss_vs_iterations",
        "evaluation_mae_vs_iterations",
    ]
    assert points(tmp_path, "epoch_mae", "validation") == list(enumerate(history["val_mae"]))
    assert steps(tmp_path, "evaluation_loss_vs_iterations", "validation") == [6, 12, 18]
    ((run, graph),) = graphs(tmp_path)
    assert (run, [node.name for node in graph.node][-1]) == ("train", "head")


def test_epochs_keep_their_numbers(shared, tmp_path):
    train(shared, callbacks.TensorBoard(tmp_path), epochs=4, initial_epoch=2)
    assert steps(tmp_path, "epoch_loss") == [2, 3]


@pytest.mark.parametrize(("update_freq", "expected"), [("batch", range(1, 13)), (1, range(1, 13)), (5, [5, 10])])
def test_batches_are_counted_through_epochs(tmp_path, update_freq, expected):
    board = callbacks.TensorBoard(tmp_path, update_freq=update_freq, write_graph=False)
    history = train(compiled(), board, epochs=2)
    assert steps(tmp_path, "batch_loss") == steps(tmp_path, "batch_mae") == list(expected)
    if update_freq == 1:
        assert points(tmp_path, "batch_loss", "train")[5][1] == history["loss"][0]


def test_a_second_fit_goes_on_where_the_first_ended(tmp_path):
    model, board = compiled(), callbacks.TensorBoard(tmp_path, update_freq=4)
    train(model, board)
    train(model, board)
    assert steps(tmp_path, "batch_loss") == [4, 8, 12]
    assert steps(tmp_path, "epoch_loss") == [0, 0]


def test_the_rate_of_a_schedule(tmp_path):
    schedule = kerax.optimizers.schedules.ExponentialDecay(0.1, decay_steps=6, decay_rate=0.5)
    train(compiled(optimizer=kerax.optimizers.SGD(schedule)), callbacks.TensorBoard(tmp_path), epochs=2)
    rates = [value for _, value in points(tmp_path, "epoch_learning_rate", "train")]
    np.testing.assert_allclose(rates, [0.05, 0.025], rtol=1e-5)


def test_paces(shared, tmp_path):
    board = callbacks.TensorBoard(tmp_path, write_steps_per_second=True, update_freq=3)
    train(shared, board)
    for tag in ("epoch_steps_per_second", "batch_steps_per_second"):
        assert all(0 < value < 1e7 for _, value in points(tmp_path, tag, "train"))
        assert points(tmp_path, tag, "train")


def test_weights_every_so_many_epochs(tmp_path):
    model = compiled(layers.Dense(4, name="hidden"), layers.BatchNormalization(name="norm"))
    train(model, callbacks.TensorBoard(tmp_path, histogram_freq=2, write_images=True), epochs=3)
    paths = [weight.path for weight in model.weights]
    assert len(paths) == 8
    for path in paths:
        assert steps(tmp_path, f"{path}/histogram") == [0, 2]
    last = [one for one in entries(tmp_path) if one.tag == f"{paths[0]}/histogram"][-1]
    assert last.value[:, 2].sum() == model.weights[0].value.size
    shown = [tag.removesuffix("/image") for tag in tags(tmp_path, "train") if tag.endswith("/image")]
    assert shown == paths[:-1]  # a single number is no picture


def test_weights_that_are_no_numbers(shared, tmp_path):
    model = compiled()
    model.get_layer("head").kernel.assign(np.full((3, 1), np.nan))
    train(model, callbacks.TensorBoard(tmp_path, histogram_freq=1, write_images=True))
    kernel = model.get_layer("head").kernel.path
    (entry,) = [one for one in entries(tmp_path) if one.tag == f"{kernel}/histogram"]
    np.testing.assert_array_equal(entry.value, np.zeros((30, 3)))
    assert f"{kernel}/image" not in tags(tmp_path, "train")
    assert np.isnan(points(tmp_path, "epoch_loss", "train")[0][1])


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((5,), (1, 1, 5, 1)),
        ((4, 6), (1, 4, 6, 1)),
        ((6, 4), (1, 4, 6, 1)),
        ((5, 1), (1, 1, 5, 1)),
        ((3, 3, 2, 8), (8, 3, 6, 1)),
        ((3, 2, 8), (8, 3, 2, 1)),
        ((1, 1, 4, 8), (1, 4, 8, 1)),
        ((), None),
        ((1, 1), None),
        ((2, 0), None),
    ],
)
def test_pictures_of_weights(shape, expected):
    weight = np.arange(np.prod(shape, dtype=int), dtype="float32").reshape(shape) - 3
    picture = picture_of(weight)
    assert (None if picture is None else picture.shape) == expected
    if picture is not None:
        assert (picture.min(), picture.max()) == (0, 1)


def test_filters_are_pictures_of_their_input_channels_side_by_side():
    kernel = np.random.default_rng(0).normal(size=(3, 3, 2, 4)).astype("float32")
    picture = picture_of(kernel) * (kernel.max() - kernel.min()) + kernel.min()
    first = picture[1, :, :, 0].reshape(3, 3, 2)
    np.testing.assert_allclose(first, kernel[:, :, :, 1], atol=1e-6)


def test_evaluate_alone_writes_the_validation_run(shared, tmp_path):
    board = callbacks.TensorBoard(tmp_path)
    shared.evaluate(X, Y, verbose=0, callbacks=[board])
    results = shared.evaluate(X, Y, verbose=0, callbacks=[board], return_dict=True)
    iterations = int(shared.optimizer.iterations)
    assert points(tmp_path, "evaluation_mae_vs_iterations", "validation") == [(iterations, results["mae"])] * 2


def test_logs_that_are_no_numbers_are_left_out(shared, tmp_path):
    def add(epoch, logs):
        logs.update(note="text", table=np.ones(3), extra=2.5)

    train(shared, callbacks.TensorBoard(tmp_path), callbacks=[callbacks.LambdaCallback(on_epoch_end=add)])
    assert points(tmp_path, "epoch_extra", "train") == [(0, 2.5)]
    assert not {"epoch_note", "epoch_table"} & set(tags(tmp_path, "train"))


def test_an_optimizer_that_is_not_there(tmp_path):
    class Still(kerax.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(1)

        def call(self, x):
            return self.dense(x)

        def train_step(self, data):
            return {"loss": self.dense(data[0]).sum()}

    model = Still()
    model.compile()
    train(model, callbacks.TensorBoard(tmp_path, update_freq=2, write_steps_per_second=True), epochs=2)
    assert steps(tmp_path, "batch_loss") == [2, 4, 6, 8, 10, 12]
    assert all(pace > 0 for _, pace in points(tmp_path, "epoch_steps_per_second", "train"))


# -- embeddings ----------------------------------------------------------------------------------


def reading(names=("words",)):
    model = kerax.Sequential(
        [kerax.Input((2,), dtype="int32"), *(layers.Embedding(4, 2, name=name) for name in names[:1]), layers.Flatten()]
    )
    model.add(layers.Dense(1))
    model.compile("sgd", "mse")
    return model


def read(model, board, **options):
    return model.fit(np.ones((4, 2), "int32"), np.ones((4, 1)), verbose=0, callbacks=[board], **options)


def test_tables_are_written_every_so_many_epochs(tmp_path):
    (tmp_path / "names.tsv").write_text("a\nb\nc\nd\n")
    model = reading()
    read(model, callbacks.TensorBoard(tmp_path, embeddings_freq=2, embeddings_metadata={"words": "names.tsv"}))
    run = tmp_path / "train"
    assert 'metadata_path: "embeddings/words/metadata.tsv"' in (run / "projector_config.pbtxt").read_text()
    assert (run / "embeddings/words/metadata.tsv").read_text() == "a\nb\nc\nd\n"
    table = np.loadtxt(run / "embeddings/words/tensors.tsv", delimiter="\t")
    np.testing.assert_allclose(table, np.asarray(model.get_layer("words").embeddings), rtol=1e-5)


def test_metadata_that_are_not_there_are_told_of(tmp_path, caplog):
    read(reading(), callbacks.TensorBoard(tmp_path, embeddings_freq=1, embeddings_metadata="none.tsv"))
    assert "no file" in caplog.text
    assert "none.tsv" in caplog.text
    assert "metadata_path" not in (tmp_path / "train/projector_config.pbtxt").read_text()


def test_metadata_of_a_layer_that_is_not_there(tmp_path):
    board = callbacks.TensorBoard(tmp_path, embeddings_freq=1, embeddings_metadata={"word": "x.tsv"})
    with pytest.raises(ValueError, match=r"embeddings_metadata: got the names \['word'\], expected .*\['words'\]"):
        read(reading(), board)


# -- profiles ------------------------------------------------------------------------------------


def test_a_profile_of_some_batches_leaves_steps_fused(tmp_path):
    model = compiled()
    board = callbacks.TensorBoard(tmp_path, profile_batch="2,7", write_graph=False)
    train(model, board, epochs=3)
    assert len(list(tmp_path.glob("train/plugins/profile/*/*.xplane.pb"))) == 1
    assert {kind for kind, *_ in model._engine.value.now.programs} == {"fused"}


def test_a_profile_that_fit_does_not_reach_the_end_of_is_written(shared, tmp_path):
    train(shared, callbacks.TensorBoard(tmp_path, profile_batch=(3, 100)))
    assert len(list(tmp_path.glob("train/plugins/profile/*/*.xplane.pb"))) == 1


# -- summaries in the steps ----------------------------------------------------------------------


class Talking(kerax.Model):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(1)

    def call(self, x):
        out = self.dense(x)
        summary.scalar("mean", out.mean())
        return out


def test_summaries_in_the_model_go_to_the_training_run(tmp_path):
    model = Talking()
    model.compile("sgd", "mse")
    train(model, callbacks.TensorBoard(tmp_path / "none"), validation_data=(X, Y))
    train(model, callbacks.TensorBoard(tmp_path / "some", update_freq=4), epochs=2, validation_data=(X, Y))
    train(model, callbacks.TensorBoard(tmp_path / "all", update_freq=1))
    assert "mean" not in tags(tmp_path / "none", "train")
    assert steps(tmp_path / "some", "mean") == [8, 12, 16]
    assert "mean" not in tags(tmp_path / "some", "validation")
    train(model, callbacks.TensorBoard(tmp_path / "again", update_freq=4))
    assert steps(tmp_path / "all", "mean") == list(range(18, 24))
    assert steps(tmp_path / "again", "mean") == [24, 28]
    traced = [step for key, step in model._engine.value.now.steps.items() if key[0] == "train"]
    assert len(traced) == 3  # for nobody, every 4 and every step
    assert (default.writer, default.holder) == (None, None)


def test_two_boards_at_once(tmp_path):
    model = Talking()
    model.compile("sgd", "mse")
    first, second = (callbacks.TensorBoard(tmp_path / name, update_freq=1) for name in ("first", "second"))
    train(model, second, callbacks=[first], epochs=2, validation_data=(X, Y))
    assert steps(tmp_path / "first", "mean") == list(range(12))
    assert "mean" not in tags(tmp_path / "second", "train")
    assert steps(tmp_path / "second", "batch_loss") == list(range(1, 13))
    assert (default.writer, default.holder) == (None, None)


# -- when things go wrong ------------------------------------------------------------------------


def test_a_fit_that_breaks_off_leaves_nothing_open(shared, tmp_path):
    def stop(epoch, logs):
        raise KeyboardInterrupt

    board = callbacks.TensorBoard(tmp_path, update_freq=2, profile_batch=(1, 100))
    with pytest.raises(KeyboardInterrupt):
        train(shared, board, callbacks=[callbacks.LambdaCallback(on_epoch_end=stop)])
    assert default.writer is None
    assert len(points(tmp_path, "batch_loss", "train")) == 3
    train(shared, board)  # neither the profiler nor the writers are in the way
    assert len(points(tmp_path, "epoch_loss", "train")) == 1


def test_a_folder_that_cannot_be_written_to_is_known_at_once(shared, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match=r"TensorBoard: log_dir: got '.*file/logs/train': Not a directory"):
        train(shared, callbacks.TensorBoard(tmp_path / "file" / "logs"))


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device of Linux")
def test_a_full_disk_does_not_end_the_training(shared, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr("tensorboardX.record_writer.open_file", lambda path: open("/dev/full", "wb"))
    with caplog.at_level(logging.WARNING, "kerax"):
        assert len(train(shared, callbacks.TensorBoard(tmp_path), epochs=3)["loss"]) == 3
    told = [record.message for record in caplog.records if "No space left" in record.message]
    assert len(told) == 1
    assert "Nothing more is written to" in told[0]


def test_a_graph_that_cannot_be_made_is_told_of(tmp_path, caplog):
    class Untraceable(kerax.Model):
        def __init__(self):
            super().__init__(name="odd")
            self.dense = layers.Dense(1)

        def call(self, x):
            if not isinstance(x, np.ndarray) and x.shape[0] == 2:
                raise ValueError("not with two rows")
            return self.dense(x)

    model = Untraceable()
    model.build((None, 3))
    model.compile("sgd", "mse")
    with caplog.at_level(logging.WARNING, "kerax"):
        train(model, callbacks.TensorBoard(tmp_path))
    assert "the graph of 'odd' is not written: not with two rows" in caplog.text
    assert graphs(tmp_path) == []
    assert "epoch_loss" in tags(tmp_path, "train")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"update_freq": "step"}, 'update_freq: got \'step\', expected "epoch", "batch" or a number of batches'),
        ({"update_freq": 0}, "update_freq: got 0"),
        ({"update_freq": 2.5}, r"update_freq: got 2\.5"),
        ({"update_freq": True}, "update_freq: got True"),
        ({"histogram_freq": -1}, "histogram_freq: got -1, expected a number of epochs, 0 for never"),
        ({"embeddings_freq": "epoch"}, "embeddings_freq: got 'epoch'"),
        ({"profile_batch": -1}, "profile_batch: got -1, expected 0 for none, .*'10,20'"),
        ({"profile_batch": (20, 10)}, r"profile_batch: got \(20, 10\)"),
        ({"profile_batch": (0, 3)}, r"profile_batch: got \(0, 3\)"),
        ({"profile_batch": "all"}, "profile_batch: got 'all'"),
        ({"profile_batch": "1,2,3"}, "profile_batch: got '1,2,3'"),
        ({"profile_batch": 1.5}, r"profile_batch: got 1\.5"),
    ],
)
def test_arguments_that_cannot_be(options, message):
    with pytest.raises(ValueError, match=f"TensorBoard: {message}"):
        callbacks.TensorBoard("logs", **options)


@pytest.mark.parametrize(
    ("profile_batch", "expected"),
    [(0, None), (3, (3, 3)), ((2, 4), (2, 4)), ([2, 4], (2, 4)), ("2,4", (2, 4)), ("5", (5, 5)), (range(2, 5), (2, 4))],
)
def test_batches_to_profile(profile_batch, expected):
    assert callbacks.TensorBoard("logs", profile_batch=profile_batch)._profiled == expected


def test_older_and_unknown_arguments():
    with pytest.warns(UserWarning, match="TensorBoard no longer uses batch_size, write_grads"):
        callbacks.TensorBoard("logs", write_grads=True, batch_size=32)
    with pytest.raises(TypeError, match="TensorBoard: got the arguments writegraph"):
        callbacks.TensorBoard("logs", writegraph=True)
    with pytest.raises(TypeError, match="TensorBoard: log_dir: got 3, expected a path"):
        callbacks.TensorBoard(3)


# -- subclasses ----------------------------------------------------------------------------------


def test_a_subclass_may_listen_too(shared, tmp_path):
    class Mine(callbacks.TensorBoard):
        heard = 0

        def on_train_batch_end(self, batch, logs=None):
            self.heard += 1
            super().on_train_batch_end(batch, logs)

    board = Mine(tmp_path, update_freq=1)
    train(shared, board)
    assert board.heard == len(steps(tmp_path, "batch_loss")) == 6
    assert len(list(events_in(tmp_path))) > 6
