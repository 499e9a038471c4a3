"""The journal on a disk of 3 MiB, which fills up and is freed again. The disk is a file system of
the server's own: it is mounted in a namespace that ends with the server."""

import os
from pathlib import Path

import pytest

from harness.server import wait_until
from journal.conftest import CONFIG, Journal

pytestmark = pytest.mark.ours

PEERS = 300
MOUNT = 'mount -t tmpfs -o size=3m tmpfs "$0" && exec "$@"'


@pytest.fixture
def on_small_disk(make_server, tmp_path):
    """A server with its journal on such a disk, the journal, and the disk's folder."""
    disk = tmp_path / "disk"
    disk.mkdir()
    become_root = [] if os.geteuid() == 0 else ["--map-root-user"]

    def make(settings: str = ""):
        config = CONFIG.replace('"journal.db"', f'"{disk}/journal.db"')
        server = make_server(
            f"{config}free_bytes = 0\n{settings}",
            wrapper=["unshare", "--mount", *become_root, "sh", "-c", MOUNT, disk]).start()
        as_root = [] if os.geteuid() == 0 else ["--user", "--preserve-credentials"]
        enter = ("nsenter", "--target", str(server.process.pid), "--mount", *as_root)
        return (server, Journal(disk / "journal.db", enter),
                Path(f"/proc/{server.process.pid}/root{disk}"))

    return make


def fill(disk: Path) -> Path:
    filler = disk / "filler"
    with open(filler, "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            return filler


def come_and_go(server) -> None:
    with server.connect() as connection:
        for _ in range(PEERS):
            peer = connection.request("POST", "/new_peer", {"expires_in": "1min"}).json
            assert connection.request("PUT", f"/peers/{peer}/A", 1).status == 200
            assert connection.request("DELETE", f"/peers/{peer}").status == 200


def test_nothing_is_lost_that_fits_into_memory(on_small_disk, verify):
    server, journal, disk = on_small_disk()
    filler = fill(disk)
    come_and_go(server)
    wait_until(lambda: "full" in (server.request("GET", "/journal").json["last_error"] or ""))
    come_and_go(server)
    assert journal.count("granted") < 2 * PEERS
    filler.unlink()
    wait_until(lambda: journal.count("lease_ended") == 2 * PEERS)
    wait_until(lambda: server.request("GET", "/journal").json["last_error"] is None)
    state = server.request("GET", "/journal").json
    assert (state["lost_events"], state["gaps"]) == (0, 0)
    assert server.stderr.count("cannot be written") == 1
    wait_until(lambda: server.stderr.count("written again") == 1)
    journal.assert_whole()
    verify(journal, "--strict", "--against", server.url)


def test_what_does_not_fit_is_a_gap_of_the_right_number(on_small_disk, verify):
    server, journal, disk = on_small_disk("max_queued = 1024\n")
    filler = fill(disk)
    holder = server.new_peer()
    come_and_go(server)
    come_and_go(server)
    server.acquire(holder, "A")
    wait_until(lambda: server.request("GET", "/journal").json["lost_events"] > 0)
    filler.unlink()
    wait_until(lambda: journal.count("gap_closed") == 1)
    lost = server.request("GET", "/journal").json["lost_events"]
    assert journal.value("SELECT sum(count) FROM event WHERE kind_no = 30") == lost
    assert journal.rows("SELECT peer FROM holder") == [(str(holder),)]
    assert f"gap, {lost} events" in verify(journal)
