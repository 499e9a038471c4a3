"""Requests that are wrong in some way: each gets a clear answer, and the ledger does not change."""

import pytest

from harness.http import encode

MIB = 1024 * 1024
LIFE = {"expires_in": "1s"}


def ids(case) -> str | None:
    """What a case is called: the start of its request."""
    return repr(case[:48])[2:-1] if isinstance(case, bytes) else None


def answer_to(server, request: bytes):
    with server.connect() as connection:
        connection.send(request)
        return connection.response()


def new_peer(body: bytes, **headers) -> bytes:
    return encode("POST", "/new_peer", body, **headers)


def acquire(body: bytes, target: str = "/peers/3/A") -> bytes:
    return encode("PUT", target, body)


def restore(fields: bytes) -> bytes:
    return encode("POST", "/restore", b'{"expires_in":"1h",' + fields + b"}")


UNKNOWN_PATHS = [
    ("GET", "/nowhere"), ("POST", "/nowhere"), ("PATCH", "/nowhere"),
    ("GET", "/peers/1/"), ("PUT", "/peers/1/A/B"), ("POST", "/new_peer/"), ("GET", "/health/"),
    ("GET", "/Health"), ("GET", "/favicon.icon"), ("GET", "/%68ealth"),
]


@pytest.mark.parametrize("method, target", UNKNOWN_PATHS)
def test_an_unknown_path_is_404(untouched, method, target):
    answer = answer_to(untouched, encode(method, target, Accept="text/html"))
    assert answer.status == 404
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert b"<html" in answer.body.lower()


WRONG_METHODS = [
    ("GET", "/new_peer", {"POST"}),
    ("DELETE", "/restore", {"POST"}),
    ("POST", "/health", {"GET", "HEAD"}),
    ("PUT", "/metrics", {"GET", "HEAD"}),
    ("POST", "/remainder?semaphore=A", {"GET", "HEAD"}),
    ("PUT", "/version", {"GET", "HEAD"}),
    ("POST", "/", {"GET", "HEAD"}),
    ("PUT", "/peers/", {"GET", "HEAD"}),
    ("GET", "/peers/1", {"PUT", "DELETE"}),
    ("POST", "/peers/1", {"PUT", "DELETE"}),
    ("PATCH", "/peers/1", {"PUT", "DELETE"}),
    ("BREW", "/peers/1", {"PUT", "DELETE"}),
    ("GET", "/peers/1/A", {"PUT", "DELETE"}),
    pytest.param("GET", "/acquire", {"POST"}, marks=pytest.mark.ours),
    pytest.param("GET", "/remove_expired", {"POST"}, marks=pytest.mark.ours),
]


@pytest.mark.parametrize("method, target, allowed", WRONG_METHODS)
def test_a_wrong_method_is_405_and_says_which_are_right(untouched, method, target, allowed):
    answer = untouched.request(method, target)
    assert answer.status == 405
    assert {name.strip() for name in answer.headers["allow"].split(",")} == allowed


@pytest.mark.ours
@pytest.mark.parametrize("method, target", [("GET", "/nowhere"), ("POST", "/peers/1"),
                                            ("PUT", "/peers/1/A"), ("GET", "/ready")])
def test_a_text_for_people_ends_its_line(untouched, method, target):
    answer = untouched.request(method, target)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.body.endswith(b"\n")


@pytest.mark.ours
@pytest.mark.parametrize("headers", [
    {"Host": "evil.example"}, {"Origin": "http://evil.example"}, {"Origin": "null"},
    {"Sec_Fetch_Site": "cross-site"},
], ids=repr)
def test_a_page_of_another_site_changes_nothing(untouched, headers):
    assert answer_to(untouched, new_peer(b'{"expires_in":"1h"}', **headers)).status == 403


@pytest.mark.ours
def test_options_says_what_a_path_takes(untouched):
    answer = untouched.request("OPTIONS", "/peers/1")
    assert (answer.status, answer.headers["allow"]) == (204, "PUT,DELETE,OPTIONS")


