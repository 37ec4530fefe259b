"""Known attacks on model files, by every entry: refused with an error of ours, before anything happens."""

from __future__ import annotations

import base64
import io
import json
import marshal
import os
import resource
import tarfile
import time
import warnings
import zipfile

import h5py
import numpy as np
import pytest

import kerax
from kerax import layers as L
from kerax._errors import KeraxError


def small():
    return kerax.Sequential([L.Input((4,)), L.Dense(3, name="first"), L.Dense(2, name="second")], name="small")


def layer(class_name, module="keras.layers", registered_name=None, **config):
    return {"module": module, "class_name": class_name, "config": config, "registered_name": registered_name}


def byte_code(marker):
    """A lambda as Keras writes it, which makes a file when it is called."""
    code = compile(f"lambda x: open({str(marker)!r}, 'w').close() or x", "f", "eval").co_consts[0]
    text = base64.encodebytes(marshal.dumps(code)).decode("ascii")
    return {"class_name": "__lambda__", "config": {"code": text, "defaults": None, "closure": None}}


def stack(*layers, shape=(4,)):
    entry = layer("InputLayer", batch_shape=[None, *shape], dtype="float32", name="i")
    return layer("Sequential", "keras", name="s", layers=[entry, *layers])


# -- the ways a config comes in --------------------------------------------------------------------------


def by_keras(config, folder):
    small().save(folder / "m.keras")
    with zipfile.ZipFile(folder / "m.keras") as old, zipfile.ZipFile(folder / "bad.keras", "w") as new:
        for name in old.namelist():
            new.writestr(name, json.dumps(config) if name == "config.json" else old.read(name))
    kerax.models.load_model(folder / "bad.keras")


def by_h5(config, folder):
    small().save(folder / "m.h5")
    with h5py.File(folder / "m.h5", "a") as file:
        file.attrs["model_config"] = json.dumps(config)
    kerax.models.load_model(folder / "m.h5")


def by_directory(config, folder):
    small().save(folder / "m")
    import orbax.checkpoint as ocp

    from kerax.saving import directory

    about, state = directory._read(folder / "m")
    with directory._manager(folder / "bad", create=True) as manager:
        about = {**about, "config": json.dumps(config)}
        manager.save(0, args=ocp.args.Composite(state=ocp.args.PyTreeSave(state), about=ocp.args.JsonSave(about)))
    kerax.models.load_model(folder / "bad")


def by_json(config, folder):
    kerax.models.model_from_json(json.dumps(config))


def by_deserialize(config, folder):
    kerax.saving.deserialize_keras_object(config)


def by_layers(config, folder):
    kerax.layers.deserialize(config)


def by_from_config(config, folder):
    kerax.Sequential.from_config(config["config"])


ENTRIES = [by_keras, by_h5, by_directory, by_json, by_deserialize, by_layers, by_from_config]
entries = pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.__name__)

CONFIGS = {
    # name -> (what it stands for, the layer in the file, what the error says)
    "CVE-2024-3660": ("byte code", lambda m: layer("Lambda", function=byte_code(m)), "Python lambda stored in a file"),
    "CVE-2025-9905": ("byte code, in .h5", lambda m: layer("Lambda", function=byte_code(m)), "Python lambda"),
    "CVE-2026-12481": ("byte code, from_config", lambda m: layer("Lambda", function=byte_code(m)), "Python lambda"),
    "byte code inside another layer": (
        "",
        lambda m: layer("TimeDistributed", layer=layer("Lambda", function=byte_code(m))),
        "Python lambda",
    ),
    "byte code of Keras 2": (
        "",
        lambda m: layer("Lambda", function=[byte_code(m)["config"]["code"], None, None], function_type="lambda"),
        "Lambda",
    ),
    "CVE-2025-1550": (
        "any function of any module",
        lambda m: layer("system", "os", command=f"touch {m}"),
        "Unknown class 'system'",
    ),
    "CVE-2025-1550, as a function": (
        "",
        lambda m: layer(
            "Lambda",
            function={"module": "os", "class_name": "function", "config": "system", "registered_name": "function"},
            arguments={"command": f"touch {m}"},
        ),
        "Unknown",
    ),
    "CVE-2025-8747": (
        "a function of Keras's own that writes files",
        lambda m: layer("get_file", "keras.utils", fname=str(m), origin="file:///etc/hostname"),
        "Unknown class 'get_file'",
    ),
    "CVE-2025-8747, as a function": (
        "",
        lambda m: layer(
            "Lambda",
            function={
                "module": "keras.utils",
                "class_name": "function",
                "config": "get_file",
                "registered_name": "get_file",
            },
            arguments={"origin": "file:///etc/hostname"},
        ),
        "Unknown",
    ),
    "CVE-2025-9906": (
        "a file that switches safe mode off",
        lambda m: layer("enable_unsafe_deserialization", "keras.config"),
        "Unknown class 'enable_unsafe_deserialization'",
    ),
    "CVE-2026-1462": (
        "a program at a path named in the file",
        lambda m: layer("TFSMLayer", filepath=str(m.parent)),
        "Unknown class 'TFSMLayer'",
    ),
    "CVE-2026-1462, ours": (
        "",
        lambda m: layer("ExportedLayer", filepath=str(m.parent)),
        "named in a config.*safe_mode=False",
    ),
    **{
        f"CVE-2025-12058, {name}": (
            "a vocabulary read from a path",
            lambda m, name=name: layer(name, vocabulary="/etc/passwd"),
            "the name of a file as vocabulary",
        )
        for name in ("StringLookup", "IntegerLookup", "TextVectorization")
    },
    "a class nobody knows": ("", lambda m: layer("Popen", "subprocess", args="true"), "Unknown class 'Popen'"),
    "the class `type`": (
        "",
        lambda m: {"module": "builtins", "class_name": "type", "config": "Popen", "registered_name": "type"},
        "Unknown class 'Popen'",
    ),
}


