"""Many clients of an office that wants them one by one."""

import os
import re
import signal
import time

import pytest

from harness.office import EXAMPLE, Office, convert, processes_of
from harness.proxy import Proxy

pytestmark = pytest.mark.timeout(240)
CLIENTS = 8
PATIENCE_S = 3  # of the proxy: -t


def convert_at_once(background, port: int, documents: list) -> list:
    return [each.result() for each in [background(convert, port, it) for it in documents]]


def assert_all_converted(conversions: list) -> None:
    """Each client got its own document, whole."""
    assert [it.complaint for it in conversions] == [""] * len(conversions)
    assert [it.returncode for it in conversions] == [0] * len(conversions)
    assert [it.pages for it in conversions] == list(range(1, len(conversions) + 1))
    assert all(len(it.pdf) > 5000 for it in conversions)


def offices_started_by(proxy: Proxy) -> list[int]:
    """Their process groups, as its commands printed them."""
    return [int(found[1]) for line in proxy.log("hook says")
            if (found := re.match(r"office (\d+) listens", line["line"]))]


def endings(proxy: Proxy, number: int) -> list[str]:
    """How this number of connections ended: `--` in order, `TD` at their time-to-live."""
    return [line["state"] for line in proxy.wait_for_log("connection", number)]


def assert_only_the_last_lives(groups: list[int], office: Office) -> None:
    assert len(set(groups)) == len(groups)
    assert office.group == groups[-1]
    assert [bool(processes_of(group)) for group in groups] == [False] * (len(groups) - 1) + [True]


def test_eight_clients_at_once_get_their_pdf_while_the_office_is_recycled(
        office, start_proxy, documents, background, report_figure):
    first = office.group
    proxy = start_proxy("--recycle-every", "3")
    started = time.monotonic()
    assert_all_converted(convert_at_once(background, proxy.listen, documents(CLIENTS)))
    took_s = time.monotonic() - started
    assert endings(proxy, CLIENTS) == ["--"] * CLIENTS
    offices = [first, *offices_started_by(proxy)]
    assert len(offices) == 1 + CLIENTS // 3
    assert_only_the_last_lives(offices, office)
    report_figure(f"{CLIENTS} conversions at once through the proxy: none failed; "
                  f"{took_s:.1f} s with {len(offices) - 1} restarts of the office")


def test_a_client_that_hangs_is_cut_off_and_those_behind_it_get_a_new_office(
        office, start_proxy, documents, background, connect):
    first = office.group
    proxy = start_proxy("-t", f"{PATIENCE_S}s", "--recycle-after-timeout")
    hanging = connect(proxy.listen)
    hanging.open(documents(1)[0])
    assert_all_converted(convert_at_once(background, proxy.listen, documents(3)))
    assert hanging.ask("count").startswith("failed")
    assert_only_the_last_lives([first, *offices_started_by(proxy)], office)
    assert len(offices_started_by(proxy)) == 1
    assert endings(proxy, 4) == ["TD", "--", "--", "--"]


def test_an_office_that_hangs_is_restarted_for_those_behind_the_client_it_hung_for(
        office, start_proxy, documents, background):
    first = office.group
    proxy = start_proxy("-t", f"{PATIENCE_S}s", "--recycle-after-timeout")
    os.kill(office.worker(), signal.SIGSTOP)
    unlucky = background(convert, proxy.listen, documents(1)[0])
    proxy.wait_for(active=1)
    assert_all_converted(convert_at_once(background, proxy.listen, documents(3)))
    assert unlucky.result().returncode == 1
    assert_only_the_last_lives([first, *offices_started_by(proxy)], office)


def test_an_office_that_crashed_is_started_again_for_the_next_client(
        office, start_proxy, documents, background):
    proxy = start_proxy("--recycle-every", "100",
                        "--before-activate", f"'{EXAMPLE}/office' ensure")
    first = office.group
    os.kill(office.worker(), signal.SIGKILL)
    assert_all_converted(convert_at_once(background, proxy.listen, documents(2)))
    assert_only_the_last_lives([first, *offices_started_by(proxy)], office)


def test_what_dead_clients_left_open_is_gone_with_the_next_recycling(
        office, start_proxy, documents, connect):
    proxy = start_proxy("--recycle-every", "3")
    for document in documents(2):
        client = connect(proxy.listen)
        client.open(document)
        client.die()
    third = connect(proxy.listen)
    assert third.count() == 2
    third.leave()
    assert connect(proxy.listen).count() == 0


def test_without_the_proxy(office, documents, background, connect, report_figure):
    """What an office does whose clients come all at once. That it fails them is not asserted: which
    conversions break, if any, is a matter of its version and of luck, and is reported."""
    started = time.monotonic()
    conversions = convert_at_once(background, office.port, documents(CLIENTS))
    took_s = time.monotonic() - started
    broken = [it for it, pages in zip(conversions, range(1, CLIENTS + 1)) if it.pages != pages]
    report_figure(f"{CLIENTS} conversions at once without the proxy: "
                  f"{len(broken) or 'none'} failed; {took_s:.1f} s"
                  + "".join(f"\n  {it.returncode}: {it.complaint}" for it in broken))

    clients = [connect(office.port) for _ in range(CLIENTS)]
    for client, document in zip(clients, documents(CLIENTS)):
        client.open(document)
    assert clients[0].count() == CLIENTS  # each sees those of all others, and might close them
    for client in clients:
        client.die()
    left_open = connect(office.port).count()
    assert left_open == CLIENTS
    report_figure(f"without the proxy: {left_open} documents of {CLIENTS} dead clients stay open; "
                  f"the office has {office.memory_mib()} MiB")

    os.kill(office.worker(), signal.SIGSTOP)
    stuck = convert(office.port, documents(1)[0], limit_s=3 * PATIENCE_S)
    assert stuck.returncode == 124
    report_figure(f"without the proxy: a client of an office that hangs waited {3 * PATIENCE_S} s, "
                  "and would wait for ever")
