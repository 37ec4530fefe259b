"""A fit that was interrupted ends with the same bits as one that was not."""

import numpy as np
import pytest

import kerax as keras
from kerax.checkpoint import writer
from tests.checkpoint.trainings import TRAININGS, After, Interrupted, train


@pytest.fixture
def patient(monkeypatch):
    """Every save that is due is written."""
    submit = writer.Writer.submit

    def now(self, job):
        submit(self, job)
        self.wait()

    monkeypatch.setattr(writer.Writer, "submit", now)
    monkeypatch.setattr(writer, "PAUSE", 0.0)


@pytest.fixture(scope="module")
def uninterrupted():
    """Name -> what is left of that training."""
    known = {}

    def get(name):
        if name not in known:
            known[name] = train(name)
        return known[name]

    return get


def same(found, wanted):
    for (name, value), (other, expected) in zip(found[0].items(), wanted[0].items(), strict=True):
        assert (name, value) == (other, expected)
    assert found[1:] == wanted[1:]


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("name", TRAININGS)
def test_goes_on_to_the_same_bits(tmp_path, uninterrupted, name):
    for freq, stop in ((3, 11), ("epoch", 6)):  # within the second epoch; then within the third, back to its beginning
        saving = keras.callbacks.Checkpoint(tmp_path / "run", freq, verbose=0)
        with pytest.raises(Interrupted):
            train(name, callbacks=[saving, After(stop)])
    saving = keras.callbacks.Checkpoint(tmp_path / "run", 5, verbose=0)
    same(train(name, callbacks=[saving]), uninterrupted(name))
    assert np.all(np.diff(saving.store.steps()) > 0)
