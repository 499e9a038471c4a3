"""What load balancers learn from the status port, and services that are not there yet."""

import signal

from harness.server import wait_until
from harness.tcp import free_port


def status_of(proxy, path: str = "/ready") -> int:
    return proxy.request("GET", path).status


def test_it_is_not_ready_while_the_service_does_not_answer(make_proxy, make_service):
    port = free_port()
    proxy = make_proxy(port, "--connect-timeout", "100ms").start()
    assert status_of(proxy) == 200  # as far as it knows
    proxy.client().ending()
    answer = proxy.request("GET", "/ready")
    assert answer.status == 503
    assert f"127.0.0.1:{port}" in answer.text
    assert status_of(proxy, "/health") == 200
    make_service(port=port)
    wait_until(lambda: status_of(proxy) == 200)


def test_it_is_not_ready_after_a_failed_recycling_until_the_service_answers(start, service):
    proxy = start(service, "--recycle", "exit 3", "--recycle-every", 1, "--ready-stay", 0)
    client = proxy.client()
    proxy.wait_for(active=1)
    client.reset()
    proxy.wait_for_log("hook failed")
    assert status_of(proxy) == 503
    wait_until(lambda: status_of(proxy) == 200)


def test_it_is_neither_ready_nor_healthy_from_the_beginning_of_a_drain(start, service):
    proxy = start(service)
    proxy.client()
    proxy.wait_for(active=1)
    proxy.signal(signal.SIGTERM)
    proxy.wait_for_log("stopping")
    wait_until(lambda: status_of(proxy) == 503)
    assert status_of(proxy, "/health") == 503


def test_a_service_that_hangs_up_at_once_is_tried_again(start, make_service):
    seen = []

    def talk(connection):
        seen.append(connection)
        if len(seen) < 3:
            return connection.close()
        connection.send(b"220 ready\r\n")

    proxy = start(make_service(talk))
    assert proxy.client().read_all() == b"220 ready\r\n"
    assert len(seen) == 3


def test_a_command_says_when_the_service_is_ready(start, service, tmp_path):
    mark = tmp_path / "ready"
    proxy = start(service, "--recycle", "true", "--recycle-every", 1,
                  "--ready", f"test -e {mark} || {{ echo not yet; exit 1; }}")
    first, second = proxy.clients(2)
    proxy.wait_for(active=1, waiting=1)
    first.reset()
    proxy.wait_for_log("hook says", 2)
    assert second.is_open()
    assert proxy.in_state("waiting") == 1
    mark.touch()
    proxy.wait_for(active=1, waiting=0)
