"""Fixtures of the tests of checkpoints."""

import pytest

from kerax.checkpoint import writer


@pytest.fixture
def patient(monkeypatch):
    """Every save that is due is written, before training goes on."""
    submit = writer.Writer.submit

    def now(self, job):
        submit(self, job)
        self.wait()

    monkeypatch.setattr(writer.Writer, "submit", now)
    monkeypatch.setattr(writer, "PAUSE", 0.0)
