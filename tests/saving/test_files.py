"""What a file may be: whole or absent, never half; and what is refused."""

from __future__ import annotations

import contextlib
import io
import json
import os
import resource
import signal
import subprocess
import sys
import time
import warnings
import zipfile

import h5py
import numpy as np
import optax
import pytest

import kerax
from kerax import layers as L
from kerax._errors import KeraxError


def small(units=3, name="small"):
    return kerax.Sequential([L.Input((4,)), L.Dense(units, name="first"), L.Dense(2, name="second")], name=name)


@pytest.fixture
def model():
    return small()


def same(a, b):
    return all(np.array_equal(x, y) for x, y in zip(a.get_weights(), b.get_weights(), strict=True))


# -- which format ---------------------------------------------------------------------------------

WHOLE = ["m.keras", "m.h5", "m.hdf5", "my_model", "deep/er/model_3", "m.keras/../other.keras"]
WEIGHTS = ["m.weights.h5", "m.h5", "training_1/cp.ckpt", "cp-0003.ckpt", "cp-0.25", "deep/er/w.weights.h5"]


@pytest.mark.parametrize("name", WHOLE[:-1])
def test_a_model_comes_back_as_it_was_saved(model, name, tmp_path):
    model.compile("sgd", "mse")
    model.save(tmp_path / name)
    model.save(str(tmp_path / name))  # over itself
    loaded = kerax.models.load_model(str(tmp_path / name))
    assert same(model, loaded)
    assert loaded.name == "small"
    assert loaded.compiled
    assert not kerax.models.load_model(tmp_path / name, compile=False).compiled


@pytest.mark.parametrize("name", WEIGHTS)
def test_weights_come_back_as_they_were_saved(model, name, tmp_path):
    model.save_weights(tmp_path / name)
    other = small()
    other.load_weights(tmp_path / name)
    assert same(model, other)


@pytest.mark.parametrize(("save_format", "name"), [("tf", "m"), ("h5", "m_old"), ("keras", "m_new"), ("h5", "m.h5")])
def test_the_old_name_of_the_format_counts(model, save_format, name, tmp_path):
    model.save(tmp_path / name, save_format=save_format)
    assert same(model, kerax.models.load_model(tmp_path / name))


def test_shards_come_back(model, tmp_path):
    model.save_weights(tmp_path / "m.weights.h5", max_shard_size=6e-8)
    assert (tmp_path / "m_00000.weights.h5").exists()
    (tmp_path / "m_notes.weights.h5").write_text("mine")
    for name in ("m_1_00000.weights.h5", "m_00000.weights.h5"):  # over itself: other files, then the list
        model.save_weights(tmp_path / "m.weights.h5", max_shard_size=1)
        names = sorted(path.name for path in tmp_path.iterdir())
        assert names == sorted(["m.weights.json", "m_notes.weights.h5", name])
    other = small()
    other.load_weights(tmp_path / "m.weights.json")
    assert same(model, other)


def test_functions_of_the_module_do_what_methods_do(model, tmp_path):
    kerax.saving.save_model(model, tmp_path / "m.keras")
    kerax.saving.save_weights(model, tmp_path / "m.weights.h5")
    other = kerax.saving.load_model(tmp_path / "m.keras")
    kerax.saving.load_weights(other, tmp_path / "m.weights.h5")
    assert same(model, other)


def test_the_optimizer_may_be_left_out(model, tmp_path):
    model.compile("adam", "mse")
    model.fit(np.ones((2, 4)), np.ones((2, 2)), verbose=0)
    for name in ("m.keras", "m.h5", "m"):
        model.save(tmp_path / name, include_optimizer=False)
        assert not kerax.models.load_model(tmp_path / name).compiled


def test_weights_of_a_whole_model_load(model, tmp_path):
    for name in ("m.keras", "m.h5", "m"):
        model.save(tmp_path / name)
        other = small()
        other.load_weights(tmp_path / name)
        assert same(model, other)


def test_the_state_of_random_layers_comes_back(tmp_path):
    model = kerax.Sequential([L.Input((4,)), L.Dropout(0.5, seed=1)])
    x = np.ones((1, 4), "float32")
    model(x, training=True)
    model.save(tmp_path / "m.keras")
    loaded = kerax.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(loaded(x, training=True), model(x, training=True))


