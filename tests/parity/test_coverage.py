"""docs/api_coverage.md is what its command writes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.slow
def test_the_table_of_coverage_is_up_to_date():
    code = "import coverage; print(coverage.table(), end='')"
    made = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True, cwd=ROOT / "docs"
    )
    assert made.stdout == (ROOT / "docs" / "api_coverage.md").read_text(), "run `make coverage`"
