"""kerax.summary: writers, steps and conditions, in plain Python and in compiled code."""

from __future__ import annotations

import gc
import inspect
import os
import threading

import jax
import numpy as np
import pytest

import kerax
from kerax import layers, summary
from kerax.compat import tf
from tests.events.reading import entries, events_in, graphs, points, tags


@pytest.fixture(autouse=True)
def _no_defaults():
    """What a test sets as default is gone after it."""
    from kerax._events.default import defaults

    with defaults(writer=None, step=None, recorded=True):
        yield


@pytest.fixture
def writer(tmp_path):
    made = summary.create_file_writer(tmp_path)
    yield made
    made.close()


# -- writers and steps ---------------------------------------------------------------------------


def test_without_a_writer_nothing_is_recorded():
    assert not summary.should_record_summaries()
    assert summary.scalar("x", 1.0) is False  # not even a step is asked for
    assert summary.graph(object()) is False
    summary.flush()


def test_a_block_sends_its_summaries_to_the_writer(writer, tmp_path):
    with writer.as_default():
        assert summary.should_record_summaries()
        assert summary.scalar("x", 1.0, step=3) is True
    assert summary.scalar("x", 2.0, step=4) is False
    assert points(tmp_path, "x") == [(3, 1.0)]  # written when the block ended, the writer being open


def test_blocks_nest(tmp_path):
    outer, inner = (summary.create_file_writer(tmp_path / name) for name in ("outer", "inner"))
    with outer.as_default(step=1):
        with inner.as_default(step=2):
            summary.scalar("x", 1.0)
        summary.scalar("x", 2.0)
    assert points(tmp_path, "x", "inner") == [(2, 1.0)]
    assert points(tmp_path, "x", "outer") == [(1, 2.0)]
    outer.close(), inner.close()


def test_set_as_default_lasts(writer, tmp_path):
    writer.set_as_default(step=7)
    summary.scalar("x", 1.0)
    summary.flush()
    assert points(tmp_path, "x") == [(7, 1.0)]


def test_the_default_step_may_be_a_number_an_array_or_a_variable(writer, tmp_path):
    step = kerax.Variable(5, dtype="int32")
    with writer.as_default():
        summary.experimental.set_step(3)
        summary.scalar("x", 1.0)
        summary.experimental.set_step(np.int64(4))
        summary.scalar("x", 1.0)
        summary.experimental.set_step(step)
        summary.scalar("x", 1.0)
        step.assign_add(1)
        summary.scalar("x", 1.0)
    assert summary.experimental.get_step() is step
    assert [at for at, _ in points(tmp_path, "x")] == [3, 4, 5, 6]


def test_a_summary_needs_a_step(writer):
    with writer.as_default(), pytest.raises(ValueError, match=r"summary.histogram: got no step.*set_step\(step\)"):
        summary.histogram("x", [1.0])


def test_record_if(writer, tmp_path):
    step = kerax.Variable(0, dtype="int32")
    with writer.as_default(step=step), summary.record_if(lambda: step % 2 == 0):
        for _ in range(4):
            recorded = summary.scalar("x", 1.0)
            assert recorded == summary.should_record_summaries() == (int(step) % 2 == 0)
            step.assign_add(1)
        with summary.record_if(False):
            assert summary.scalar("y", 1.0) is False
        with summary.record_if(True):
            assert summary.scalar("z", 1.0) is True
    assert [at for at, _ in points(tmp_path, "x")] == [0, 2]
    assert tags(tmp_path) == ["x", "z"]


def test_name_scopes_are_part_of_the_tag(writer, tmp_path):
    with writer.as_default(step=0), kerax.name_scope("outer"):
        summary.scalar("x", 1.0)
        with summary.experimental.summary_scope("inner") as (tag, scope):
            assert (tag, scope) == ("outer/inner", "outer/inner/")
            summary.scalar("y", 1.0)
    assert tags(tmp_path) == ["outer/x", "outer/inner/y"]


def test_a_noop_writer_drops_everything():
    with summary.create_noop_writer().as_default():
        assert not summary.should_record_summaries()
        assert summary.scalar("x", 1.0, step=0) is False


def test_a_closed_writer_is_an_error(writer, tmp_path):
    writer.set_as_default(step=0)
    summary.scalar("x", 1.0)
    writer.close()
    writer.close()
    writer.flush()
    with pytest.raises(RuntimeError, match="writer of .*closed"):
        summary.scalar("x", 2.0)
    with pytest.raises(RuntimeError, match=r"as_default: got the writer of .*which is closed.*create_file_writer"):
        writer.as_default().__enter__()
    with pytest.raises(RuntimeError, match="set_as_default: got the writer"):
        writer.set_as_default()
    assert points(tmp_path, "x") == [(0, 1.0)]


