"""Proxies of throttle-server: connections and leases over HTTP in one queue."""

import shutil
import subprocess

import pytest

from harness.server import wait_until
from harness.tcp import LIMIT_S, Client, echo, free_port

# Names that were given long ago and that promtool frowns at.
OLD_NAMES = {"throttle_count", "throttle_full_count", "throttle_num_404",
             "throttle_longest_pending_sec"}


@pytest.fixture
def shared(serve, service):
    """A server with a semaphore of one, which a proxy shares; `listen` is the proxy's port."""
    listen = free_port()
    server = serve(f'[semaphores]\nA = {{ max = 1, level = 1 }}\nB = 5\n'
                   f'[proxy.office]\nlisten = "127.0.0.1:{listen}"\n'
                   f'upstream = "127.0.0.1:{service.port}"\n'
                   f'semaphore = "A"\ndrain_timeout = "0s"\nupstream_check = "none"\n',
                   environment={"THROTTLE_LOG": "info"})
    server.listen = listen
    return server


def states(server) -> list[str]:
    (proxy,) = server.request("GET", "/connections").json["proxies"]
    return [each["state"] for each in proxy["connections"]]


def wait_for_states(server, *expected: str) -> None:
    wait_until(lambda: states(server) == list(expected), lambda: f"{states(server)}")


def test_a_connection_waits_for_a_lease(shared, service):
    peer = shared.new_peer()
    assert shared.acquire(peer, "A").status == 200
    client = Client(shared.listen)
    client.send(b"hello")
    wait_for_states(shared, "waiting")
    shared.request("DELETE", f"/peers/{peer}")
    assert service.next().read(5) == b"hello"
    assert shared.remainder("A") == 0
    client.reset()
    wait_until(lambda: shared.remainder("A") == 1)


def test_a_lease_waits_for_a_connection(shared, background):
    client = Client(shared.listen)
    wait_for_states(shared, "active")
    peer = shared.new_peer()
    blocked = background(shared.acquire, peer, "A", 1, "?block_for=20s")
    wait_until(lambda: shared.metrics()["throttle_parked_requests"] == 1)
    client.reset()
    assert blocked.result(LIMIT_S).status == 200


def test_connections_and_leases_stand_in_one_queue(shared, service, background):
    """One of each in turn; each one that is served lets the next one in."""
    holder = Client(shared.listen)
    wait_for_states(shared, "active")
    peers = [shared.new_peer() for _ in range(2)]
    clients = []
    for number, peer in enumerate(peers, 1):
        assert shared.acquire(peer, "A").status == 202
        clients.append(Client(shared.listen))
        wait_for_states(shared, "active", *["waiting"] * number)
    places = [each.get("place") for each in
              shared.request("GET", "/connections").json["proxies"][0]["connections"]]
    assert places == [None, 2, 4]

    def is_granted(peer: int) -> bool:
        return shared.request("GET", f"/peers/{peer}/is_acquired").json is True

    service.next()
    holder.reset()
    for peer, client in zip(peers, clients):
        wait_until(lambda: is_granted(peer))
        assert not service.has_next()
        shared.request("DELETE", f"/peers/{peer}")
        service.next()
        client.reset()
    wait_until(lambda: shared.remainder("A") == 1)
    assert service.most == 1


def test_people_see_connections_and_leases_in_one_list(shared):
    client = Client(shared.listen)
    wait_for_states(shared, "active")
    peer = shared.request("POST", "/new_peer",
                          {"expires_in": "5min", "label": "nightly import"}).json
    assert shared.acquire(peer, "A").status == 202
    (semaphore,) = shared.request("GET", "/leases?semaphore=A").json["semaphores"]
    (held,), (waits,) = semaphore["held"], semaphore["waiting"]
    assert held["client"] == client.address and held["count"] == 1
    assert (waits["peer"], waits["label"], waits["place"]) == (peer, "nightly import", 1)


@pytest.mark.parametrize("state, letters", [("active", "KD"), ("waiting", "KQ")])
def test_deleting_its_peer_ends_a_connection(shared, service, state, letters):
    clients = [Client(shared.listen), Client(shared.listen)]
    wait_for_states(shared, "active", "waiting")
    (proxy,) = shared.request("GET", "/connections").json["proxies"]
    ended = next(each for each in proxy["connections"] if each["state"] == state)
    shared.request("DELETE", f"/peers/{ended['peer']}")
    client = next(one for one in clients if one.address == ended["client"])
    assert client.ending() in ("closed", "reset")
    wait_for_states(shared, "active")
    wait_until(lambda: f"state={letters}" in shared.stderr or f'state="{letters}"' in shared.stderr,
               lambda: shared.stderr)


def test_what_else_is_done_with_the_peers_of_connections_does_no_harm(shared, service):
    """A client that knows their numbers may take leases in their name."""
    clients = [Client(shared.listen), Client(shared.listen)]
    service.next()
    wait_for_states(shared, "active", "waiting")
    granted = [shared.acquire(peer, semaphore, count).status == 200
               for peer in shared.peers() for semaphore, count in [("B", 1), ("A", 1), ("A", 2)]]
    assert any(granted) and not all(granted)
    wait_for_states(shared, "active", "waiting")
    for peer in shared.peers():
        shared.request("DELETE", f"/peers/{peer}/B")
    wait_for_states(shared, "active", "waiting")
    assert service.accepted == 1
    shared.request("GET", "/health")
    for client in clients:
        client.reset()
    wait_for_states(shared)
    wait_until(lambda: (shared.remainder("A"), shared.remainder("B")) == (1, 5))
    with Client(shared.listen):
        wait_for_states(shared, "active")


