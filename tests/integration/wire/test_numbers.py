"""Numbers at their edges: ids, counts and durations."""

import json
import re

import pytest

I64_MAX, I64_MIN, U64_MAX = 2**63 - 1, -(2**63), 2**64 - 1
IDS = [0, 5, 2**53 - 1, 2**53, 2**53 + 1, I64_MAX, I64_MAX + 1, U64_MAX]


def restore(server, peer: int, acquired: dict, expires_in: str = "1min"):
    body = {"expires_in": expires_in, "peer_id": peer, "acquired": acquired}
    return server.request("POST", "/restore", body)


@pytest.mark.parametrize("peer", IDS)
def test_an_id_is_exact_on_every_route(serve, peer):
    server = serve("[semaphores]\nA = { max = 3, level = 1 }\nB = 1")
    assert restore(server, peer, {"A": 2}).status == 200
    assert server.request("GET", "/peers/").body == b'[{"id":%d}]' % peer
    assert server.request("GET", f"/peers/{peer}/is_acquired").json is True
    assert server.request("PUT", f"/peers/{peer}", {"expires_in": "1min"}).status == 200
    answer = server.acquire(peer, "B", 1)
    assert (answer.status, answer.body) == (200, str(peer).encode())
    assert server.request("DELETE", f"/peers/{peer}/B").body == b"Ok"
    for neighbour in {(peer + 1) % 2**64, (peer - 1) % 2**64}:
        assert server.request("GET", f"/peers/{neighbour}/is_acquired").body == b"Unknown peer"
    assert server.request("DELETE", f"/peers/{peer}").json == "Peer released"
    assert server.peers() == set()


@pytest.mark.parametrize("spelling", ["5", "005", "+5", "%35", "0" * 40 + "5"])
def test_an_id_has_many_spellings(serve, spelling):
    server = serve()
    restore(server, 5, {})
    assert server.request("GET", f"/peers/{spelling}/is_acquired").status == 200


def test_new_ids_differ(serve):
    server = serve()
    assert len({server.new_peer() for _ in range(100)}) == 100


@pytest.mark.ours
def test_new_ids_are_exact_where_numbers_are_doubles(serve):
    server = serve()
    assert all(server.new_peer() < 2**53 for _ in range(100))


@pytest.mark.parametrize("full, count, status", [
    (I64_MAX, I64_MAX, 200), (I64_MAX, 1, 200), (I64_MAX - 1, I64_MAX, 409),
    (1, 2, 409), (I64_MAX, I64_MIN, 400), (1, -1, 400),
    # A full count of 0 or less closes the semaphore.
    *(pytest.param(full, count, 202, marks=pytest.mark.ours) for full, count in [
        (0, 1), (-1, 1), (I64_MIN, 1), (I64_MIN, I64_MAX)]),
])
def test_counts_reach_to_their_edges(serve, full, count, status):
    server = serve(f"[semaphores]\nA = {full}")
    peer = server.new_peer()
    assert server.acquire(peer, "A", count).status == status
    assert server.remainder("A") == (full - count if status == 200 else full)


def test_two_that_fill_all_of_it_leave_nothing(serve):
    server = serve(f"[semaphores]\nA = {I64_MAX}")
    first, second = server.new_peer(), server.new_peer()
    assert server.acquire(first, "A", I64_MAX - 1).status == 200
    assert server.acquire(second, "A", 1).status == 200
    third = server.new_peer()
    assert server.acquire(third, "A", 1).status == 202
    assert server.remainder("A") == 0


@pytest.mark.ours
def test_restored_counts_never_wrap_around(serve):
    server = serve("[semaphores]\nA = 1")
    statuses = [restore(server, peer, {"A": I64_MAX}).status for peer in range(4)]
    assert server.remainder("A") <= 1
    assert all(status in (200, 409) for status in statuses)
    assert server.acquire(server.new_peer(), "A").status in (200, 202)
    assert server.remainder("A") <= 1


@pytest.mark.ours
def test_the_sum_of_what_is_restored_never_wraps_around(serve):
    server = serve("[semaphores]\nA = 1")
    answers = [restore(server, peer, {"A": 2**62}).status for peer in range(4)]
    assert answers == [200, 409, 409, 409]
    assert server.remainder("A") == 1 - 2**62
    assert server.acquire(server.new_peer(), "A").status == 202


