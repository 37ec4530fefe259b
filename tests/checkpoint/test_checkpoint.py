"""callbacks.Checkpoint and BackupAndRestore: what they keep, refuse and say."""

import errno
import os
import shutil

import numpy as np
import pytest

import kerax as keras
from kerax._errors import ArgumentError, DataError, ShapeError, StateError
from kerax.callbacks import BackupAndRestore, Checkpoint
from kerax.checkpoint.store import Store

X = np.random.default_rng(0).normal(size=(24, 3)).astype("float32")
Y = X[:, :1] * 2


class Interrupt(keras.callbacks.Callback):
    """Raises at the beginning of an epoch."""

    def __init__(self, epoch):
        super().__init__()
        self.at = epoch

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.at:
            raise KeyboardInterrupt


def model(units=1, name="dense", optimizer="sgd", metrics=("mae",)):
    keras.utils.set_random_seed(1)
    made = keras.Sequential([keras.Input((3,)), keras.layers.Dense(units, name=name)])
    made.compile(optimizer, "mse", metrics=list(metrics))
    return made


def fit(made, *callbacks, epochs=3, **options):
    return made.fit(X, Y, batch_size=8, epochs=epochs, verbose=0, callbacks=list(callbacks), **options)


def interrupted(directory, epoch=2, made=None, **options):
    with pytest.raises(KeyboardInterrupt):
        fit(made or model(), Checkpoint(directory, **options), Interrupt(epoch), epochs=4)


# -- what is kept ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("patient")
def test_the_newest_and_the_best_are_kept_and_the_best_comes_back(tmp_path):
    made = model()
    saving = Checkpoint(tmp_path / "run", max_to_keep=2, keep_best=1, monitor="score", mode="max")

    class Score(keras.callbacks.Callback):
        seen = {}

        def on_epoch_end(self, epoch, logs=None):
            logs["score"] = [0.1, 0.9, 0.3, 0.2, 0.5][epoch]
            self.seen[epoch] = self.model.get_weights()

    fit(made, Score(), saving, epochs=5)
    assert saving.store.steps() == [6, 12, 15]
    fresh = model()
    assert Checkpoint(tmp_path / "run").restore(fresh, "best") == 6
    np.testing.assert_array_equal(fresh.get_weights()[0], Score.seen[1][0])
    assert saving.restore(fresh) == 15
    np.testing.assert_array_equal(fresh.get_weights()[0], Score.seen[4][0])
    assert saving.restore(fresh, 12) == 12
    with pytest.raises(ArgumentError, match=r"got 13, expected \"latest\", \"best\" or one of \[6, 12, 15\]"):
        saving.restore(fresh, 13)
    with pytest.raises(ArgumentError, match="got a directory without checkpoints"):
        Checkpoint(tmp_path / "other").restore(fresh)


def test_the_best_epochs_are_written_however_fast_they_come(tmp_path):
    saving = Checkpoint(tmp_path / "run", max_to_keep=1, keep_best=9, monitor="loss")
    fit(model(), saving, epochs=8)
    assert saving.store.steps() == [3 * epoch for epoch in range(1, 9)]


def test_training_does_not_wait_and_the_end_is_written(tmp_path):
    saving = Checkpoint(tmp_path / "run", max_to_keep=None)
    fit(model(), saving, epochs=40)
    assert saving.store.steps()[-1] == 120
    assert len(saving.store.steps()) < 40


@pytest.mark.usefixtures("patient")
def test_orbax_reads_the_weights(tmp_path):
    import orbax.checkpoint as ocp

    made = model()
    fit(made, Checkpoint(tmp_path / "run"))
    tree = ocp.PyTreeCheckpointer().restore(tmp_path / "run" / "9" / "state")
    np.testing.assert_array_equal(tree["model"][f"{made.name}.dense.kernel"], made.get_weights()[0])
    assert sorted(tree) == ["metrics", "model", "optimizer"]


# -- going on --------------------------------------------------------------------------------------


@pytest.mark.usefixtures("patient")
def test_more_epochs_go_on_from_the_end(tmp_path, capsys):
    whole = fit(model(), epochs=5)
    fit(model(), Checkpoint(tmp_path / "run"), epochs=3)
    made = model()
    history = fit(made, Checkpoint(tmp_path / "run"), epochs=5)
    assert history.history == whole.history
    assert history.epoch == [0, 1, 2, 3, 4]
    assert made.history is history
    assert f"Going on from {tmp_path}/run/9: epoch 4.\n" in capsys.readouterr().out


