"""A proxy that listens in several places: one queue, and a reload that adds and removes places."""

import subprocess

import pytest

from harness.server import wait_until
from harness.tcp import LIMIT_S, Client, echo, free_port


def table(service, listen: list[int], **keys) -> str:
    places = ", ".join(f'"127.0.0.1:{port}"' for port in listen)
    lines = ["[proxy.office]", f"listen = [{places}]", f'upstream = "127.0.0.1:{service.port}"',
             'upstream_check = "none"']
    return "\n".join(lines + [f"{key} = {value}" for key, value in keys.items()]) + "\n"


def is_refused(port: int) -> bool:
    try:
        Client(port).close()
        return False
    except ConnectionRefusedError:
        return True


def test_all_places_feed_one_queue_in_the_order_of_arrival(start, service):
    other = free_port()
    proxy = start(service, "-l", f"127.0.0.1:{other}")
    clients = []
    for port in (proxy.listen, other, proxy.listen, other):
        clients.append(Client(port))
        wait_until(lambda: len(proxy.connections()) == len(clients))
    assert [each["state"] for each in proxy.connections()] == ["active"] + 3 * ["waiting"]
    for client, following in zip(clients, clients[1:]):
        client.reset()
        wait_until(lambda: [each["client"] for each in proxy.connections()
                            if each["state"] == "active"] == [following.address])
    assert service.most == 1


def test_all_places_are_shown(start, service):
    other = free_port()
    proxy = start(service, "-l", f"127.0.0.1:{other}")
    both = f"127.0.0.1:{proxy.listen}, 127.0.0.1:{other}"
    assert [line["address"] for line in proxy.log("ready") if "proxy" in line] == [both]
    assert proxy.request("GET", "/connections").json["proxies"][0]["listen"] == both


def test_a_reload_adds_and_removes_places_and_keeps_the_others(make_proxy, make_service):
    service = make_service(echo)
    first, second, third = free_port(), free_port(), free_port()
    proxy = make_proxy(config=table(service, [first, second], max_connections=3)).start()
    clients = [Client(first), Client(second)]
    proxy.reload(table(service, [second, third], max_connections=3))
    clients.append(Client(third))
    for client in clients:
        assert client.ask(b"hello") == b"hello"
        client.close()
    with pytest.raises(ConnectionRefusedError):
        Client(first)
    changed = proxy.log("listens on other addresses")
    assert [line["address"] for line in changed] == [f"127.0.0.1:{second}, 127.0.0.1:{third}"]


def test_a_place_that_cannot_be_had_leaves_the_proxy_where_it_was(make_proxy, make_service):
    service, other = make_service(echo), make_service()
    first, second, third = free_port(), free_port(), free_port()
    proxy = make_proxy(config=table(service, [first, second])).start()
    proxy.reload(table(service, [second, third, other.port]))
    [line] = proxy.log("the proxy stays at its old address")
    assert f"cannot listen on 127.0.0.1:{other.port}" in line["reason"]
    for port in (first, second):
        with Client(port) as client:
            assert client.ask(b"hello") == b"hello"
    with pytest.raises(ConnectionRefusedError):
        Client(third)


def test_a_reload_moves_a_place_from_one_proxy_to_another(make_proxy, make_service):
    service, other = make_service(echo), make_service(lambda stream: stream.send(b"other"))
    first, moved, last = free_port(), free_port(), free_port()

    def config(one: list[int], two: list[int]) -> str:
        return table(other, one).replace("office", "a") + table(service, two).replace("office", "b")

    proxy = make_proxy(config=config([first], [moved, last])).start()
    proxy.reload(config([first, moved], [last]))
    with Client(moved) as client:
        assert client.read_all() == b"other"
    assert proxy.log("the proxy stays at its old address") == []


def test_a_drain_ends_listening_in_all_places(start, make_service):
    service = make_service(echo)
    other = free_port()
    proxy = start(service, "-l", f"127.0.0.1:{other}")
    with Client(other) as client:
        assert client.ask(b"hello") == b"hello"
        proxy.signal(15)
        proxy.wait_for_log("stopping")
        wait_until(lambda: all(is_refused(port) for port in (proxy.listen, other)))
        assert client.ask(b"still there") == b"still there"
    assert proxy.wait() == 0


def test_the_check_knows_every_place(proxy_binary, tmp_path):
    config = tmp_path / "t.toml"
    config.write_text('[proxy.a]\nlisten = [1, 2]\nupstream = "localhost:9"\n'
                      '[proxy.b]\nlisten = [3, "[::1]:2"]\nupstream = "localhost:9"\n')
    checked = subprocess.run([proxy_binary, "-c", config, "--check"], capture_output=True,
                             text=True, timeout=LIMIT_S)
    assert checked.returncode == 1
    assert '5:10: proxy.b.listen: the proxy "a" already listens on port 2 on all' in checked.stderr
