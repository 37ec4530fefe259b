"""Exports that cannot be written, and directories that are not, or not whole, or hostile."""

from __future__ import annotations

import json
import shutil
import zipfile

import jax
import numpy as np
import pytest

import kerax
from kerax import layers as L
from kerax._errors import KeraxError
from kerax.export import ExportArchive, load


def small():
    return kerax.Sequential([L.Input((3,)), L.Dense(2, name="dense")], name="small")


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    path = tmp_path_factory.mktemp("export") / "m"
    small().export(path, platforms=["cpu"], verbose=False)
    return path


@pytest.fixture
def folder(written, tmp_path):
    """A copy to spoil."""
    return shutil.copytree(written, tmp_path / "m")


def with_spec(archive, name="serve", fn=lambda x: x, **options):
    return archive.add_endpoint(name, fn, [kerax.InputSpec(shape=(None, 3))], **options)


def sized(x):
    return x.reshape(4, -1)  # needs the number of rows


def called_back(x):
    return jax.pure_callback(lambda x: x, jax.ShapeDtypeStruct((3,), "float32"), x[0])


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (
            lambda p: small().export(p, format="pt"),
            ValueError,
            "'pt', expected 'stablehlo', 'tf_saved_model' or 'onnx'",
        ),
        (lambda p: small().export(p, colour=1), ValueError, r"unknown arguments \['colour'\]"),
        (lambda p: small().export(p, platforms=["abacus"]), ValueError, "platforms=.*'cuda', 'rocm', 'tpu'"),
        (lambda p: kerax.Sequential([L.Dense(2)]).export(p), ValueError, "not built.*call it on data once"),
        (lambda p: with_spec(ExportArchive(), "no name"), ValueError, "'no name', expected an identifier"),
        (lambda p: with_spec(ExportArchive(), "variables"), ValueError, "'variables'"),
        (lambda p: with_spec(ExportArchive(), fn=3), ValueError, "got 3, expected a function"),
        (lambda p: with_spec(ExportArchive(), colour=3), ValueError, "colour"),
        (lambda p: ExportArchive().add_endpoint("f", abs), ValueError, "no input_signature"),
        (lambda p: ExportArchive().add_endpoint("f", abs, [3]), ValueError, "got 3 of type int, expected an InputSpec"),
        (lambda p: with_spec(ExportArchive(), fn=sized), ValueError, r"sizes left open in inputs \(batch, 3\)"),
        (lambda p: ExportArchive().track(abs), ValueError, "expected a layer or model"),
        (lambda p: ExportArchive().track(L.Dense(2)), ValueError, "not built"),
        (lambda p: ExportArchive().add_variable_collection("a", [3]), ValueError, "a list of variables"),
        (lambda p: ExportArchive().write_out(p), ValueError, "no endpoint"),
        (lambda p: load(p / "none"), FileNotFoundError, "none"),
        (lambda p: load(p), ValueError, "no signature.json in it.*load_model"),
        (lambda p: L.ExportedLayer(p), ValueError, "no signature.json in it"),
    ],
)
def test_wrong_use_is_named(call, error, text, tmp_path):
    with pytest.raises(error, match=text):
        call(tmp_path)


def test_a_second_endpoint_of_a_name_is_refused():
    archive = ExportArchive()
    with_spec(archive)
    with pytest.raises(ValueError, match="a second function of that name"):
        with_spec(archive)


def test_calls_into_python_are_no_program(tmp_path):
    archive = ExportArchive()
    with_spec(archive, fn=called_back)
    with pytest.raises(NotImplementedError, match="'serve': got a computation that cannot be written down"):
        archive.write_out(tmp_path / "m", platforms=["cpu"])
    assert not (tmp_path / "m").exists()


def test_inputs_of_strings_are_named(tmp_path):
    text = kerax.Input((1,), dtype="string", name="text")
    with pytest.raises(NotImplementedError, match="input 'text': got an input of strings"):
        ExportArchive().add_endpoint("serve", lambda x: x, [text])


@pytest.mark.parametrize(
    ("format", "text"),
    [
        ("tf_saved_model", r'tensorflow.*pip install "kerax\[tf\]"'),
        ("onnx", "jax2onnx.*pip install --no-deps jax2onnx"),
    ],
)
def test_a_converter_that_is_not_installed_is_named(format, text, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, text.split(".")[0], None)
    with pytest.raises(ImportError, match=text):
        small().export(tmp_path / "m", format=format)
    assert not (tmp_path / "m").exists()


def test_wrong_inputs_are_named(written):
    serve = load(written).serve
    for args, text in [
        ((), "got 0 arguments, expected 1"),
        ((np.ones((2, 4)),), r"got a tensor of shape \(2, 4\), expected \(batch, 3\)"),
        ((np.array([["a", "b", "c"]]),), "expected numbers of dtype float32"),
        (([np.ones((2, 3)), np.ones((2, 3))],), r"got a tensor of shape \(2, 2, 3\)"),
    ]:
        with pytest.raises(ValueError, match=f"The export m, endpoint 'serve'.*{text}"):
            serve(*args)


# -- written whole or not at all ---------------------------------------------------------------------


def test_an_export_over_another_replaces_its_files(folder):
    model = small()
    (folder / "notes.txt").write_text("mine")
    model.export(folder, platforms=["cpu"])
    names = {path.name for path in folder.iterdir()}
    assert names == {"signature.json", "serve-1.bin", "variables-1.npz", "notes.txt"}
    np.testing.assert_allclose(load(folder).serve(np.ones((1, 3))), model(np.ones((1, 3))), rtol=1e-6)