@pytest.mark.parametrize("request_bytes", [
    new_peer(b'{"expires_in":"1s"}', Content_Type=""),
    new_peer(b'{"expires_in":"1s"}', Content_Type="text/plain"),
    new_peer(b'{"expires_in":"1s"}', Content_Type="application/jsonp"),
    new_peer(b'{"expires_in":"1s"}', Content_Type="json"),
    encode("PUT", "/peers/1", b'{"expires_in":"1s"}', Content_Type=""),
    encode("PUT", "/peers/1/A", b"1", Content_Type="application/x-www-form-urlencoded"),
    encode("POST", "/restore", b"{}", Content_Type="text/json"),
    encode("POST", "/new_peer"),
], ids=ids)
def test_a_body_of_another_type_is_415(untouched, request_bytes):
    answer = answer_to(untouched, request_bytes)
    assert answer.status == 415 and answer.body


@pytest.mark.parametrize("request_bytes", [
    new_peer(b""), new_peer(b"{"), new_peer(b'{"expires_in"'), new_peer(b'{"expires_in":"1s"} x'),
    new_peer(b"nonsense"), new_peer(b"{'expires_in':'1s'}"), new_peer(b'{"expires_in":"1s",}'),
    new_peer(b'{"expires_in":"\x01"}'), new_peer(b"\x00\xff\xfe"),
    acquire(b""), acquire(b"1 2"), acquire(b"01"), acquire(b"+1"), acquire(b"0x1"),
    acquire(b"- 1"), acquire(b"NaN"),
    encode("PUT", "/peers/1", b"{"), encode("POST", "/restore", b"{"),
], ids=ids)
def test_a_body_that_is_no_json_is_400(untouched, request_bytes):
    answer = answer_to(untouched, request_bytes)
    assert answer.status == 400
    assert answer.body and answer.body != b"Unknown peer"


@pytest.mark.parametrize("request_bytes", [
    new_peer(b"{}"), new_peer(b'{"expires_in":5}'), new_peer(b'{"expires_in":null}'),
    new_peer(b'{"expires_in":"5"}'), new_peer(b'{"expires_in":""}'),
    new_peer(b'{"expires_in":"-5ms"}'), new_peer(b'{"expires_in":"5 parsecs"}'),
    new_peer(b'{"expires_in":"1s","expires_in":"2s"}'), new_peer(b'"1s"'), new_peer(b"null"),
    new_peer(b'{"Expires_in":"1s"}'), new_peer(b'{"expires_in":"18446744073709551616s"}'),
    acquire(b'"1"'), acquire(b"1.0"), acquire(b"1e2"), acquire(b"true"), acquire(b"null"),
    acquire(b"{}"), acquire(b"[1]"), acquire(b"9223372036854775808"),
    acquire(b"-9223372036854775809"), acquire(b"18446744073709551616"),
    encode("PUT", "/peers/1", b"{}"), encode("PUT", "/peers/1", b'{"expires_in":1}'),
    restore(b'"acquired":{}'), restore(b'"peer_id":5'),
    restore(b'"peer_id":-1,"acquired":{}'),
    restore(b'"peer_id":18446744073709551616,"acquired":{}'),
    restore(b'"peer_id":"5","acquired":{}'), restore(b'"peer_id":5.0,"acquired":{}'),
    restore(b'"peer_id":5,"acquired":[]'), restore(b'"peer_id":5,"acquired":{"A":1.0}'),
    restore(b'"peer_id":5,"acquired":{"A":"1"}'), restore(b'"peer_id":5,"acquired":null'),
    restore(b'"peer_id":5,"acquired":{"B":9223372036854775808}'),
], ids=ids)
def test_json_of_another_shape_is_422(untouched, request_bytes):
    answer = answer_to(untouched, request_bytes)
    assert answer.status == 422
    assert answer.body and answer.body != b"Unknown peer"


@pytest.mark.parametrize("request_bytes", [
    encode("PUT", "/peers/me", LIFE), encode("PUT", "/peers/-1", LIFE),
    encode("PUT", "/peers/18446744073709551616", LIFE), encode("PUT", "/peers/1.0", LIFE),
    encode("PUT", "/peers/0x1", LIFE), encode("PUT", "/peers/%201", LIFE),
    encode("PUT", "/peers/++1", LIFE), encode("PUT", "/peers/%FF", LIFE),
    encode("DELETE", "/peers/me"), encode("GET", "/peers/me/is_acquired"),
    encode("DELETE", "/peers/me/A"), acquire(b"1", "/peers//A"), acquire(b"1", "/peers/me/A"),
    acquire(b"1", "/peers/3/%FF"), acquire(b"1", "/peers/3/%C3%28"),
    acquire(b"what", "/peers/me/A?block_for=x"),
], ids=ids)
def test_a_path_that_names_no_peer_is_400(untouched, request_bytes):
    answer = answer_to(untouched, request_bytes)
    assert answer.status == 400
    assert answer.text.startswith("Invalid URL")


