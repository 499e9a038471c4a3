"""Fixtures of the proxy's suite: services, and proxies in front of them."""

import pytest

from harness.proxy import Proxy
from harness.tcp import Service, echo


@pytest.fixture
def proxy_binary(binary):
    return binary.with_name("throttle-proxy")


@pytest.fixture
def make_service():
    """make_service(talk, port) is a service that listens."""
    services = []

    def make(talk=None, port: int = 0) -> Service:
        services.append(Service(talk, port))
        return services[-1]

    yield make
    for service in services:
        service.stop()


@pytest.fixture
def service(make_service):
    """A service whose connections the test takes."""
    return make_service()


@pytest.fixture
def echoing(make_service):
    return make_service(echo)


@pytest.fixture
def make_proxy(proxy_binary, tmp_path):
    """Proxies that are not started yet. Those that run at the end of the test must have survived
    it: they receive two signals to stop, and have to end."""
    proxies = []

    def make(upstream: int = 0, *arguments, **options) -> Proxy:
        folder = tmp_path / f"proxy-{len(proxies)}"
        folder.mkdir()
        surroundings = {"THROTTLE_LOG": "info,proxy=debug"} | options.get("environment", {})
        options["environment"] = surroundings
        proxies.append(Proxy(proxy_binary, folder, upstream=upstream,
                             arguments=[str(word) for word in arguments], **options))
        return proxies[-1]

    yield make
    try:
        for proxy in proxies:
            print(proxy.stderr)
            if proxy.process is not None and proxy.process.returncode is None:
                assert proxy.is_running(), f"ended by itself with {proxy.process.returncode}"
                assert proxy.stop_at_once() in (0, 1)
    finally:
        for proxy in proxies:
            if proxy.is_running():
                proxy.kill()
            for client in proxy.kept:
                client.close()


@pytest.fixture
def start(make_proxy):
    """start(service, argument, …) is a proxy in front of the service that is ready."""
    def start_proxy(service, *arguments, **options) -> Proxy:
        return make_proxy(service.port, *arguments, **options).start()
    return start_proxy


@pytest.fixture
def start_from(make_proxy):
    """start_from(config) is a proxy that runs the configuration and is ready."""
    return lambda config, **options: make_proxy(config=config, **options).start()