def test_modules_of_flax_inside_are_saved(tmp_path):
    from flax import nnx

    def make(seed):
        model = kerax.Sequential([L.Input((4,)), nnx.Linear(4, 3, rngs=nnx.Rngs(seed)), L.Dense(2)])
        return model

    model, other = make(0), make(1)
    model.save_weights(tmp_path / "m.weights.h5")
    other.load_weights(tmp_path / "m.weights.h5")
    x = np.ones((1, 4), "float32")
    np.testing.assert_array_equal(other(x), model(x))


def test_a_model_compiled_with_optax_is_saved_without_that(model, tmp_path, caplog):
    model.compile(optax.adam(1e-3), "mse")
    model.fit(np.ones((2, 4)), np.ones((2, 2)), verbose=0)
    with caplog.at_level("WARNING", "kerax"):
        model.save(tmp_path / "m.keras")
    assert "saved without what it was compiled with" in caplog.text
    loaded = kerax.models.load_model(tmp_path / "m.keras")
    assert same(model, loaded)
    assert not loaded.compiled
    loaded.compile(optax.adam(1e-3), "mse")
    loaded.optimizer.build(loaded.trainable_variables)
    loaded.load_weights(tmp_path / "m.keras")
    for old, new in zip(model.optimizer.variables, loaded.optimizer.variables, strict=True):
        np.testing.assert_array_equal(new.numpy(), old.numpy())


def test_an_optimizer_that_is_not_built_keeps_its_state_with_a_warning(model, tmp_path):
    model.compile("adam", "mse")
    model.fit(np.ones((2, 4)), np.ones((2, 2)), verbose=0)
    model.save_weights(tmp_path / "m.weights.h5")
    other = small()
    other.compile("adam", "mse")
    with pytest.warns(UserWarning, match="keeps its state: it has 2 variables and the saved one 10"):
        other.load_weights(tmp_path / "m.weights.h5")
    assert same(model, other)


# -- other architectures --------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["m.weights.h5", "m.keras", "m", "m.h5"])
def test_weights_of_another_model_change_nothing(model, name, tmp_path):
    (model.save_weights if "weights" in name else model.save)(tmp_path / name)
    other = kerax.Sequential([L.Input((4,)), L.Dense(3, name="one"), L.Dense(5, name="two")])
    before = other.get_weights()
    with pytest.raises(ValueError, match=r"(?s)two.*\(3, 2\).*\(3, 5\)"):
        other.load_weights(tmp_path / name)
    for old, new in zip(before, other.get_weights(), strict=True):
        np.testing.assert_array_equal(new, old)


def test_what_does_not_fit_can_be_left_alone(model, tmp_path):
    model.save_weights(tmp_path / "m.weights.h5")
    other = kerax.Sequential([L.Input((4,)), L.Dense(3), L.Dense(5)])
    before = other.layers[1].get_weights()
    with pytest.warns(UserWarning, match=r"(?s)Left alone.*layers/dense_1.*\(3, 2\)"):
        other.load_weights(tmp_path / "m.weights.h5", skip_mismatch=True)
    np.testing.assert_array_equal(other.layers[0].kernel, model.layers[0].kernel)
    np.testing.assert_array_equal(other.layers[1].get_weights()[0], before[0])


def test_objects_can_be_skipped(model, tmp_path):
    model.save_weights(tmp_path / "m.weights.h5")
    other = small()
    before = other.layers[0].get_weights()[0]
    other.load_weights(tmp_path / "m.weights.h5", objects_to_skip=[other.layers[0]])
    np.testing.assert_array_equal(other.layers[0].kernel, before)
    np.testing.assert_array_equal(other.layers[1].kernel, model.layers[1].kernel)


