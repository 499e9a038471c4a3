"""A service that is not there when the proxy starts, and what it costs one that is."""

import pytest

from harness.server import wait_until
from harness.tcp import free_port

CHECK = ("--upstream-check", "start")


def warnings(proxy) -> list[str]:
    return [line["what"] for line in proxy.log("note") if line["level"] == "WARN"]


def test_a_service_that_is_down_is_a_warning_at_once_and_clients_come_in_when_it_is_up(
        make_proxy, make_service):
    port = free_port()
    proxy = make_proxy(port, *CHECK, "--connect-timeout", "20s").start()
    wait_until(lambda: warnings(proxy))
    assert f"127.0.0.1:{port}: connection refused" in warnings(proxy)[0]
    assert "connect_timeout (20s)" in warnings(proxy)[0]
    assert proxy.request("GET", "/ready").status == 503
    client = proxy.client()
    proxy.wait_for(connecting=1)
    service = make_service(port=port)
    client.send(b"x")
    assert service.next().read(1) == b"x"
    assert len(warnings(proxy)) == 1


def test_a_name_that_does_not_exist_is_named(make_proxy):
    proxy = make_proxy(free_port(), *CHECK)
    command = proxy.command()
    command[command.index("-h") + 1] = "nowhere.invalid"
    proxy.command = lambda: command
    proxy.start()
    wait_until(lambda: warnings(proxy))
    assert "nowhere.invalid" in warnings(proxy)[0]


def test_a_service_that_is_up_has_one_connection_that_is_no_client(start, service):
    proxy = start(service, *CHECK)
    assert service.next().read_all() == b""
    assert proxy.is_empty() and warnings(proxy) == [] and proxy.endings() == []
    counted = {name: value for name, value in proxy.metrics().items()
               if "proxy" in name and "proxy=" in name and value and "_max_" not in name}
    assert not any("connections" in name or "activ" in name for name in counted), counted
    client = proxy.client()
    client.send(b"x")
    assert service.next().read(1) == b"x"
    assert not service.has_next()


@pytest.mark.parametrize("check", ["none", "start"])
def test_a_service_of_one_connection_can_do_without_it(make_proxy, make_service, check):
    """As `nc -l`: it ends with its first connection."""
    service = make_service()
    proxy = make_proxy(service.port, "--upstream-check", check, "--connect-timeout", "100ms")
    proxy.start()
    if check == "start":
        service.next()
        service.stop()
        assert proxy.client().ending() == "closed"
        return
    client = proxy.client()
    first = service.next()
    client.send(b"x")
    assert first.read(1) == b"x"


def test_a_reload_checks_what_is_new(start_from, make_service):
    service = make_service()
    down = free_port()
    config = (f'[proxy.a]\nlisten = "127.0.0.1:{free_port()}"\n'
              'upstream = "127.0.0.1:{}"\n')
    proxy = start_from(config.format(service.port))
    service.next()
    proxy.reload(config.format(down))
    wait_until(lambda: warnings(proxy))
    assert f"127.0.0.1:{down}: connection refused" in warnings(proxy)[0]
    proxy.reload(config.format(service.port))
    service.next()
    assert len(warnings(proxy)) == 1
