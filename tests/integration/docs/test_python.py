"""docs/python.md: its programs run as shown, and what it says of the published client is so."""

import signal

import pytest
from tenacity import RetryCallState
from throttle_client import Client

from harness.pages import programs_of
from harness.server import wait_until
from harness.tcp import LIMIT_S

PAGE = "docs/python.md"
PROGRAMS = programs_of(PAGE)
SHOWN = [each for each in PROGRAMS if each.prints is not None]
USED_ELSEWHERE = {"leases.py", "async_leases.py", "tasks.py", "dag.py"}
LOCK = 'from throttle_client import lock\nURL = "http://localhost:8000"\n'
LEASE = 'from leases import *\nURL = "http://localhost:8000"\nexit_on_sigterm()\n'
HOLD = """
import time
with {}(URL, "office"):
    print("in", flush=True)
    time.sleep(1000)
"""
AIRFLOW = """
def dag(**_):
    return lambda function: function
def task(**options):
    assert options["retries"] == 3
    return lambda function: lambda: function(run_id="run 7")
"""


@pytest.mark.parametrize("program", SHOWN, ids=lambda each: each.name)
def test_a_program_prints_what_the_page_says(desk, program):
    assert desk.run(program.code, program.name) == program.prints
    assert desk.server.peers() == set()


def test_every_program_is_run():
    assert {each.name for each in PROGRAMS if each.prints is None} == USED_ELSEWHERE
    assert len(SHOWN) == 7


# What surprises.

def test_tasks_of_one_thread_are_all_in_and_the_first_frees_the_lock_of_all(desk):
    output = desk.run(LOCK + """
import asyncio, throttle_client
inside = []
async def work(number):
    with lock(URL, "office") as peer:
        inside.append(number)
        await asyncio.sleep(0)
        print("together:", inside, peer.client.remainder("office"))
        await asyncio.sleep(number * 0.1)
async def main():
    return await asyncio.gather(work(0), work(1), return_exceptions=True)
print([type(each).__name__ for each in asyncio.run(main())])
""")
    assert output.splitlines()[0] == "together: [0, 1] 0"
    assert output.splitlines()[-1] == "['NoneType', 'KeyError']"


FORK = """
import os
with {}(URL, "office"):
    child = os.fork()
    if child == 0:
        with {}(URL, "office"{}):
            print("the child is in", flush=True)
        os._exit(0)
    os.waitpid(child, 0)
    print("left:", lock_client.remainder("office"))
    os._exit(0)
"""
CLIENT = "from throttle_client import Client\nlock_client = Client(URL)\n"


def test_a_forked_child_is_in_and_frees_the_lock_of_its_parent(desk):
    output = desk.run(LOCK + CLIENT + FORK.format("lock", "lock", ""))
    assert output == "the child is in\nleft: 1\n"


def test_a_forked_child_has_a_peer_of_its_own_with_leases_py(desk):
    code = FORK.format("lease", "lease", ", timeout=timedelta(milliseconds=50)")
    child = code.replace('        with lease', '        try:\n         with lease').replace(
        "        os._exit(0)\n    os.waitpid", "        except Timeout:\n"
        '            print("the child waits", flush=True)\n        os._exit(0)\n    os.waitpid')
    output = desk.run(LEASE + CLIENT + child)
    assert output == "the child waits\nleft: 0\n"


def test_a_second_lock_of_a_thread_is_granted_and_its_end_frees_the_first(desk):
    output = desk.run(LOCK + CLIENT + """
try:
    with lock(URL, "office"):
        with lock(URL, "office"):
            pass
        print("left:", lock_client.remainder("office"))
except KeyError:
    print("KeyError")
""")
    assert output == "left: 1\nKeyError\n"


def test_leases_py_refuses_a_second_lease_of_a_thread(desk):
    output = desk.run(LEASE + CLIENT + """
with lease(URL, "office"):
    try:
        with lease(URL, "office"):
            pass
    except RuntimeError as error:
        print(error)
    print("left:", lock_client.remainder("office"))
""")
    assert output == "this thread holds office already\nleft: 0\n"


