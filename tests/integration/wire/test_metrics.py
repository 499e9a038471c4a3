"""The page that Prometheus reads: the names of both generations, and what an operator needs."""

import re
import shutil
import subprocess
import time

import pytest

from harness.server import wait_until
from harness.tcp import LIMIT_S

TWO = "[semaphores]\nA = 3\nB = { max = 1, level = 1 }\n"
CURRENT = ["throttle_max", "throttle_acquired", "throttle_pending", "throttle_longest_pending_sec"]
FIRST = ["throttle_full_count", "throttle_count"]
# promtool frowns at names that were given long ago and that dashboards now rely on.
OLD_NAMES = {"throttle_count", "throttle_full_count", "throttle_num_404",
             "throttle_longest_pending_sec"}


def fill(server) -> None:
    """Two of three of A are held, two more wait."""
    for _ in range(2):
        assert server.acquire(server.new_peer(), "A", 2).status in (200, 202)


def types(server) -> dict[str, str]:
    page = server.request("GET", "/metrics").text
    return dict(re.findall(r"^# TYPE (\S+) (\S+)$", page, re.MULTILINE))


@pytest.mark.parametrize("name, value", [
    ("throttle_max", 3), ("throttle_acquired", 2), ("throttle_pending", 2),
    pytest.param("throttle_full_count", 3, marks=pytest.mark.ours),
    pytest.param("throttle_count", 2, marks=pytest.mark.ours),
])
def test_each_semaphore_has_its_sample(serve, name, value):
    server = serve(TWO)
    fill(server)
    samples = server.metrics()
    assert samples[f'{name}{{semaphore="A"}}'] == value
    assert f'{name}{{semaphore="B"}}' in samples
    assert types(server)[name] == "gauge"


def test_the_longest_wait_is_told_in_whole_seconds(serve):
    server = serve(TWO)
    name = 'throttle_longest_pending_sec{semaphore="A"}'
    began = time.monotonic()
    fill(server)

    def has_come_to_one() -> bool:
        waited = server.metrics()[name]
        assert waited.is_integer() and waited <= time.monotonic() - began
        return waited >= 1

    wait_until(has_come_to_one)


def test_a_server_without_semaphores_has_no_samples_of_them(serve):
    assert not any("semaphore=" in name for name in serve("").metrics())


@pytest.mark.ours
def test_unknown_paths_are_counted(serve):
    server = serve("")
    assert server.metrics()["throttle_num_404"] == 0
    server.request("GET", "/nowhere")
    server.request("POST", "/nowhere")
    assert server.metrics()["throttle_num_404"] == 2
    assert types(server)["throttle_num_404"] == "counter"


@pytest.mark.ours
def test_a_lock_leaves_its_traces(serve, background):
    server = serve(TWO)
    first, second = server.new_peer(), server.new_peer()
    server.acquire(first, "B")
    assert server.acquire(second, "B").status == 202
    server.acquire(second, "B", 2)
    blocked = background(server.acquire, second, "B", 1, "?block_for=20s")
    wait_until(lambda: server.metrics()["throttle_parked_requests"] == 1)
    server.request("DELETE", f"/peers/{first}")
    assert blocked.result(LIMIT_S).status == 200
    server.request("PUT", f"/peers/{second}", {"expires_in": "0s"})
    body = {"expires_in": "1min", "peer_id": 7, "acquired": {"B": 1}}
    server.request("POST", "/restore", body)
    server.request("POST", "/restore", body | {"peer_id": 8})
    samples = server.metrics()
    for name, value in {
        'throttle_grants_total{semaphore="B"}': 2,
        'throttle_refusals_total{semaphore="B",reason="never_fits"}': 1,
        'throttle_leases_ended_total{semaphore="B",cause="released"}': 1,
        'throttle_leases_ended_total{semaphore="B",cause="expired"}': 1,
        'throttle_peers_removed_total{cause="expired"}': 1,
        'throttle_restores_total{semaphore="B"}': 2,
        'throttle_overcommit{semaphore="B"}': 1,
        'throttle_overcommit_total{semaphore="B"}': 1,
        'throttle_wait_seconds_count{semaphore="B"}': 2,
        'throttle_hold_seconds_count{semaphore="B"}': 2,
        'throttle_http_requests_total{method="POST",route="/restore",status="200"}': 2,
        "throttle_peers": 2,
        "throttle_parked_requests": 0,
    }.items():
        assert samples.get(name) == value, name
    assert any(name.startswith("throttle_build_info{") for name in samples)


@pytest.mark.ours
def test_the_numbers_of_requests_do_not_grow_with_what_clients_ask_for(serve):
    server = serve(TWO)
    for number in range(50):
        server.request("GET", f"/nowhere/{number}")
        server.request("GET", f"/peers/{number}/is_acquired")
        server.request(f"M{number}", "/health")
        server.acquire(number, f"nobody-{number}")
    assert sum("throttle_http_requests_total" in name for name in server.metrics()) < 20


@pytest.mark.ours
def test_a_real_prometheus_accepts_the_page(serve):
    promtool = shutil.which("promtool")
    assert promtool, "promtool is missing (package prometheus)"
    server = serve(TWO + '"quoted\\"\\\\name" = 1\n')
    fill(server)
    server.request("GET", "/nowhere")
    page = server.request("GET", "/metrics").body
    result = subprocess.run([promtool, "check", "metrics"], input=page, capture_output=True)
    complaints = (result.stderr + result.stdout).decode().splitlines()
    assert [line for line in complaints if line.split()[0] not in OLD_NAMES] == []
    assert result.returncode in (0, 3)  # 3: it parses, and a name could be better


@pytest.mark.ours
def test_families_and_samples_are_sorted(serve):
    server = serve("[semaphores]\nb = 1\na = 1\nC = 1\n")
    page = server.request("GET", "/metrics").text
    families = re.findall(r"^# TYPE (\S+)", page, re.MULTILINE)
    assert families == sorted(families)
    assert re.findall(r'^throttle_max\{semaphore="(.)"\}', page, re.MULTILINE) == ["C", "a", "b"]