def test_connections_are_among_the_peers(shared):
    first, second = Client(shared.listen), Client(shared.listen)
    wait_for_states(shared, "active", "waiting")
    (proxy,) = shared.request("GET", "/connections").json["proxies"]
    assert {each["client"] for each in proxy["connections"]} == {first.address, second.address}
    assert {each["peer"] for each in proxy["connections"]} == shared.peers()


def test_a_semaphore_that_does_not_exist_is_an_error(binary, tmp_path):
    config = tmp_path / "some.toml"
    config.write_text('[proxy.a]\nlisten = "127.0.0.1:1"\nupstream = "localhost:2"\n'
                      'semaphore = "missing"\n')
    ended = subprocess.run([binary, "--check", "-c", config], capture_output=True, text=True)
    assert ended.returncode == 1 and "missing" in ended.stderr


# What is seen.

@pytest.fixture
def two_proxies(make_proxy, make_service):
    """Two proxies that have served, turned away and run hooks."""
    service = make_service(echo)
    proxy, other = make_proxy(), free_port()
    common = f'upstream = "127.0.0.1:{service.port}"\nmax_per_client = 2\n'
    proxy.config = (f'[proxy.one]\nlisten = "127.0.0.1:{proxy.listen}"\n{common}'
                    'before_activate = "true"\n'
                    f'[proxy."the \\"other\\""]\nlisten = "127.0.0.1:{other}"\n{common}'
                    'before_activate = "true"\n')
    proxy.start()
    for port in proxy.listen, other:
        with Client(port) as client:
            client.ask(b"hello")
    wait_until(proxy.is_empty)
    for port in proxy.listen, other:
        proxy.kept += [Client(port), Client(port)]
    proxy.wait_for(active=2, waiting=2)
    proxy.client()
    return proxy


def test_prometheus_has_nothing_to_say_about_the_metrics(two_proxies):
    assert shutil.which("promtool"), "promtool is missing (package prometheus)"
    page = two_proxies.request("GET", "/metrics").body
    checked = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True)
    complaints = [line for line in (checked.stdout + checked.stderr).decode().splitlines()
                  if line.split()[0] not in OLD_NAMES]
    assert complaints == []
    assert checked.returncode in (0, 3)


def test_the_metrics_tell_of_each_proxy(two_proxies):
    samples = two_proxies.metrics()
    assert samples['throttle_max{semaphore="one"}'] == 1
    assert samples['throttle_acquired{semaphore="one"}'] == 1
    assert samples['throttle_pending{semaphore="one"}'] == 1
    for name in "one", r"the \"other\"":
        labels = f'proxy="{name}"'
        assert samples[f"throttle_proxy_active_connections{{{labels}}}"] == 1
        assert samples[f"throttle_proxy_waiting_connections{{{labels}}}"] == 1
        assert samples[f'throttle_proxy_connections_total{{{labels},outcome="finished"}}'] == 1
        for direction in "up", "down":
            assert samples[f'throttle_proxy_bytes_total{{{labels},direction="{direction}"}}'] == 5
        assert samples[f"throttle_proxy_wait_seconds_count{{{labels}}}"] == 1
        assert samples[f'throttle_proxy_hook_seconds_count{{{labels},hook="before-activate"}}'] == 2
    wait_until(lambda: two_proxies.metrics().get(
        'throttle_proxy_connections_total{proxy="one",outcome="refused_per_client"}') == 1)


def test_the_connections_are_listed_for_each_proxy(two_proxies):
    one, other = two_proxies.request("GET", "/connections").json["proxies"]
    assert (one["name"], other["name"]) == ("one", 'the "other"')
    assert (one["active"], one["waiting"]) == (1, 1)
    active, waiting = one["connections"]
    assert (active["state"], waiting["state"], waiting["place"]) == ("active", "waiting", 1)
    for each in active, waiting:
        assert each["age_ms"] >= each["in_state_ms"] >= 0
        assert each["client"].startswith("127.0.0.1:")


@pytest.mark.parametrize("method, target, status", [
    ("GET", "/health", 200), ("GET", "/nowhere", 404), ("POST", "/new_peer", 404),
    ("DELETE", "/connections", 405),
])
def test_the_status_of_a_proxy_shows_and_changes_nothing(start, echoing, method, target, status):
    body = {"expires_in": "1min"} if method == "POST" else None
    answer = start(echoing).request(method, target, body)
    assert answer.status in (status, 404)


def test_idle_http_connections_leave_a_proxy_its_descriptors(serve, echoing):
    """64 descriptors are left for connections, of which the proxy has reserved 2 × 8 + 16."""
    listen = free_port()
    server = serve(f'[semaphores]\nA = 8\n[proxy.office]\nlisten = "127.0.0.1:{listen}"\n'
                   f'upstream = "127.0.0.1:{echoing.port}"\nsemaphore = "A"\n', open_files=128)
    idle = [server.connect() for _ in range(100)]
    for connection in idle[:20]:
        assert connection.request("GET", "/health").status == 200
    clients = [Client(listen) for _ in range(8)]
    for number, client in enumerate(clients):
        assert client.ask(b"%d" % number) == b"%d" % number
    for connection in idle:
        connection.close()
