"""kerax.compat.hparams, next to what TensorBoard's own functions make of the same trials."""

from __future__ import annotations

import random

import numpy as np
import pytest
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.hparams import metadata, plugin_data_pb2, summary_v2

import kerax
from kerax import layers, summary
from kerax.compat import hparams as hp
from tests.events.reading import events_in, tags


def content(message):
    """What a summary says to the plugin, read by TensorBoard, and its tag."""
    (value,) = Summary.FromString(message.SerializeToString()).value
    assert value.metadata.plugin_data.plugin_name == metadata.PLUGIN_NAME
    return value.tag, plugin_data_pb2.HParamsPluginData.FromString(value.metadata.plugin_data.content)


def build(lib):
    """Parameters and metrics of every kind."""
    return [
        lib.HParam("units", lib.Discrete([32, 16]), display_name="Units", description="how wide"),
        lib.HParam("optimizer", lib.Discrete(["sgd", "adam"])),
        lib.HParam("rate", lib.Discrete([0.5, 0.1])),
        lib.HParam("bias", lib.Discrete([True, False])),
        lib.HParam("depth", lib.IntInterval(1, 5)),
        lib.HParam("dropout", lib.RealInterval(0.1, 0.2)),
        lib.HParam("anything"),
    ], [
        lib.Metric("accuracy", display_name="Accuracy", description="higher is better"),
        lib.Metric("epoch_loss", group="validation", dataset_type=lib.Metric.VALIDATION),
        lib.Metric("epoch_loss", group="train", dataset_type=lib.Metric.TRAINING),
    ]


def test_an_experiment_is_theirs():
    ours = hp.hparams_config_pb(*build(hp), time_created_secs=12.5)
    theirs = summary_v2.hparams_config_pb(*build(summary_v2), time_created_secs=12.5)
    assert content(ours) == content(theirs)


@pytest.mark.parametrize(
    "values",
    [{"units": 16, "rate": 0.1, "optimizer": "adam", "bias": True}, {}, {"b": 2, "a": 1.5}, {"ä": "ö"}],
    ids=repr,
)
@pytest.mark.parametrize("trial", [None, "mine"])
def test_a_trial_is_theirs(values, trial):
    ours = hp.hparams_pb(values, trial_id=trial, start_time_secs=3.0)
    theirs = summary_v2.hparams_pb(values, trial_id=trial, start_time_secs=3.0)
    assert content(ours) == content(theirs)


def test_numbers_of_numpy_and_parameters_as_keys():
    units = hp.HParam("units", hp.Discrete([16, 32]))
    ours = hp.hparams_pb({units: np.int64(16), "rate": np.float64(0.5), "bias": np.bool_(True)}, start_time_secs=1.0)
    plain = hp.hparams_pb({"units": 16, "rate": 0.5, "bias": True}, start_time_secs=1.0)
    assert content(ours) == content(plain)


@pytest.mark.parametrize("number", range(6))
def test_domains_say_what_they_are(number):
    ours, theirs = (build(lib)[0][number] for lib in (hp, summary_v2))
    assert (ours.name, ours.display_name, ours.description) == (theirs.name, theirs.display_name, theirs.description)
    assert repr(ours) == repr(theirs)
    assert str(ours) == str(theirs)
    assert ours.domain.dtype is theirs.domain.dtype
    for attribute in ("values", "min_value", "max_value"):
        assert getattr(ours.domain, attribute, None) == getattr(theirs.domain, attribute, None)
    drawn = [ours.domain.sample_uniform(random.Random(seed)) for seed in range(20)]
    assert drawn == [theirs.domain.sample_uniform(random.Random(seed)) for seed in range(20)]


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda lib: lib.Discrete([1, "a"]), TypeError, "Discrete: got 'a', expected values of type int"),
        (lambda lib: lib.Discrete([1, 2], dtype=str), TypeError, "got 1, expected values of type str"),
        (lambda lib: lib.Discrete([]), ValueError, "no values and no dtype"),
        (lambda lib: lib.IntInterval(1.5, 2), TypeError, "min_value=1.5, expected of type int"),
        (lambda lib: lib.IntInterval(3, 1), ValueError, "3 > 1"),
        (lambda lib: lib.RealInterval(1, 2), TypeError, "min_value=1, expected of type float"),
        (lambda lib: lib.RealInterval(2.0, 1.0), ValueError, "2.0 > 1.0"),
        (lambda lib: lib.HParam("x", "y"), ValueError, "domain='y', expected IntInterval, RealInterval or Discrete"),
        (lambda lib: lib.Metric("x", dataset_type="y"), ValueError, "Metric 'x': got dataset_type='y'"),
        (lambda lib: lib.hparams_pb({"a": object()}), TypeError, "'a': got <object.*bool, int, float or str"),
        (lambda lib: lib.hparams_pb({lib.HParam("a"): 1, "a": 2}), ValueError, "two values for 'a'"),
    ],
)
def test_errors_are_theirs_and_say_what_is_wrong(make, error, message):
    with pytest.raises(error):
        make(summary_v2)
    with pytest.raises(error, match=message):
        make(hp)


def test_without_a_writer_nothing_is_recorded():
    assert hp.hparams({"a": 1}) is False
    assert hp.hparams_config([], []) is False


def test_the_callback_records_the_beginning_and_the_end(tmp_path):
    model = kerax.Sequential([layers.Dense(1)])  # not built
    model.compile("sgd", "mse")
    given = summary.create_file_writer(tmp_path / "given")
    callbacks = [hp.KerasCallback(given, {"a": 1}, trial_id="t"), hp.KerasCallback(tmp_path / "own", {"a": 1})]
    for _ in range(2):
        model.fit(np.ones((4, 2)), np.ones((4, 1)), verbose=0, callbacks=callbacks)
    session = ["_hparams_/session_start_info", "_hparams_/session_end_info"]
    assert tags(tmp_path, "given") == tags(tmp_path, "own") == session
    given.close()  # it was open still: it belongs to the test
    (start, end), *_ = [
        [content(event.summary)[1] for run, event in events_in(tmp_path) if run == "given" and event.summary.value][:2]
    ]
    assert start.session_start_info.group_name == "t"
    assert start.session_start_info.hparams["a"].number_value == 1
    assert end.session_end_info.end_time_secs >= start.session_start_info.start_time_secs > 1e9


def test_the_callback_checks_its_arguments_at_once():
    with pytest.raises(TypeError, match="KerasCallback: writer: got None, expected a writer or a path"):
        hp.KerasCallback(None, {})
    with pytest.raises(TypeError, match="hparams: 'a'"):
        hp.KerasCallback("logs", {"a": [1]})
