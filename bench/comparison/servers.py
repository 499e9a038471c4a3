"""The servers that are compared: each pinned to the same core, on a port of its own."""

import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

CPUS = sorted(os.sched_getaffinity(0))
SERVER_CPU, CLIENT_CPU = CPUS[0], CPUS[-1]
UPSTREAM = ("throttle-server", "0.5.13")
INSTALL_LIMIT_S = 1800
START_LIMIT_S = 10

# More of `jobs` than there are peers, so that all get it; `parked` goes from one to the next.
LEASE_CONFIG = "[semaphores]\njobs = 10000000\nparked = 1\n"

# Answers at once, as little as HTTP allows; nothing is logged, no connection ends.
NGINX_CONFIG = """
daemon off;
worker_processes 1;
error_log stderr error;
pid nginx.pid;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  keepalive_requests 1000000000;
  default_type text/plain;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  server {{ listen 127.0.0.1:{port}; return 200 "Ok"; }}
}}
"""


@dataclass
class Server:
    name: str
    port: int
    process: subprocess.Popen

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _pids(self) -> list[int]:
        main = self.process.pid
        children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
        return [main, *map(int, children)]

    def resident_bytes(self) -> int:
        page = os.sysconf("SC_PAGE_SIZE")
        return sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * page
                   for pid in self._pids())

    def cpu_seconds(self) -> float:
        ticks = 0
        for pid in self._pids():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")


def core_busy_seconds(cpu: int) -> float:
    """How long the core was not idle since the machine started."""
    line = re.search(rf"^cpu{cpu} (.*)$", Path("/proc/stat").read_text(), re.MULTILINE)
    user, nice, system, _idle, _iowait, irq, softirq, *_ = map(int, line[1].split())
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def allow_descriptors(number: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < number:
        raise RuntimeError(f"{number} descriptors are needed, {hard} allowed: see ulimit -Hn")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, number), hard))


def lease_server(name: str, binary: Path, folder: Path):
    """Ours and the one whose protocol it is have the same command line and configuration."""
    config = folder / "lease.toml"
    config.write_text(LEASE_CONFIG)
    port = free_port()
    return running(name, port, [binary, "--port", str(port), "-c", config], folder)


def nginx(folder: Path, cpu: int = SERVER_CPU):
    port = free_port()
    config = folder / "nginx.conf"
    config.write_text(NGINX_CONFIG.format(port=port))
    binary = shutil.which("nginx") or "/usr/sbin/nginx"
    return running("nginx", port, [binary, "-p", folder, "-c", config], folder, cpu)


def install_upstream() -> Path | None:
    """The published server, built by cargo into a cache once; nothing where that is impossible."""
    crate, version = UPSTREAM
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    root = cache / f"throttle/{crate}-{version}"
    binary = root / "bin/throttle"
    if not binary.exists() and shutil.which("cargo"):
        print(f"Installing {crate} {version} with cargo, once …", flush=True)
        command = ["cargo", "install", crate, "--version", version, "--quiet", "--root", root]
        try:
            subprocess.run(command, check=True, timeout=INSTALL_LIMIT_S, stdin=subprocess.DEVNULL)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            print(f"Not installed: {error}", flush=True)
    return binary if binary.exists() else None


@contextmanager
def running(name: str, port: int, command: list, folder: Path,
            cpu: int | set[int] = SERVER_CPU):
    """A server on this core, or these, from when it listens until it has stopped."""
    cpus = cpu if isinstance(cpu, set) else {cpu}
    with open(folder / f"{name}.log", "ab") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder,
            preexec_fn=lambda: os.sched_setaffinity(0, cpus))
    try:
        _wait_for(port, process)
        yield Server(name, port, process)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(port: int, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while True:
        if _listens(port):
            return
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"does not listen: {process.args}")
        time.sleep(0.01)


def _listens(port: int) -> bool:
    """Without a connection, which a proxy would pass on."""
    tables = "".join(Path(f"/proc/net/{name}").read_text() for name in ("tcp", "tcp6"))
    return re.search(rf": [0-9A-F]+:{port:04X} [0-9A-F]+:0000 0A ", tables) is not None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