@entries
@pytest.mark.parametrize("name", CONFIGS)
def test_a_config_runs_nothing_and_reads_nothing(name, entry, tmp_path):
    _, make, text = CONFIGS[name]
    marker = tmp_path / "marker"
    with pytest.raises((KeraxError, TypeError), match=text):
        entry(stack(make(marker)), tmp_path)
    assert not marker.exists()
    assert not kerax.config._unsafe


def test_a_layer_alone_runs_nothing_either(tmp_path):
    config = layer("Lambda", function=byte_code(tmp_path / "marker"))
    for read in (kerax.layers.deserialize, kerax.saving.deserialize_keras_object):
        with pytest.raises(ValueError, match="Python lambda"):
            read(config)
    with pytest.raises(ValueError, match="Python lambda"):
        L.Lambda.from_config(config["config"])


def test_copies_trust_the_byte_code_of_the_model_alone(tmp_path):
    class Carrier(L.Layer):  # a layer that a file gave a config it keeps as it is
        def __init__(self, held=None, **common):
            super().__init__(**common)
            self.held = held

        def get_config(self):
            return {**super().get_config(), "held": self.held}

        @classmethod
        def from_config(cls, config):
            if config["held"] is not None:
                L.Lambda.from_config({"function": config["held"]})
            return cls(**config)

        def call(self, x):
            return x

    ours = kerax.Sequential([L.Input((2,)), L.Lambda(lambda x: x + 1)])
    assert kerax.models.clone_model(ours)(np.zeros((1, 2))).tolist() == [[1, 1]]
    theirs = kerax.Sequential([L.Input((2,)), Carrier(byte_code(tmp_path / "marker")), *ours.layers])
    with pytest.raises(ValueError, match="Python lambda"):
        kerax.models.clone_model(theirs)


# -- sizes ------------------------------------------------------------------------------------------------

T = 10**12
BOMBS = {
    "Dense": stack(layer("Dense", units=T)),
    "Dense beyond 64 bits": stack(layer("Dense", units=2**70)),
    "an Input": stack(layer("Dense", units=2), shape=(T,)),
    "Embedding": stack(layer("Embedding", input_dim=T, output_dim=4)),
    "a convolution": stack(layer("Conv2D", filters=4, kernel_size=[10**6, 10**6]), shape=(None, None, 3)),
    "EinsumDense": stack(layer("EinsumDense", equation="ab,bc->ac", output_shape=[T])),
    "attention": stack(layer("TimeDistributed", layer=layer("Dense", units=T)), shape=(3, 2)),
    "an initializer of squares": stack(
        layer("Dense", units=10**6, kernel_initializer=layer("Identity", "keras.initializers")), shape=(10**6,)
    ),
}


