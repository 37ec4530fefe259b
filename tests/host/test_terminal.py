"""What the output goes to."""

import io
import sys
import types

from kerax._host import terminal


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_is_told_from_a_file(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    assert terminal.is_tty(Terminal())
    assert not terminal.is_tty(io.StringIO())
    monkeypatch.setenv("TERM", "dumb")
    assert not terminal.is_tty(Terminal())


def test_a_closed_or_replaced_stream_is_no_terminal(monkeypatch):
    closed = io.StringIO()
    closed.close()
    assert not terminal.is_tty(closed)
    monkeypatch.setattr(sys, "stdout", None)
    assert not terminal.is_tty()


def test_a_notebook_is_a_shell_with_a_kernel(monkeypatch):
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert not terminal.in_notebook()
    shell = types.SimpleNamespace()
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: shell))
    assert not terminal.in_notebook()
    shell.kernel = object()
    assert terminal.in_notebook()


def test_the_width_follows_the_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "57")
    assert terminal.width() == 57
    monkeypatch.delenv("COLUMNS")
    monkeypatch.setattr(sys, "__stdout__", None)
    assert terminal.width(default=88) == 88