@pytest.mark.parametrize("request_bytes", [
    encode("GET", "/remainder"), encode("GET", "/remainder?"),
    encode("GET", "/remainder?Semaphore=A"),
    encode("GET", "/remainder?semaphore=A&semaphore=B"),
    acquire(b"1", "/peers/3/A?block_for=soon"), acquire(b"1", "/peers/3/A?block_for="),
    acquire(b"1", "/peers/3/A?block_for=1s&block_for=1s"),
    acquire(b"1", "/peers/3/A?expires_in=-1s"), acquire(b"1", "/peers/3/A?expires_in=1"),
    acquire(b"what", "/peers/3/A?block_for=soon"),
], ids=ids)
def test_a_query_that_says_nothing_usable_is_400(untouched, request_bytes):
    answer = answer_to(untouched, request_bytes)
    assert answer.status == 400
    assert answer.body and answer.body not in (b"Unknown peer", b"Unknown semaphore")


@pytest.mark.parametrize("request_bytes", [
    acquire(b"1", "/peers/3/Z"), encode("DELETE", "/peers/1/Z"),
    encode("GET", "/remainder?semaphore=Z"), encode("GET", "/remainder?semaphore="),
    encode("GET", "/remainder?semaphore=a"), restore(b'"peer_id":9,"acquired":{"Z":1}'),
    acquire(b"1", "/peers/99/Z"), acquire(b"0", "/peers/1/Z"),
], ids=ids)
def test_an_unknown_semaphore_is_400_by_its_exact_text(untouched, request_bytes):
    answer = answer_to(untouched, request_bytes)
    assert (answer.status, answer.body) == (400, b"Unknown semaphore")


@pytest.mark.parametrize("request_bytes", [
    encode("PUT", "/peers/99", LIFE), acquire(b"1", "/peers/99/A"),
    encode("GET", "/peers/99/is_acquired"), encode("DELETE", "/peers/99/A"),
    acquire(b"0", "/peers/99/A?expires_in=1s"),
], ids=ids)
def test_an_unknown_peer_is_400_by_its_exact_text(untouched, request_bytes):
    answer = answer_to(untouched, request_bytes)
    assert (answer.status, answer.body) == (400, b"Unknown peer")


@pytest.mark.ours
@pytest.mark.parametrize("target", ["/peers/99/A", "/remainder?semaphore=Z"])
def test_a_text_says_how_it_is_to_be_read(untouched, target):
    method = "DELETE" if "peers" in target else "GET"
    assert untouched.request(method, target).headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize("status, request_bytes", [
    (409, acquire(b"2")), (409, acquire(b"9223372036854775807")),
    (400, acquire(b"0")), (400, acquire(b"-1")), (400, acquire(b"-9223372036854775808")),
    (501, acquire(b"1", "/peers/3/B")), (409, acquire(b"3", "/peers/3/B")),
    (409, acquire(b"1", "/peers/1/B")), (409, acquire(b"1", "/peers/2/B")),
    (400, restore(b'"peer_id":9,"acquired":{"A":0}')),
    (400, restore(b'"peer_id":9,"acquired":{"A":-1}')),
    (409, restore(b'"peer_id":1,"acquired":{}')), (409, restore(b'"peer_id":2,"acquired":{}')),
    (409, restore(b'"peer_id":3,"acquired":{"B":1}')),
], ids=ids)
def test_a_refusal_changes_nothing(untouched, status, request_bytes):
    answer = answer_to(untouched, request_bytes)
    assert answer.status == status
    assert answer.body and answer.body != b"Unknown peer"


def test_what_can_never_fit_is_refused_in_words_that_clients_know(untouched):
    assert "Lock can never be acquired." in answer_to(untouched, acquire(b"2")).text


# Too much of something.

@pytest.mark.ours
def test_a_body_beyond_the_limit_is_413_before_it_is_sent(untouched):
    request = encode("POST", "/new_peer", b"", Content_Length=str(3 * MIB))
    assert answer_to(untouched, request).status == 413


