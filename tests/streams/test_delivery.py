"""What waits for a sink is sent in order, again after a fault, and never forgotten without a word."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from cloudcascade.streams import Message, SinkError
from cloudcascade.streams.delivery import Courier
from cloudcascade.streams.delivery.retry_queue import MOST_WAIT, DeliveryLimits, RetryQueue
from cloudcascade.tests.support.messages import message, messages

SIZE = len(message(1).line)


@dataclass
class Clock:
    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


def queue(
    limits: DeliveryLimits | None = None, *, clock: Clock | None = None, chance: float = 1.0
) -> RetryQueue:
    return RetryQueue(limits or DeliveryLimits(), clock=clock or Clock(), chance=lambda: chance)


def numbers(sent: Sequence[Message]) -> list[int]:
    return [each.number for each in sent]


class TestRoom:
    @pytest.mark.parametrize(
        ("limits", "taken"),
        [
            (DeliveryLimits(most_messages=3), True),
            (DeliveryLimits(most_messages=2), False),
            (DeliveryLimits(most_bytes=3 * SIZE), True),
            (DeliveryLimits(most_bytes=3 * SIZE - 1), False),
        ],
    )
    def test_it_is_bounded_by_messages_and_bytes(self, limits: DeliveryLimits, taken: bool) -> None:
        waiting = queue(limits)
        assert waiting.offer(messages(1, 2))
        assert waiting.offer(messages(3, 3)) is taken

    def test_all_of_what_is_offered_is_taken_or_none(self) -> None:
        waiting = queue(DeliveryLimits(most_messages=3))
        waiting.offer(messages(1, 2))
        assert not waiting.offer(messages(3, 4))
        assert len(waiting) == 2

    def test_an_empty_one_takes_any(self) -> None:
        assert queue(DeliveryLimits(most_messages=1, most_bytes=1)).offer(messages(1, 5))

    def test_what_is_delivered_makes_room(self) -> None:
        waiting = queue(DeliveryLimits(most_messages=2))
        waiting.offer(messages(1, 2))
        waiting.batch()
        waiting.succeeded()
        assert waiting.offer(messages(3, 4))


class TestBatches:
    @pytest.mark.parametrize(
        ("limits", "first"),
        [
            (DeliveryLimits(), [1, 2, 3, 4, 5]),
            (DeliveryLimits(batch_messages=2), [1, 2]),
            (DeliveryLimits(batch_bytes=3 * SIZE), [1, 2, 3]),
            (DeliveryLimits(batch_bytes=1), [1]),
        ],
    )
    def test_a_batch_is_bounded_by_messages_and_bytes(
        self, limits: DeliveryLimits, first: list[int]
    ) -> None:
        waiting = queue(limits)
        waiting.offer(messages(1, 5))
        assert numbers(waiting.batch()) == first

    def test_after_a_fault_the_batch_is_the_same(self) -> None:
        waiting = queue()
        waiting.offer(messages(1, 2))
        before = waiting.batch()
        waiting.failed(SinkError("no"))
        waiting.offer(messages(3, 4))
        assert waiting.batch() == before

    def test_delivered_is_the_last_number_of_what_is_through(self) -> None:
        waiting = queue(DeliveryLimits(batch_messages=2))
        waiting.offer(messages(7, 9))
        assert waiting.delivered is None
        waiting.batch()
        waiting.succeeded()
        assert waiting.delivered == 8


class TestWaiting:
    def test_nothing_to_send_is_nothing_to_wait_for(self) -> None:
        assert queue().wait() is None

    def test_the_first_attempt_is_due_at_once(self) -> None:
        waiting = queue()
        waiting.offer(messages(1, 1))
        assert waiting.wait() == 0

    def test_each_fault_doubles_the_longest_wait_up_to_the_ceiling(self) -> None:
        waiting = queue(DeliveryLimits(first_wait=1, ceiling=10))
        waiting.offer(messages(1, 1))
        waits = []
        for _ in range(6):
            waiting.batch()
            waiting.failed(SinkError("no"))
            waits.append(waiting.wait())
        assert waits == [1, 2, 4, 8, 10, 10]

    def test_the_wait_is_any_part_of_that(self) -> None:
        waiting = queue(DeliveryLimits(first_wait=8), chance=0.25)
        waiting.offer(messages(1, 1))
        waiting.failed(SinkError("no"))
        assert waiting.wait() == 2

    def test_a_thousand_faults_are_no_overflow(self) -> None:
        waiting = queue(DeliveryLimits(ceiling=60))
        waiting.offer(messages(1, 1))
        for _ in range(2_000):
            waiting.failed(SinkError("no"))
        assert waiting.wait() == 60

    @pytest.mark.parametrize(
        ("asked", "wait"), [(0.0, 1.0), (30.0, 30.0), (400.0, 400.0), (1e12, MOST_WAIT)]
    )
    def test_it_waits_as_long_as_the_other_side_asks_within_reason(
        self, asked: float, wait: float
    ) -> None:
        waiting = queue()
        waiting.offer(messages(1, 1))
        waiting.failed(SinkError("no", wait=asked))
        assert waiting.wait() == wait

    def test_a_success_ends_the_waiting(self) -> None:
        clock = Clock()
        waiting = queue(DeliveryLimits(batch_messages=1), clock=clock)
        waiting.offer(messages(1, 2))
        for _ in range(3):
            waiting.batch()
            waiting.failed(SinkError("no"))
        waiting.batch()
        waiting.succeeded()
        assert waiting.wait() == 0
        waiting.batch()
        waiting.failed(SinkError("no"))
        assert waiting.wait() == 1

    def test_at_the_end_it_tries_at_once_unless_asked_not_to(self) -> None:
        waiting = queue()
        waiting.offer(messages(1, 1))
        waiting.failed(SinkError("no", lasting=True))
        waiting.hurry()
        assert waiting.wait() == 0
        waiting.failed(SinkError("no", wait=60.0))
        waiting.hurry()
        assert waiting.wait() == 60


class TestLastingFaults:
    def test_it_is_news_once_and_again_after_a_success(self) -> None:
        waiting = queue()
        waiting.offer(messages(1, 2))
        news = []
        for error in (SinkError("busy"), *[SinkError("no", lasting=True)] * 3):
            waiting.batch()
            news.append(waiting.failed(error))
        assert news == [False, True, False, False]
        waiting.succeeded()
        waiting.offer(messages(3, 3))
        waiting.batch()
        assert waiting.failed(SinkError("no", lasting=True))

    def test_it_is_tried_again_at_the_ceiling(self) -> None:
        waiting = queue(DeliveryLimits(ceiling=90))
        waiting.offer(messages(1, 1))
        waiting.failed(SinkError("no", lasting=True))
        assert waiting.wait() == 90


def test_what_it_says_of_itself() -> None:
    clock = Clock()
    waiting = queue(DeliveryLimits(batch_messages=1), clock=clock)
    waiting.offer(messages(1, 1))
    clock.now += 5
    waiting.offer(messages(2, 3))
    waiting.batch()
    waiting.succeeded()
    waiting.batch()
    waiting.failed(SinkError("busy"))
    clock.now += 2
    facts = waiting.facts("sink")
    assert (facts.delivered, facts.failures, facts.waiting) == (1, 1, 2)
    assert (facts.waiting_bytes, facts.oldest_age, facts.last_error) == (2 * SIZE, 2.0, "busy")


class AnyDay(RuleBasedStateMachine):
    """Offers, successes and faults in any order: everything arrives, in order, at least once."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.limits = DeliveryLimits(most_messages=7, batch_messages=3, most_bytes=9 * SIZE)
        self.queue = queue(self.limits, clock=self.clock)
        self.offered = 0
        self.arrived: list[int] = []

    @rule(count=st.integers(1, 5))
    def offer(self, count: int) -> None:
        if self.queue.offer(messages(self.offered + 1, self.offered + count)):
            self.offered += count

    @precondition(lambda self: self.queue.wait() == 0)
    @rule()
    def arrives(self) -> None:
        self.arrived += numbers(self.queue.batch())
        self.queue.succeeded()

    @precondition(lambda self: self.queue.wait() == 0)
    @rule(lasting=st.booleans(), wait=st.none() | st.floats(0, 1e9))
    def fails(self, lasting: bool, wait: float | None) -> None:
        self.queue.batch()
        self.queue.failed(SinkError("no", lasting=lasting, wait=wait))

    @rule(seconds=st.floats(0, MOST_WAIT))
    def time_passes(self, seconds: float) -> None:
        self.clock.now += seconds

    @invariant()
    def nothing_is_lost_or_out_of_order(self) -> None:
        assert self.arrived == list(range(1, len(self.arrived) + 1))
        assert len(self.arrived) + len(self.queue) == self.offered
        assert self.queue.delivered == (self.arrived[-1] if self.arrived else None)

    @invariant()
    def an_attempt_is_never_far_off(self) -> None:
        assert (self.queue.wait() or 0) <= MOST_WAIT + 1e-6  # times are floats