@pytest.mark.usefixtures("patient")
def test_a_finished_training_is_not_trained_again(tmp_path, capsys, monkeypatch):
    done = fit(model(), Checkpoint(tmp_path / "run"))
    monkeypatch.setattr("kerax.callbacks._checkpoint._finished", set())  # as in another process
    made = model()
    history = fit(made, Checkpoint(tmp_path / "run"))
    assert history.history == done.history
    np.testing.assert_array_equal(made.get_weights()[0], done.model.get_weights()[0])
    assert "nothing is left to train" in capsys.readouterr().out


def test_two_fits_of_a_process_do_not_share_a_directory(tmp_path):
    fit(model(), Checkpoint(tmp_path / "run"))
    with pytest.raises(
        StateError, match=r"directory of a fit that this process has finished, of 3 epochs.*more epochs"
    ):
        fit(model(), Checkpoint(tmp_path / "run"))


@pytest.mark.usefixtures("patient")
def test_other_callbacks_than_before_are_no_harm(tmp_path):
    stopping = keras.callbacks.EarlyStopping(monitor="loss", patience=9)
    with pytest.raises(KeyboardInterrupt):
        fit(model(), stopping, Checkpoint(tmp_path / "run"), Interrupt(2))
    plateau = keras.callbacks.ReduceLROnPlateau(monitor="loss")
    assert len(fit(model(), Checkpoint(tmp_path / "run"), plateau).epoch) == 3


@pytest.mark.usefixtures("patient")
def test_another_monitor_is_an_error(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        fit(model(), keras.callbacks.EarlyStopping(monitor="loss"), Checkpoint(tmp_path / "run"), Interrupt(1))
    other = keras.callbacks.EarlyStopping(monitor="mae")
    with pytest.raises(ArgumentError, match="monitors 'mae': got the state of one that monitors 'loss'"):
        fit(model(), other, Checkpoint(tmp_path / "run"))


@pytest.mark.usefixtures("patient")
def test_the_state_of_callbacks_of_ones_own_travels(tmp_path):
    class Counter(keras.callbacks.Callback):
        count = 0

        def on_epoch_end(self, epoch, logs=None):
            self.count += 1

        def get_state(self):
            return {"count": self.count}

        def set_state(self, state):
            self.count = state["count"]

    with pytest.raises(KeyboardInterrupt):
        fit(model(), Counter(), Checkpoint(tmp_path / "run"), Interrupt(2))
    counter = Counter()
    fit(model(), counter, Checkpoint(tmp_path / "run"))
    assert counter.count == 3


@pytest.mark.usefixtures("patient")
def test_the_best_file_is_never_replaced_by_a_worse_one(tmp_path):
    def watching():
        name = tmp_path / "best.weights.h5"
        return keras.callbacks.ModelCheckpoint(name, "score", save_best_only=True, save_weights_only=True, mode="max")

    class Score(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["score"] = [0.5, 0.9, 0.6, 0.7][epoch]

    with pytest.raises(KeyboardInterrupt):
        fit(model(), Score(), watching(), Checkpoint(tmp_path / "run"), Interrupt(2))
    best = (tmp_path / "best.weights.h5").read_bytes()
    resumed = watching()
    fit(model(), Score(), resumed, Checkpoint(tmp_path / "run"), epochs=4)
    assert (tmp_path / "best.weights.h5").read_bytes() == best
    assert resumed.best == 0.9


@pytest.mark.usefixtures("patient")
def test_layers_that_a_callback_unfroze_stay_so(tmp_path):
    class Unfreeze(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                self.model.layers[0].trainable = True

    def frozen():
        made = model()
        made.layers[0].trainable = False
        made.compile(keras.optimizers.Adam(0.1), "mse")
        return made

    expected = frozen()
    fit(expected, Unfreeze(), epochs=4)
    with pytest.raises(KeyboardInterrupt):
        fit(frozen(), Unfreeze(), Checkpoint(tmp_path / "run"), Interrupt(3), epochs=4)
    resumed = frozen()
    fit(resumed, Unfreeze(), Checkpoint(tmp_path / "run"), epochs=4)
    for found, wanted in zip(resumed.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_array_equal(found, wanted)
    assert any(np.any(w != i) for w, i in zip(resumed.get_weights(), frozen().get_weights(), strict=True))


@pytest.mark.usefixtures("patient")
def test_the_progress_bar_goes_on_where_it_was(tmp_path, capsys):
    with pytest.raises(KeyboardInterrupt):
        fit(model(), Checkpoint(tmp_path / "run", 5), Interrupt(2))
    model().fit(X, Y, batch_size=8, epochs=3, verbose=1, callbacks=[Checkpoint(tmp_path / "run", 5)])
    out = capsys.readouterr().out
    assert "Epoch 1/3" not in out
    assert "epoch 2, after 2 steps." in out
    assert out.index("Epoch 2/3") < out.index("3/3 ") < out.index("Epoch 3/3")


# -- what is refused -------------------------------------------------------------------------------


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"units": 2}, r"model: \w+/dense/kernel: float32\[3, 1\] saved, float32\[3, 2\] here\n"),
        ({"name": "head"}, r"model: \w+/dense/kernel \(3, 1\) saved, \w+/head/kernel \(3, 1\) here"),
        ({"optimizer": "adam"}, r"optimizer: sgd/iteration \(\) saved, adam/iteration \(\) here"),
        ({"optimizer": keras.optimizers.SGD(momentum=0.9)}, r"optimizer: 2 arrays saved, 4 here; the first .*momentum"),
        ({"metrics": ("mae", "mse")}, r"metrics: .* saved, .* here"),
    ],
    ids=["units", "name", "optimizer", "slots", "metrics"],
)
def test_another_model_is_refused_with_what_differs(tmp_path, other, message):
    interrupted(tmp_path / "run", epoch=1)
    made = model(**other)
    before = made.get_weights()
    with pytest.raises(ShapeError, match=r"run/3: got the state of another training:\n  " + message):
        fit(made, Checkpoint(tmp_path / "run"))
    for found, wanted in zip(made.get_weights(), before, strict=True):
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.usefixtures("patient")
def test_a_damaged_checkpoint_is_skipped_for_the_one_before(tmp_path):
    whole = fit(model(), epochs=4)
    interrupted(tmp_path / "run", epoch=3)
    file = max((tmp_path / "run" / "9" / "state").rglob("*"), key=lambda path: path.is_file() and path.stat().st_size)
    file.write_bytes(file.read_bytes()[:-7])
    with pytest.warns(
        UserWarning, match=rf"Checkpoint skips a damaged checkpoint. The checkpoint {tmp_path}/run/9: got"
    ):
        history = fit(model(), Checkpoint(tmp_path / "run"), epochs=4)
    assert history.history == whole.history
    names = sorted(os.listdir(tmp_path / "run"))
    assert [name for name in names if name.isdigit()] == ["12", "6", "9"]  # 9 was written again
    assert any(name.startswith("9.damaged") for name in names)


