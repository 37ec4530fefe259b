"""A checkpoint taken on eight devices goes on on one and on four."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import hashlib, json, sys
import jax, numpy as np
import kerax as keras

directory, count, stop = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
keras.distribution.set_distribution(keras.distribution.DataParallel(devices=jax.devices()[:count]))
keras.utils.set_random_seed(0)
x = np.random.default_rng(0).normal(size=(64, 4)).astype("float32")
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8), keras.layers.Dropout(0.2), keras.layers.Dense(1)])
model.compile("adam", "mse", metrics=["mae"])

class Stop(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == stop:
            raise KeyboardInterrupt

saving = keras.callbacks.Checkpoint(directory, 3, keep_best=9, monitor="loss")
try:
    history = model.fit(x, x[:, :1], batch_size=16, epochs=4, verbose=0, callbacks=[saving, Stop()]).history
except KeyboardInterrupt:
    history = None
print(json.dumps({
    "history": history,
    "weights": [np.asarray(w).tolist() for w in model.get_weights()],
    "devices": sorted({len(v.value.sharding.device_set) for v in model.variables + model.optimizer.variables}),
    "steps": saving.store.steps(),
}))
"""


def run(directory, devices, stop=99):
    """What the script says, of a training on so many devices."""
    flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count={max(devices, 2)}"
    environment = {
        **os.environ,
        "XLA_FLAGS": flags,
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "JAX_PLATFORMS": "cpu",
    }
    command = [sys.executable, "-c", SCRIPT, str(directory), str(devices), str(stop)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout, json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
def test_eight_devices_then_one_four_or_eight(tmp_path):
    _, whole = run(tmp_path / "whole", 8)
    assert whole["devices"] == [8]
    _, broken = run(tmp_path / "run", 8, stop=2)
    assert broken["steps"][-1] == 8
    for devices in (1, 4, 8):
        copy = tmp_path / f"run{devices}"
        subprocess.run(["cp", "-r", str(tmp_path / "run"), str(copy)], check=True)
        out, resumed = run(copy, devices)
        assert f"Going on from {copy}/8: epoch 3." in out
        assert resumed["devices"] == [devices]
        assert resumed["steps"][-1] == 16
        if devices == 8:
            assert resumed["history"] == whole["history"]
            assert resumed["weights"] == whole["weights"]
        else:  # other sums in another order
            for name, values in whole["history"].items():
                assert resumed["history"][name] == pytest.approx(values, rel=1e-4)
