"""Proxies that lead to themselves: refused where the configuration shows it, else noticed when the
first connection comes back."""

import socket
import subprocess

import pytest

from harness.server import wait_until
from harness.tcp import LIMIT_S, free_port

COMES_BACK = "connections come back, and may wait for themselves for ever"


def own_name() -> str:
    """A name or an address of this machine that says nothing by itself."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)
            return socket.gethostname()
        except OSError:
            probe.connect(("192.0.2.1", 9))  # sends nothing
            return probe.getsockname()[0]


def test_a_connection_that_comes_back_is_warned_of_once(make_proxy):
    proxy = make_proxy()
    proxy.config = f"""
[proxy.office]
listen = {proxy.listen}
upstream = "{own_name()}:{proxy.listen}"
"""
    proxy.start()
    for _ in range(2):
        client = proxy.client()
        proxy.wait_for_log(COMES_BACK)
        client.reset()
        wait_until(proxy.is_empty)
    assert [line["way"] for line in proxy.log(COMES_BACK)] == ['"office" to "office"']


def test_a_way_over_two_proxies_of_one_semaphore_is_warned_of(make_proxy, service):
    inner = free_port()
    proxy = make_proxy()
    proxy.config = f"""
[semaphores]
S = 2
[proxy.outer]
listen = {proxy.listen}
upstream = "{own_name()}:{inner}"
semaphore = "S"
[proxy.inner]
listen = {inner}
upstream = "127.0.0.1:{service.port}"
semaphore = "S"
"""
    proxy.start()
    proxy.client()
    assert [line["way"] for line in proxy.wait_for_log(COMES_BACK)] == ['"outer" to "inner"']


@pytest.mark.parametrize("listen, host", [("{}", "localhost"), ("[::]:{}", "127.0.0.1"),
                                          ("127.0.0.1:{}", "LocalHost"), ("{}", "[::]")])
def test_one_that_leads_to_itself_is_refused(proxy_binary, listen, host):
    port = free_port()
    for last in ([], ["--check"]):
        command = [proxy_binary, "-l", listen.format(port), "-h", host, "-p", str(port), *last]
        done = subprocess.run(command, capture_output=True, timeout=LIMIT_S, text=True)
        assert done.returncode == 1
        assert "the connections would come back" in done.stderr