@entries
@pytest.mark.parametrize("name", BOMBS)
def test_sizes_in_a_config_are_judged_before_memory_is_taken(name, entry, tmp_path):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ValueError, match=r"a config that asks for \d+ (numbers|bytes) of weights, with '.*' of shape"):
        entry(BOMBS[name], tmp_path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400_000  # kilobytes


def test_a_file_that_asks_for_more_than_it_holds_can_be_trusted(tmp_path, monkeypatch):
    from kerax._core import allowance

    monkeypatch.setattr(allowance, "SLACK", 10)
    small().save(tmp_path / "m.keras")
    assert kerax.models.load_model(tmp_path / "m.keras").built
    large = json.loads(json.dumps(kerax.saving.serialize_keras_object(small())).replace('"units": 2', '"units": 20'))
    with pytest.raises(ValueError, match=r"bad.keras, entry config.json.*about the 23 numbers.*safe_mode=False"):
        by_keras(large, tmp_path)
    with pytest.raises(ValueError, match="another model"):  # the weights do not fit, but it was made
        kerax.models.load_model(tmp_path / "bad.keras", safe_mode=False)


@entries
@pytest.mark.parametrize(
    "units", [float("nan"), float("inf"), -1, 0, 1e12, "9", [9], {}, True, None], ids=lambda units: repr(units)
)
def test_sizes_that_are_none_are_named(units, entry, tmp_path):
    with pytest.raises((KeraxError, TypeError), match="units"):
        entry(stack(layer("Dense", units=units)), tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"class_name": "a", "class_name": "b"}', "the key 'class_name' twice"),
        ("[" * 200_000, "not JSON"),
        ('{"a": ' * 400 + "1" + "}" * 400, "nested more than 300 times"),
        ("", "not JSON"),
        ('{"class_name": ' + "1" * 5000 + "}", "not JSON"),
        ("3", "expected the config of a model"),
        ('"Dense"', "expected the config of a model"),
        ('{"class_name": {}, "config": {}}', "config"),
        ('{"class_name": "Sequential", "config": 3}', "config"),
    ],
)
def test_json_that_is_no_config_is_named(text, said, tmp_path):
    small().save(tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras") as old, zipfile.ZipFile(tmp_path / "bad.keras", "w") as new:
        for name in old.namelist():
            new.writestr(name, text if name == "config.json" else old.read(name))
    with pytest.raises(KeraxError, match=f"bad.keras, entry config.json.*{said}"):
        kerax.models.load_model(tmp_path / "bad.keras")
    with pytest.raises(KeraxError, match=f"model_from_json.*{said}"):
        kerax.models.model_from_json(text)


def test_models_inside_models_may_be_deep():
    inner = layer("Dense", units=2)
    for _ in range(20):
        inner = layer("TimeDistributed", layer=inner)
    with pytest.raises(ValueError, match="axes|axis|shape|rank"):  # of the layers, not of the reader
        kerax.models.model_from_json(json.dumps(stack(inner)))


# -- weights ------------------------------------------------------------------------------------------------


def spoil_external(file):
    file.create_dataset("0", (4, 3), "float32", external=[("/etc/hostname", 0, 48)])


def spoil_virtual(file):
    layout = h5py.VirtualLayout((4, 3), "float32")
    layout[:] = h5py.VirtualSource("/tmp/other.h5", "x", (4, 3))
    file.create_virtual_dataset("0", layout)


def spoil_link(file):
    file["0"] = h5py.ExternalLink("/etc/passwd", "/")


def spoil_soft(file):
    file["0"] = h5py.SoftLink("/layers/dense_1/vars/0")


def spoil_bomb(file):
    file.create_dataset("0", (2**20, 2**18), "float32", chunks=(2**10, 2**10))


WEIGHTS = {
    "CVE-2026-1669": (spoil_external, "kept in another file"),
    "virtual datasets": (spoil_virtual, "kept in another file"),
    "external links": (spoil_link, "a link to elsewhere"),
    "soft links": (spoil_soft, "a link to elsewhere"),
    "CVE-2026-0897": (spoil_bomb, "of which the file holds 0"),
}


def weights_alone(folder, spoil):
    small().save_weights(folder / "m.weights.h5")
    with h5py.File(folder / "m.weights.h5", "a") as file:
        del file["layers/dense/vars/0"]
        spoil(file["layers/dense/vars"])
    small().load_weights(folder / "m.weights.h5")


def weights_in_parts(folder, spoil):
    small().save_weights(folder / "m.weights.h5", max_shard_size=1)
    (shard,) = folder.glob("m_*.weights.h5")
    with h5py.File(shard, "a") as file:
        del file["layers/dense/vars/0"]
        spoil(file["layers/dense/vars"])
    listing = json.loads((folder / "m.weights.json").read_text())
    del listing["metadata"]["crc32"]
    (folder / "m.weights.json").write_text(json.dumps(listing))
    small().load_weights(folder / "m.weights.json")


def weights_of_a_model(folder, spoil):
    small().save(folder / "m.keras")
    with zipfile.ZipFile(folder / "m.keras") as old, zipfile.ZipFile(folder / "bad.keras", "w") as new:
        for name in old.namelist():
            data = io.BytesIO(old.read(name))
            if name == "model.weights.h5":
                with h5py.File(data, "a") as file:
                    del file["layers/dense/vars/0"]
                    spoil(file["layers/dense/vars"])
            new.writestr(name, data.getvalue())
    kerax.models.load_model(folder / "bad.keras")


def weights_of_an_old_model(folder, spoil):
    small().save(folder / "m.h5")
    with h5py.File(folder / "m.h5", "a") as file:
        holder = file["model_weights/first"]
        names = list(holder.attrs["weight_names"])
        path = names[0] if isinstance(names[0], str) else names[0].decode()
        parent = holder[path].parent
        del parent[path.split("/")[-1]]
        spoil(parent)
        parent.move("0", path.split("/")[-1])
    kerax.models.load_model(folder / "m.h5")


@pytest.mark.parametrize("entry", [weights_alone, weights_in_parts, weights_of_a_model, weights_of_an_old_model])
@pytest.mark.parametrize("name", WEIGHTS)
def test_weights_come_out_of_the_file_itself(name, entry, tmp_path):
    spoil, text = WEIGHTS[name]
    with pytest.raises(ValueError, match=text):
        entry(tmp_path, spoil)


def test_a_directory_holds_what_it_lists(tmp_path):
    import orbax.checkpoint as ocp

    from kerax.saving import directory

    model = small()
    model.save_weights(tmp_path / "m")
    about, state = directory._read(tmp_path / "m")
    for listed, text in [({"x": [[T], "float32"]}, "a 0"), ({"x": [[0], "python"]}, "empty"), (3, "empty")]:
        with directory._manager(tmp_path / "bad", create=True) as manager:
            step = (manager.latest_step() or 0) + 1
            args = ocp.args.Composite(
                state=ocp.args.PyTreeSave(state), about=ocp.args.JsonSave({**about, "empty": listed})
            )
            manager.save(step, args=args)
        with pytest.raises(ValueError, match=f"The directory bad.*{text}"):
            model.load_weights(tmp_path / "bad")


# -- archives -----------------------------------------------------------------------------------------------

OUTSIDE = ["../evil", "/tmp/evil", "a/../../evil"]


@pytest.mark.parametrize("name", OUTSIDE)
def test_names_of_layers_and_assets_lead_nowhere(name, tmp_path):  # CVE-2026-12479
    config = json.loads(json.dumps(kerax.saving.serialize_keras_object(small())).replace("first", name))
    with pytest.raises(ValueError, match="expected a string without '/'"):
        by_keras(config, tmp_path)
    small().save(tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras", "a") as archive:
        archive.writestr(f"assets/{name}" if name[0] != "/" else name, b"x")
    if name != "../evil":  # that one stays in the archive: assets/../evil
        with pytest.raises(ValueError, match="leads outside the archive"):
            kerax.models.load_model(tmp_path / "m.keras")


def tar(path, *entries):
    with tarfile.open(path, "w:gz") as archive:
        for name, kind, target in entries:
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, target
            archive.addfile(entry, io.BytesIO())


LINK, HARD, FILE, DEVICE = tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.REGTYPE, tarfile.CHRTYPE
TARS = {
    "CVE-2025-12060": ([("../evil", FILE, "")], "leads outside"),
    "an absolute name": ([("/tmp/evil", FILE, "")], "leads outside"),
    "CVE-2025-12638": ([("a", LINK, "b" * 4000), ("a/evil", FILE, "")], "a link or a device"),
    "a hard link": ([("a", HARD, "/etc/passwd")], "a link or a device"),
    "a device": ([("a", DEVICE, "")], "a link or a device"),
}


@pytest.mark.parametrize("name", TARS)
def test_archives_that_get_file_unpacks_stay_in_their_folder(name, tmp_path):
    entries, text = TARS[name]
    tar(tmp_path / "a.tar.gz", ("fine", FILE, ""), *entries)
    origin = (tmp_path / "a.tar.gz").as_uri()
    with pytest.raises(ValueError, match=f"The archive a.tar.gz, entry .*{text}"):
        kerax.utils.get_file(origin=origin, extract=True, cache_dir=tmp_path / "cache")
    left = [path.name for path in (tmp_path / "cache").rglob("*")]
    assert [name for name in left if "extracted" in name or name == "evil"] == []


@pytest.mark.parametrize("kind", ["outside", "cut short"])
def test_zip_archives_of_get_file_likewise(kind, tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("../evil" if kind == "outside" else "fine", os.urandom(1000))
    if kind == "cut short":
        data = (tmp_path / "a.zip").read_bytes()
        (tmp_path / "a.zip").write_bytes(data[:100] + b"x" * 200 + data[300:])
    with pytest.raises(ValueError, match="The archive a.zip.*(outside|damaged)"):
        kerax.utils.get_file(origin=(tmp_path / "a.zip").as_uri(), extract=True, cache_dir=tmp_path / "cache")


# -- fuzz -----------------------------------------------------------------------------------------------------

WRONG = [None, True, -1, 0, 1.5, float("nan"), 10**30, "", "x", [], [None], {}, {"class_name": "Dense"}, [[[1]]]]


def places(config, path=()):
    """Every place in a config."""
    yield path
    if isinstance(config, (dict, list)):
        items = config.items() if isinstance(config, dict) else enumerate(config)
        for key, value in items:
            yield from places(value, (*path, key))


def changed(config, path, value):
    config = json.loads(json.dumps(config))
    if not path:
        return value
    holder = config
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    return config


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["m.keras", "m.h5", "m.weights.h5", "m.weights.json"])
def test_a_damaged_file_gives_an_error_of_ours_or_what_it_says(kind, tmp_path):
    """125 times each: cut, flipped or of wrong types. No other error, no partial model, no wait."""
    rng = np.random.default_rng(sum(map(ord, kind)))
    model = small()
    model.compile("adam", "mse")
    x = np.ones((2, 4), "float32")
    model.fit(x, np.ones((2, 2)), verbose=0)
    if kind == "m.weights.json":
        model.save_weights(tmp_path / kind, max_shard_size=5e-8)
    else:
        (model.save_weights if "weights" in kind else model.save)(tmp_path / kind)
    whole = (tmp_path / kind).read_bytes()
    config = json.loads(json.dumps(kerax.saving.serialize_keras_object(model)))
    spots = list(places(config))
    other = small()
    for round in range(125):
        data = bytearray(whole)
        if round % 3 == 0 and kind in ("m.keras", "m.h5"):
            wrong = changed(config, spots[rng.integers(len(spots))], WRONG[rng.integers(len(WRONG))])
            if kind == "m.keras":
                with zipfile.ZipFile(io.BytesIO(whole)) as old, zipfile.ZipFile(tmp_path / "n.keras", "w") as new:
                    for name in old.namelist():
                        new.writestr(name, json.dumps(wrong) if name == "config.json" else old.read(name))
                data = bytearray((tmp_path / "n.keras").read_bytes())
            else:
                (tmp_path / "n.h5").write_bytes(whole)
                with h5py.File(tmp_path / "n.h5", "a") as file:
                    file.attrs["model_config"] = json.dumps(wrong)
                data = bytearray((tmp_path / "n.h5").read_bytes())
        elif round % 3 == 1:
            data = data[: rng.integers(len(data))]
        else:
            for _ in range(rng.integers(1, 5)):
                data[rng.integers(len(data))] ^= 1 << rng.integers(8)
        (tmp_path / f"bad.{kind}").write_bytes(bytes(data))
        before, started = other.get_weights(), time.monotonic()
        said = ""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                if "weights" in kind:
                    other.load_weights(tmp_path / f"bad.{kind}")
                else:
                    kerax.models.load_model(tmp_path / f"bad.{kind}")
            except (KeraxError, FileNotFoundError) as error:
                said = f"{type(error).__name__} {error}"
        assert time.monotonic() - started < 20
        if said:
            assert "FileNotFound" not in said or kind == "m.weights.json", said
            for old, new in zip(before, other.get_weights(), strict=True):
                np.testing.assert_array_equal(new, old)
            if round % 3:  # what is damaged is named; what is merely wrong is named by the layer
                assert "bad.m" in said or "m_0000" in said, said
        elif "weights" in kind:
            other.set_weights(before)