def test_a_timeout_of_zero_is_none(desk):
    assert desk.server.acquire(desk.server.new_peer(), "office").status == 200
    process = desk.start(LOCK + 'from datetime import timedelta\n'
                         'with lock(URL, "office", timeout=timedelta(0)):\n    pass\n')
    desk.wait_for(waiting_requests=1)
    wait_until(lambda: desk.leases()["waiting"][0]["waited_ms"] > 500)
    assert process.poll() is None


def test_the_times_of_a_server_that_cannot_be_reached():
    policy = Client("http://localhost:1")._retrying()
    waits, attempt = [], RetryCallState(policy, None, (), {})
    for attempt.attempt_number in range(1, 11):
        waits.append(policy.wait(attempt))
        if policy.stop(attempt):
            break
    assert (attempt.attempt_number, sum(waits[:-1])) == (10, 164)


# What is left behind.

def longest_left(desk) -> float:
    return desk.leases()["held"][0]["expires_in_ms"] / 1000


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_a_lock_outlives_its_process_for_up_to_five_minutes_and_a_quarter(desk, end):
    process = desk.start_holder(LOCK + HOLD.format("lock"))
    process.send_signal(end)
    assert process.wait(LIMIT_S) == -end
    assert 270 < longest_left(desk) <= 315


def test_a_lease_outlives_a_killed_process_for_about_a_minute(desk):
    process = desk.start_holder(LEASE + HOLD.format("lease"))
    process.kill()
    process.wait(LIMIT_S)
    assert longest_left(desk) <= 63


def test_sigterm_gives_a_lease_back(desk):
    process = desk.start_holder(LEASE + HOLD.format("lease"))
    process.terminate()
    assert process.wait(LIMIT_S) == 143
    assert desk.server.peers() == set()


@pytest.mark.parametrize("tool, left", [("lock", 1), ("lease", 0)])
def test_who_ends_while_it_waits_leaves_the_queue_only_with_leases_py(desk, tool, left):
    assert desk.server.acquire(desk.server.new_peer(), "office").status == 200
    process = desk.start(LEASE + LOCK + HOLD.format(tool))
    desk.wait_for(waiting_requests=1)
    process.terminate()
    assert process.wait(LIMIT_S) == 143
    assert len(desk.leases()["waiting"]) == left


# A timeout.

NESTED = """
from datetime import timedelta
from throttle_client import Timeout
import threading
with {tool}(URL, "database") as peer:
    try:
        with {tool}(URL, "office", timeout=timedelta(milliseconds=50)):
            pass
    except Timeout:
        {then}
    beating = sum("heartbeat" in each.name for each in threading.enumerate())
    print("heartbeats:", beating, flush=True)
    import time
    {wait}
"""


@pytest.mark.parametrize("tool, then, beating, waiting", [
    ("lock", "pass", 0, 1),
    ("lock", 'peer.release("office"); peer.start_heartbeat()', 1, 0),
    ("lease", "pass", 1, 0),
])
def test_an_outer_lock_loses_its_heartbeats_unless_they_are_started(desk, tool, then, beating,
                                                                   waiting):
    if then != "pass":
        assert all(part in " ".join(each.code for each in PROGRAMS) for part in then.split("; "))
    assert desk.server.acquire(desk.server.new_peer(), "office").status == 200
    process = desk.start(LEASE + LOCK + NESTED.format(tool=tool, then=then,
                                                      wait="time.sleep(1000)"))
    assert process.stdout.readline() == f"heartbeats: {beating}\n"
    assert len(desk.leases()["waiting"]) == waiting


