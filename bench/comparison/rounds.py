"""Rounds that go in turn over all that is compared, so that what disturbs the machine disturbs
all of them."""

import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from comparison.servers import Server

WARM_UP_S = 1


@dataclass
class Measurement:
    """One round: what got done a second, and how busy both cores were (1 is a whole core)."""

    rate: float
    server_busy: float
    client_busy: float      # the load, and in front of a proxy also what is behind it
    p99_ms: float = float("nan")

    @property
    def cost(self) -> float:
        """Seconds of the server for each."""
        return self.server_busy / self.rate


@dataclass
class Subject:
    """A server, and what was measured of it by workload, a round an entry."""

    label: str
    server: Server
    ids: Path | None = None     # of the peers to ask for, where there are some
    rounds: dict[str, list[Measurement]] = field(default_factory=dict)

    def median(self, workload: str, what: str = "rate") -> float:
        return statistics.median(getattr(measured, what) for measured in self.rounds[workload])


def ratio(one: Subject, other: Subject, workload: str, what: str = "rate") -> float:
    """The median over the rounds; the two sides of a ratio were measured one after the other."""
    pairs = zip(one.rounds[workload], other.rounds[workload], strict=True)
    return statistics.median(getattr(a, what) / getattr(b, what) for a, b in pairs)


def take_turns(workload: str, subjects: list[Subject], options,
               measure: Callable[[Subject, int, int], Measurement]) -> None:
    """`measure` gets the subject, the seconds and the number of the round."""
    for subject in subjects:
        measure(subject, WARM_UP_S, 0)
        subject.rounds[workload] = []
    for turn in range(options.rounds):
        for subject in subjects:
            say(f"{workload}, round {turn + 1} of {options.rounds}: {subject.label}")
            subject.rounds[workload].append(measure(subject, options.seconds, turn))


def say(text: str) -> None:
    print(f"… {text}", file=sys.stderr, flush=True)
