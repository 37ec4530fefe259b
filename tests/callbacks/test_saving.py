"""Callbacks that save, swap and send: decisions, names and messages as Keras has them."""

import http.server
import json
import os
import threading

import keras
import numpy as np
import pytest

import kerax
from kerax._errors import ArgumentError, DTypeError

LIBRARIES = {"keras": keras, "kerax": kerax}
EPOCHS = [{"loss": 1.0, "val_loss": 2.0}, {"loss": 0.5, "val_loss": 2.5}, {"loss": 0.4, "val_loss": 1.0}]
CASES = {
    "plain": {"filepath": "a.keras"},
    "best": {"filepath": "a.keras", "save_best_only": True},
    "template": {"filepath": "d/{epoch:02d}-{val_loss:.2f}.keras", "save_best_only": True},
    "weights": {"filepath": "a{epoch}.weights.h5", "save_weights_only": True},
    "threshold": {"filepath": "a.keras", "save_best_only": True, "initial_value_threshold": 1.5},
    "highest": {"filepath": "a.keras", "save_best_only": True, "mode": "max"},
    "h5": {"filepath": "a.h5"},
    "every three batches": {"filepath": "a{epoch}-{batch}.keras", "save_freq": 3},
    "the best of every three": {
        "filepath": "a{epoch}-{batch}-{loss:.2f}.keras",
        "save_freq": 3,
        "save_best_only": True,
        "monitor": "loss",
    },
}


def follow(library, case, capsys):
    """What a ModelCheckpoint saves, and prints, on `EPOCHS` of four batches."""
    made = library.Sequential([library.Input((2,)), library.layers.Dense(1)])
    made.compile("sgd", "mse", metrics=["mae"])
    made.fit(np.ones((4, 2)), np.ones((4, 1)), verbose=0)
    saved = []
    object.__setattr__(made, "save", lambda path, **kwargs: saved.append(("whole", os.fspath(path))))
    object.__setattr__(made, "save_weights", lambda path, **kwargs: saved.append(("weights", os.fspath(path))))
    callback = library.callbacks.ModelCheckpoint(verbose=1, **case)
    callback.set_model(made)
    capsys.readouterr()
    callback.on_train_begin({})
    for epoch, logs in enumerate(EPOCHS):
        callback.on_epoch_begin(epoch, {})
        for batch in range(4):
            logs_now = {"loss": 1.0 - batch * 0.1}
            if library is keras:
                callback.on_train_batch_end(batch, logs_now)
            else:
                callback.on_train_steps(1, epoch, batch, logs_now)
        callback.on_epoch_end(epoch, dict(logs))
    callback.on_train_end({})
    return saved, capsys.readouterr().out


