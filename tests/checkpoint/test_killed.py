"""Real processes, killed by SIGKILL."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

KILLS = 20


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_at_random_moments_it_ends_with_the_same_bits(tmp_path):
    here = Path(__file__)
    environment = {**os.environ, "PYTHONPATH": str(here.parents[2]), "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, str(here.with_name("killed.py")), str(tmp_path), str(KILLS)]
    group = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        out, errors = group.communicate(timeout=180)
    finally:
        if group.poll() is None:
            os.killpg(group.pid, signal.SIGKILL)
    assert group.returncode == 0, errors[-4000:]
    counts = json.loads(out.splitlines()[-1])
    assert counts["kills"] >= KILLS
    assert counts["trainings"] >= 3  # that came to their end, each the same
    assert counts["going_on"] >= KILLS // 2
