"""Ctrl-C within JAX's caches."""

from __future__ import annotations

import signal
import threading

import pytest

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
