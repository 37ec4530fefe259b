import gc
import subprocess
import sys
import threading
import time
import traceback

import pytest

from kerax.data import _prefetch
from kerax.data._prefetch import Prefetched, prefetched


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


@pytest.mark.parametrize("count", [0, 1, 7, 12, 50])
def test_groups_hold_all_items_in_order(count):
    with Prefetched(iter(range(count)), 1, lambda group: [i * 2 for i in group], gather=4) as groups:
        found = list(groups)
    assert [item for group in found for item in group] == list(range(0, 2 * count, 2))
    assert all(1 <= len(group) <= 4 for group in found)


def test_groups_are_whole_where_the_consumer_is_slow():
    sizes = []
    with Prefetched(iter(range(20)), 1, gather=4) as groups:
        for group in groups:
            sizes.append(len(group))
            time.sleep(0.05)
    assert sum(sizes) == 20
    assert max(sizes) == 4


def test_an_item_is_not_kept_for_those_that_are_not_there_yet():
    used = threading.Event()

    def source():
        yield 1
        assert used.wait(20)
        yield 2
        yield 3

    with Prefetched(source(), 1, lambda group: sum(group), gather=8) as groups:
        assert next(groups) == 1
        used.set()
        assert sum(groups) == 5


@pytest.mark.parametrize("after", [0, 3, 4, 6])
def test_an_error_arrives_after_the_group_before_it(after):
    def source():
        yield from range(after)
        raise KeyError("broken")

    found = []
    groups = Prefetched(source(), 1, gather=4)
    with pytest.raises(KeyError, match="broken"):
        found.extend(item for group in groups for item in group)
    assert found == list(range(after))


def test_an_error_of_a_group_ends_the_thread():
    def transform(group):
        raise ValueError(f"{len(group)} items")

    with pytest.raises(ValueError, match="items"), Prefetched(iter(range(9)), 1, transform, gather=4) as groups:
        next(groups)


def test_a_group_that_was_not_asked_for_is_dropped():
    freed = []

    class Item:
        def __del__(self):
            freed.append(1)

    groups = Prefetched((Item() for _ in range(3)), 1, gather=8)
    next(groups)
    groups.close()
    gc.collect()
    assert len(freed) >= 1
    with pytest.raises(StopIteration):
        next(groups)