def test_a_writer_that_is_forgotten_loses_nothing(tmp_path):
    writer = summary.create_file_writer(str(tmp_path), max_queue=100)
    writer.set_as_default(step=0)
    summary.scalar("x", 1.0)
    summary.create_noop_writer().set_as_default()
    del writer
    gc.collect()
    assert points(tmp_path, "x") == [(0, 1.0)]


def test_summaries_wait_in_memory_until_there_are_enough(tmp_path):
    writer = summary.create_file_writer(tmp_path, max_queue=3, flush_millis=10**6)
    writer.set_as_default()
    for step in range(2):
        summary.scalar("x", 1.0, step=step)
    assert list(tmp_path.iterdir()) == []
    summary.scalar("x", 1.0, step=2)
    assert len(list(tmp_path.iterdir())) == 1
    writer.close()
    assert len(points(tmp_path, "x")) == 3


def test_summaries_wait_no_longer_than_they_may(tmp_path):
    writer = summary.create_file_writer(tmp_path, flush_millis=0)
    writer.set_as_default(step=0)
    summary.scalar("x", 1.0)
    assert points(tmp_path, "x") == [(0, 1.0)]  # on the disk, not in a buffer
    writer.close()


def test_two_writers_of_one_folder_make_two_files(tmp_path):
    for number in range(2):
        with summary.create_file_writer(tmp_path, filename_suffix=".mine").as_default(step=number):
            summary.scalar("x", number)
    gc.collect()
    files = list(tmp_path.iterdir())
    assert len(files) == 2
    assert all(file.name.endswith(".mine") for file in files)
    assert sorted(points(tmp_path, "x")) == [(0, 0.0), (1, 1.0)]


def test_threads_have_defaults_of_their_own_and_may_share_a_writer(writer, tmp_path):
    seen = []

    def work(number):
        seen.append(summary.scalar("x", 1.0, step=0))
        with writer.as_default(step=number):
            for _ in range(50):
                summary.scalar(f"thread/{number}", number)

    with writer.as_default():
        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert seen == [False] * 4
    found = entries(tmp_path)
    assert len(found) == 200
    assert all(one.step == one.value == int(one.tag[-1]) for one in found)


def test_raw_tensors_and_raw_summaries(writer, tmp_path):
    from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
    from tensorboard.plugins.scalar.summary_v2 import scalar_pb

    about = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="mine"))
    with writer.as_default(step=1):
        summary.write("t", np.arange(3), metadata=about)
        summary.write("s", "words", metadata=about.SerializeToString())
        summary.experimental.write_raw_pb(scalar_pb("raw", 2.0).SerializeToString())
    first, second, third = entries(tmp_path)
    assert (first.tag, first.plugin, first.value.tolist()) == ("t", "mine", [0, 1, 2])
    assert (second.tag, second.value.item()) == ("s", b"words")
    assert (third.tag, third.step, float(third.value), third.plugin) == ("raw", 1, 2.0, "scalars")
    assert Summary  # the messages are TensorBoard's own


def test_a_graph_of_a_model_or_as_it_is(writer, tmp_path):
    model = kerax.Sequential([kerax.Input((2,)), layers.Dense(3, name="only")])
    with writer.as_default():
        assert summary.graph(model) is True
    ((_, graph),) = graphs(tmp_path)
    assert [node.name for node in graph.node][-1] == "only"
    with writer.as_default():
        summary.graph(graph)
        summary.graph(graph.SerializeToString())
        with pytest.raises(TypeError, match="summary.graph: got 3, expected a model or a GraphDef"):
            summary.graph(3)
    assert [again for _, again in graphs(tmp_path)] == [graph] * 3


@pytest.mark.parametrize("at_the_end", [True, False])
def test_a_trace_writes_a_profile(tmp_path, at_the_end):
    summary.trace_on(graph=True, profiler=True, profiler_outdir=None if at_the_end else tmp_path)
    with pytest.raises(RuntimeError, match="trace_on: got a second call"):
        summary.trace_on()
    jax.numpy.ones(3).block_until_ready()
    if at_the_end:
        with pytest.raises(ValueError, match="trace_export: got no profiler_outdir"):
            summary.trace_export("mine")
    summary.trace_export("mine", step=0, profiler_outdir=tmp_path if at_the_end else None)
    assert len(list(tmp_path.glob("plugins/profile/*/*.xplane.pb"))) == 1
    with pytest.raises(RuntimeError, match="trace_export: got no trace"):
        summary.trace_export("mine")
    summary.trace_off()


