"""Every example runs from start to end, in a process and a folder of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.parametrize("script", sorted((ROOT / "examples").glob("*.py")), ids=lambda path: path.stem)
def test_the_example_runs_and_learns(script, tmp_path):
    environment = {**os.environ, "KERAS_HOME": str(tmp_path / "keras"), "MPLBACKEND": "Agg", "PYTHONPATH": str(ROOT)}
    environment.pop("XLA_FLAGS", None)
    done = subprocess.run(
        [sys.executable, str(script)], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=280
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    if script.stem == "quickstart":
        assert (tmp_path / "quickstart.png").stat().st_size > 10_000
