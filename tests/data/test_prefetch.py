import gc
import subprocess
import sys
import threading
import time
import traceback

import pytest

from kerax.data import _prefetch
from kerax.data._prefetch import prefetched


def threads():
    return [thread for thread in threading.enumerate() if thread.name == "kerax-prefetch"]


@pytest.fixture(autouse=True)
def _no_thread_left():
    yield
    assert not threads()


@pytest.mark.parametrize("depth", [1, 2, 100])
def test_items_arrive_in_order_transformed(depth):
    assert list(prefetched(iter(range(50)), depth, lambda i: i * 2)) == list(range(0, 100, 2))


def test_the_thread_reads_only_so_far_ahead():
    read = []

    def source():
        for i in range(10):
            read.append(i)
            yield i

    with prefetched(source(), depth=2) as items:
        assert not read
        assert next(items) == 0
        time.sleep(0.05)
        assert read == [0, 1, 2]


def test_reading_happens_in_another_thread():
    with prefetched(iter([0]), transform=lambda _: threading.current_thread().name) as items:
        assert next(items) == "kerax-prefetch"


def test_an_error_arrives_after_the_items_before_it_as_it_was():
    class Own(Exception):
        pass

    def broken():
        yield 1
        raise Own("the user's words")

    items = prefetched(broken())
    assert next(items) == 1
    with pytest.raises(Own, match="^the user's words$") as caught:
        next(items)
    text = "".join(traceback.format_exception(caught.value))
    assert "in broken" in text
    assert text.endswith("Own: the user's words\n")
    with pytest.raises(StopIteration):
        next(items)


def test_an_error_of_the_transform_arrives_too():
    with pytest.raises(ZeroDivisionError):
        list(prefetched(iter([1, 0]), transform=lambda i: 1 // i))


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, RuntimeError])
def test_a_consumer_that_raises_leaves_no_thread(error):
    def consume():
        with prefetched(iter(range(1000))) as items:
            for item in items:
                if item == 3:
                    raise error

    with pytest.raises(error):
        consume()
    assert not threads()


def test_an_iterator_that_nobody_closes_ends_its_thread():
    items = prefetched(iter(range(1000)))
    next(items)
    del items
    gc.collect()
    for thread in threads():
        thread.join(2)


def test_nothing_starts_before_the_first_item_and_nothing_after_closing():
    items = prefetched(iter(range(3)))
    assert not threads()
    items.close()
    items.close()
    assert list(items) == []


def test_closing_does_not_close_the_generator_of_the_user():
    def count():
        yield from range(10)

    source = count()
    with prefetched(next(source) for _ in range(3)) as items:
        assert list(items) == [0, 1, 2]
    assert next(source) == 3


def test_closing_is_prompt():
    with prefetched(iter(range(10**6)), depth=3) as items:
        next(items)
        start = time.perf_counter()
    assert time.perf_counter() - start < 4  # it would wait 5 s for code that does not return


def test_items_are_freed():
    import weakref

    class Item:
        pass

    with prefetched(iter([Item(), Item()])) as items:
        ghost = weakref.ref(next(items))
        next(items)
        gc.collect()
        assert ghost() is None


def test_closing_waits_only_so_long_for_code_that_does_not_return(monkeypatch, caplog):
    monkeypatch.setattr(_prefetch, "_PATIENCE", 0.05)
    release = threading.Event()

    def stuck():
        yield 1
        release.wait(10)

    items = prefetched(stuck())
    next(items)
    time.sleep(0.02)
    items.close()
    assert "goes on in the background" in caplog.text
    release.set()
    for thread in threads():
        thread.join(2)


def test_code_that_never_returns_does_not_hold_the_interpreter():
    script = (
        "import threading, time\n"
        "from kerax.data._prefetch import prefetched\n"
        "def stuck():\n"
        "    yield 1\n"
        "    threading.Event().wait()\n"
        "items = prefetched(stuck())\n"
        "next(items)\n"
        "time.sleep(0.05)\n"
        "print('done', flush=True)\n"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert found.stdout == "done\n"
    assert not found.stderr
