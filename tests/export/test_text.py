"""Models that take or give text, exported: what works on text stands beside the program."""

import json
import pickle
import subprocess
import sys

import numpy as np
import pytest

import kerax
from kerax import export, layers

TEXTS = np.array([["red wine"], ["old red"], ["what is this"], [""]], object)


def vectorizer(**options):
    layer = layers.TextVectorization(output_sequence_length=4, **options)
    layer.adapt(["red wine and old cheese", "old red wine"])
    return layer


def network(vocabulary=10):
    return kerax.Sequential(
        [kerax.Input((4,), dtype="int32"), layers.Embedding(vocabulary, 3), layers.Flatten(), layers.Dense(2)]
    )


def sequential():
    return kerax.Sequential([kerax.Input((1,), dtype="string"), vectorizer(), network()])


def mixed():
    """A title, numbers and a tag, whose output is a label and numbers."""
    title = kerax.Input((1,), dtype="string", name="title")
    numbers = kerax.Input((2,), name="numbers")
    tag = kerax.Input((1,), dtype="int64", name="tag")
    known = layers.IntegerLookup(vocabulary=[3, 5], output_mode="one_hot")(tag)
    x = layers.Concatenate()([network()(vectorizer()(title)), numbers, known])
    scores = layers.Dense(3)(x)
    label = layers.StringLookup(vocabulary=["a", "b"], invert=True)(kerax.ops.argmax(scores, axis=-1))
    return kerax.Model({"title": title, "numbers": numbers, "tag": tag}, {"label": label, "scores": scores})


def labelled():
    """Numbers in, text out."""
    numbers = kerax.Input((2,))
    scores = layers.Dense(3)(numbers)
    return kerax.Model(
        numbers, layers.StringLookup(vocabulary=["a", "b"], invert=True)(kerax.ops.argmax(scores, axis=-1))
    )


def nested():
    """A model of text inside a model inside a model."""
    encoder = kerax.Sequential([sequential(), layers.Dense(3)])
    text, other = kerax.Input((1,), dtype="string"), kerax.Input((1,), dtype="string")
    numbers = layers.Dense(2)(kerax.ops.cast(layers.StringLookup(vocabulary=["red wine"])(other), "float32"))
    return kerax.Model([text, other], layers.Concatenate()([encoder(text), numbers, encoder(other)]))


MIXED = {"title": TEXTS, "numbers": np.arange(8.0).reshape(4, 2).astype("float32"), "tag": [[3], [5], [7], [3]]}
CASES = {
    "sequential": (sequential, TEXTS),
    "mixed": (mixed, {**MIXED, "tag": np.array(MIXED["tag"])}),
    "labelled": (labelled, MIXED["numbers"]),
    "nested": (nested, [TEXTS, TEXTS[::-1]]),
}


@pytest.mark.parametrize("name", CASES)
def test_what_was_exported_answers_as_the_model_does(name, tmp_path):
    make, x = CASES[name]
    model = make()
    model.export(tmp_path / "m", platforms=["cpu"], verbose=False)
    program = export.load(tmp_path / "m")
    expected = kerax.tree.flatten(model.predict(x, verbose=0))
    for served in (program.serve, pickle.loads(pickle.dumps(program))):
        found = kerax.tree.flatten(served(x))
        for a, b in zip(found, expected, strict=True):
            a = np.asarray(a)
            if b.dtype.kind in "OUST":
                assert a.tolist() == b.tolist()
            else:
                np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_lists_and_any_number_of_texts_are_taken(tmp_path):
    model = sequential()
    model.export(tmp_path / "m", platforms=["cpu"], verbose=False)
    serve = export.load(tmp_path / "m").serve
    for texts in (["red wine"], ["old", "cheese", "and wine"]):
        np.testing.assert_allclose(serve(texts), model.predict(np.array(texts), verbose=0), rtol=1e-5, atol=1e-6)


def test_the_code_of_the_model_is_not_needed(tmp_path):
    model = sequential()
    model.export(tmp_path / "m", platforms=["cpu"], verbose=False)
    script = (
        "import json, sys, kerax\n"
        "program = kerax.export.load(sys.argv[1])\n"
        "print(json.dumps(program(['red wine', 'old']).tolist()))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "m")], capture_output=True, text=True, check=True, timeout=120
    )
    expected = model.predict(np.array(["red wine", "old"]), verbose=0)
    np.testing.assert_allclose(json.loads(done.stdout), expected, rtol=1e-5, atol=1e-6)


def test_the_program_alone_is_a_layer_behind_the_part_on_text(tmp_path):
    model = sequential()
    model.export(tmp_path / "m", platforms=["cpu"], verbose=False)
    before = export.load(tmp_path / "m").serve.before
    text = kerax.Input((1,), dtype="string")
    (tokens,) = before(text)
    outer = kerax.Model(text, layers.ExportedLayer(tmp_path / "m")(tokens))
    np.testing.assert_allclose(outer.predict(TEXTS, verbose=0), model.predict(TEXTS, verbose=0), rtol=1e-5, atol=1e-6)


def test_a_second_export_takes_the_place_of_the_first(tmp_path):
    for _ in range(2):
        model = sequential()
        model.export(tmp_path / "m", platforms=["cpu"], verbose=False)
    assert len(list((tmp_path / "m").iterdir())) == 4
    found = export.load(tmp_path / "m").serve(TEXTS)
    np.testing.assert_allclose(found, model.predict(TEXTS, verbose=0), rtol=1e-5, atol=1e-6)


def test_a_part_that_was_changed_is_refused(tmp_path):
    sequential().export(tmp_path / "m", platforms=["cpu"], verbose=False)
    (part,) = (tmp_path / "m").glob("*.keras")
    part.write_bytes(part.read_bytes() + b" ")
    with pytest.raises(ValueError, match="another checksum"):
        export.load(tmp_path / "m")


def test_a_signature_of_ones_own_is_refused(tmp_path):
    with pytest.raises(ValueError, match="none for a model that works on text"):
        sequential().export(tmp_path / "m", input_signature=[kerax.InputSpec(shape=(None, 1))])