@pytest.mark.parametrize("name", CASES)
def test_model_checkpoint_saves_and_says_what_kerass_does(name, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert follow(kerax, CASES[name], capsys) == follow(keras, CASES[name], capsys)


def small(**options):
    kerax.utils.set_random_seed(0)
    made = kerax.Sequential([kerax.Input((3,)), kerax.layers.Dense(2, activation="relu")])
    made.compile("sgd", "mse", metrics=["mae"], **options)
    return made


X, Y = np.ones((20, 3), "float32"), np.ones((20, 2), "float32")


def fit(made, *callbacks, **options):
    return made.fit(X, Y, batch_size=4, verbose=0, callbacks=list(callbacks), **{"epochs": 2, **options})


@pytest.mark.parametrize(
    ("name", "weights"),
    [
        ("deep/er/m-{epoch}.keras", False),
        ("m-{epoch}.h5", False),
        ("m-{epoch}", False),
        ("training_1/cp-{epoch:04d}.ckpt", True),
        ("w-{loss:.3f}", True),
        ("m-{epoch}.weights.h5", True),
    ],
)
def test_what_it_saves_loads(tmp_path, name, weights):
    made = small()
    history = fit(made, kerax.callbacks.ModelCheckpoint(tmp_path / name, save_weights_only=weights))
    path = tmp_path / name.format(epoch=2, loss=history.history["loss"][-1])
    if weights:
        loaded = small()
        loaded.load_weights(path)
    else:
        loaded = kerax.models.load_model(path)
    for found, wanted in zip(loaded.get_weights(), made.get_weights(), strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_steps_stay_fused_between_two_saves(tmp_path):
    made = small()
    saving = kerax.callbacks.ModelCheckpoint(
        tmp_path / "{epoch}-{batch}.weights.h5", save_weights_only=True, save_freq=3
    )
    fit(made, saving)
    assert sorted(os.listdir(tmp_path)) == ["1-3.weights.h5", "2-1.weights.h5", "2-4.weights.h5"]
    assert not kerax.callbacks.CallbackList([saving]).wants_batches()


def test_the_logs_of_a_batch_are_those_of_single_steps(tmp_path):
    seen = {}

    class Watch(kerax.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen[batch + 1] = logs["loss"]

    fit(small(), Watch(), epochs=1)
    saving = kerax.callbacks.ModelCheckpoint(tmp_path / "{batch}-{loss:.6f}", save_weights_only=True, save_freq=2)
    fit(small(), saving, epochs=1)
    assert sorted(os.listdir(tmp_path)) == [f"{batch}-{seen[batch]:.6f}" for batch in (2, 4)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"filepath": "a.png"}, r"filepath 'a.png': got the ending .png, expected .keras, .h5 or no suffix"),
        ({"filepath": "a.weights.h5"}, r"the ending .weights.h5, .*Try: save_weights_only=True"),
        (
            {"filepath": "a.keras", "save_weights_only": True},
            r"the ending .keras with save_weights_only=True, expected",
        ),
        ({"filepath": "a{epoch.keras"}, r"filepath: got 'a{epoch.keras' \(.*\), expected balanced braces"),
        ({"filepath": "a.keras", "save_freq": "x"}, r"ModelCheckpoint: save_freq: got 'x'"),
        ({"filepath": "a.keras", "save_freq": 2.5}, r"ModelCheckpoint: save_freq: got 2.5"),
    ],
)
def test_what_cannot_work_is_known_before_training(arguments, message):
    with pytest.raises(ArgumentError, match=message):
        kerax.callbacks.ModelCheckpoint(**arguments)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("{epoc}.keras", r"got the field {epoc}, expected one of epoch, loss, mae\."),
        (
            "{batch}.keras",
            r"got the field {batch}, expected one of epoch, loss, mae. Try: save_freq=a number of batches",
        ),
        ("{loss:d}.keras", r"got a field that cannot be formatted \(Unknown format code 'd'"),
    ],
)
def test_a_field_that_is_not_there_is_named(tmp_path, name, message):
    with pytest.raises(ArgumentError, match=message) as error:
        fit(small(), kerax.callbacks.ModelCheckpoint(tmp_path / name))
    assert isinstance(error.value, KeyError) == ("field {" in str(error.value))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"monitor": "val_loss"}, "monitors 'val_loss': got logs with loss, mae at the end of epoch 1"),
        ({"monitor": "los"}, "monitors 'los': .*Did you mean 'loss'"),
        ({"monitor": "val_loss", "save_freq": 2}, 'got logs with .* after batch 2 of epoch 1.*save_freq="epoch"'),
    ],
)
def test_a_monitor_that_is_not_there_is_an_error(tmp_path, options, message):
    with pytest.raises(ArgumentError, match=message):
        fit(small(), kerax.callbacks.ModelCheckpoint(tmp_path / "a.keras", save_best_only=True, **options))


def test_a_monitor_that_still_comes_is_waited_for(tmp_path):
    saving = kerax.callbacks.ModelCheckpoint(tmp_path / "{epoch}.keras", save_best_only=True)
    fit(small(), saving, epochs=3, validation_data=(X, Y), validation_freq=2)
    assert os.listdir(tmp_path) == ["2.keras"]


def test_nan_is_no_best_value(tmp_path):
    saving = kerax.callbacks.ModelCheckpoint(tmp_path / "a.keras", "loss", save_best_only=True)
    made = small()
    saving.set_model(made)
    for epoch, loss in enumerate([float("nan"), 3.0, float("nan"), 2.0]):
        saving.on_epoch_end(epoch, {"loss": loss})
    assert saving.best == 2.0


def test_words_of_tf_keras(tmp_path):
    saving = kerax.callbacks.ModelCheckpoint(tmp_path / "{epoch}.keras", period=2, options=None)
    fit(small(), saving, epochs=5)
    assert sorted(os.listdir(tmp_path)) == ["2.keras", "4.keras"]
    with pytest.raises(DTypeError, match="ModelCheckpoint: got the arguments perod"):
        kerax.callbacks.ModelCheckpoint("a.keras", perod=2)


def test_a_failed_save_leaves_the_file_before_it(tmp_path, monkeypatch):
    saving = kerax.callbacks.ModelCheckpoint(tmp_path / "a.keras")
    made = small()
    fit(made, saving, epochs=1)
    before = (tmp_path / "a.keras").read_bytes()

    def full(number):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        fit(made, saving, epochs=1)
    assert (tmp_path / "a.keras").read_bytes() == before
    assert os.listdir(tmp_path) == ["a.keras"]


