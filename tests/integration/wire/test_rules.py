"""The rules of the protocol where the published clients do not look: order of checks, repetition,
and what becomes of waiting requests."""

import time

import pytest

from harness.server import wait_until
from harness.tcp import LIMIT_S

TWO = "[semaphores]\nA = { max = 2, level = 1 }\nB = 2\n"


@pytest.fixture
def block(background):
    """block(server, peer) is the answer to come of a request that waits now for A."""

    def start(server, peer: int, count: int = 1):
        before = pending(server)
        answer = background(server.acquire, peer, "A", count, "?block_for=10min")
        wait_until(lambda: pending(server) >= before + count)
        return answer

    return start


def pending(server, semaphore: str = "A") -> float:
    return server.metrics()[f'throttle_pending{{semaphore="{semaphore}"}}']


def is_acquired(server, peer: int) -> bool:
    return server.request("GET", f"/peers/{peer}/is_acquired").json


def restore(server, peer: int, acquired: dict, expires_in: str = "1min"):
    body = {"expires_in": expires_in, "peer_id": peer, "acquired": acquired}
    return server.request("POST", "/restore", body)


# What is said of a request that is wrong in more than one way.

@pytest.mark.parametrize("target, count, status, text", [
    ("/peers/99/Z?expires_in=1s", 0, 400, "Unknown semaphore"),
    ("/peers/99/A?expires_in=1s", 3, 409, "Lock can never be acquired."),
    ("/peers/99/A?expires_in=1s", 0, 400, "Unknown peer"),
    ("/peers/99/A", 0, 400, "0"),
    ("/peers/99/A", 1, 400, "Unknown peer"),
])
def test_the_first_of_several_faults_is_named(serve, target, count, status, text):
    answer = serve(TWO).request("PUT", target, count)
    assert answer.status == status and text in answer.text


def test_a_name_is_looked_up_before_the_peer_on_release(serve):
    server = serve(TWO)
    assert server.request("DELETE", "/peers/99/Z").body == b"Unknown semaphore"
    assert server.request("DELETE", "/peers/99/A").body == b"Unknown peer"


# Repetition.

def test_asking_again_changes_nothing(serve):
    server = serve(TWO)
    peer = server.new_peer()
    for _ in range(3):
        answer = server.acquire(peer, "A", 2)
        assert (answer.status, answer.json) == (200, peer)
    assert server.remainder("A") == 0


def test_asking_again_while_waiting_keeps_the_place(serve):
    server = serve(TWO)
    holder, first, second = (server.new_peer() for _ in range(3))
    server.acquire(holder, "A", 2)
    assert [server.acquire(p, "A", 2).status for p in (first, second, first)] == [202, 202, 202]
    assert pending(server) == 4
    server.request("DELETE", f"/peers/{holder}")
    assert is_acquired(server, first) and not is_acquired(server, second)


def test_asking_for_what_is_held_tells_that_something_else_is_pending(serve):
    server = serve(TWO)
    holder, peer = server.new_peer(), server.new_peer()
    server.acquire(holder, "B", 2)
    assert server.acquire(peer, "A").status == 200
    assert server.acquire(peer, "B").status == 202
    assert server.acquire(peer, "A").status == 202


def test_a_held_count_neither_shrinks_nor_grows(serve):
    server = serve("[semaphores]\nA = 5")
    peer = server.new_peer()
    server.acquire(peer, "A", 3)
    assert server.acquire(peer, "A", 2).status == 501
    assert server.acquire(peer, "A", 4).status == 409
    assert server.acquire(peer, "A", 6).status == 409
    assert server.remainder("A") == 2


def test_a_pending_count_neither_shrinks_nor_grows(serve):
    server = serve("[semaphores]\nA = 5")
    holder, peer = server.new_peer(), server.new_peer()
    server.acquire(holder, "A", 5)
    assert server.acquire(peer, "A", 3).status == 202
    assert server.acquire(peer, "A", 2).status == 501
    assert server.acquire(peer, "A", 4).status == 409
    assert pending(server) == 3


def test_deleting_a_peer_says_whether_there_was_one(serve):
    server = serve(TWO)
    peer = server.new_peer()
    server.acquire(peer, "A", 2)
    answers = [server.request("DELETE", f"/peers/{peer}") for _ in range(3)]
    assert [a.body for a in answers] == [b'"Peer released"'] + [b'"Peer not found"'] * 2
    assert {a.headers["content-type"] for a in answers} == {"application/json"}
    assert server.remainder("A") == 2


def test_releasing_a_lock_twice_is_no_error(serve):
    server = serve(TWO)
    peer = server.new_peer()
    server.acquire(peer, "A")
    answers = [server.request("DELETE", f"/peers/{peer}/A") for _ in range(2)]
    assert [(a.status, a.body) for a in answers] == [(200, b"Ok")] * 2
    assert server.remainder("A") == 2 and server.peers() == {peer}


# One pending lock a peer, and the hierarchy.

