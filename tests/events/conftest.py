"""A server on what `written.py` wrote, started once."""

from __future__ import annotations

import time

import pytest

from tests.events.server import PATIENCE, serving
from tests.events.written import RUNS_WITH_SCALARS, write_all


@pytest.fixture(scope="session")
def board(tmp_path_factory):
    """The server, with what the training returned, and the folder."""
    folder = tmp_path_factory.mktemp("board") / "logs"
    trained = write_all(folder)
    with serving(folder) as server:
        end = time.monotonic() + PATIENCE
        while len(server.plugin("scalars/tags")) < RUNS_WITH_SCALARS:  # it answers before it has read everything
            assert time.monotonic() < end, server.plugin("scalars/tags")
            time.sleep(0.1)
        server.trained, server.folder = trained, folder
        yield server