def test_folders_that_cannot_be(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match=r"create_file_writer: logdir: got '.*file/run': Not a directory"):
        summary.create_file_writer(tmp_path / "file" / "run")
    with pytest.raises(ValueError, match="create_file_writer: got max_queue=-1"):
        summary.create_file_writer(tmp_path, max_queue=-1)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device of Linux")
def test_a_disk_that_is_full_is_told_of(writer, tmp_path, monkeypatch):
    monkeypatch.setattr("tensorboardX.record_writer.open_file", lambda path: open("/dev/full", "wb"))
    writer.set_as_default()
    summary.scalar("x", 1.0, step=0)
    with pytest.raises(OSError, match="No space left"):
        writer.flush()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(OSError, match="No space left"):
        writer.close()


# -- tf.summary ----------------------------------------------------------------------------------


def test_tf_summary_is_the_same():
    for name in summary.__all__:
        assert getattr(tf.summary, name) is getattr(summary, name)
    with pytest.raises(AttributeError, match=r"tf.summary.scalars: got no such name here. Did you mean 'scalar'"):
        _ = tf.summary.scalars


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("scalar", "name data step description"),
        ("histogram", "name data step buckets description"),
        ("image", "name data step max_outputs description"),
        ("audio", "name data sample_rate step max_outputs encoding description"),
        ("text", "name data step description"),
        ("write", "tag tensor step metadata name"),
        ("create_file_writer", "logdir max_queue flush_millis filename_suffix name experimental_trackable"),
        ("flush", "writer name"),
        ("record_if", "condition"),
        ("trace_on", "graph profiler profiler_outdir"),
        ("trace_export", "name step profiler_outdir"),
    ],
)
def test_the_arguments_are_those_tensorflow_documents(name, parameters):
    assert " ".join(inspect.signature(getattr(summary, name)).parameters) == parameters


# -- compiled code -------------------------------------------------------------------------------


def test_a_compiled_function_records_when_it_runs(writer, tmp_path):
    @kerax.function
    def total(x, step):
        summary.scalar("total", x.sum(), step=step)
        summary.histogram("parts", x, step=step, buckets=2)
        summary.text("note", "constant", step=step)
        return x * 2

    with writer.as_default():
        for step in range(3):
            total(np.full(4, step, "float32"), np.int32(step))
    assert points(tmp_path, "total") == [(0, 0.0), (1, 4.0), (2, 8.0)]
    assert [one.value[:, 2].tolist() for one in entries(tmp_path) if one.tag == "parts"] == [[0.0, 4.0]] * 3
    assert [one.step for one in entries(tmp_path) if one.tag == "note"] == [0, 1, 2]
    assert total.experimental_get_tracing_count() == 1


def test_a_compiled_function_follows_the_default_writer(tmp_path):
    @kerax.function
    def note(x):
        summary.scalar("x", x, step=0)

    first, second = (summary.create_file_writer(tmp_path / name) for name in ("first", "second"))
    note(np.float32(1))  # nobody looks
    with first.as_default():
        note(np.float32(2))
        with summary.record_if(False):
            note(np.float32(3))
    with second.as_default():
        note(np.float32(4))
    note(np.float32(5))
    with first.as_default():
        note(np.float32(6))
    assert points(tmp_path, "x", "first") == [(0, 2.0), (0, 6.0)]
    assert points(tmp_path, "x", "second") == [(0, 4.0)]
    assert note.experimental_get_tracing_count() == 2  # one for nobody, one for whoever
    first.close(), second.close()


def test_a_writer_named_in_a_function_is_the_one(writer, tmp_path):
    @kerax.function
    def note(x):
        with writer.as_default(step=0):
            summary.scalar("x", x)

    note(np.float32(1))
    with summary.create_file_writer(tmp_path / "other").as_default(step=1):
        note(np.float32(2))
        summary.scalar("y", 1.0)
    note(np.float32(3))
    writer.flush()
    assert points(tmp_path, "x") == [(0, 1.0), (0, 2.0), (0, 3.0)]
    assert tags(tmp_path, "other") == ["y"]


def test_a_function_without_summaries_is_not_traced_again(writer):
    @kerax.function
    def twice(x):
        return 2 * x

    twice(np.float32(1))
    with writer.as_default():
        twice(np.float32(2))
    assert twice.experimental_get_tracing_count() == 1