def test_a_peer_waits_for_one_lock_at_a_time(serve):
    server = serve(TWO)
    holder, peer = server.new_peer(), server.new_peer()
    server.acquire(holder, "A", 2)
    assert server.acquire(peer, "A").status == 202
    assert server.acquire(peer, "B").status == 409


def test_locks_are_taken_from_high_to_low(serve):
    server = serve("[semaphores]\nlow = { max = 1, level = -1 }\nmid = 1\nalso_mid = 1\n"
                   "high = { max = 1, level = 2147483647 }\n")
    peer = server.new_peer()
    for name, status in (("mid", 200), ("also_mid", 409), ("high", 409), ("low", 200),
                         ("mid", 200), ("low", 200)):
        assert server.acquire(peer, name).status == status, name


def test_a_level_is_free_again_when_its_lock_is_released(serve):
    server = serve(TWO)
    peer = server.new_peer()
    assert server.acquire(peer, "B").status == 200
    assert server.acquire(peer, "A").status == 409
    server.request("DELETE", f"/peers/{peer}/B")
    assert server.acquire(peer, "A").status == 200


# The queue.

def test_nobody_overtakes_and_one_release_serves_many(serve):
    server = serve("[semaphores]\nA = 5")
    holder, *waiting = (server.new_peer() for _ in range(5))
    server.acquire(holder, "A", 1)
    counts = [5, 1, 2, 2]
    assert [server.acquire(p, "A", c).status for p, c in zip(waiting, counts)] == [202] * 4
    assert server.remainder("A") == 4
    server.request("DELETE", f"/peers/{holder}")
    assert [is_acquired(server, p) for p in waiting] == [True, False, False, False]
    server.request("DELETE", f"/peers/{waiting[0]}")
    assert [is_acquired(server, p) for p in waiting[1:]] == [True, True, True]
    assert server.remainder("A") == 0


@pytest.mark.parametrize("leave", ["delete", "release", "expire"])
def test_followers_move_up_when_the_head_leaves_the_queue(serve, leave):
    server = serve("[semaphores]\nA = 5")
    holder, head, follower = (server.new_peer() for _ in range(3))
    server.acquire(holder, "A", 3)
    assert server.acquire(head, "A", 5).status == 202
    assert server.acquire(follower, "A", 2).status == 202
    if leave == "delete":
        server.request("DELETE", f"/peers/{head}")
    elif leave == "release":
        server.request("DELETE", f"/peers/{head}/A")
    else:
        server.request("PUT", f"/peers/{head}", {"expires_in": "0s"})
    wait_until(lambda: is_acquired(server, follower))
    assert server.remainder("A") == 0


def test_a_crowd_is_served_in_its_order(serve, block):
    server = serve("[semaphores]\nA = 1")
    holder, *crowd = (server.new_peer() for _ in range(21))
    server.acquire(holder, "A")
    answers = [block(server, peer) for peer in crowd]
    for served, peer in enumerate([holder, *crowd[:-1]]):
        server.request("DELETE", f"/peers/{peer}")
        assert answers[served].result(LIMIT_S).status == 200
        assert not any(answer.done() for answer in answers[served + 1:])


# Blocking.

def test_blocking_ends_with_the_grant(serve, block):
    server = serve("[semaphores]\nA = 1")
    holder, peer = server.new_peer(), server.new_peer()
    server.acquire(holder, "A")
    answer = block(server, peer)
    server.request("DELETE", f"/peers/{holder}/A")
    assert (answer.result(LIMIT_S).status, answer.result().json) == (200, peer)


def test_blocking_without_need_does_not_wait(serve):
    server = serve("[semaphores]\nA = 1")
    assert server.acquire(server.new_peer(), "A", 1, "?block_for=1h").status == 200


@pytest.mark.parametrize("end", ["delete", "expire"])
def test_blocking_ends_when_the_peer_is_gone(serve, block, end):
    server = serve("[semaphores]\nA = 1")
    holder, peer = server.new_peer(), server.new_peer()
    server.acquire(holder, "A")
    answer = block(server, peer)
    if end == "delete":
        server.request("DELETE", f"/peers/{peer}")
    else:
        server.request("PUT", f"/peers/{peer}", {"expires_in": "0s"})
    assert (answer.result(LIMIT_S).status, answer.result().body) == (400, b"Unknown peer")
    assert pending(server) == 0


def test_blocking_ends_when_the_own_life_does(serve):
    server = serve("[semaphores]\nA = 1")
    holder, peer = server.new_peer(), server.new_peer()
    server.acquire(holder, "A")
    answer = server.acquire(peer, "A", 1, "?block_for=10min&expires_in=300ms")
    assert (answer.status, answer.body) == (400, b"Unknown peer")


def test_all_who_block_for_one_peer_are_told(serve, block, background):
    server = serve("[semaphores]\nA = 1")
    holder, peer = server.new_peer(), server.new_peer()
    server.acquire(holder, "A")
    answers = [block(server, peer)]
    answers += [background(server.acquire, peer, "A", 1, "?block_for=10min") for _ in range(3)]
    time.sleep(0.3)
    server.request("DELETE", f"/peers/{holder}")
    assert [answer.result(LIMIT_S).status for answer in answers] == [200] * 4
    assert server.remainder("A") == 0