def test_layers_can_be_matched_by_name(model, tmp_path):
    model.save(tmp_path / "m.h5")
    other = kerax.Sequential([L.Input((4,)), L.Dense(9, name="new"), L.Dense(2, name="old")])
    third = kerax.Sequential([L.Input((4,)), L.Dense(3, name="first"), L.Dense(7, name="other")])
    third.load_weights(tmp_path / "m.h5", by_name=True)
    np.testing.assert_array_equal(third.layers[0].kernel, model.layers[0].kernel)
    before = other.get_weights()
    other.load_weights(tmp_path / "m.h5", by_name=True)
    for old, new in zip(before, other.get_weights(), strict=True):
        np.testing.assert_array_equal(new, old)
    fourth = kerax.Sequential([L.Input((4,)), L.Dense(9, name="first")])
    with pytest.raises(ValueError, match=r"Dense 'first'.*\(4, 3\).*\(4, 9\)"):
        fourth.load_weights(tmp_path / "m.h5", by_name=True)
    with pytest.warns(UserWarning, match="Left alone"):
        fourth.load_weights(tmp_path / "m.h5", by_name=True, skip_mismatch=True)


# -- wrong use --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda m, d: m.save(d / "m.txt"), ValueError, "'.txt'.*ending in .keras"),
        (lambda m, d: m.save(d / "m.weights.h5"), ValueError, "ending in .keras"),
        (lambda m, d: m.save(d / "m.keras", zipped=False), NotImplementedError, "zipped"),
        (lambda m, d: m.save(d / "m.keras", colour=1), ValueError, "colour"),
        (lambda m, d: m.save(d / "m.keras", save_format="pt"), ValueError, "'h5'"),
        (lambda m, d: m.save_weights(d / "m.keras"), ValueError, "ending in .weights.h5"),
        (lambda m, d: m.save_weights(d / "m.weights.json"), ValueError, "no max_shard_size"),
        (lambda m, d: m.save_weights(d / "m.weights.h5", max_shard_size=0), ValueError, "positive"),
        (lambda m, d: m.load_weights(d / "none.weights.h5"), FileNotFoundError, "none.weights.h5"),
        (lambda m, d: m.load_weights(d / "none"), FileNotFoundError, "none"),
        (lambda m, d: m.load_weights(d / "none.txt"), ValueError, "no such file"),
        (lambda m, d: m.load_weights(d / "x.weights.h5", by_name=True), ValueError, "legacy .h5 file"),
        (lambda m, d: kerax.models.load_model(d / "none.keras"), ValueError, "no such file"),
        (lambda m, d: kerax.models.load_model(d / "none.h5"), FileNotFoundError, "none.h5"),
        (lambda m, d: kerax.models.load_model(d / "none"), ValueError, "no such file"),
        (lambda m, d: kerax.models.load_model(d), ValueError, "a directory without a checkpoint"),
        (lambda m, d: kerax.Sequential([L.Dense(2)]).save_weights(d / "m.weights.h5"), ValueError, "not built"),
    ],
)
def test_wrong_use_is_named(model, tmp_path, call, error, text):
    with pytest.raises(error, match=text):
        call(model, tmp_path)


def test_an_existing_file_is_kept_on_request(model, tmp_path):
    model.save(tmp_path / "m.keras")
    with pytest.raises(ValueError, match="overwrite=False"):
        model.save(tmp_path / "m.keras", overwrite=False)


def test_a_class_nobody_knows_is_named(tmp_path):
    class Mine(L.Layer):
        def call(self, x):
            return x

    model = kerax.Sequential([L.Input((2,)), Mine()])
    for name in ("m.keras", "m.h5", "m"):
        model.save(tmp_path / name)
        with pytest.raises(ValueError, match=r"Unknown class 'Mine'.*custom_objects=\{'Mine'"):
            kerax.models.load_model(tmp_path / name)
        assert kerax.models.load_model(tmp_path / name, custom_objects={"Mine": Mine}).layers[0].name == "mine"


# -- code in files ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["m.keras", "m.h5", "m"])
def test_code_in_a_file_is_refused(name, tmp_path):
    model = kerax.Sequential([L.Input((2,)), L.Lambda(lambda x: x * 2 + 1)])
    model.save(tmp_path / name)
    with pytest.raises(ValueError, match="Python lambda stored in a file.*safe_mode=False"):
        kerax.models.load_model(tmp_path / name)
    loaded = kerax.models.load_model(tmp_path / name, safe_mode=False)
    np.testing.assert_array_equal(loaded(np.ones((1, 2), "float32")), [[3.0, 3.0]])