@pytest.mark.parametrize("at", ["serve", "variables", "signature"])
def test_an_export_that_fails_leaves_the_one_before(folder, at, monkeypatch):
    from kerax._exported import artifact

    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    write = artifact.atomic_write

    def failing(path, *args, **options):
        if path.name.startswith(at):
            raise OSError("No space left on device")
        return write(path, *args, **options)

    monkeypatch.setattr(artifact, "atomic_write", failing)
    with pytest.raises(OSError, match="No space left"):
        small().export(folder, platforms=["cpu"])
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_file_is_not_replaced_by_a_directory(tmp_path):
    (tmp_path / "m").write_text("mine")
    with pytest.raises(ValueError, match="got the name of a file"):
        small().export(tmp_path / "m", platforms=["cpu"])


# -- spoiled directories ---------------------------------------------------------------------------------


def edited(folder, change):
    about = json.loads((folder / "signature.json").read_text())
    change(about)
    (folder / "signature.json").write_text(json.dumps(about))


def put(*path):
    *keys, value = path

    def change(about):
        holder = about
        for key in keys[:-1]:
            holder = holder[key]
        holder[keys[-1]] = value

    return change


KERNEL = "small/dense/kernel"


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (put("format", "other"), '"format": "kerax.export"'),
        (put("version", 2), "version 2, expected 1 or less.*a newer kerax"),
        (put("files", []), r"files '\[\]', expected a dict"),
        (put("files", "serve.bin", "name", "../serve-0.bin"), "the file name '../serve-0.bin'"),
        (put("files", "serve.bin", "name", "none.bin"), "none.bin: got no such file"),
        (put("files", "serve.bin", "sha256", "0"), "serve-0.bin: got another checksum"),
        (put("endpoints", {}), "no endpoint"),
        (put("endpoints", "serve", "program", 3), "program '3', expected a str"),
        (put("endpoints", "serve", "variables", ["x"]), "variables that are not listed"),
        (put("endpoints", "serve", "inputs", {"list": [3]}), "the description of a tensor"),
        (put("endpoints", "serve", "inputs", {"list": []}), "a program that takes or gives other tensors"),
        (put("variables", KERNEL, "shape", [10**9, 10**9]), r"kernel'.*expected \d+, of shape"),
        (put("variables", KERNEL, "shape", ["batch"]), r"the shape \('batch',\), expected numbers"),
        (put("variables", KERNEL, "shape", [-3, -2]), "one with a shape"),
        (put("variables", KERNEL, "shape", [2, 3]), r"an array of shape \(3, 2\)"),
        (put("variables", KERNEL, "dtype", "int32"), "int32"),
        (put("variables", KERNEL, "dtype", "python"), "the dtype 'python', expected one that JAX knows"),
        (put("variables", "more", {"shape": [], "dtype": "float32"}), "a damaged archive.*more.npy"),
        (put("collections", {"a": ["x"]}), "the collection 'a'"),
        (put("platforms", "cpu"), "platforms 'cpu', expected a list"),
    ],
)
def test_a_signature_that_does_not_fit_is_named(folder, change, text):
    edited(folder, change)
    with pytest.raises(ValueError, match=f"The export m, .*{text}"):
        load(folder)


@pytest.mark.parametrize("content", [b"", b"{", b"[" * 100_000, b"\xff", b"3"])
def test_a_signature_that_is_none_is_named(folder, content):
    (folder / "signature.json").write_bytes(content)
    with pytest.raises(ValueError, match=r"The export m, signature.json"):
        load(folder)


def swapped(folder, name, data):
    """Another content under a right checksum."""
    import hashlib

    (folder / f"{name[:-4]}-0{name[-4:]}").write_bytes(data)
    edited(folder, put("files", name, "sha256", hashlib.sha256(data).hexdigest()))


@pytest.mark.parametrize("data", [b"", b"no", b"\x00" * 100, bytes(range(256)) * 4])
@pytest.mark.parametrize("name", ["serve.bin", "variables.npz"])
def test_files_that_are_something_else_are_named(folder, name, data):
    swapped(folder, name, data)
    with pytest.raises(KeraxError, match=r"The export m, .*got (no program of JAX|a damaged archive)"):
        load(folder)


def test_a_compressed_bomb_is_refused(folder):
    with zipfile.ZipFile(folder / "variables-0.npz") as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(folder / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in entries:
            archive.writestr(name, b"\0" * 10**6)
    swapped(folder, "variables.npz", (folder / "bomb.npz").read_bytes())
    with pytest.raises(ValueError, match="got 1000000 bytes, expected 24"):
        load(folder)


def test_a_program_that_calls_out_is_refused(folder):
    def called(values, tensors):
        return [jax.ffi.ffi_call("evil", jax.ShapeDtypeStruct((1, 2), "float32"))(tensors[0], values[0])]

    export = jax.export.export(
        jax.jit(called), platforms=["cpu"], disabled_checks=[jax.export.DisabledSafetyCheck.custom_call("evil")]
    )
    values = [jax.ShapeDtypeStruct((2,), "float32"), jax.ShapeDtypeStruct((3, 2), "float32")]
    program = export(values, [jax.ShapeDtypeStruct((1, 3), "float32")])
    swapped(folder, "serve.bin", bytes(program.serialize()))
    edited(folder, put("endpoints", "serve", "variables", ["small/dense/bias", KERNEL]))
    for key, name in (("inputs", "x"), ("outputs", "")):
        shape = [1, 3] if key == "inputs" else [1, 2]
        spec = {"tensor": {"name": name, "shape": shape, "dtype": "float32"}}
        edited(folder, put("endpoints", "serve", key, {"list": [spec]}))
    with pytest.raises(ValueError, match=r"a program that calls \['evil'\].*can run any code"):
        load(folder)
