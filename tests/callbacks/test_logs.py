"""Logs that wait for a reader behave as the dict they become."""

import copy
import json
import pickle

import pytest

from kerax.callbacks._logs import DeferredLogs


@pytest.mark.parametrize(
    "read",
    [
        dict,
        lambda logs: {**logs},
        lambda logs: json.loads(json.dumps(logs)),
        lambda logs: json.loads(json.dumps(logs, indent=1)),
        lambda logs: {key: logs[key] for key in logs},
        lambda logs: dict(logs.items()),
        lambda logs: dict(zip(logs.keys(), logs.values(), strict=True)),
        lambda logs: {} | logs,
        lambda logs: logs.copy(),
        lambda logs: (lambda **given: given)(**logs),
        lambda logs: pickle.loads(pickle.dumps(logs)),
        copy.deepcopy,
        lambda logs: {"loss": logs.get("loss")},
    ],
)
def test_every_way_to_read_them_fetches_once(read):
    fetched = []

    def fetch():
        fetched.append(True)
        return {"loss": 0.5}

    logs = DeferredLogs(["loss"], fetch)
    assert not fetched
    assert read(logs) == {"loss": 0.5}
    assert logs == {"loss": 0.5}
    assert len(fetched) == 1


def test_what_a_callback_writes_stays():
    logs = DeferredLogs(["loss"], lambda: {"loss": 0.5})
    logs["lr"] = 1.0
    logs["loss"] = 2.0
    assert logs == {"loss": 2.0, "lr": 1.0}
