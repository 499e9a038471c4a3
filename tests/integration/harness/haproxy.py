"""The real HAProxy, between clients and what is tested."""

import shutil
import subprocess

from harness.server import wait_until
from harness.tcp import free_port


class HaProxies:
    """Instances of HAProxy in TCP mode; all of them end with stop()."""

    def __init__(self, folder):
        assert shutil.which("haproxy"), "haproxy is missing (package haproxy)"
        self._folder = folder
        self._processes = []

    def run(self, bind: str, server: str) -> int:
        """Starts one with these words after `bind` and `server`; its port, where it listens."""
        port = free_port()
        config = self._folder / f"haproxy-{len(self._processes)}.cfg"
        config.write_text(
            "defaults\n mode tcp\n timeout connect 5s\n timeout client 30s\n timeout server 30s\n"
            f"listen all\n bind 127.0.0.1:{port} {bind}\n server one {server}\n")
        self._processes.append(subprocess.Popen(["haproxy", "-db", "-f", config],
                                                stdin=subprocess.DEVNULL))
        wait_until(lambda: listens(port))
        return port

    def stop(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()


def listens(port: int) -> bool:
    """Asks the system, so that nobody is connected to."""
    with open("/proc/net/tcp") as table:
        return any(line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "0A"
                   for line in list(table)[1:])