TestAnyDay = AnyDay.TestCase
TestAnyDay.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


@dataclass
class Recorder:
    """A sink that keeps what it gets, after it failed with each of `faults`."""

    faults: list[BaseException] = field(default_factory=list)
    got: list[int] = field(default_factory=list)
    closed: bool = False
    name: str = "recorder"
    tried: threading.Event = field(default_factory=threading.Event)
    gate: threading.Event | None = None

    def send(self, messages: Sequence[Message]) -> None:
        self.tried.set()
        if self.gate is not None:
            self.gate.wait(10)
        if self.faults:
            raise self.faults.pop(0)
        self.got += numbers(messages)

    def close(self) -> None:
        self.closed = True


QUICK = DeliveryLimits(first_wait=0.001, ceiling=0.002)


class TestThread:
    def test_what_is_offered_arrives_in_order_in_spite_of_faults(self) -> None:
        sink = Recorder([SinkError("busy"), SinkError("no", lasting=True), SinkError("busy")])
        courier = Courier(sink, limits=QUICK)
        for first in range(1, 100, 10):
            assert courier.offer(messages(first, first + 9))
        assert courier.close(10) == 0
        assert sink.got == list(range(1, 101))
        assert sink.closed
        assert courier.delivered == 100
        assert courier.facts().failures == 3

    def test_it_is_full_while_the_sink_hangs(self) -> None:
        sink = Recorder(gate=threading.Event())
        courier = Courier(sink, limits=DeliveryLimits(most_messages=2))
        assert courier.offer(messages(1, 2))
        assert not courier.offer(messages(3, 3))
        assert sink.gate is not None
        sink.gate.set()
        assert courier.close(10) == 0

    def test_a_lasting_fault_is_told_once(self) -> None:
        told: list[SinkError] = []
        sink = Recorder([SinkError("no", lasting=True) for _ in range(5)])
        courier = Courier(sink, limits=QUICK, on_lasting=told.append)
        courier.offer(messages(1, 1))
        assert courier.close(10) == 0
        assert [str(each) for each in told] == ["no"]

    def test_what_is_left_at_the_end_is_told(self) -> None:
        sink = Recorder([SinkError("no", wait=900.0)])
        courier = Courier(sink)
        courier.offer(messages(1, 3))
        assert sink.tried.wait(10)
        assert courier.close(0.05) == 3
        assert sink.closed

    def test_a_sink_that_hangs_does_not_hold_up_the_end(self) -> None:
        sink = Recorder(gate=threading.Event())
        courier = Courier(sink)
        courier.offer(messages(1, 3))
        assert sink.tried.wait(10)
        assert courier.close(0.05) == 3
        assert not sink.closed
        assert sink.gate is not None
        sink.gate.set()

    def test_nothing_is_taken_behind_the_end(self) -> None:
        courier = Courier(Recorder())
        courier.close(10)
        assert not courier.offer(messages(1, 1))

    def test_what_nobody_foresaw_is_raised_where_it_is_seen(self) -> None:
        courier = Courier(Recorder([ZeroDivisionError("surprise")]))
        courier.offer(messages(1, 1))
        assert courier.close(10) == 1
        assert courier.facts().last_error == "ZeroDivisionError('surprise')"
        with pytest.raises(ZeroDivisionError, match="surprise"):
            courier.offer(messages(2, 2))
