"""A real TensorBoard shows what was written: asked over HTTP, plugin by plugin."""

from __future__ import annotations

import io
import wave

import numpy as np
import pytest
from PIL import Image

from tests.events.written import PICTURES, SOUND, TRIALS

ANY_STATUS = ["STATUS_UNKNOWN", "STATUS_SUCCESS", "STATUS_FAILURE", "STATUS_RUNNING"]


def points(board, run, tag):
    """(step, value) of a scalar."""
    return [(step, value) for _, step, value in board.plugin("scalars/scalars", run=run, tag=tag)]


def blobs(board, plugin, tag, run="own"):
    """Each picture or sound under a tag, as the server gives it to a browser, with its kind."""
    count = board.plugin(f"{plugin}/tags")[run][tag]["samples"]
    one = {"images": "individualImage", "audio": "individualAudio"}[plugin]
    found = [board.plugin(f"{plugin}/{plugin}", run=run, tag=tag, sample=number)[-1] for number in range(count)]
    return [board.raw(f"/data/plugin/{plugin}/{one}?{entry['query']}") for entry in found], found


def test_the_tags_of_a_training_are_those_of_keras(board):
    tags = board.plugin("scalars/tags")
    both = ["epoch_accuracy", "epoch_loss"]
    pace = ["batch_accuracy", "batch_loss", "batch_steps_per_second", "epoch_learning_rate", "epoch_steps_per_second"]
    assert sorted(tags["fit/train"]) == sorted(both + pace)
    assert sorted(tags["fit/validation"]) == sorted(
        [*both, "evaluation_accuracy_vs_iterations", "evaluation_loss_vs_iterations"]
    )


@pytest.mark.parametrize("name", ["loss", "accuracy"])
def test_the_scalars_of_epochs_are_those_of_the_history(board, name):
    history = board.trained.history
    for run, key in (("fit/train", name), ("fit/validation", f"val_{name}")):
        assert points(board, run, f"epoch_{name}") == [(0, history[key][0]), (1, history[key][1])]
    by_iterations = points(board, "fit/validation", f"evaluation_{name}_vs_iterations")
    assert by_iterations == list(zip([3, 6], history[f"val_{name}"]))


def test_the_scalars_of_batches_come_every_so_many_and_end_as_the_epoch_does(board):
    found = points(board, "fit/train", "batch_loss")
    assert [step for step, _ in found] == [2, 4, 6]
    assert found[-1][1] == board.trained.history["loss"][-1]


def test_rates_and_paces(board):
    rates = points(board, "fit/train", "epoch_learning_rate")
    assert [step for step, _ in rates] == [0, 1]
    np.testing.assert_allclose([rate for _, rate in rates], 0.01, rtol=1e-6)
    assert all(
        value > 0 for tag in ("epoch", "batch") for _, value in points(board, "fit/train", f"{tag}_steps_per_second")
    )


def test_scalars_with_a_description(board):
    assert points(board, "own", "squares") == [(0, 0), (1, 1), (2, 4)]
    assert board.plugin("scalars/tags")["own"]["squares"]["description"] == "<p>Numbers that <em>grow</em>.</p>"


def test_histograms_of_weights_count_each_number(board):
    model = board.trained.model
    tags = board.plugin("histograms/tags")["fit/train"]
    assert sorted(tags) == sorted(f"{weight.path}/histogram" for weight in model.weights)
    for weight in model.weights:
        found = board.plugin("histograms/histograms", run="fit/train", tag=f"{weight.path}/histogram")
        assert [step for _, step, _ in found] == [0, 1]
        buckets, numbers = np.asarray(found[-1][2]), np.asarray(weight.value)
        assert buckets[:, 2].sum() == numbers.size
        np.testing.assert_allclose([buckets[0, 0], buckets[-1, 1]], [numbers.min(), numbers.max()], rtol=1e-5)


def test_histograms_leave_out_what_is_no_number(board):
    (_, step, buckets), *more = board.plugin("histograms/histograms", run="own", tag="spread")
    assert (step, more) == (5, [])
    assert buckets == [[1.0, 2.0, 1.0], [2.0, 3.0, 3.0]]


def test_pictures_arrive_as_they_were(board):
    found, entries = blobs(board, "images", "pictures")
    assert [entry["step"] for entry in entries] == [3, 3]
    for content, expected in zip(found, PICTURES):
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(content))), expected)


def test_pictures_of_weights_show_the_greatest_white(board):
    tags = board.plugin("images/tags")["fit/train"]
    assert "reviews/hidden/kernel/image" in tags
    (content,), _ = blobs(board, "images", "reviews/hidden/kernel/image", "fit/train")
    kernel = np.asarray(board.trained.model.get_layer("hidden").kernel)
    picture = np.asarray(Image.open(io.BytesIO(content)))
    assert picture.shape == kernel.shape  # on its long side
    assert np.unravel_index(picture.argmax(), picture.shape) == np.unravel_index(kernel.argmax(), kernel.shape)
    assert (picture.min(), picture.max()) == (0, 255)


