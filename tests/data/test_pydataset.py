import inspect
import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
import traceback

import numpy as np
import pytest

from kerax._errors import ArgumentError, DataError, StateError
from kerax.data._adapters import Epoch, make_adapter
from kerax.data.pydataset import PyDataset, Sequence


class Numbered(PyDataset):
    """Batch i holds i; what `on_epoch_end` changes shows in the next epoch."""

    def __init__(self, count=7, infinite=False, fail=None, nap=0.0, **arguments):
        super().__init__(**arguments)
        self.count, self.infinite, self.fail, self.nap = count, infinite, fail, nap
        self.offset = 0
        self.events = []

    @property
    def num_batches(self):
        return None if self.infinite else self.count

    def __getitem__(self, index):
        if index == self.fail:
            raise KeyError("the user's words", index)
        if self.nap:
            time.sleep(self.nap * (index % 3))
        return np.full(2, index + self.offset), np.full(2, index)

    def on_epoch_begin(self):
        self.events.append("begin")

    def on_epoch_end(self):
        self.events.append("end")
        self.offset += 100


class Dies(PyDataset):
    def __len__(self):
        return 2

    def __getitem__(self, index):
        os._exit(3)


def epoch(adapter, rng=None, **arguments):
    with Epoch(adapter, rng=rng, **arguments) as batches:
        return [int(x[0]) for x, _, _ in batches]


@pytest.fixture(autouse=True)
def _nothing_left():
    yield
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("kerax")]
    assert not multiprocessing.active_children()


def test_the_signature_is_that_of_keras():
    import keras

    wanted = inspect.signature(keras.utils.PyDataset.__init__)
    assert str(inspect.signature(PyDataset.__init__)).replace(": int", "").replace(": bool", "").replace(
        " = ", "="
    ).replace(" -> 'None'", "").replace(": 'int'", "").replace(": 'bool'", "") == str(wanted)
    assert Sequence is PyDataset


def test_iterating_gives_every_batch():
    assert [y[0] for _, y in Numbered(3)] == [0, 1, 2]


def test_what_is_missing_is_named():
    class Nothing(PyDataset):
        pass

    with pytest.raises(NotImplementedError, match="Nothing needs a method `__len__`"):
        Nothing().num_batches  # noqa: B018
    with pytest.raises(NotImplementedError, match="Nothing needs a method `__getitem__"):
        Nothing()[0]


def test_the_constructor_of_the_base_need_not_be_called():
    class Lazy(PyDataset):
        def __init__(self):
            pass

        def __len__(self):
            return 2

        def __getitem__(self, index):
            return np.full(2, index)

    assert epoch(make_adapter(Lazy(), shuffle=False)) == [0, 1]


@pytest.mark.parametrize("workers", [0, 1, 2, 3, 8])
@pytest.mark.parametrize("queue", [1, 10])
@pytest.mark.parametrize("shuffle", [True, False])
def test_every_batch_comes_once_in_each_epoch_in_an_order_that_workers_do_not_change(workers, queue, shuffle):
    def run(**arguments):
        data = Numbered(7, nap=0.002, **arguments)
        adapter = make_adapter(data, shuffle=shuffle)
        found = [epoch(adapter, np.random.default_rng(number)) for number in range(3)]
        adapter.close()
        return found

    found = run(workers=workers, max_queue_size=queue)
    assert [sorted(numbers) for numbers in found] == [[i + 100 * n for i in range(7)] for n in range(3)]
    assert found == run()
    assert (found[0] == sorted(found[0])) is not shuffle


@pytest.mark.parametrize("workers", [1, 3])
def test_the_hooks_surround_each_epoch(workers):
    data = Numbered(4, workers=workers)
    adapter = make_adapter(data, shuffle=False)
    adapter.peek()
    assert data.events == ["begin"]
    epoch(adapter)
    epoch(adapter, steps=2)
    assert data.events == ["begin", "end"] * 2
    adapter.close()


@pytest.mark.parametrize("workers", [1, 3])
def test_shorter_epochs_go_on_where_they_stopped(workers):
    data = Numbered(5, workers=workers)
    data.on_epoch_end = lambda: None
    adapter = make_adapter(data, steps=2, shuffle=False)
    assert [epoch(adapter) for _ in range(2)] == [[0, 1], [2, 3]]
    with pytest.warns(UserWarning, match="2 batches were asked for, 1 came"):
        assert epoch(adapter) == [4]
    assert epoch(adapter) == [0, 1]


@pytest.mark.parametrize("workers", [1, 3])
def test_a_dataset_without_end_counts_on(workers):
    data = Numbered(infinite=True, workers=workers)
    data.on_epoch_end = lambda: None
    adapter = make_adapter(data, steps=3)
    assert adapter.source.steps is None
    adapter.peek()
    assert [epoch(adapter) for _ in range(2)] == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize("workers", [1, 3])