def test_code_in_a_nested_model_is_refused(tmp_path):
    inner = kerax.Sequential([L.Input((2,)), L.Lambda(lambda x: x + 1)])
    i = kerax.Input((2,))
    kerax.Model(i, L.TimeDistributed(inner)(L.Reshape((1, 2))(i))).save(tmp_path / "m.keras")
    with pytest.raises(ValueError, match="Python lambda"):
        kerax.models.load_model(tmp_path / "m.keras")
    assert kerax.models.load_model(tmp_path / "m.keras", safe_mode=False).built


def test_code_may_be_allowed_for_good(tmp_path, monkeypatch):
    kerax.Sequential([L.Input((2,)), L.Lambda(lambda x: x + 1)]).save(tmp_path / "m.keras")
    monkeypatch.setattr(kerax.config, "_unsafe", [])
    kerax.config.enable_unsafe_deserialization()
    assert kerax.models.load_model(tmp_path / "m.keras").built


def rewritten(source, target, change):
    """A copy of an archive whose config went through `change`."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, json.dumps(change(json.loads(data))) if name == "config.json" else data)


@pytest.mark.parametrize(
    "entry",
    [
        {"module": "os", "class_name": "system", "config": {"command": "true"}, "registered_name": None},
        {"module": "builtins", "class_name": "function", "config": "eval", "registered_name": "function"},
        {"module": "kerax.utils", "class_name": "get_file", "config": {"origin": "http://x"}, "registered_name": None},
        {"module": "subprocess", "class_name": "Popen", "config": {"args": "true"}, "registered_name": "Popen"},
        {"module": "builtins", "class_name": "type", "config": "Popen", "registered_name": "type"},
    ],
)
def test_names_in_a_file_are_never_imported(model, entry, tmp_path):
    model.save(tmp_path / "m.keras")

    def put(config):
        config["config"]["layers"][1] = entry
        return config

    rewritten(tmp_path / "m.keras", tmp_path / "bad.keras", put)
    with pytest.raises((ValueError, TypeError), match="Unknown|is not|not a layer|expected"):
        kerax.models.load_model(tmp_path / "bad.keras")


# -- damaged files ----------------------------------------------------------------------------------


def test_an_archive_cut_short_is_named(model, tmp_path):
    model.save(tmp_path / "m.keras")
    data = (tmp_path / "m.keras").read_bytes()
    for length in (0, 10, len(data) // 2, len(data) - 10):
        (tmp_path / "cut.keras").write_bytes(data[:length])
        with pytest.raises(ValueError, match="cut.keras.*no zip archive"):
            kerax.models.load_model(tmp_path / "cut.keras")


@pytest.mark.parametrize("missing", ["config.json", "metadata.json", "model.weights.h5"])
def test_an_archive_without_an_entry_is_named(model, missing, tmp_path):
    model.save(tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras") as old, zipfile.ZipFile(tmp_path / "bad.keras", "w") as new:
        for name in old.namelist():
            if name != missing:
                new.writestr(name, old.read(name))
    with pytest.raises(ValueError, match=f"bad.keras.*without {missing}"):
        kerax.models.load_model(tmp_path / "bad.keras")


def test_a_flipped_bit_in_the_weights_is_found(model, tmp_path):
    model.save(tmp_path / "m.keras")
    data = bytearray((tmp_path / "m.keras").read_bytes())
    value = np.asarray(model.layers[0].kernel).tobytes()
    data[bytes(data).index(value) + 1] ^= 1
    (tmp_path / "m.keras").write_bytes(bytes(data))
    with pytest.raises(ValueError, match="m.keras, model.weights.h5: got a damaged archive"):
        kerax.models.load_model(tmp_path / "m.keras")


@pytest.mark.parametrize("content", [b"", b"no", b"\x89HDF\r\n\x1a\n" + b"\0" * 50])
@pytest.mark.parametrize("name", ["x.weights.h5", "x.h5"])
def test_what_is_no_weights_file_is_named(model, name, content, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=f"{name}.*HDF5 cannot read"):
        model.load_weights(tmp_path / name)


def test_a_file_of_a_newer_format_is_named(model, tmp_path):
    model.save(tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras") as old, zipfile.ZipFile(tmp_path / "n.keras", "w") as new:
        for name in old.namelist():
            new.writestr(name, b'{"keras_version": "4.1.0"}' if name == "metadata.json" else old.read(name))
    with pytest.raises(ValueError, match="a file of Keras 4.1.0, expected one of Keras 3 or older"):
        kerax.models.load_model(tmp_path / "n.keras")


@pytest.mark.parametrize(
    "config", [None, [], "Dense", {"class_name": "Adam", "module": "keras.optimizers", "config": {}}]
)
def test_a_config_of_something_else_is_named(model, config, tmp_path):
    model.save(tmp_path / "m.keras")
    rewritten(tmp_path / "m.keras", tmp_path / "n.keras", lambda old: config)
    with pytest.raises(ValueError, match="n.keras, entry config.json.*expected"):
        kerax.models.load_model(tmp_path / "n.keras")


# -- hostile files ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "assets/../../evil", "a\\..\\evil", "C:/evil"])
def test_names_that_lead_outside_are_refused(model, name, tmp_path):
    model.save(tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras", "a") as archive:
        archive.writestr(name, b"x")
    with pytest.raises(ValueError, match="leads outside the archive"):
        kerax.models.load_model(tmp_path / "m.keras")


def test_links_and_bombs_in_an_archive_are_refused(model, tmp_path):
    model.save(tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras", "a") as archive:
        link = zipfile.ZipInfo("assets/link")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(ValueError, match="assets/link.*a link"):
        kerax.models.load_model(tmp_path / "m.keras")
    model.save(tmp_path / "m.keras")
    data = bytearray((tmp_path / "m.keras").read_bytes())
    at = bytes(data).rindex(b"PK\x01\x02")  # the last entry of the central directory
    data[at + 24 : at + 28] = (2**32 - 2).to_bytes(4, "little")
    (tmp_path / "m.keras").write_bytes(bytes(data))
    with pytest.raises(ValueError, match="no zip bomb"):
        kerax.models.load_model(tmp_path / "m.keras")


def hostile(kind, file):
    """Put something in place of the first kernel."""
    place = file["layers/dense/vars"]
    del place["0"]
    if kind == "soft link":
        place["0"] = h5py.SoftLink("/layers/dense_1/vars/0")
    elif kind == "external link":
        place["0"] = h5py.ExternalLink("/etc/passwd", "/")
    elif kind == "external storage":
        place.create_dataset("0", (4, 3), "float32", external=[("/etc/hostname", 0, 48)])
    elif kind == "virtual":
        layout = h5py.VirtualLayout((4, 3), "float32")
        layout[:] = h5py.VirtualSource("/tmp/other.h5", "x", (4, 3))
        place.create_virtual_dataset("0", layout)
    elif kind == "group":
        place.create_group("0")
    elif kind == "text":
        place["0"] = ["a", "b"]
    elif kind == "shape bomb":
        place.create_dataset("0", (2**20, 2**18), "float32", chunks=(2**10, 2**10))


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("soft link", "a link to elsewhere"),
        ("external link", "a link to elsewhere"),
        ("external storage", "kept in another file"),
        ("virtual", "kept in another file"),
        ("group", "expected an array"),
        ("text", "expected numbers"),
        ("shape bomb", "of which the file holds 0"),
    ],
)
def test_hostile_arrays_are_refused(model, kind, text, tmp_path):
    model.save_weights(tmp_path / "m.weights.h5")
    with h5py.File(tmp_path / "m.weights.h5", "a") as file:
        hostile(kind, file)
    before = model.get_weights()
    for skip_mismatch in (False, True):
        with pytest.raises(ValueError, match=f"m.weights.h5, layers/dense.*{text}"):
            model.load_weights(tmp_path / "m.weights.h5", skip_mismatch=skip_mismatch)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(new, old)


def test_groups_may_not_be_links_either(model, tmp_path):
    model.save_weights(tmp_path / "m.weights.h5")
    with h5py.File(tmp_path / "m.weights.h5", "a") as file:
        del file["layers/dense"]
        file["layers/dense"] = h5py.ExternalLink("/etc/passwd", "/")
    with pytest.raises(ValueError, match="layers/dense, entry 'dense': got a link to elsewhere"):
        model.load_weights(tmp_path / "m.weights.h5")


def test_layer_names_of_old_files_are_no_paths(model, tmp_path):
    model.save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5", "a") as file:
        file["model_weights"].attrs["layer_names"] = ["../first", "second"]
    with pytest.raises(ValueError, match="got a path"):
        model.load_weights(tmp_path / "m.h5")


@pytest.mark.parametrize("name", ["../x.weights.h5", "/x.weights.h5", "x.txt"])
def test_lists_of_shards_name_files_beside_them(model, name, tmp_path):
    (tmp_path / "m.weights.json").write_text(json.dumps({"weight_map": {"/vars": [name]}}))
    with pytest.raises(ValueError, match="beside it"):
        model.load_weights(tmp_path / "m.weights.json")


def test_shards_of_two_saves_are_told_apart(model, tmp_path):
    for name, one in (("a", model), ("b", small())):
        one.save_weights(tmp_path / name / "m.weights.h5", max_shard_size=6e-8)
    (tmp_path / "b" / "m_00000.weights.h5").replace(tmp_path / "a" / "m_00000.weights.h5")
    with pytest.raises(ValueError, match="another checksum of m_00000"):
        model.load_weights(tmp_path / "a" / "m.weights.json")


@pytest.mark.parametrize("at", ["m_1_00000", "m_1_00001", "m.weights.json"])
def test_a_sharded_save_that_fails_leaves_the_one_before(model, at, tmp_path, monkeypatch):
    from kerax.saving import h5

    model.save_weights(tmp_path / "m.weights.h5", max_shard_size=6e-8)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    write = h5.atomic_write

    def failing(path, *args, **options):
        if path.name.startswith(at):
            raise OSError("No space left on device")
        return write(path, *args, **options)

    monkeypatch.setattr(h5, "atomic_write", failing)
    with pytest.raises(OSError, match="No space left"):
        small().save_weights(tmp_path / "m.weights.h5", max_shard_size=6e-8)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


# -- all or nothing ---------------------------------------------------------------------------------

NAMES = ["m.keras", "m.h5", "m.weights.h5"]


def save(model, path):
    (model.save_weights if path.name.endswith(".weights.h5") else model.save)(path)


@pytest.mark.parametrize("name", NAMES)
def test_a_full_disk_leaves_the_file_before_whole(model, name, tmp_path):
    path = tmp_path / name
    save(model, path)
    before = path.read_bytes()
    large = kerax.Sequential([L.Input((400,)), L.Dense(400)])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            save(large, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == before
    assert [item.name for item in tmp_path.iterdir()] == [name]


KILLED = """
import os, sys
import numpy as np, kerax
from kerax import layers as L
model = kerax.Sequential([L.Input((300,)), L.Dense(300, kernel_initializer="ones")])
print("ready", flush=True)
value = 1.0
while True:
    model.set_weights([np.full((300, 300), value), np.full((300,), value)])
    model.save(sys.argv[1])
    value += 1.0
    print("saved", flush=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["m.keras", "m.h5", "m"])
