"""The routes of the first generation, as bytes: what its client does not show."""

import pytest

from harness.server import wait_until
from harness.tcp import LIMIT_S

pytestmark = pytest.mark.ours  # the current server no longer has these routes


def acquire(server, pending: dict, expires_in: str = "1min"):
    return server.request("POST", "/acquire", {"pending": pending, "expires_in": expires_in})


def block(server, peer: int, pending: dict, query: str = "", **more):
    body = {"expires_in": "5min", "active": {}, "pending": pending} | more
    return server.request("POST", f"/peers/{peer}/block_until_acquired{query}", body)


def put(server, peer: int, active: dict, expires_in: str = "1min"):
    return server.request("PUT", f"/peers/{peer}", {"active": active, "expires_in": expires_in})


@pytest.fixture
def server(serve):
    return serve("[semaphores]\nA = 2\nB = { max = 2, level = 1 }\n")


def test_acquiring_is_created_or_accepted_and_answers_a_bare_id(server):
    first, second = acquire(server, {"A": 2}), acquire(server, {"A": 1})
    assert (first.status, second.status) == (201, 202)
    assert server.peers() == {int(first.body), int(second.body)}
    assert first.headers["content-type"] == "application/json"


def test_acquiring_again_is_another_peer(server):
    assert [acquire(server, {"A": 1}).status for _ in range(3)] == [201, 201, 202]
    assert len(server.peers()) == 3


@pytest.mark.parametrize("pending, status, text", [
    ({"Z": 1}, 400, "Unknown semaphore"), ({"A": 3}, 409, "block forever"),
    ({}, 400, '"'), ({"A": -1}, 422, ""), ({"A": "1"}, 422, ""), ({"A": 1.0}, 422, ""),
])
def test_a_refused_lease_leaves_no_peer(server, pending, status, text):
    answer = acquire(server, pending)
    assert answer.status == status and text in answer.text
    assert answer.body != b"Unknown peer"
    assert server.peers() == set()


def test_a_count_of_nothing_passes_unless_too_much_is_held(server):
    assert acquire(server, {"A": 2}).status == 201
    assert acquire(server, {"A": 0}).status == 201
    put(server, 5, {"A": 2})
    assert server.remainder("A") == -2
    assert acquire(server, {"A": 0}).status == 202


@pytest.mark.parametrize("query", ["", "?timeout_ms=0", "?timeout_ms=300", "?"])
def test_blocking_answers_a_bare_boolean(server, query):
    acquire(server, {"A": 2})
    peer = int(acquire(server, {"A": 1}).body)
    assert block(server, peer, {"A": 1}, query).body == b"false"
    server.request("DELETE", f"/peers/{peer}")
    peer = int(acquire(server, {"B": 1}).body)
    assert block(server, peer, {"B": 1}, query).body == b"true"


@pytest.mark.parametrize("query", ["?timeout_ms=-1", "?timeout_ms=1s", "?timeout_ms=",
                                   "?timeout_ms=18446744073709551616",
                                   "?timeout_ms=1&timeout_ms=1"])
def test_a_time_limit_that_is_no_number_is_400(server, query):
    answer = block(server, 5, {"A": 1}, query)
    assert answer.status == 400 and server.peers() == set()


def test_the_longest_time_limit_is_for_ever(server):
    peer = int(acquire(server, {"A": 1}).body)
    assert block(server, peer, {"A": 1}, "?timeout_ms=18446744073709551615").body == b"true"


def test_blocking_makes_an_unknown_peer_again_under_its_id(server):
    assert block(server, 5, {"A": 2}).body == b"true"
    assert block(server, 6, {"A": 1}).body == b"false"
    assert server.peers() == {5, 6} and server.remainder("A") == 0
    server.request("DELETE", "/peers/5")
    assert block(server, 6, {"A": 1}).body == b"true"


@pytest.mark.parametrize("pending, status", [({"Z": 1}, 400), ({"A": 3}, 409)])
def test_blocking_for_what_cannot_be_makes_no_peer(server, pending, status):
    assert block(server, 5, pending).status == status
    assert server.peers() == set()


def test_blocking_for_nothing_is_true_and_changes_nothing(server):
    assert block(server, 5, {}).body == b"true"
    assert server.peers() == set()


def test_blocking_ignores_what_a_known_peer_says_it_waits_for(server):
    peer = int(acquire(server, {"A": 1}).body)
    assert block(server, peer, {"B": 2}, active={"B": 2}).body == b"true"
    assert server.remainder("B") == 2


def test_blocking_ends_when_the_peer_is_gone(server, background):
    acquire(server, {"A": 2})
    peer = int(acquire(server, {"A": 1}).body)
    blocked = background(block, server, peer, {"A": 1}, "?timeout_ms=20000")
    wait_until(lambda: server.metrics()["throttle_parked_requests"] == 1)
    server.request("DELETE", f"/peers/{peer}")
    assert (blocked.result(LIMIT_S).status, blocked.result().body) == (400, b"Unknown peer")


def test_a_heartbeat_of_a_known_peer_ignores_what_it_says_it_holds(server):
    peer = int(acquire(server, {"A": 1}).body)
    assert put(server, peer, {"A": 2, "B": 2}).body == b"Ok"
    assert server.remainder("A") == 1 and server.remainder("B") == 2


def test_a_heartbeat_of_an_unknown_peer_brings_back_all_it_says_it_holds(server):
    assert put(server, 5, {"A": 1, "B": 2}).body == b"Ok"
    assert server.remainder("A") == 1 and server.remainder("B") == 0
    server.request("DELETE", "/peers/5")
    assert server.remainder("A") == 2 and server.remainder("B") == 2


def test_a_heartbeat_that_holds_nothing_changes_nothing(server):
    assert put(server, 5, {}).body == b"Ok"
    assert server.peers() == set()


def test_a_heartbeat_for_an_unknown_semaphore_is_refused(server):
    answer = put(server, 5, {"Z": 1})
    assert (answer.status, answer.body) == (400, b"Unknown semaphore")
    assert server.peers() == set()


def test_removing_the_expired_answers_a_number(server):
    acquire(server, {"A": 1}, "100ms")
    wait_until(lambda: server.remainder("A") == 2)
    answer = server.request("POST", "/remove_expired")
    assert (answer.status, answer.body) == (200, b"0")


def test_freezing_stops_nobody(server):
    answer = server.request("POST", "/freeze?for=1h")
    assert answer.status in (200, 404)
    assert server.request("GET", "/health").status == 200


def test_the_icon_has_its_old_name_too(server):
    assert server.request("GET", "/favicon").body == server.request("GET", "/favicon.ico").body


def test_both_generations_stand_in_one_queue(server):
    old = int(acquire(server, {"A": 2}).body)
    new = server.new_peer()
    assert server.acquire(new, "A", 2).status == 202
    older = int(acquire(server, {"A": 1}).body)
    assert server.request("GET", f"/peers/{older}/is_acquired").json is False
    server.request("DELETE", f"/peers/{old}")
    assert server.request("GET", f"/peers/{new}/is_acquired").json is True
    assert block(server, older, {"A": 1}).body == b"false"
    server.request("DELETE", f"/peers/{new}/A")
    assert block(server, older, {"A": 1}).body == b"true"
    assert server.acquire(older, "A", 1).status == 200
