import os
import signal
import sys

import pytest

from zoo_core.distributed.signals import STOP_SIGNALS, Stopped, StopRequests

pytestmark = pytest.mark.usefixtures("heeded_signals")


def send(number: signal.Signals) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("first", STOP_SIGNALS)
@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_is_kept_and_the_second_stops_with_its_exit_code(first, second):
    with StopRequests() as requests:
        send(first)
        assert requests.received == first
        with pytest.raises(Stopped) as stopped:
            send(second)
    assert stopped.value.exit_code == 128 + second


def test_a_closed_terminal_may_send_its_signal_twice_and_has_asked_once():
    with StopRequests() as requests:
        send(signal.SIGHUP)
        send(signal.SIGHUP)
        assert requests.received == signal.SIGHUP
        with pytest.raises(Stopped):
            requests.all_is_saved()


def test_the_first_signal_is_answered_in_one_line_where_somebody_reads(capfd):
    for tells in (False, True):
        with StopRequests(tells=tells):
            send(signal.SIGTERM)
    assert capfd.readouterr().err == "zoo: SIGTERM: saving, then stopping; once more stops at once\n"


def test_once_all_is_saved_any_signal_stops_at_once():
    with StopRequests() as requests:
        requests.all_is_saved()
        with pytest.raises(Stopped):
            send(signal.SIGTERM)


def test_a_signal_that_came_before_all_was_saved_is_not_lost():
    with StopRequests() as requests:
        send(signal.SIGTERM)
        with pytest.raises(Stopped):
            requests.all_is_saved()


def test_a_stop_that_a_finalizer_swallowed_is_not_lost(monkeypatch):
    class Finalized:
        def __del__(self) -> None:
            send(signal.SIGTERM)

    swallowed = []
    monkeypatch.setattr(sys, "unraisablehook", swallowed.append)
    with StopRequests() as requests:
        requests.all_is_saved()
        Finalized()
        assert len(swallowed) == 1
        with pytest.raises(Stopped):
            requests.all_is_saved()


def test_a_signal_that_was_ignored_stays_ignored():
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with StopRequests() as requests:
        send(signal.SIGHUP)
        assert requests.received is None


def test_what_was_there_before_is_there_after():
    before = [signal.getsignal(number) for number in STOP_SIGNALS]
    with StopRequests():
        assert [signal.getsignal(number) for number in STOP_SIGNALS] != before
    assert [signal.getsignal(number) for number in STOP_SIGNALS] == before


def test_what_catches_errors_does_not_catch_a_stop():
    assert not issubclass(Stopped, Exception)


def test_a_third_signal_does_not_interrupt_what_the_second_began():
    with StopRequests() as requests:
        send(signal.SIGTERM)
        with pytest.raises(Stopped):
            send(signal.SIGINT)
        send(signal.SIGINT)
    assert requests.received == signal.SIGTERM