@pytest.mark.parametrize("tool", ["lock", "lease"])
def test_the_other_semaphore_is_refused_only_after_a_timeout_of_lock(desk, tool):
    assert desk.server.acquire(desk.server.new_peer(), "office").status == 200
    output = desk.run(LEASE + LOCK + f"""
from throttle_client import Timeout
try:
    with {tool}(URL, "office", timeout=timedelta(milliseconds=50)):
        pass
except Timeout:
    pass
try:
    with {tool}(URL, "database"):
        print("granted")
except ValueError:
    print("refused")
""")
    assert output == {"lock": "refused\n", "lease": "granted\n"}[tool]


def test_a_label_is_shown(desk):
    desk.start(LEASE + 'import time\nwith lease(URL, "office", label="nightly import"):\n'
               "    time.sleep(1000)\n")
    desk.wait_for(acquired=1)
    assert desk.leases()["held"][0]["label"] == "nightly import"


def test_a_lease_comes_back_after_a_restart(desk):
    leases = desk.folder / "leases.py"
    leases.write_text(leases.read_text().replace("timedelta(seconds=15)", "timedelta(seconds=0.1)"))
    desk.start_holder(LEASE + HOLD.format("lease"))
    desk.server.kill()
    desk.server.start()
    desk.wait_for(acquired=1)


# Others' machinery.

def test_a_cancelled_task_leaves_the_queue(desk):
    assert desk.server.acquire(desk.server.new_peer(), "office").status == 200
    output = desk.run("""
import asyncio
from async_leases import async_lease
async def main():
    try:
        async with asyncio.timeout(0.3):
            async with async_lease("http://localhost:8000", "office"):
                print("in")
    except TimeoutError:
        print("not in time")
asyncio.run(main())
""")
    assert output == "not in time\n"
    assert desk.leases()["waiting"] == []
    assert desk.server.remainder("office") == 0


def test_the_end_of_a_pool_gives_leases_back(desk):
    process = desk.start("""
import multiprocessing, sys, time
from pool import exit_on_sigterm, lease
def hold(number):
    with lease("http://localhost:8000", "office"):
        print("in", flush=True)
        time.sleep(1000)
if __name__ == "__main__":
    with multiprocessing.Pool(2, initializer=exit_on_sigterm) as pool:
        pool.map_async(hold, range(2))
        sys.stdin.readline()
    print("over", flush=True)
""")
    assert process.stdout.readline() == "in\n"
    desk.wait_for(waiting_requests=1)
    assert process.communicate("end\n", timeout=LIMIT_S)[0] == "over\n"
    desk.wait_for(acquired=0, waiting_requests=0)


def test_a_task_of_celery_works_and_retries_when_it_is_not_its_turn(desk):
    tasks = (desk.folder / "tasks.py").read_text()
    desk.write("tasks.py", tasks.replace("seconds=30", "milliseconds=50"))
    work = "from tasks import convert\n"
    assert desk.run(work + 'print(convert.apply(args=["a.odt"]).get())\n') == "a.odt converted\n"
    assert desk.server.acquire(desk.server.new_peer(), "office").status == 200
    assert desk.run(work + """
from celery.exceptions import Retry
from unittest import mock
with mock.patch.object(convert, "retry", side_effect=Retry(when=30)) as retry:
    print(convert.apply(args=["b.odt"]).state, retry.call_args.kwargs)
""") == "RETRY {'countdown': 30}\n"
    assert desk.leases()["waiting"] == []


def test_a_task_of_airflow_works(desk):
    (desk.folder / "airflow").mkdir()
    desk.write("airflow/__init__.py", "")
    desk.write("airflow/decorators.py", AIRFLOW)
    assert desk.run("import dag\n") == "reporting\n"
    assert desk.server.peers() == set()


def test_a_script_of_cron_gives_up_with_a_message(desk):
    assert desk.server.acquire(desk.server.new_peer(), "office").status == 200
    nightly = (desk.folder / "nightly.py").read_text().replace("minutes=10)", "milliseconds=50)")
    process = desk.start(nightly, "impatient.py")
    assert process.communicate(timeout=LIMIT_S)[0] == "the office was busy for 10 minutes\n"
    assert process.returncode == 1
    assert desk.leases()["waiting"] == []
