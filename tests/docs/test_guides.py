"""Every Python block of every guide runs, in order, and its assertions hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
GUIDES = sorted(set(DOCS.glob("*.md")) - {DOCS / "api_coverage.md"})  # a table, written by docs/coverage.py
BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)


@pytest.mark.slow
@pytest.mark.parametrize("guide", GUIDES, ids=[guide.stem for guide in GUIDES])
def test_the_blocks_of_a_guide_run(guide, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # some write files
    text = guide.read_text()
    blocks = list(BLOCK.finditer(text))
    assert blocks, "a guide shows code"
    names: dict = {"__name__": guide.stem}
    for block in blocks:
        line = text.count("\n", 0, block.start(1))
        exec(compile("\n" * line + block[1], str(guide), "exec"), names)  # errors point into the guide