def test_an_error_arrives_after_the_batches_before_it_as_it_was(workers):
    adapter = make_adapter(Numbered(fail=4, workers=workers), shuffle=False)
    found = []
    with pytest.raises(KeyError) as caught, Epoch(adapter, transform=lambda batch: int(batch[0][0])) as batches:
        found.extend(batches)
    assert found == [0, 1, 2, 3]
    assert caught.value.args == ("the user's words", 4)
    text = traceback.format_exception(caught.value)
    assert "in __getitem__" in text[-2]


def test_a_loop_that_ends_early_leaves_no_reader():
    adapter = make_adapter(Numbered(1000, workers=4), shuffle=False)
    with Epoch(adapter) as batches:
        next(batches)
    adapter.close()


def test_workers_share_the_work():
    class Meeting(PyDataset):
        together = threading.Barrier(3)

        def __len__(self):
            return 6

        def __getitem__(self, index):
            self.together.wait(10)  # breaks unless three threads are here at once
            return np.full(2, index)

    assert epoch(make_adapter(Meeting(workers=3), shuffle=False)) == list(range(6))


def test_a_dataset_of_keras_is_read_too():
    import keras

    class Theirs(keras.utils.PyDataset):
        def __len__(self):
            return 3

        def __getitem__(self, index):
            return np.full(2, index)

    assert epoch(make_adapter(Theirs(workers=2), shuffle=False)) == [0, 1, 2]


def test_no_batches_and_no_queue_are_refused():
    with pytest.raises(DataError, match="a PyDataset of no batches"):
        make_adapter(Numbered(0))
    with pytest.raises(ArgumentError, match="max_queue_size"):
        epoch(make_adapter(Numbered(workers=2, max_queue_size=0)))


def test_processes_see_what_the_hooks_changed_report_errors_and_end():
    data = Numbered(4, workers=2, use_multiprocessing=True)
    adapter = make_adapter(data, shuffle=False)
    assert epoch(adapter) == [0, 1, 2, 3]
    children = multiprocessing.active_children()
    assert len(children) == 2
    assert epoch(adapter, steps=3) == [100, 101, 102]
    assert set(children) == set(multiprocessing.active_children())
    assert epoch(adapter, steps=1) == [203]
    data.fail = 1
    with pytest.raises(KeyError) as caught, Epoch(adapter) as batches:
        list(batches)
    assert caught.value.args == ("the user's words", 1)
    text = "".join(traceback.format_exception(caught.value))
    assert "in __getitem__" in text
    assert text.rstrip().endswith('KeyError: ("the user\'s words", 1)')
    adapter.close()
    assert not multiprocessing.active_children()


def test_a_process_that_dies_is_named():
    adapter = make_adapter(Dies(use_multiprocessing=True), shuffle=False)
    with pytest.raises(StateError, match=r"Dies.* ended with exit code 3 while it read batch 0"):
        adapter.peek()
    adapter.close()


def test_a_dataset_that_cannot_be_pickled_is_named():
    data = Numbered(use_multiprocessing=True)
    data.handle = threading.Lock()
    with pytest.raises(DataError, match=r"cannot be sent to a process \(TypeError: cannot pickle.*threads"):
        epoch(make_adapter(data))


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_ctrl_c_leaves_no_process_behind(tmp_path):
    script = tmp_path / "train.py"
    script.write_text(
        textwrap.dedent(
            """
            import multiprocessing, time
            import numpy as np
            from kerax.data._adapters import Epoch, make_adapter
            from kerax.data.pydataset import PyDataset

            class Slow(PyDataset):
                def __len__(self):
                    return 1000
                def __getitem__(self, index):
                    time.sleep(0.05)
                    return np.full(2, index)

            if __name__ == "__main__":
                adapter = make_adapter(Slow(workers=2, use_multiprocessing=True), shuffle=False)
                try:
                    with Epoch(adapter) as batches:
                        for index, _ in enumerate(batches):
                            if index == 0:
                                print(*[child.pid for child in multiprocessing.active_children()], flush=True)
                finally:
                    adapter.close()
                    print("closed", len(multiprocessing.active_children()), flush=True)
            """
        )
    )
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    run = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": root},
    )
    try:
        pids = [int(pid) for pid in run.stdout.readline().split()]
        assert len(pids) == 2
        os.killpg(run.pid, signal.SIGINT)
        out, err = run.communicate(timeout=20)
    finally:
        run.kill()
        run.stdout.close()
        run.stderr.close()
        run.wait()
    assert out == "closed 0\n"
    assert err.count("Traceback") == 1
    assert err.rstrip().endswith("KeyboardInterrupt")
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
