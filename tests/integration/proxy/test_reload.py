"""A new configuration without a dropped connection, and without one too many."""

import resource
import signal

import pytest

from harness.server import wait_until
from harness.tcp import LIMIT_S, Client, echo, free_port

TOO_FEW_FILES = "the limit of open files is too low for all connections that may be let through"


def table(name: str, listen: int, upstream: int, **keys) -> str:
    lines = [f"[proxy.{name}]", f'listen = "127.0.0.1:{listen}"',
             f'upstream = "127.0.0.1:{upstream}"', 'upstream_check = "none"']
    lines += [f"{key} = {value}" for key, value in keys.items()]
    return "\n".join(lines) + "\n"


@pytest.fixture
def start_office(make_proxy):
    """start_office(service, key=value, …) runs one proxy from a file, which may begin with other
    tables. `rewrite(key=value, …)` puts other values in force."""
    def start(service, others="", **keys):
        proxy = make_proxy()
        proxy.table = lambda **values: table("office", proxy.listen, service.port, **values)
        proxy.rewrite = lambda **values: proxy.reload(proxy.table(**values))
        proxy.config = others + proxy.table(**keys)
        return proxy.start()
    return start


def test_never_more_than_the_limit_through_many_reloads(start_office, make_service, background):
    service = make_service(echo)
    proxy = start_office(service, max_connections=2)

    def work(_) -> bytes:
        with proxy.client() as client:
            return client.ask(b"a request")

    answers = []
    for generation in range(10):
        answers += [background(work, number) for number in range(30)]
        order = '"fifo"' if generation % 2 else '"lifo"'
        proxy.rewrite(max_connections=2, queue_order=order, max_queue=1000 + generation)
    assert {answer.result(LIMIT_S) for answer in answers} == {b"a request"}
    assert service.most <= 2


def test_a_lower_limit_drops_nobody_and_holds_from_then_on(start_office, service):
    proxy = start_office(service, max_connections=3)
    active = proxy.clients(3)
    proxy.wait_for(active=3)
    waiting = proxy.client()
    proxy.rewrite(max_connections=1)
    assert all(client.is_open() for client in active)
    for client in active[:2]:
        client.reset()
    proxy.wait_for(active=1, waiting=1)
    active[2].reset()
    proxy.wait_for(active=1, waiting=0)
    assert waiting.is_open()


def test_a_higher_limit_lets_more_in_at_once(start_office, service):
    proxy = start_office(service, max_connections=1)
    proxy.clients(4)
    proxy.wait_for(active=1, waiting=3)
    proxy.rewrite(max_connections=3)
    proxy.wait_for(active=3, waiting=1)


def test_the_queue_moves_on_after_every_pause(start_office, service):
    proxy = start_office(service, max_connections=1)
    clients = proxy.clients(4)
    for client in clients[:3]:
        proxy.rewrite(max_connections=0)
        client.reset()
        proxy.wait_for(active=0)
        proxy.rewrite(max_connections=1)
        proxy.wait_for(active=1)


def test_limits_of_clients_hold_from_then_on(start_office, service):
    proxy = start_office(service)
    proxy.clients(2)
    proxy.rewrite(max_per_client=1)
    proxy.wait_for(active=1, waiting=1)
    assert proxy.client().ending() == "closed"
    proxy.rewrite(max_per_client=3)
    proxy.client()
    proxy.wait_for(active=1, waiting=2)


def test_hooks_and_times_hold_from_then_on(start_office, make_service, tmp_path):
    service = make_service(echo)
    proxy = start_office(service)
    with proxy.client() as client:
        client.ask(b"hello")
        proxy.rewrite(before_activate=f"'touch {tmp_path}/ran'", timeout='"200ms"')
        assert client.ask(b"still there") == b"still there"
    assert not (tmp_path / "ran").exists()
    assert proxy.client().ending() in ("closed", "reset")
    assert (tmp_path / "ran").exists()


def test_an_idle_timeout_holds_for_those_who_are_there(start_office, make_service):
    service = make_service(echo)
    proxy = start_office(service, idle_timeout='"10min"')
    client = proxy.client()
    client.ask(b"hello")
    proxy.rewrite(idle_timeout='"300ms"')
    assert client.ending() in ("closed", "reset")


def test_another_service_is_for_those_who_come(start_office, make_service):
    one, other = make_service(), make_service()
    proxy = start_office(one, max_connections=2)
    proxy.client()
    one.next()
    proxy.reload(table("office", proxy.listen, other.port, max_connections=2))
    proxy.client()
    other.next()
    proxy.wait_for(active=2)