# -- SwapEMAWeights --------------------------------------------------------------------------------


def swapped(library, swap_on_epoch):
    """The sum of the first weight at every hook."""
    library.utils.set_random_seed(0)
    made = library.Sequential([library.Input((3,)), library.layers.Dense(2)])
    made.compile(library.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5), "mse")
    made.set_weights([np.arange(6, dtype="float32").reshape(3, 2) / 6, np.zeros(2, "float32")])
    seen = []

    class Watch(library.callbacks.Callback):
        def note(self, name):
            seen.append((name, round(float(np.sum(np.asarray(self.model.weights[0]))), 4)))

    for name in ("on_epoch_begin", "on_epoch_end", "on_test_begin", "on_test_end", "on_train_end"):
        setattr(Watch, name, lambda self, *args, name=name: self.note(name))
    x, y = np.arange(30, dtype="float32").reshape(10, 3) / 30, np.ones((10, 2), "float32")
    swap = library.callbacks.SwapEMAWeights(swap_on_epoch=swap_on_epoch)
    options = {"batch_size": 5, "validation_data": (x, y), "verbose": 0, "shuffle": False}
    history = made.fit(x, y, epochs=2, callbacks=[swap, Watch()], **options)
    return seen, np.round(history.history["val_loss"], 4).tolist(), np.round(made.predict(x, verbose=0), 4).tolist()


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")  # Keras 3.15
@pytest.mark.parametrize("swap_on_epoch", [False, True])
def test_averages_are_in_place_when_kerass_are(swap_on_epoch):
    found, wanted = (swapped(library, swap_on_epoch) for library in (kerax, keras))
    assert found == wanted


def test_the_averages_stay_after_a_training_that_stopped_early():
    kerax.utils.set_random_seed(0)
    made = kerax.Sequential([kerax.Input((3,)), kerax.layers.Dense(2)])
    made.compile(kerax.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5), "mse")
    at_end = []

    class Stop(kerax.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            at_end.append(self.model.get_weights()[0])
            self.model.stop_training = epoch == 1

    fit(made, kerax.callbacks.SwapEMAWeights(swap_on_epoch=True), Stop(), epochs=5)
    np.testing.assert_array_equal(made.get_weights()[0], at_end[-1])
    np.testing.assert_array_equal(made.optimizer._averages(made.trainable_variables)[0][1].numpy(), at_end[-1])


def test_an_optimizer_without_averages_is_refused():
    with pytest.raises(ArgumentError, match=r"got use_ema=False in the optimizer 'sgd', expected .* use_ema=True"):
        fit(small(), kerax.callbacks.SwapEMAWeights(), validation_data=(X, Y))


# -- RemoteMonitor ---------------------------------------------------------------------------------


@pytest.fixture
def server():
    """A server on loopback; what it got."""
    got = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            got.append((self.path, self.headers["Content-Type"], self.headers.get("X-Key"), body))
            self.send_response(404 if self.path == "/missing" else 200)
            self.end_headers()

        def log_message(self, *args):
            pass

    listening = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{listening.server_port}", got
    listening.shutdown()
    listening.server_close()
    thread.join()


def test_logs_reach_the_server(server):
    root, got = server
    logs = {"loss": np.float32(0.5), "vector": np.array([1, 2])}
    kerax.callbacks.RemoteMonitor(root).on_epoch_end(3, logs)
    other = kerax.callbacks.RemoteMonitor(root, path="/missing", headers={"X-Key": "k"}, send_as_json=True)
    other.on_epoch_end(4, logs)
    kerax.callbacks.RemoteMonitor(root, field="what").on_epoch_end(0)
    expected = {"epoch": 3, "loss": 0.5, "vector": [1, 2]}
    form = "application/x-www-form-urlencoded"
    (path, kind, _, body), (path_2, kind_2, key, body_2), (*_, body_3) = got
    assert (path, kind) == ("/publish/epoch/end/", form)
    name, _, value = body.partition("=")
    assert name == "data"
    assert json.loads(http.server.urllib.parse.unquote_plus(value)) == expected
    assert (path_2, kind_2, key) == ("/missing", "application/json", "k")
    assert json.loads(body_2) == {**expected, "epoch": 4}
    assert body_3.startswith("what=")


def test_a_server_that_is_not_there_is_a_warning():
    with pytest.warns(UserWarning, match=r"RemoteMonitor: could not reach the server at http://127.0.0.1:1/publish"):
        kerax.callbacks.RemoteMonitor("http://127.0.0.1:1").on_epoch_end(0, {})