GOOD_DURATIONS = [
    "0", "0s", "1s", "1ns", "1nanos", "1 nsec", "1us", "1usec", "1µs", "1millis", "1msec", "1ms",
    "1seconds", "1second", "1secs", "1sec", "1minutes", "1minute", "1mins", "1min", "1m", "1hours",
    "1hour", "1hrs", "1hr", "1h", "1days", "1day", "1d", "1weeks", "1week", "1w", "1wk", "1wks",
    "1months", "1month", "1M", "1years", "1year", "1y", "1yr", "1yrs", "1h 30m", "1h30m", "  7s  ",
    "1 hour 12min5s", "1m 1m", "1 5s", "1.5s", "1.5h", "007s", "584years", "18446744073709ms",
]
BAD_DURATIONS = [
    "", " ", "1", "s", "-5ms", "+5s", "1e3ms", "1_000ms", "1d,2h", "1mo", "1S", "1H", "1MS",
    "1.s", ".5s", "0.5ns", "1s 2", "1..5s", "1s;", "∞", "18446744073709551616s",
    "18446744073710ms", "18446744073709551615s 1s", "1s\0",
]


@pytest.mark.parametrize("text", GOOD_DURATIONS)
def test_a_duration_is_understood(serve_once, text):
    answer = serve_once.request("POST", "/new_peer", {"expires_in": text})
    assert answer.status == 200, answer.text


@pytest.mark.parametrize("text", BAD_DURATIONS)
def test_a_duration_is_refused(serve_once, text):
    assert serve_once.request("POST", "/new_peer", {"expires_in": text}).status == 422


@pytest.fixture
def serve_once(serve):
    return serve("[semaphores]\nA = 1")


@pytest.mark.ours
@pytest.mark.parametrize("text", ["18446744073709551615s", "9223372036854775808s",
                                  "584542046090years", "292277026596years"])
def test_a_duration_beyond_all_clocks_is_for_ever(serve, text):
    server = serve("[semaphores]\nA = 1")
    peer = server.new_peer(text)
    assert server.request("PUT", f"/peers/{peer}", {"expires_in": text}).status == 200
    quoted = text.replace(" ", "+")
    answer = server.acquire(peer, "A", 1, f"?expires_in={quoted}&block_for={quoted}")
    assert answer.status == 200
    assert restore(server, 5, {}, text).status == 200
    assert server.peers() == {peer, 5}


@pytest.mark.parametrize("query, status", [
    ("?block_for=1s+500ms", 200), ("?block_for=1s%20500ms", 200), ("?expires_in=1day+2h+3m", 200),
    ("?block_for=%31s", 200), ("?", 200), ("?unknown=1&unknown=2", 200), ("?block_for=0", 200),
    ("?block_for=1s%2B500ms", 400), ("?block_for=%2B1s", 400), ("?block_for=%C2%B5s", 400),
    ("?block_for=1%C2%B5s", 200), ("?&&block_for=1s&&", 200), ("?block_for=%zz", 400),
])
def test_a_query_is_decoded_as_forms_are(serve_once, query, status):
    peer = serve_once.new_peer()
    assert serve_once.acquire(peer, "A", 1, query).status == status


@pytest.mark.parametrize("name, encoded, found", [
    ("a b", "a+b", True), ("a b", "a%20b", True), ("a+b", "a%2Bb", True), ("a+b", "a+b", False),
    ("a%41", "a%2541", True), ("aA", "a%41", True), ("a&b", "a%26b", True), ("ä", "%C3%A4", True),
    ("a=b", "a=b", True),
])
def test_a_name_in_a_query_is_decoded_once(serve, name, encoded, found):
    server = serve(f"[semaphores]\n{json.dumps(name, ensure_ascii=False)} = 7")
    answer = server.request("GET", f"/remainder?semaphore={encoded}")
    assert (answer.status, answer.body) == ((200, b"7") if found else (400, b"Unknown semaphore"))


@pytest.mark.parametrize("name, encoded", [
    ("a b", "a%20b"), ("a+b", "a+b"), ("a+b", "a%2Bb"), ("/&", "%2F%26"), ("/&", "%2F&"),
    (".", "%2E"), ("aA", "a%41"), ("😀", "%F0%9F%98%80"),
])
def test_a_name_in_a_path_is_decoded(serve, name, encoded):
    server = serve(f"[semaphores]\n{json.dumps(name, ensure_ascii=False)} = 1")
    assert server.acquire(server.new_peer(), encoded).status == 200


@pytest.mark.parametrize("name, sent", [("😀ä", "\\ud83d\\ude00\\u00e4"), ("a\"\\b", "a\\\"\\\\b"),
                                        ("a/b", "a\\/b")])
def test_a_name_in_json_is_unescaped(serve, name, sent):
    server = serve(f"[semaphores]\n{json.dumps(name, ensure_ascii=False)} = 1")
    body = b'{"expires_in":"1min","peer_id":5,"acquired":{"%s":1}}' % sent.encode()
    assert server.request("POST", "/restore", body).status == 200


def test_metrics_escape_what_names_hold(serve):
    server = serve('[semaphores]\n"a\\"\\\\\\nb" = 7')
    lines = server.request("GET", "/metrics").text.splitlines()
    assert 'throttle_max{semaphore="a\\"\\\\\\nb"} 7' in lines
    assert re.search(r"^throttle_pending\{", "\n".join(lines), re.MULTILINE)
