"""Small files in Keras's formats, in a home folder of their own; Keras itself as the oracle."""

import importlib
import os
import tempfile
from pathlib import Path

import numpy as np
import pytest

os.environ.setdefault("KERAS_BACKEND", "jax")


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty Keras home, and no network: a loader that tries to download fails at once."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))

    def unreachable(url, *args, **kwargs):
        raise OSError("no network in tests")

    monkeypatch.setattr("urllib.request.urlopen", unreachable)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    folder = tmp_path / "home" / "datasets"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def oracle(monkeypatch):
    """`oracle("imdb", path)`: Keras's own module, which takes `path` for the file it would download."""

    def module(name: str, path: Path):
        pytest.importorskip("keras")
        found = importlib.import_module(f"keras.src.datasets.{name}")
        monkeypatch.setattr(found, "get_file", lambda *args, **kwargs: str(path))
        return found

    return module


@pytest.fixture
def same():
    """Assert that two `(x, y), (x, y)` are equal in values, shapes, dtypes and types."""

    def check(ours, theirs):
        for part, expected in zip(ours, theirs, strict=True):
            for array, other in zip(part, expected, strict=True):
                assert type(array) is type(other)
                assert (array.shape, array.dtype) == (other.shape, other.dtype)
                np.testing.assert_array_equal(array, other)

    return check


@pytest.fixture
def fails(home):
    """Assert that a load fails on a cached file: the error names it and the fault, and the file is as it was."""
    from kerax._errors import DataError

    def check(load, path, match, *args, **kwargs):
        before = path.read_bytes()
        with pytest.raises(DataError, match=match) as caught:
            load(*args, **kwargs)
        assert str(path) in str(caught.value)
        assert "not changed or deleted" in str(caught.value)
        assert path.read_bytes() == before

    return check