def test_sounds_arrive_as_wav(board):
    (content,), (entry,) = blobs(board, "audio", "tone")
    assert (entry["step"], entry["contentType"]) == (1, "audio/wav")
    with wave.open(io.BytesIO(content)) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (8000, 2, 2)
        levels = np.frombuffer(sound.readframes(10_000), "<i2").reshape(-1, 2) / 32767
    np.testing.assert_allclose(levels, SOUND[0], atol=1e-4)


def test_text_is_markdown_and_tables(board):
    assert sorted(board.plugin("text/tags")["own"]) == ["note", "table"]
    (note,) = board.plugin("text/text", run="own", tag="note")
    assert note["text"] == "<p>It is <strong>bold</strong>.</p>"
    (table,) = board.plugin("text/text", run="own", tag="table")
    assert all(f"<td><p>{word}</p></td>" in table["text"] for word in "abcd")


def test_the_graph_holds_the_layers_and_their_shapes(board):
    assert board.plugin("graphs/info")["fit/train"]["run_graph"]
    text = board.raw("/data/plugin/graphs/graph", run="fit/train", conceptual="false").decode()
    nodes = [part.split("}\nnode {")[0] for part in text.split("node {")[1:]]
    heads = [
        [line.strip() for line in node.splitlines() if line.startswith("  name") or line.startswith("  input")]
        for node in nodes
    ]
    names = ["input_layer", "words", "global_average_pooling1d", "hidden", "head"]
    assert heads[0] == ['name: "input_layer"']
    for before, name, head in zip(names, names[1:], heads[1:]):
        assert head == [f'name: "{name}"', f'input: "{before}"']
    assert 'op: "Dense"' in nodes[3]
    assert nodes[3].count("size: -1") == 1
    assert "size: 4\n" in nodes[3]


def test_the_projector_shows_the_table_with_its_words(board):
    assert board.plugin("projector/runs") == ["fit/train"]
    (info,) = board.plugin("projector/info", run="fit/train")["embeddings"]
    assert (info["tensorName"], info["tensorShape"]) == ("words", [20, 3])
    content = board.raw("/data/plugin/projector/tensor", run="fit/train", name="words")
    table = np.asarray(board.trained.model.get_layer("words").embeddings)
    np.testing.assert_allclose(np.frombuffer(content, "float32").reshape(20, 3), table, rtol=1e-5)
    words = board.raw("/data/plugin/projector/metadata", run="fit/train", name="words").decode().split()
    assert words == [f"word{number}" for number in range(20)]


def test_profiles_lie_where_the_plugin_looks(board):
    (session,) = (board.folder / "fit" / "train" / "plugins" / "profile").iterdir()
    assert [path.suffix for path in session.glob("*.pb")] == [".pb"]


def test_the_experiment_names_its_parameters_and_metrics(board):
    answer = board.plugin("hparams/experiment", {"experimentName": ""})
    parameters = {one["name"]: one for one in answer["hparamInfos"]}
    assert parameters["num_units"]["domainDiscrete"] == [16, 32]
    assert parameters["num_units"]["displayName"] == "Units"
    assert parameters["rate"]["domainInterval"] == {"minValue": 0.1, "maxValue": 0.2}
    assert (parameters["optimizer"]["type"], parameters["optimizer"]["domainDiscrete"]) == (
        "DATA_TYPE_STRING",
        ["adam", "sgd"],
    )
    assert [one["name"] for one in answer["metricInfos"]] == [
        {"group": "", "tag": "accuracy"},
        {"group": "train", "tag": "epoch_loss"},
    ]


def test_the_trials_come_with_their_values_and_metrics(board):
    request = {"experimentName": "", "allowedStatuses": ANY_STATUS, "colParams": [], "startIndex": 0, "sliceSize": 10}
    groups = board.plugin("hparams/session_groups", request)["sessionGroups"]
    found = {group["sessions"][0]["name"]: group for group in groups}
    for number, (values, accuracy) in enumerate(TRIALS):
        group = found[f"tuning/run-{number}"]
        assert group["hparams"] == {parameter.name: value for parameter, value in values.items()}
        assert [(one["name"]["tag"], one["value"]) for one in group["metricValues"]] == [("accuracy", accuracy)]
    by_callback = found["tuning/run-2"]
    assert by_callback["hparams"] == {"num_units": 16, "rate": 0.15}
    assert by_callback["sessions"][0]["status"] == "STATUS_SUCCESS"
    assert [one["name"]["tag"] for one in by_callback["metricValues"]] == ["epoch_loss"]
