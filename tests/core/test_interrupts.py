"""Ctrl-C within JAX's caches."""

from __future__ import annotations

import signal
import threading

import jax
import jax.numpy as jnp
import pytest
from jax._src import core

from kerax._core.interrupts import kept_whole


def cut_off():
    """What JAX makes of a Ctrl-C while it compares two keys."""
    try:
        signal.raise_signal(signal.SIGINT)
    except KeyboardInterrupt:
        raise ValueError("keys should be comparable") from None


def test_an_interrupt_that_became_an_error_is_one_again():
    with pytest.raises(KeyboardInterrupt) as caught, kept_whole():
        cut_off()
    assert "comparable" in str(caught.value.__cause__)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_errors_of_their_own_stay_what_they_are():
    with pytest.raises(ValueError, match="mine"), kept_whole():
        raise ValueError("mine")


def test_within_another_it_is_noted_by_the_outer():
    with pytest.raises(KeyboardInterrupt), kept_whole(), kept_whole():
        cut_off()


def test_a_handler_of_the_user_is_left_alone():
    seen = []
    before = signal.signal(signal.SIGINT, lambda number, frame: seen.append(number))
    try:
        with kept_whole():
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)
    assert seen == [signal.SIGINT]


def test_other_threads_have_no_signals_to_note():
    seen = []

    def work():
        with kept_whole():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [signal.default_int_handler]


def without_a_trace():
    """What JAX is in the midst of while an operation runs."""
    core.trace_ctx.set_trace(None)
    signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("handler", [signal.default_int_handler, lambda *_: signal.default_int_handler(*_)])
def test_jax_works_after_an_interrupt_that_took_its_trace(handler):
    before = signal.signal(signal.SIGINT, handler)
    try:
        with pytest.raises(KeyboardInterrupt), kept_whole():
            without_a_trace()
    finally:
        signal.signal(signal.SIGINT, before)
    assert float(jnp.add(1.0, 2.0)) == 3.0


def test_a_trace_that_is_there_stays():
    @jax.jit
    def traced(x):
        here = core.trace_ctx.trace
        with kept_whole():
            y = x + 1
        assert core.trace_ctx.trace is here
        return y

    assert float(traced(1.0)) == 2.0