@pytest.mark.usefixtures("patient")
def test_nothing_but_damaged_checkpoints_is_an_error(tmp_path):
    interrupted(tmp_path / "run", epoch=1)
    (tmp_path / "run" / "3" / "about.json").write_text("{}")
    with (
        pytest.warns(UserWarning, match="skips a damaged"),
        pytest.raises(DataError, match="got damaged checkpoints alone"),
    ):
        fit(model(), Checkpoint(tmp_path / "run"))


def test_an_epoch_before_initial_epoch_is_refused(tmp_path):
    fit(model(), Checkpoint(tmp_path / "run"), epochs=1)
    with pytest.raises(ArgumentError, match="got initial_epoch=2, and a checkpoint of epoch 1"):
        fit(model(), Checkpoint(tmp_path / "run"), initial_epoch=2)


@pytest.mark.usefixtures("patient")
def test_other_data_within_an_epoch_is_refused(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        fit(model(), Checkpoint(tmp_path / "run", 4), Interrupt(2))
    with pytest.raises(StateError, match="a place within an epoch of 24 rows in batches of 8, and data of 16 rows in"):
        model().fit(X[:16], Y[:16], batch_size=8, verbose=0, callbacks=[Checkpoint(tmp_path / "run", 4)])


def test_generators_are_refused_by_checkpoint_and_begin_anew_with_backup(tmp_path):
    def batches():
        while True:
            yield X, Y

    with pytest.raises(StateError, match=r"got a generator, which cannot be read again .*Dataset.from_generator"):
        model().fit(batches(), steps_per_epoch=2, verbose=0, callbacks=[Checkpoint(tmp_path / "run")])
    backup = BackupAndRestore(tmp_path / "b", delete_checkpoint=False)
    with pytest.raises(KeyboardInterrupt):
        model().fit(batches(), steps_per_epoch=2, epochs=3, verbose=0, callbacks=[backup, Interrupt(1)])
    history = model().fit(batches(), steps_per_epoch=2, epochs=3, verbose=0, callbacks=[backup])
    assert history.epoch == [0, 1, 2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"save_freq": 0}, 'save_freq: got 0, expected "epoch", or a number'),
        ({"save_freq": "batch"}, "save_freq: got 'batch'"),
        ({"max_to_keep": 0}, "max_to_keep: got 0"),
        ({"keep_best": -1}, "keep_best: got -1"),
        ({"on_error": "ignore"}, 'on_error: got \'ignore\', expected "warn" or "raise"'),
    ],
)
def test_arguments_that_cannot_be(arguments, message):
    with pytest.raises(ArgumentError, match=message):
        Checkpoint("run", **arguments)