def test_chunks_beyond_the_limit_are_413(untouched):
    head = encode("POST", "/new_peer", b"", Content_Length="", Transfer_Encoding="chunked")
    piece = b"10000\r\n" + b" " * 65536 + b"\r\n"
    with untouched.connect() as connection:
        connection.send(head)
        try:
            for _ in range(3 * MIB // 65536):
                connection.send(piece)
        except ConnectionError:
            pass  # it may hang up as soon as it has answered
        assert connection.response().status == 413


def test_a_large_body_within_the_limit_is_read(untouched):
    body = b'{"expires_in":"1h"' + b" " * (MIB + MIB // 2) + b"}"
    assert answer_to(untouched, encode("PUT", "/peers/1", body)).status == 200


def test_a_target_beyond_the_limit_is_414(untouched):
    assert answer_to(untouched, encode("GET", "/" + "a" * 70_000)).status == 414


@pytest.mark.parametrize("headers", [
    {"X": "a" * 1_000_000}, {f"X{i}": "a" * 1000 for i in range(500)},
], ids=["one", "many"])
def test_a_head_beyond_the_limit_is_431(untouched, headers):
    with untouched.connect() as connection:
        try:
            connection.send(encode("GET", "/health", **headers))
        except ConnectionError:
            pass  # it may hang up as soon as it has answered
        assert connection.response().status == 431


@pytest.mark.parametrize("body", [
    b"[" * 100_000, b"[" * 100_000 + b"]" * 100_000, b'{"a":' * 50_000,
    b'{"expires_in":' + b"[" * 100_000, b'"' + b"\\u0000" * 100_000 + b'"', b"9" * 100_000,
    b"1e" + b"9" * 1000, b'{"expires_in":"' + b"1s" * 100_000, b'{"expires_in":"\xff"}',
    b'{"expires_in":"\\ud800"}',
], ids=ids)
def test_a_monstrous_body_is_refused(untouched, body):
    assert answer_to(untouched, new_peer(body)).status in (400, 422)


# No HTTP at all.

GARBAGE = [
    b"\x00\x01\x02\x03\r\n\r\n", b"\xff" * 100 + b"\r\n\r\n", b"HELLO\r\n\r\n",
    b"GET\r\n\r\n", b"GET /health\r\n\r\n", b"GET /health HTTP/9.9\r\n\r\n",
    b"GET /health FTP/1.1\r\n\r\n", b"GET  /health HTTP/1.1\r\n\r\n",
    b"GET /hea lth HTTP/1.1\r\n\r\n", b"G\x00T /health HTTP/1.1\r\n\r\n",
    pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", marks=pytest.mark.ours),
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(64)),
    b"GET /health HTTP/1.1\r\nno colon\r\n\r\n", b"GET /health HTTP/1.1\r\n: empty\r\n\r\n",
    b"GET /health HTTP/1.1\r\nA: \x00\r\n\r\n",
    b"POST /new_peer HTTP/1.1\r\nContent-Length: many\r\n\r\n",
    b"POST /new_peer HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    b"POST /new_peer HTTP/1.1\r\nContent-Length: 18446744073709551616\r\n\r\n",
    b"POST /new_peer HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
]


@pytest.mark.parametrize("garbage", GARBAGE, ids=ids)
def test_garbage_is_400_and_the_end(untouched, garbage):
    with untouched.connect() as connection:
        connection.send(garbage)
        assert connection.response().status == 400
        assert connection.hangs_up()


@pytest.mark.parametrize("chunks", [b"zz\r\n{}\r\n", b"-1\r\n", b"2\r\n{}xx0\r\n\r\n",
                                    b"fffffffffffffffff\r\n", b"\r\n"], ids=ids)
def test_chunks_that_are_none_are_400(untouched, chunks):
    head = encode("POST", "/new_peer", b"", Content_Length="", Transfer_Encoding="chunked")
    with untouched.connect() as connection:
        connection.send(head + chunks)
        assert connection.response().status == 400
        assert connection.hangs_up()


def test_a_request_whose_length_is_told_twice_differently_is_not_taken_for_two(untouched):
    """Length and chunks together: the length must not count, or the answers would come apart."""
    smuggled = encode("DELETE", "/peers/1")
    request = encode("POST", "/new_peer", b"", Content_Length="5", Transfer_Encoding="chunked")
    with untouched.connect() as connection:
        connection.send(request + b"0\r\n\r\n" + smuggled.replace(b"/peers/1", b"/peers/99"))
        assert connection.response().status == 400
