"""A checkpoint taken on eight devices goes on on one and on four."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import json, sys
import jax, numpy as np
import kerax as keras

count, runs = int(sys.argv[1]), json.loads(sys.argv[2])
keras.distribution.set_distribution(keras.distribution.DataParallel(devices=jax.devices()[:count]))
x = np.random.default_rng(0).normal(size=(64, 4)).astype("float32")

class Stop(keras.callbacks.Callback):
    def __init__(self, epoch):
        super().__init__()
        self.epoch = epoch

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.epoch:
            raise KeyboardInterrupt

for directory, stop in runs:
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Dense(8), keras.layers.Dropout(0.2), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((4,)), *layers])
    model.compile("adam", "mse", metrics=["mae"])
    saving = keras.callbacks.Checkpoint(directory, 3, keep_best=9, monitor="loss")
    history = None
    try:
        history = model.fit(x, x[:, :1], batch_size=16, epochs=4, verbose=0, callbacks=[saving, Stop(stop)]).history
    except KeyboardInterrupt:
        pass
    placed = {len(v.value.sharding.device_set) for v in model.variables + model.optimizer.variables}
    print(json.dumps({"history": history, "devices": sorted(placed), "steps": saving.store.steps()}))
"""


def run(devices, *runs):
    """What the script prints, of trainings on so many devices, each given a directory and an epoch to stop before."""
    flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count={devices}"
    environment = {
        **os.environ,
        "XLA_FLAGS": flags,
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "JAX_PLATFORMS": "cpu",
    }
    command = [sys.executable, "-c", SCRIPT, str(devices), json.dumps([(str(folder), stop) for folder, stop in runs])]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout, [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


@pytest.mark.slow
def test_eight_devices_then_one_or_four(tmp_path):
    _, (whole, broken) = run(8, (tmp_path / "whole", 99), (tmp_path / "run1", 2))
    assert whole["devices"] == [8]
    assert broken["steps"][-1] == 8
    shutil.copytree(tmp_path / "run1", tmp_path / "run4")
    for devices in (1, 4):
        folder = tmp_path / f"run{devices}"
        out, (resumed,) = run(devices, (folder, 99))
        assert f"Going on from {folder}/8: epoch 3." in out
        assert resumed["devices"] == [devices]
        assert resumed["steps"][-1] == 16
        for name, values in whole["history"].items():  # sums in another order
            assert resumed["history"][name] == pytest.approx(values, rel=1e-4)