def test_a_monitor_that_is_not_there_is_named_after_the_first_epoch(tmp_path):
    with pytest.raises(
        ArgumentError, match=r"Checkpoint monitors 'val_loss': got logs with loss, mae at the end of epoch 1"
    ):
        fit(model(), Checkpoint(tmp_path / "run", keep_best=1))


# -- disks -----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("on_error", ["warn", "raise"])
def test_a_full_disk_leaves_the_last_checkpoint_whole(tmp_path, monkeypatch, on_error):
    saves = []
    save = Store.save

    def filling(self, step, arrays, about):
        saves.append(step)
        if len(saves) > 1:
            monkeypatch.setattr(os, "fsync", full)
        save(self, step, arrays, about)

    def full(number):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Store, "save", filling)
    saving = Checkpoint(tmp_path / "run", on_error=on_error)
    message = rf"a checkpoint could not be written: got .*No space left.* The last whole checkpoint is {tmp_path}/run/3"
    if on_error == "warn":
        with pytest.warns(UserWarning, match=message + ".*Training goes on"):
            assert len(fit(model(), saving).epoch) == 3
    else:
        with pytest.raises(StateError, match=message):
            fit(model(), saving)
    assert os.listdir(tmp_path / "run") == ["3"]
    assert saving.store.read(3)


def test_a_directory_that_cannot_be_made_is_known_before_training(tmp_path):
    (tmp_path / "file").write_text("")
    made = model()
    before = made.get_weights()[0]
    with pytest.raises(DataError, match=r"Checkpoint: got the directory .*/file/run, which cannot be written to"):
        fit(made, Checkpoint(tmp_path / "file" / "run"))
    np.testing.assert_array_equal(made.get_weights()[0], before)


# -- BackupAndRestore ------------------------------------------------------------------------------


@pytest.mark.usefixtures("patient")
def test_a_backup_goes_on_and_is_removed(tmp_path):
    whole = fit(model(), epochs=4)
    made, backup = model(), BackupAndRestore(tmp_path / "b")
    with pytest.raises(KeyboardInterrupt):
        fit(made, backup, Interrupt(2), epochs=4)
    assert os.listdir(tmp_path / "b") == ["6"]
    history = fit(made, backup, epochs=4)
    assert history.history == whole.history
    assert not (tmp_path / "b").exists()
    assert len(fit(made, backup, epochs=2).epoch) == 2  # a new training


@pytest.mark.usefixtures("patient")
def test_two_backups_for_the_case_that_one_is_damaged(tmp_path):
    backup = BackupAndRestore(tmp_path / "b", save_freq=2, double_checkpoint=True, delete_checkpoint=False)
    with pytest.raises(KeyboardInterrupt):
        fit(model(), backup, Interrupt(2))
    assert backup.store.steps() == [4, 6]
    shutil.rmtree(tmp_path / "b" / "6" / "state")
    with pytest.warns(UserWarning, match="BackupAndRestore skips a damaged checkpoint"):
        history = fit(model(), backup)
    assert history.history == fit(model()).history


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"backup_dir": ""}, "backup_dir: got ''"),
        ({"backup_dir": "b", "save_freq": "x"}, "save_freq: got 'x'"),
        ({"backup_dir": "b", "save_freq": 2.5}, "save_freq: got 2.5"),
    ],
)
def test_arguments_that_keras_refuses(arguments, message):
    with pytest.raises(ArgumentError, match=message):
        BackupAndRestore(**arguments)
