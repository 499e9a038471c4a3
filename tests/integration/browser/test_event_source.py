"""EventSource of a real browser on GET /events: it resumes by itself."""

import pytest

from harness.relay import Relay
from harness.server import wait_until

pytestmark = pytest.mark.ours

CONFIG = "[semaphores]\ndatabase = 100\n"
KINDS = ["hello", "gap", "bye", "queued", "granted", "lease_ended", "configured"]
FOLLOW = f"""
window.seen = [];
window.source = new EventSource('/events');
for (const kind of {KINDS})
  window.source.addEventListener(kind, event => window.seen.push(
    {{kind, id: event.lastEventId, data: JSON.parse(event.data)}}));
"""


@pytest.fixture
def server(serve):
    return serve(CONFIG)


@pytest.fixture
def page(server, browser):
    """The server's own page, over a way that can be cut, with a stream that has begun."""
    relay = Relay(server.port)
    browser.open(f"http://127.0.0.1:{relay.port}/")
    browser.run(FOLLOW)
    wait_until(lambda: seen(browser, "hello"))
    yield relay
    relay.cut()


def seen(browser, *kinds: str) -> list[dict]:
    return [event for event in browser.run("return window.seen") if event["kind"] in kinds]


def acquire(server) -> int:
    peer = server.new_peer()
    assert server.acquire(peer, "database").status == 200
    return peer


def test_events_arrive_with_their_ids(server, browser, page):
    peer = acquire(server)
    wait_until(lambda: seen(browser, "granted"))
    granted = seen(browser, "granted")[0]
    run = seen(browser, "hello")[0]["data"]["run"]
    assert granted["data"]["peer"] == peer
    assert granted["id"] == f"{run}.{granted['data']['n']}"


def test_nothing_is_lost_when_the_connection_is_cut(server, browser, page):
    page.cut()
    peers = [acquire(server) for _ in range(3)]
    page.mend()
    wait_until(lambda: len(seen(browser, "granted")) == len(peers))
    assert [event["data"]["peer"] for event in seen(browser, "granted")] == peers
    assert len(seen(browser, "hello")) == 2
    assert seen(browser, "gap") == []


def test_it_goes_on_after_a_restart_of_the_server(server, browser, page):
    acquire(server)
    wait_until(lambda: seen(browser, "granted"))
    assert server.stop() == 0
    wait_until(lambda: seen(browser, "bye"))
    server.start()
    wait_until(lambda: seen(browser, "gap"))
    assert seen(browser, "gap")[0]["data"] == {"missed": None}
    peer = acquire(server)
    wait_until(lambda: len(seen(browser, "granted")) == 2)
    last = seen(browser, "granted")[1]
    first_run, second_run = (hello["data"]["run"] for hello in seen(browser, "hello"))
    assert first_run != second_run
    assert last["data"]["peer"] == peer
    assert last["id"].startswith(f"{second_run}.")


def test_another_site_cannot_read_it(server, browser, page, serve):
    other = serve(CONFIG)
    browser.run(f"""
        window.foreign = 'waiting';
        const source = new EventSource('{other.url}/events');
        source.addEventListener('hello', () => window.foreign = 'read');
        source.onerror = () => {{ window.foreign = 'refused'; source.close(); }};
    """)
    wait_until(lambda: browser.run("return window.foreign") == "refused")
