"""A fit that was interrupted ends with the same bits as one that was not."""

import re

import pytest

import kerax as keras
from tests.checkpoint.trainings import TRAININGS, After, Interrupted, Training

NEW = ("arrays", "step of one's own")
"""Trainings that go on with a new model, as in a new process."""
OTHER_LENGTHS = ("epochs of four steps", "validation split, weights")
"""Trainings whose epochs do not have seven steps."""


def same(found, wanted):
    for (name, value), (other, expected) in zip(found[0].items(), wanted[0].items(), strict=True):
        assert (name, value) == (other, expected)
    assert found[1:] == wanted[1:]


QUICK = ("arrays", "Dataset")


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in TRAININGS]
)
def test_goes_on_to_the_same_bits(tmp_path, capsys, name):
    expected = Training(name).run()
    training = Training(name)
    places = []
    # at the end of an epoch; after the last step of one; within one
    for freq, stop in (("epoch", 11), (7, 8), (3, 5)):
        with pytest.raises(Interrupted):
            training.run(keras.callbacks.Checkpoint(tmp_path / "run", freq), After(stop))
        if freq == 7 and name in NEW:
            training = Training(name)
        training.spoil()
        places.append(capsys.readouterr().out)
    same(training.run(keras.callbacks.Checkpoint(tmp_path / "run", 5)), expected)
    places.append(capsys.readouterr().out)
    assert [bool(re.match(r"Going on from .*/run/\d+: epoch \d", place)) for place in places] == [
        False,
        True,
        True,
        True,
    ]
    if name not in OTHER_LENGTHS:
        assert "epoch 2." in places[1]
        assert "epoch 2, after 7 steps." in places[2]
        assert "epoch 3, after 3 steps." in places[3]