def test_steps_and_conditions_of_compiled_code_are_read_when_it_runs(writer, tmp_path):
    count = kerax.Variable(0, dtype="int32")

    @kerax.function
    def advance(x):
        count.assign_add(1)
        with summary.record_if(lambda: count % 2 == 0):
            summary.scalar("x", x)

    with writer.as_default(step=count):
        for number in range(5):
            advance(np.float32(number))
    assert points(tmp_path, "x") == [(2, 1.0), (4, 3.0)]


def test_summaries_in_loops_and_branches_of_compiled_code(writer, tmp_path):
    @kerax.function
    def count(limit):
        number = limit * 0
        while number < limit:
            if number % 2 == 0:
                summary.scalar("even", number, step=number)
            number = number + 1
        return number

    with writer.as_default():
        assert int(count(np.int32(5))) == 5
    assert sorted(points(tmp_path, "even")) == [(0, 0.0), (2, 2.0), (4, 4.0)]


def test_gradients_go_past_summaries(writer, tmp_path):
    weight = kerax.Variable(3.0)

    def loss():
        square = weight * weight
        summary.scalar("square", square, step=0)
        return square

    def gradient():
        with kerax.GradientTape() as tape:
            value = loss()
        return tape.gradient(value, weight)

    with writer.as_default():
        assert float(gradient()) == 6.0
        assert float(kerax.function(gradient)()) == 6.0
        assert float(jax.grad(lambda x: summary.scalar("x", x, step=1) * x**2)(3.0)) == 6.0
    assert points(tmp_path, "square") == [(0, 9.0)] * 2
    assert points(tmp_path, "x") == [(1, 3.0)]


def test_what_does_not_fit_is_an_error_while_tracing(writer):
    @kerax.function
    def wrong(x):
        summary.scalar("x", x, step=0)

    with writer.as_default(), pytest.raises(ValueError, match=r"summary.scalar 'x': got data of shape \(3,\)"):
        wrong(np.ones(3, "float32"))


class Talking(kerax.Model):
    """Tells of its hidden units and its loss."""

    def __init__(self):
        super().__init__()
        self.hidden, self.head = layers.Dense(3, activation="relu"), layers.Dense(1)

    def call(self, x):
        hidden = self.hidden(x)
        summary.histogram("hidden", hidden)
        return self.head(hidden)

    def train_step(self, data):
        x, y = data
        with kerax.GradientTape() as tape:
            loss = self.compute_loss(x, y, self(x, training=True))
        self.optimizer.apply_gradients(zip(tape.gradient(loss, self.trainable_variables), self.trainable_variables))
        summary.scalar("loss", loss)
        return {"loss": loss}


def test_the_steps_of_fit_record_while_they_stay_fused(writer, tmp_path, rng):
    x = rng.normal(size=(64, 4)).astype("float32")
    y = x.sum(axis=1, keepdims=True)
    model = Talking()
    model.compile("sgd", "mse")
    model.fit(x, y, 8, epochs=2, verbose=0)  # compiled for nobody: nothing calls back
    (silent,) = [step for key, step in model._engine.value.now.steps.items() if key[0] == "train"]
    assert not silent.calls_python
    with writer.as_default(step=model.optimizer.iterations):
        history = model.fit(x, y, 8, epochs=2, verbose=0)
    assert {kind for kind, *_ in model._engine.value.now.programs} == {"fused"}
    losses = points(tmp_path, "loss")
    assert [step for step, _ in losses] == list(range(17, 33))
    assert losses[-1][1] == history.history["loss"][-1]
    assert sum(one.value[:, 2].sum() for one in entries(tmp_path) if one.tag == "hidden") == 16 * 8 * 3
    before = len(list(events_in(tmp_path)))
    model.fit(x, y, 8, verbose=0)
    writer.flush()
    assert len(list(events_in(tmp_path))) == before


def test_run_eagerly_records_the_same(writer, tmp_path, rng):
    x = rng.normal(size=(8, 4)).astype("float32")
    model = Talking()
    model.compile("sgd", "mse", run_eagerly=True)
    with writer.as_default(step=0):
        model.fit(x, x[:, :1], 4, verbose=0)
        model.predict(x, verbose=0)
        model.predict(x, verbose=0)
    assert len(points(tmp_path, "loss")) == 2
    assert len([one for one in entries(tmp_path) if one.tag == "hidden"]) == 4


def test_predictions_of_the_same_batch_record_each_time(writer, tmp_path, rng):
    model = Talking()
    x = rng.normal(size=(4, 4)).astype("float32")
    model.predict(x, verbose=0)
    with writer.as_default(step=0):
        for _ in range(3):
            model.predict(x, verbose=0)
    model.predict(x, verbose=0)
    assert len(entries(tmp_path)) == 3