def test_another_address_is_listened_on(start_office, make_service):
    service = make_service(echo)
    proxy = start_office(service)
    old, proxy.listen = proxy.listen, free_port()
    proxy.reload(proxy.table())
    with proxy.client() as client:
        assert client.ask(b"hello") == b"hello"
    with pytest.raises(ConnectionRefusedError):
        Client(old)


def test_an_address_that_cannot_be_had_leaves_the_proxy_where_it_was(start_office, make_service):
    service, other = make_service(echo), make_service()
    proxy = start_office(service)
    proxy.reload(table("office", other.port, service.port))
    assert str(other.port) in proxy.log("the proxy stays at its old address")[0]["reason"]
    with proxy.client() as client:
        assert client.ask(b"hello") == b"hello"


def test_a_proxy_that_could_not_be_opened_is_new_at_the_next_reload(start_office, make_service):
    service, other = make_service(echo), make_service()
    proxy = start_office(service, "[semaphores]\nA = 1\n")
    proxy.reload(proxy.table() + table("new", other.port, service.port))
    assert str(other.port) in proxy.log("cannot open the proxy")[0]["reason"]
    port = free_port()
    proxy.reload("[semaphores]\nA = 1\n" + proxy.table() +
                 table("new", port, service.port, semaphore='"A"'))
    [_, shown] = proxy.request("GET", "/connections").json["proxies"]
    assert (shown["name"], shown["semaphore"]) == ("new", "A")
    with Client(port) as client:
        assert client.ask(b"hello") == b"hello"


def test_proxies_come_and_go(start_office, make_service):
    service = make_service(echo)
    proxy = start_office(service, drain_timeout='"0s"')
    port = free_port()
    old = proxy.client()
    old.ask(b"hello")
    waiting = proxy.client()
    proxy.wait_for(waiting=1)
    proxy.reload(table("other", port, service.port))
    assert waiting.ending() == "closed"
    assert old.ask(b"still served") == b"still served"
    assert [each["client"] for each in proxy.connections("office")] == [old.address]
    with Client(port) as client:
        assert client.ask(b"hello") == b"hello"
    with pytest.raises(ConnectionRefusedError):
        Client(proxy.listen)
    proxy.reload(proxy.table() + table("other", port, service.port))
    old.close()
    with proxy.client() as client:
        assert client.ask(b"hello") == b"hello"


def test_a_proxy_that_went_and_came_again_still_counts_who_stayed(start_office, make_service):
    service = make_service(echo)
    proxy = start_office(service)
    old = proxy.client()
    old.ask(b"hello")
    proxy.reload(table("other", free_port(), service.port))
    proxy.rewrite()
    waiting = proxy.client()
    proxy.wait_for(waiting=1)
    old.close()
    assert waiting.ask(b"my turn") == b"my turn"
    assert service.most == 1


def test_a_removed_proxy_is_counted_to_the_end_and_goes_on_when_it_comes_back(
        start_office, make_service):
    service = make_service(echo)
    proxy = start_office(service, max_connections=2)
    others = table("other", free_port(), service.port)
    total = 'throttle_proxy_connections_total{proxy="office",outcome="finished"}'
    active = 'throttle_proxy_active_connections{proxy="office"}'

    def finish(client) -> None:
        client.ask(b"hello")
        client.close()
        proxy.ending_of(client)

    old = proxy.client()
    finish(proxy.client())
    proxy.reload(others)
    assert (proxy.metric(total), proxy.metric(active)) == (1, 1)
    proxy.rewrite(max_connections=2)
    finish(proxy.client())
    young = proxy.client()
    proxy.wait_for(active=2)
    assert (proxy.metric(total), proxy.metric(active)) == (2, 2)
    finish(old)
    assert (proxy.metric(total), proxy.metric(active)) == (3, 1)
    proxy.reload(others)
    finish(young)
    assert (proxy.metric(total), proxy.metric(active)) == (4, 0)


@pytest.mark.parametrize("before, after, kept, refused", [
    ({"semaphore": '"A"'}, {"semaphore": '"B"'}, "A", "B"),
    ({"semaphore": '"gone"'}, {"semaphore": '"A"'}, "gone", "A"),
    ({"max_connections": 1}, {"semaphore": '"A"'}, "office", "A"),
    ({"semaphore": '"A"'}, {"max_connections": 1}, "A", "office"),
])
def test_another_semaphore_is_refused_and_everybody_keeps_the_place(
        start_office, make_service, before, after, kept, refused):
    """A new semaphore beside the old one would let through as many again."""
    semaphores = "[semaphores]\nA = 1\nB = 1\n"
    one, other = make_service(echo), make_service(echo)
    proxy = start_office(one, semaphores + "gone = 1\n", **before)
    active, *waiting = proxy.clients(3)
    active.ask(b"hello")
    proxy.wait_for(active=1, waiting=2)
    proxy.reload(semaphores + table("office", proxy.listen, other.port, **after))
    [warning] = proxy.log(
        "a running proxy keeps its semaphore; restart, or remove the proxy and add it again")
    assert warning["level"] == "WARN"
    assert (warning["key"], warning["kept"], warning["refused"]) == (
        "proxy.office.semaphore", kept, refused)
    [shown] = proxy.request("GET", "/connections").json["proxies"]
    assert (shown["semaphore"], shown["active"], shown["waiting"]) == (kept, 1, 2)
    last = proxy.client()
    proxy.wait_for(active=1, waiting=3)
    assert other.most == 0
    active.close()
    for client in (*waiting, last):
        assert client.ask(b"my turn") == b"my turn"
        assert (one.most, other.most) == (1, 1)
        client.close()