@pytest.mark.ours
def test_blocking_ends_at_once_when_the_wait_is_cancelled(serve, block):
    server = serve("[semaphores]\nA = 1")
    holder, peer = server.new_peer(), server.new_peer()
    server.acquire(holder, "A")
    answer = block(server, peer)
    server.request("DELETE", f"/peers/{peer}/A")
    assert answer.result(LIMIT_S).status == 202
    assert pending(server) == 0


# Restoring.

def test_restoring_ignores_the_full_count_and_grants_nothing_until_it_has_drained(serve):
    server = serve("[semaphores]\nA = 2")
    for peer in (11, 12, 13):
        assert restore(server, peer, {"A": 1}).status == 200
    assert server.remainder("A") == -1
    late = server.new_peer()
    assert server.acquire(late, "A").status == 202
    for peer, acquired in ((11, False), (12, True)):
        server.request("DELETE", f"/peers/{peer}")
        assert is_acquired(server, late) is acquired
    assert server.remainder("A") == 0


def test_a_restored_peer_goes_on_where_it_stood(serve):
    server = serve(TWO)
    assert restore(server, 42, {"A": 1}).body == b"Ok"
    assert server.acquire(42, "B").status == 200
    server.request("DELETE", "/peers/42/A")
    assert server.remainder("A") == 2 and server.remainder("B") == 1


def test_restoring_is_all_or_nothing(serve):
    server = serve(TWO)
    assert restore(server, 42, {"A": 0, "Z": 1}).status == 400
    assert restore(server, 42, {"A": 1, "B": 0}).status == 400
    assert server.remainder("A") == 2 and server.peers() == set()


def test_a_restored_peer_with_no_life_is_gone_at_once(serve):
    server = serve(TWO)
    assert restore(server, 42, {"A": 1}, "0s").status == 200
    wait_until(lambda: server.remainder("A") == 2)


@pytest.mark.ours
def test_a_restore_that_would_overflow_the_sum_is_refused(serve):
    server = serve("[semaphores]\nA = 2")
    assert restore(server, 42, {"A": 2**62 + 1}).status == 409
    assert server.remainder("A") == 2


# Life.

def test_a_heartbeat_may_shorten_a_life(serve):
    server = serve(TWO)
    peer = server.new_peer("1h")
    server.acquire(peer, "A")
    answer = server.request("PUT", f"/peers/{peer}", {"expires_in": "1s"})
    assert (answer.status, answer.body) == (200, b"Ok")
    assert server.remainder("A") == 1
    wait_until(lambda: server.remainder("A") == 2)


@pytest.mark.ours  # elsewhere the next request may come before the timer
def test_no_life_lasts_exactly_one_request(serve):
    server = serve("[semaphores]\nA = 1")
    for _ in range(20):
        peer = server.new_peer()
        assert server.acquire(peer, "A", 1, "?expires_in=0ms").status == 200
        assert server.remainder("A") == 1
        peer = server.new_peer()
        assert server.request("PUT", f"/peers/{peer}", {"expires_in": "0"}).status == 200
        assert peer not in server.peers()
    peer = server.new_peer("0s")
    assert server.acquire(peer, "A").body == b"Unknown peer"
    assert server.peers() == set()


@pytest.mark.ours
def test_a_release_touches_only_the_lock_it_names(serve):
    """Elsewhere the release of a lock that is not held drops another one that is pending."""
    server = serve(TWO)
    holder, peer, behind = (server.new_peer() for _ in range(3))
    server.acquire(holder, "A", 2)
    server.acquire(peer, "A", 2)
    server.acquire(behind, "A")
    assert server.request("DELETE", f"/peers/{peer}/B").status == 200
    assert not is_acquired(server, peer) and pending(server) == 3
    server.request("DELETE", f"/peers/{holder}")
    assert is_acquired(server, peer) and not is_acquired(server, behind)


# Fencing tokens.

@pytest.mark.ours
def test_every_grant_has_a_greater_token_and_repeating_the_request_repeats_it(serve, block):
    server = serve(TWO)

    def token(answer) -> int:
        return int(answer.headers["throttle-fencing-token"])

    first, second, third = (server.new_peer() for _ in range(3))
    answer = server.acquire(first, "A", 2)
    assert token(server.acquire(first, "A", 2)) == token(answer)
    waiting = block(server, second)
    assert "throttle-fencing-token" not in server.acquire(second, "A").headers
    server.request("DELETE", f"/peers/{first}")
    granted = waiting.result(LIMIT_S)
    other = server.acquire(third, "B")
    assert token(answer) < token(granted) < token(other) < 2**53
    server.stop()
    server.start()
    assert token(server.acquire(server.new_peer(), "A")) > token(other)
