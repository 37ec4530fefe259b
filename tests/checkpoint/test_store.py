"""A checkpoint on the disk is whole, or is known not to be."""

import json
import os
import zlib

import ml_dtypes
import numpy as np
import pytest

from kerax._errors import DataError
from kerax.checkpoint.store import Damaged, Store

ARRAYS = {
    "model/dense.kernel": np.arange(600.0, dtype="float32").reshape(20, 30),
    "model/dense.bias": np.ones(3, ml_dtypes.bfloat16),
    "model/empty": np.zeros((0, 3), "int8"),
    "optimizer/count": np.array(7),
    "others/flag": np.array([True, False]),
}


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "a" / "run")
    store.prepare("Test")
    return store


def files(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_what_is_read_is_what_was_saved(store):
    store.save(12, ARRAYS, {"state": "text"})
    arrays, about = store.read(12)
    assert about["state"] == "text"
    assert list(arrays) == list(ARRAYS)
    for key, array in ARRAYS.items():
        assert arrays[key].dtype == array.dtype
        np.testing.assert_array_equal(arrays[key], array)
    assert store.steps() == [12]
    assert os.listdir(store.path) == ["12"]


def test_a_checkpoint_without_arrays(store):
    store.save(0, {"model/empty": np.zeros((2, 0))}, {})
    assert store.read(0)[0]["model/empty"].shape == (2, 0)


def test_orbax_reads_the_arrays(store):
    import orbax.checkpoint as ocp

    store.save(3, ARRAYS, {})
    tree = ocp.PyTreeCheckpointer().restore(store.folder(3) / "state")
    np.testing.assert_array_equal(tree["model"]["dense.kernel"], ARRAYS["model/dense.kernel"])


def test_a_checkpoint_takes_the_place_of_one_with_its_number(store):
    store.save(3, ARRAYS, {"state": "old"})
    store.save(3, ARRAYS, {"state": "new"})
    assert store.about(3)["state"] == "new"
    assert os.listdir(store.path) == ["3"]


@pytest.mark.parametrize("way", ["truncated", "bit flipped", "missing", "longer"])
def test_damage_to_any_file_is_found(store, way):
    store.save(1, ARRAYS, {"state": "text"})
    names = files(store.folder(1))
    assert len(names) >= 4
    for path in names:
        data = path.read_bytes()
        half = len(data) // 2
        damaged = {
            "truncated": data[:half],
            "bit flipped": data[:half] + bytes([data[half] ^ 16]) + data[half + 1 :],
            "longer": data + b"x",
        }
        path.unlink() if way == "missing" else path.write_bytes(damaged[way])
        with pytest.raises(Damaged, match=f"The checkpoint {store.folder(1)}: got .*{path.name}"):
            store.read(1)
        path.write_bytes(data)
    assert store.read(1)[1]["state"] == "text"


def test_arrays_that_orbax_gives_otherwise_are_found(store, monkeypatch):
    store.save(1, ARRAYS, {})
    monkeypatch.setattr("kerax.checkpoint.store._read_arrays", lambda *_: {**ARRAYS, "optimizer/count": np.array(8)})
    with pytest.raises(Damaged, match="other values of optimizer/count than were saved"):
        store.read(1)


def test_what_a_killed_save_left_is_removed(store):
    (store.path / ".5.abcd.part" / "state").mkdir(parents=True)
    store.save(4, ARRAYS, {})
    store.folder(4).rename(store.path / ".4.abcd.old")  # killed between two renames
    Store(store.path).prepare("Test")
    assert store.steps() == [4]
    assert os.listdir(store.path) == ["4"]


def test_a_save_that_fails_leaves_what_was_there(store, monkeypatch):
    store.save(4, ARRAYS, {"state": "old"})

    def full(number):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        store.save(4, ARRAYS, {"state": "new"})
    monkeypatch.undo()
    assert store.read(4)[1]["state"] == "old"
    assert os.listdir(store.path) == ["4"]


def test_a_directory_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match=r"Checkpoint: got the directory .*file/run, which cannot be written to"):
        Store(tmp_path / "file" / "run").prepare("Checkpoint")


def test_a_newer_format_is_refused(store):
    store.save(1, ARRAYS, {})
    text = (store.folder(1) / "about.json").read_text().partition("\n")[2].removesuffix("\n")
    body = json.dumps({**json.loads(text), "format": 2})
    (store.folder(1) / "about.json").write_text(f"{zlib.crc32(body.encode()):08x}\n{body}\n")
    with pytest.raises(DataError, match="format 2, of kerax .*expected format 1 at most") as error:
        store.read(1)
    assert not isinstance(error.value, Damaged)