def test_a_killed_save_leaves_a_whole_file(name, tmp_path):
    path = tmp_path / name
    rng = np.random.default_rng(0)
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE, text=True)
    for _ in range(3):
        while "saved" not in process.stdout.readline():
            pass
        time.sleep(rng.uniform(0, 0.05))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        weights = kerax.models.load_model(path).get_weights()
        assert len(np.unique(np.concatenate([w.ravel() for w in weights]))) == 1
        process = subprocess.Popen([sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE, text=True)
    process.kill()
    process.wait()
    process.stdout.close()


@pytest.mark.slow
def test_a_damaged_file_gives_an_error_of_ours_or_the_model(model, tmp_path):
    rng = np.random.default_rng(0)
    model.compile("adam", "mse")
    model.save(tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras") as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    for round in range(150):
        name = ("config.json", "model.weights.h5", "metadata.json")[round % 3]
        data = bytearray(entries[name])
        for _ in range(rng.integers(1, 4)):
            data[rng.integers(len(data))] = rng.integers(256)
        if round % 7 == 0:
            data = data[: rng.integers(len(data))]
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for key, value in entries.items():
                archive.writestr(key, bytes(data) if key == name else value)
        (tmp_path / "f.keras").write_bytes(buffer.getvalue())
        with warnings.catch_warnings(), contextlib.suppress(KeraxError):
            warnings.simplefilter("ignore")
            kerax.models.load_model(tmp_path / "f.keras")
