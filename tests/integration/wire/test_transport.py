"""How requests and answers may travel: whatever HTTP/1.1 allows, byte by byte and many at once."""

import pytest

from harness.http import encode

HEALTH = encode("GET", "/health")


def test_one_connection_carries_many_requests(untouched):
    with untouched.connect() as connection:
        for _ in range(500):
            assert connection.request("GET", "/health").body.strip() == b"Ok"


def test_requests_sent_at_once_are_answered_in_order(untouched):
    targets = ["/health", "/remainder?semaphore=B", "/nowhere", "/version", "/peers/1/is_acquired"]
    alone = [untouched.request("GET", target) for target in targets]
    with untouched.connect() as connection:
        connection.send(b"".join(encode("GET", target) for target in targets * 20))
        for expected in alone * 20:
            answer = connection.response()
            assert (answer.status, answer.body) == (expected.status, expected.body)


def test_a_request_behind_a_blocked_one_is_answered_after_it(untouched):
    with untouched.connect() as connection:
        blocked = encode("PUT", "/peers/2/A?block_for=2s", 1)
        connection.send(blocked + HEALTH)
        assert connection.is_silent(0.2)
        assert connection.response().status == 202
        assert connection.response().body.strip() == b"Ok"


@pytest.mark.parametrize("target", ["/health", "/version", "/remainder?semaphore=A", "/peers/",
                                    "/peers/1/is_acquired", "/favicon.ico", "/nowhere",
                                    "/remainder?semaphore=Z"])
def test_head_is_get_without_the_body(untouched, target):
    with untouched.connect() as connection:
        full = connection.request("GET", target)
        head = connection.request("HEAD", target)
        assert head.status == full.status and head.body == b""
        assert head.headers["content-length"] == str(len(full.body))
        assert head.headers.get("content-type") == full.headers.get("content-type")
        assert connection.request("GET", "/health").status == 200


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_body_may_come_in_chunks(untouched, size):
    body = b'{"expires_in": "1h", "comment": "' + b"x" * 100 + b'"}'
    chunks = [body[at:at + size] for at in range(0, len(body), size)]
    head = encode("PUT", "/peers/1", b"", Content_Length="", Transfer_Encoding="chunked")
    with untouched.connect() as connection:
        for _ in range(2):
            connection.send(head + b"".join(b"%x;ext=1\r\n%s\r\n" % (len(c), c) for c in chunks)
                            + b"0\r\nTrailer: ignored\r\n\r\n")
            assert connection.response().status == 200


def test_a_request_may_come_byte_by_byte(untouched):
    request = encode("PUT", "/peers/1", {"expires_in": "1h"})
    with untouched.connect() as connection:
        for byte in request:
            connection.send(bytes([byte]))
        assert connection.response().status == 200


@pytest.mark.parametrize("fields", [
    b"host:localhost\r\nCONTENT-TYPE:application/json\r\ncontent-length:19\r\n",
    b"Host: localhost\r\nContent-Type: \t application/json \t\r\nContent-Length: 19\r\n",
    b"Host: localhost\r\nContent-Type: Application/JSON; charset=utf-8\r\n"
    b"Content-Length: 19\r\n",
    b"Host: localhost\r\nContent-Type: application/vnd.x+json\r\nContent-Length: 19\r\n",
], ids=["case", "blanks", "parameter", "suffix"])
def test_headers_are_read_as_the_standard_says(untouched, fields):
    with untouched.connect() as connection:
        connection.send(b"PUT /peers/1 HTTP/1.1\r\n" + fields + b'\r\n{"expires_in":"1h"}')
        assert connection.response().status == 200


def test_the_old_version_of_http_ends_with_its_answer(untouched):
    with untouched.connect() as connection:
        connection.send(b"GET /health HTTP/1.0\r\n\r\n")
        answer = connection.response()
        assert (answer.status, answer.body.strip()) == (200, b"Ok")
        assert connection.hangs_up()


def test_the_old_version_of_http_may_be_kept_alive(untouched):
    with untouched.connect() as connection:
        for _ in range(2):
            connection.send(b"GET /health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            assert connection.response().status == 200


def test_a_client_that_says_close_is_left(untouched):
    with untouched.connect() as connection:
        assert connection.request("GET", "/health", Connection="close").status == 200
        assert connection.hangs_up()


def test_a_client_that_has_said_all_is_still_answered(untouched):
    with untouched.connect() as connection:
        connection.send(HEALTH)
        connection.finish_sending()
        assert connection.response().status == 200
        assert connection.hangs_up()


def test_who_waits_for_permission_to_send_a_body_gets_it(untouched):
    body = b'{"expires_in":"1h"}'
    request = encode("PUT", "/peers/1", body, Expect="100-continue")
    with untouched.connect() as connection:
        connection.send(request[:-len(body)])
        assert connection.response(has_body=False).status == 100
        connection.send(body)
        assert connection.response().status == 200


def test_a_target_may_be_a_whole_url(untouched):
    assert untouched.request("GET", "http://localhost/health").status == 200


def test_a_path_may_be_percent_encoded_in_its_parameters(untouched):
    assert untouched.request("GET", "/peers/%31/is_acquired").json is True
    assert untouched.acquire(3, "%42", 2).status == 200


@pytest.mark.ours
def test_slashes_at_the_front_count_as_one(untouched):
    assert untouched.request("GET", "//health").status == 200
    assert untouched.request("GET", "///remainder?semaphore=B").body == b"1"


def test_every_answer_has_its_length_and_its_date(untouched):
    for target in ("/health", "/nowhere", "/remainder?semaphore=Z"):
        headers = untouched.request("GET", target).headers
        assert "content-length" in headers and headers["date"].endswith(" GMT")


@pytest.mark.parametrize("target, kind, body", [
    ("/remainder?semaphore=B", "application/json", b"1"),
    ("/peers/1/is_acquired", "application/json", b"true"),
    ("/peers/2/is_acquired", "application/json", b"false"),
])
def test_answers_are_bare(untouched, target, kind, body):
    answer = untouched.request("GET", target)
    assert (answer.status, answer.headers["content-type"], answer.body) == (200, kind, body)


def test_the_version_is_a_bare_number(untouched):
    answer = untouched.request("GET", "/version")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert all(part.isdecimal() for part in answer.text.strip().split("."))


def test_the_icon_is_one(untouched):
    answer = untouched.request("GET", "/favicon.ico")
    assert answer.headers["content-type"] == "image/x-icon"
    assert answer.body.startswith(b"\0\0\1\0")


def test_a_greeting_stands_at_the_root(untouched):
    answer = untouched.request("GET", "/", Accept="*/*")
    assert answer.status == 200 and answer.headers["content-type"].startswith("text/plain")
    assert answer.text.strip()


@pytest.mark.ours
def test_a_browser_is_greeted_with_a_page(untouched):
    accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    answer = untouched.request("GET", "/", Accept=accept)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert b"<html" in answer.body.lower()
