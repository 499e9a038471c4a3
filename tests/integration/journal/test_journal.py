"""The journal of the real server, read by another program while it is written, and after the
server has stopped, was killed, or has lost its file."""

import os
import signal
from random import Random
from threading import Event

import pytest

from harness.server import wait_until
from journal.conftest import CONFIG, keep_busy

pytestmark = pytest.mark.ours

KILLS = int(os.environ.get("THROTTLE_KILLS", "5"))  # 200 prove more, in some minutes


def hold_and_wait(server) -> tuple[int, int]:
    """A peer that holds all of A, and one that waits for it."""
    holder, waiter = server.new_peer(), server.new_peer()
    assert server.acquire(holder, "A", 2).status == 200
    assert server.acquire(waiter, "A").status == 202
    return holder, waiter


def test_it_can_be_read_while_the_server_writes(journaled):
    server, journal = journaled()
    holder, waiter = hold_and_wait(server)
    wait_until(lambda: journal.count("queued") == 1)
    assert journal.rows("SELECT peer, count FROM holder") == [(str(holder), 2)]
    assert journal.rows("SELECT peer FROM waiter") == [(str(waiter),)]
    server.request("DELETE", f"/peers/{holder}")
    wait_until(lambda: journal.rows("SELECT peer FROM holder") == [(str(waiter),)])
    journal.assert_whole()


def test_after_an_orderly_stop_all_is_closed_and_one_file_is_left(journaled):
    server, journal = journaled(environment={"THROTTLE_LOG": "journal=info"})
    hold_and_wait(server)
    assert server.stop() == 0
    assert journal.rows("SELECT * FROM live") == []
    assert journal.count("stopped") == 1
    left = {path.name for path in server.folder.glob("journal*")}
    assert left == {"journal.db", "journal.db-writer"}  # the lock, which is empty
    journal.assert_whole()
    assert "journal head batch=" in server.stderr


def test_what_was_open_when_the_server_was_killed_is_closed_as_lost(journaled):
    server, journal = journaled()
    holder, _ = hold_and_wait(server)
    wait_until(lambda: journal.count("queued") == 1)
    server.kill()
    assert journal.rows("SELECT peer FROM holder") == [(str(holder),)]
    server.start()
    lost = journal.value("SELECT count(*) FROM event JOIN cause USING (cause_no) "
                         "WHERE cause.name = 'lost'")
    assert lost == 2
    assert journal.rows("SELECT * FROM live") == []
    journal.assert_whole()


def read_heads(server, stop: Event, heads: list[str]) -> None:
    """Adds each head that the server reports, until it is killed."""
    try:
        with server.connect() as connection:
            while not stop.is_set():
                head = connection.request("GET", "/journal").json["head"]
                heads.append(f"{head['batch']}:{head['seq']}:{head['hash']}")
    except OSError:
        pass


def test_no_kill_under_load_loses_what_was_committed(journaled, background, verify):
    """Each head that the server reported is in the file, and the file proves itself."""
    server, journal = journaled()
    chance = Random(KILLS)
    for _ in range(KILLS):
        stop = Event()
        load = [background(keep_busy, server, stop) for _ in range(3)]
        heads: list[str] = []
        load.append(background(read_heads, server, stop, heads))
        busy_from = server.request("GET", "/journal").json["head"]["seq"]
        wait_until(lambda at=busy_from + chance.randrange(200):
                   server.request("GET", "/journal").json["head"]["seq"] > at)
        wait_until(lambda seen=heads: seen)
        server.kill()
        stop.set()
        for each in load:
            each.result()
        journal.assert_whole()
        verify(journal, "--head", heads[-1])
        server.start()
    assert journal.value("SELECT count(*) FROM run") == KILLS + 1
    verify(journal)


def test_a_second_server_on_the_same_file_does_not_start(journaled, make_server):
    server, journal = journaled()
    second = make_server(CONFIG.replace('"journal.db"', f'"{journal.path}"'))
    second.spawn()
    assert second.wait() == 1
    assert f"{journal.path} is being written by process {server.process.pid}" in second.stderr


def test_what_is_no_journal_is_refused_and_left_alone(make_server):
    server = make_server(CONFIG)
    file = server.folder / "journal.db"
    file.write_text("Dear diary")
    server.spawn()
    assert server.wait() == 1
    assert "journal.db" in server.stderr
    assert file.read_text() == "Dear diary"


def test_a_file_that_is_moved_away_while_the_server_runs_is_followed_by_a_new_one(journaled):
    server, journal = journaled()
    holder, _ = hold_and_wait(server)
    wait_until(lambda: journal.count("queued") == 1)
    for path in list(server.folder.glob("journal.db*")):
        path.rename(server.folder / f"old-{path.name}")
    # The new file begins with what it missed, and with what is held.
    wait_until(lambda: journal.is_made() and
               journal.rows("SELECT peer FROM holder") == [(str(holder),)])
    assert journal.count("gap") == 1
    assert "deleted, renamed or replaced" in server.stderr


def test_a_reload_and_a_refused_one_are_recorded(journaled):
    server, journal = journaled()
    server.write_config(CONFIG.replace("A = 2", "A = 3"))
    server.signal(signal.SIGHUP)
    wait_until(lambda: journal.count("reloaded") == 1)
    server.write_config("[semaphores")
    server.signal(signal.SIGHUP)
    wait_until(lambda: journal.count("reload_refused") == 1)
    detail = journal.value("SELECT detail FROM event_text WHERE kind = 'reload_refused'")
    assert "throttle.toml" in detail


def test_under_pause_nothing_is_granted_while_the_file_cannot_be_opened(make_server):
    config = CONFIG.replace('"journal.db"', '"absent/journal.db"') + 'when_behind = "pause"\n'
    server = make_server(config).start()
    assert server.acquire(server.new_peer(), "A").status == 202
    assert server.metrics()["throttle_journal_up"] == 0
    (server.folder / "absent").mkdir()
    wait_until(lambda: server.remainder("A") == 1)
    assert server.metrics()["throttle_journal_up"] == 1


def test_no_address_and_no_label_is_written_if_it_must_not_be(journaled):
    server, journal = journaled(CONFIG + 'clients = "none"\nlabels = false\n')
    peer = server.request("POST", "/new_peer", {"expires_in": "1min", "label": "secret"}).json
    server.acquire(peer, "A")
    wait_until(lambda: journal.count("granted") == 1)
    assert journal.rows("SELECT client, port, label FROM peer") == [(None, None, None)]
    server.stop()
    assert b"secret" not in journal.path.read_bytes()