def test_the_commands_of_a_removed_proxy_go_on_and_so_does_what_they_left(
        start_office, make_service, tmp_path):
    service = make_service(echo)
    begun, end, speak = (tmp_path / name for name in ("begun", "end", "speak"))
    until = "until test -e {}; do sleep 0.02; done"
    recycle = f"({until.format(speak)}; echo left) & touch {begun}; {until.format(end)}"
    proxy = start_office(service, recycle=f"'{recycle}'", recycle_every=1)
    with proxy.client() as client:
        client.ask(b"hello")
    wait_until(begun.exists)
    for name in ("one", "two", "three"):  # each but the first removes a further proxy
        proxy.reload(table(name, free_port(), service.port))
    end.touch()
    assert not proxy.log("hook failed")
    proxy.wait_for_log("hook done")
    proxy.reload(table("four", free_port(), service.port))
    speak.touch()
    [says] = proxy.wait_for_log("hook says")
    assert says["line"] == "left"


def test_the_limit_of_open_files_is_raised_again(start_office, service):
    proxy = start_office(service)
    pid = proxy.process.pid
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (200, before[1]))
    proxy.rewrite(max_connections=2)
    assert resource.prlimit(pid, resource.RLIMIT_NOFILE) == before
    assert not proxy.log(TOO_FEW_FILES)


def test_descriptors_are_kept_for_as_many_places_as_there_are_now(start_office, service):
    proxy = start_office(service)
    proxy.allow_descriptors(400)
    proxy.rewrite(max_connections=1000, activate_on='"first-byte"')
    [warning] = proxy.log(TOO_FEW_FILES)
    assert (warning["limit"], warning["wanted"]) == (400, 2064)
    proxy.clients(300)
    # 400 - 64 descriptors for connections, of which each that can get a place may need two.
    wait_until(lambda: proxy.in_state("silent") >= 160)
    assert proxy.in_state("silent") <= 168
    proxy.rewrite(max_connections=10, activate_on='"first-byte"')
    proxy.wait_for(silent=300)
    assert len(proxy.log(TOO_FEW_FILES)) == 1


@pytest.mark.parametrize("broken", ["max_connections = -1", "nonsense", 'queue_order = "no"'])
def test_a_broken_file_is_refused_whole(start_office, make_service, broken):
    service = make_service(echo)
    proxy = start_office(service)
    holder, waiting = proxy.clients(2)
    holder.ask(b"hello")
    proxy.write_config(proxy.table(max_connections=2).replace("max_connections = 2", broken))
    proxy.signal(signal.SIGHUP)
    proxy.wait_for_log("reload refused: the old configuration stays in force")
    proxy.wait_for(active=1, waiting=1)
    holder.close()
    assert waiting.ask(b"my turn") == b"my turn"


def test_who_stops_reads_no_file_again(start_office, make_service):
    service = make_service(echo)
    proxy = start_office(service)
    active = proxy.client()
    active.ask(b"hello")
    proxy.signal(signal.SIGTERM)
    proxy.wait_for_log("stopping")
    port = free_port()
    proxy.write_config(table("other", port, service.port))
    proxy.signal(signal.SIGHUP)
    proxy.wait_for_log("reload ignored: shutting down")
    with pytest.raises(ConnectionRefusedError):
        Client(port)
    active.close()
    assert proxy.wait() == 0


def test_a_recycling_outlives_a_reload(start_office, make_service, tmp_path):
    service = make_service(echo)
    done = tmp_path / "done"
    recycle = f"echo >> {tmp_path}/begun; until test -e {done}; do sleep 0.05; done"
    keys = {"recycle": f"'{recycle}'", "recycle_every": 1}
    proxy = start_office(service, **keys)
    first, second = proxy.clients(2)
    first.ask(b"first")
    first.close()
    wait_until((tmp_path / "begun").exists)
    proxy.rewrite(max_connections=2, **keys)
    proxy.wait_for(waiting=1)
    done.touch()
    assert second.ask(b"second") == b"second"
    assert service.most == 1
