"""Fixtures of the suite that puts a real office behind the proxy."""

import pytest

from harness.office import EXAMPLE, ObedientClient, Office, write_document
from harness.proxy import Proxy


@pytest.fixture
def office(tmp_path):
    """An office that runs; it ends with the test."""
    office = Office(tmp_path / "office")
    try:
        office.run("start")
        yield office
    finally:
        office.run("stop")


@pytest.fixture
def start_proxy(binary, office, tmp_path):
    """start_proxy(argument, …) is a proxy before the office, for one client at a time, that knows
    how to restart it. It has to end in order."""
    proxies = []

    def start(*arguments: str) -> Proxy:
        folder = tmp_path / f"proxy-{len(proxies)}"
        folder.mkdir()
        recycle = ["-n", "1", "--recycle", f"'{EXAMPLE}/office' restart"]
        proxies.append(Proxy(binary.with_name("throttle-proxy"), folder, upstream=office.port,
                             arguments=[*recycle, *arguments],
                             environment={"THROTTLE_LOG": "info"} | office.environment))
        return proxies[-1].start()

    yield start
    try:
        for proxy in proxies:
            print(proxy.stderr)
            assert proxy.stop() == 0
    finally:
        for proxy in proxies:
            if proxy.is_running():
                proxy.kill()


@pytest.fixture
def documents(tmp_path):
    """documents(number): the first has one page, the second two, and so on."""
    return lambda number: [write_document(tmp_path / f"{pages}-pages.odt", pages)
                           for pages in range(1, number + 1)]


@pytest.fixture
def connect():
    """connect(port) is an ObedientClient; those that are left at the end of the test die."""
    clients = []

    def start(port: int) -> ObedientClient:
        clients.append(ObedientClient(port))
        return clients[-1]

    yield start
    for client in clients:
        client.die()
