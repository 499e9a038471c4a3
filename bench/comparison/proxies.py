"""The proxies that are compared, and iperf3 behind them; nginx is in servers.py.

None of them writes a log line for a connection: the others do not by default.
"""

import os
import shutil
import subprocess
from pathlib import Path

from comparison.servers import CLIENT_CPU, free_port, running

MANY = 1000                 # let through at once, where nobody is to wait
TCPLOCK = ("tcplock", "0.0.2")
INSTALL_LIMIT_S = 300

THROTTLE_CONFIG = """
[logging.stderr]
level = "warn"
[proxy.bench]
listen = "127.0.0.1:{port}"
upstream = "127.0.0.1:{upstream}"
max_connections = {places}
"""

HAPROXY_CONFIG = """
global
  nbthread 1
  maxconn 6000
defaults
  mode tcp
  {option}
  timeout connect 5s
  timeout client 1h
  timeout server 1h
  timeout queue 1h
frontend clients
  bind 127.0.0.1:{port}
  default_backend upstream
backend upstream
  server upstream 127.0.0.1:{upstream} maxconn {places}
"""


def throttle_proxy(binary: Path, upstream: int, folder: Path, places: int = MANY):
    port, config = free_port(), folder / "throttle.toml"
    config.write_text(THROTTLE_CONFIG.format(port=port, upstream=upstream, places=places))
    return running("throttle-proxy", port, [binary, "-c", config], folder)


def haproxy(upstream: int, folder: Path, places: int = MANY, option: str = ""):
    port, config = free_port(), folder / "haproxy.cfg"
    config.write_text(HAPROXY_CONFIG.format(port=port, upstream=upstream, places=places,
                                            option=option))
    binary = shutil.which("haproxy") or "/usr/sbin/haproxy"
    return running("haproxy", port, [binary, "-db", "-f", config], folder)


def tcplock(module: Path, upstream: int, folder: Path, places: int = MANY):
    port, script = free_port(), Path(__file__).with_name("tcplock.js")
    command = ["node", script, module, str(port), str(upstream), str(places)]
    return running("tcplock", port, command, folder)


def iperf3(folder: Path):
    """A server for one test at a time, beside its client."""
    port = free_port()
    command = ["iperf3", "-s", "-B", "127.0.0.1", "-p", str(port)]
    return running("iperf3", port, command, folder, CLIENT_CPU)


def install_tcplock() -> Path | None:
    """The published module, installed by npm into a cache once; nothing where npm has it not."""
    name, version = TCPLOCK
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    root = cache / f"throttle/{name}-{version}"
    module = root / "node_modules" / name
    if not module.exists() and shutil.which("npm"):
        root.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", f"{name}@{version}", "--ignore-scripts", "--no-audit",
                   "--no-fund", "--prefix", root]
        try:
            subprocess.run(command, check=True, timeout=INSTALL_LIMIT_S, stdin=subprocess.DEVNULL,
                           capture_output=True)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            print(f"TCPLock is left out: {error}", flush=True)
    return module if module.exists() else None
