"""The progress bar: next to Keras's, in a terminal, in a file, and on outputs that take nothing."""

import importlib
import io
import os
import pty
import re
import select
import subprocess
import sys
import types

import keras
import pytest

from kerax.callbacks import CallbackList, _bar
from kerax.callbacks._bar import Progbar

keras_bar = importlib.import_module("keras.src.utils.progbar")


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(_bar, "time", types.SimpleNamespace(monotonic=clock))
    monkeypatch.setattr(keras_bar, "time", types.SimpleNamespace(time=clock))
    return clock


@pytest.fixture
def screen(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return Terminal()


def lines(stream):
    """What was drawn, line by line, without the spaces and backspaces that wipe what was there."""
    text = stream.getvalue()
    stream.seek(0)
    stream.truncate()
    text = re.sub("\x1b\\[\\d+m\x1b\\[0m", "", text.replace("\b", ""))  # colours around nothing
    return [part.rstrip() for part in re.split(r"[\r\n]+", text) if part.strip()]


PACES = [1e-7, 2e-6, 1.2e-3, 0.9995, 1.5, 59.7, 61.0, 4000.0, 90000.0]


@pytest.mark.parametrize(("verbose", "target"), [(1, 10), (1, 1000), (1, None), (2, 10), (2, 1000)])
@pytest.mark.parametrize("pace", PACES)
def test_every_line_is_drawn_as_keras_draws_it(clock, screen, verbose, target, pace, monkeypatch):
    monkeypatch.setattr(sys, "stdout", screen)
    drawn = []
    for cls in (Progbar, keras.utils.Progbar):
        clock.now = 100.0
        bar = cls(target, verbose=verbose, interval=0, stateful_metrics=["auc"])
        clock.now += 0.4
        for step in (1, 2, 3, 4):
            values = [
                ("loss", 1.5e-5 * step),
                ("auc", 0.25 * step),
                ("accuracy", -12.0 * step if verbose == 1 else 1.0),
                ("zero", 0.0),
            ]
            bar.update(step, values)
            clock.now += pace
        bar.update(target or 5, [("loss", 1.0), ("val_loss", 12345.678)], finalize=True)
        drawn.append(lines(screen))
    assert drawn[0] == drawn[1]
    assert len(drawn[0]) == (5 if verbose == 1 else 1)


def test_averages_are_those_of_keras(clock, screen, monkeypatch):
    monkeypatch.setattr(sys, "stdout", screen)
    drawn = []
    for cls in (Progbar, keras.utils.Progbar):
        for options in ({}, {"stateful_metrics": ["b"]}, {"stateless_metrics": ["b"]}):
            bar = cls(20, interval=0, unit_name="sample", width=10, **options)
            for n in (1, 3, 6, 10):
                clock.now += 1
                bar.add(n, [("a", float(n)), ("b", float(-n))])
        drawn.append(lines(screen))
    assert drawn[0] == drawn[1]


def test_the_first_update_does_not_count_for_the_pace(clock, screen, monkeypatch):
    monkeypatch.setattr(sys, "stdout", screen)
    bar = Progbar(100, interval=0)
    clock.now += 50  # compilation, and the first ten steps at once
    bar.update(10)
    clock.now += 0.09
    bar.update(100)
    assert "1ms/step" in lines(screen)[-1]


def test_drawing_is_throttled_and_the_end_is_always_drawn(clock, screen, monkeypatch):
    monkeypatch.setattr(sys, "stdout", screen)
    bar = Progbar(1000, interval=0.05)
    for step in range(1, 1001):
        clock.now += 0.001
        bar.update(step)
    drawn = lines(screen)
    assert 15 < len(drawn) < 25
    assert "1000/1000" in drawn[-1]


def test_a_shorter_line_leaves_nothing_of_a_longer_one(clock, screen, monkeypatch):
    monkeypatch.setattr(sys, "stdout", screen)
    bar = Progbar(10, interval=0, stateless_metrics=())
    bar.update(1, {"a_long_name": 1.0, "b": 1.0})
    first = len(screen.getvalue())
    clock.now += 1
    bar._values = {}
    bar.update(2, {"b": 1.0})
    assert len(screen.getvalue()) - first >= first - 2


def test_a_line_wider_than_the_terminal_is_cut_until_the_end(clock, screen, monkeypatch):
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setenv("COLUMNS", "60")
    bar = Progbar(10, interval=0)
    values = [(f"metric_{i}", 1.0) for i in range(9)]
    bar.update(1, values)
    bar.update(10, values)
    drawn = [re.sub(r"\x1b\[\d*m", "", line) for line in lines(screen)]
    assert len(drawn[0]) == 59
    assert drawn[0].endswith("…")
    assert "metric_8: 1.0000" in drawn[1]


def test_lazy_values_are_asked_only_when_drawn(clock, screen, monkeypatch):
    monkeypatch.setattr(sys, "stdout", screen)
    asked = []
    bar = Progbar(10, stateless_metrics=())
    bar.update(1, lambda: asked.append(1) or {"loss": 1.0})
    bar.update(2, lambda: asked.append(2) or {"loss": 2.0})
    clock.now += 1
    bar.update(3, lambda: asked.append(3) or {"loss": 3.0})
    assert asked == [1, 3]
    assert "loss: 3.0000" in lines(screen)[-1]


def test_a_file_gets_one_line_and_no_control_characters(clock, monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    monkeypatch.setattr(sys, "stdout", stream)
    bar = Progbar(100)
    for step in range(1, 101):
        clock.now += 0.01
        bar.update(step, [("loss", 0.5)])
    stream.seek(0)
    assert stream.read() == f"100/100 {'━' * 20} 1s 10ms/step - loss: 0.5000\n"


def test_a_file_hears_of_long_work_every_half_minute(clock, monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    bar = Progbar(100)
    for step in range(1, 101):
        clock.now += 1
        bar.update(step, [("loss", 0.5)])
    drawn = lines(stream)
    assert [line.split("/")[0].strip() for line in drawn] == ["30", "60", "90", "100"]
    assert drawn[0].startswith(f" 30/100 {'━' * 6}{'─' * 14} 1:10 1s/step")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_outputs_without_box_characters_get_ascii(encoding, monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    Progbar(4).update(4, [("loss", 1.0)])
    stream.seek(0)
    assert stream.read().startswith("4/4 ==================== ")


def closed():
    stream = io.StringIO()
    stream.close()
    return stream


class Broken:
    encoding = None

    def write(self, text):
        raise BrokenPipeError

    def isatty(self):
        return True


@pytest.mark.parametrize("stream", [None, closed(), Broken(), object()], ids=["none", "closed", "broken", "odd"])
@pytest.mark.parametrize("verbose", [0, 1, 2, "auto"])
def test_a_bar_never_raises_on_an_output_that_takes_nothing(stream, verbose, monkeypatch):
    monkeypatch.setattr(sys, "stdout", stream)
    listeners = CallbackList(add_progbar=True, verbose=verbose, epochs=2, steps=3)
    listeners.on_train_begin()
    listeners.on_epoch_begin(0)
    listeners.on_train_batch_end(0, {"loss": 1.0, "é—": 2.0})
    listeners.on_epoch_end(0, {"loss": 1.0})


def test_both_kinds_of_names_are_refused():
    with pytest.raises(ValueError, match="both stateful_metrics and stateless_metrics"):
        Progbar(3, stateful_metrics=["a"], stateless_metrics=["b"])


def test_a_throttled_update_neither_asks_for_values_nor_writes(screen, monkeypatch):
    monkeypatch.setattr(sys, "stdout", screen)
    bar = Progbar(10**9, interval=1000, stateless_metrics=())
    bar.update(1, {"loss": 1.0})
    shown, asked = screen.getvalue(), []

    def values():
        asked.append(True)
        return {"loss": 1.0}

    for step in range(2, 50):
        bar.update(step, values, False)
    assert (screen.getvalue(), asked) == (shown, [])


# -- the logger ----------------------------------------------------------------------------------


def epoch(listeners, number, batches, logs):
    listeners.on_epoch_begin(number)
    for batch in batches:
        listeners.on_train_batch_end(batch, logs)
    listeners.on_epoch_end(number, {**logs, "val_loss": 2.0})


def test_an_epoch_has_its_header_and_its_line(capsys):
    listeners = CallbackList(add_progbar=True, verbose="auto", epochs=2, steps=4)
    listeners.on_train_begin()
    for number in range(2):
        epoch(listeners, number, range(4), {"loss": 1.0})
    listeners.on_train_end()
    text = capsys.readouterr().out.splitlines()
    assert text[0] == "Epoch 1/2"
    assert re.fullmatch(r"4/4 ━{20} 0s \d+\wm?s/step - loss: 1.0000 - val_loss: 2.0000", text[1])
    assert text[2] == "Epoch 2/2"
    assert len(text) == 4


def test_verbose_two_is_a_short_line(capsys):
    listeners = CallbackList(add_progbar=True, verbose=2, epochs=1, steps=4)
    listeners.on_train_begin()
    epoch(listeners, 0, [3], {"loss": 1.0})
    assert re.fullmatch(r"4/4 - 0s - \d+\w?s/step - loss: 1.0000 - val_loss: 2.0000\n", capsys.readouterr().out)


def test_silence_is_silent(capsys):
    listeners = CallbackList(add_progbar=True, verbose=0, epochs=3, steps=4)
    listeners.on_train_begin()
    epoch(listeners, 0, range(4), {"loss": 1.0})
    assert capsys.readouterr().out == ""


def test_an_unknown_number_of_steps_is_learnt_from_the_first_epoch(capsys):
    listeners = CallbackList(add_progbar=True, verbose=2, epochs=1, steps=None)
    listeners.on_train_begin()
    epoch(listeners, 0, range(7), {"loss": 1.0})
    epoch(listeners, 1, range(7), {"loss": 1.0})
    assert [line[:4] for line in capsys.readouterr().out.splitlines()] == ["7/7 ", "7/7 "]


def test_an_epoch_cut_short_says_how_far_it_came(capsys):
    listeners = CallbackList(add_progbar=True, verbose=2, epochs=1, steps=10)
    listeners.on_train_begin()
    epoch(listeners, 0, range(3), {"loss": 1.0})
    assert capsys.readouterr().out.startswith("3/10 - ")


def test_validation_within_fit_has_no_bar_and_evaluate_has(capsys):
    listeners = CallbackList(add_progbar=True, verbose=2, epochs=1, steps=2)
    listeners.on_train_begin()
    listeners.on_epoch_begin(0)
    listeners.on_test_begin()
    listeners.on_test_batch_end(0, {"loss": 9.0})
    listeners.on_test_end({"loss": 9.0})
    assert capsys.readouterr().out == ""
    listeners.on_epoch_end(0, {"loss": 1.0})
    listeners.on_train_end()
    capsys.readouterr()
    listeners.on_test_begin()
    listeners.on_test_batch_end(1, {"loss": 9.0})
    listeners.on_test_end({"loss": 9.0})
    assert "loss: 9.0000" in capsys.readouterr().out
    listeners.on_predict_begin()
    listeners.on_predict_batch_end(1, {"outputs": object()})
    listeners.on_predict_end()
    assert re.fullmatch(r"2/2 - 0s - \d+\w?s/step\n", capsys.readouterr().out)


def test_work_that_broke_off_ends_its_line(clock, screen, monkeypatch):
    monkeypatch.setattr(sys, "stdout", screen)
    listeners = CallbackList(add_progbar=True, verbose=1, epochs=1, steps=5)
    listeners.on_train_begin()
    listeners.on_epoch_begin(0)
    listeners.on_train_batch_end(0, {"loss": 1.0})
    listeners.close()
    listeners.close()
    assert screen.getvalue().count("\n") == 1
    assert screen.getvalue().endswith("\n")


SCRIPT = """
import time
from kerax.callbacks import CallbackList
listeners = CallbackList(add_progbar=True, verbose=1, epochs=2, steps=20)
listeners.on_train_begin()
for epoch in range(2):
    listeners.on_epoch_begin(epoch)
    for step in range(20):
        time.sleep(0.005)
        listeners.on_train_batch_end(step, {"accuracy": 0.5, "loss": 1 / (step + 1)})
    listeners.on_epoch_end(epoch, {"accuracy": 0.5, "loss": 0.05, "val_loss": 0.1})
listeners.on_train_end()
"""


def test_a_real_terminal_shows_one_line_an_epoch():
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120", "PYTHONIOENCODING": "utf-8"}
    environment.pop("NO_COLOR", None)
    process = subprocess.Popen([sys.executable, "-c", SCRIPT], stdout=theirs, stdin=theirs, env=environment)
    os.close(theirs)
    raw = b""
    while select.select([ours], [], [], 60)[0]:
        try:
            chunk = os.read(ours, 4096)
        except OSError:  # the other end is closed
            break
        if not chunk:
            break
        raw += chunk
    os.close(ours)
    assert process.wait(timeout=60) == 0
    text = raw.decode()
    assert "\x1b[32m" in text
    shown = [line.split("\r")[-1] for line in text.replace("\r\n", "\n").rstrip("\n").split("\n")]
    shown = [re.sub(r"\x1b\[\d*m", "", line).rstrip() for line in shown]
    assert shown[0::2] == ["Epoch 1/2", "Epoch 2/2"]
    for line in shown[1::2]:
        assert re.fullmatch(r"20/20 ━{20} 0s \d+ms/step - accuracy: 0.5000 - loss: 0.0500 - val_loss: 0.1000", line)


def test_a_real_file_gets_a_line_an_epoch(tmp_path):
    with open(tmp_path / "log", "wb") as file:
        subprocess.run([sys.executable, "-c", SCRIPT], stdout=file, check=True, timeout=60)
    text = (tmp_path / "log").read_text(encoding="utf-8")
    assert "\r" not in text
    assert "\x1b" not in text
    assert len(text.splitlines()) == 4
