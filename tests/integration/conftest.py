"""Fixtures of all suites: `serve` starts servers, and proves at the end that each still lived."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness.haproxy import HaProxies
from harness.server import Server
from harness.tcp import release_ports


def pytest_addoption(parser):
    parser.addoption("--binary", type=Path, required=True, help="the server under test")
    parser.addoption("--first-python", type=Path,
                     help="an interpreter that has the first generation's client")


FIGURES = pytest.StashKey[list[str]]()


@pytest.fixture
def report_figure(request):
    """report_figure(text): what was measured, reported at the end of the run."""
    return request.config.stash.setdefault(FIGURES, []).append


def pytest_terminal_summary(terminalreporter, config):
    for figure in config.stash.get(FIGURES, []):
        terminalreporter.write_line(f"measured: {figure}")


@pytest.fixture(autouse=True)
def ports():
    """The ports that a test was given are everybody's again when all else of it has ended."""
    yield
    release_ports()


@pytest.fixture
def background():
    """background(function, …) runs it on a thread, and is its result to come."""
    with ThreadPoolExecutor(32) as pool:
        yield pool.submit


@pytest.fixture
def run_haproxy(tmp_path):
    """run_haproxy(bind, server) runs one with these words after `bind` and `server`; its port."""
    all_of_them = HaProxies(tmp_path)
    yield all_of_them.run
    all_of_them.stop()


@pytest.fixture
def binary(request) -> Path:
    return request.config.getoption("--binary")


@pytest.fixture
def make_server(binary, tmp_path):
    """Servers that are not started yet. Those that run at the end of the test must have survived
    it: they receive a signal to stop, and have to end in order."""
    servers = []

    def make(config: str = "", **options) -> Server:
        folder = tmp_path / f"server-{len(servers)}"
        folder.mkdir()
        servers.append(Server(binary, folder, config, **options))
        return servers[-1]

    yield make
    try:
        for server in servers:
            print(server.stderr)
            if server.process is not None and server.process.returncode is None:
                assert server.is_running(), f"ended by itself with {server.process.returncode}"
                assert server.stop() == 0
    finally:
        for server in servers:
            if server.is_running():
                server.kill()


@pytest.fixture
def serve(make_server):
    """serve(config) is a server that is ready."""
    return lambda config="", **options: make_server(config, **options).start()
