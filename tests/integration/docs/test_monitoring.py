"""examples/monitoring: a real Prometheus takes it, and everything it names is on /metrics."""

import json
import re
import shutil
import signal
import subprocess
import urllib.parse
from pathlib import Path

import pytest

from harness.http import Connection
from harness.pages import TOP, text_of
from harness.server import run, wait_until
from harness.tcp import Client, Service, echo, free_port

FOLDER = TOP / "examples/monitoring"
NAME = re.compile(r"\b(?:throttle|process)_[a-z0-9_]*[a-z0-9]\b")
SUFFIXES = ("_bucket", "_sum", "_count")


@pytest.fixture
def watched(serve):
    """A server with a proxy, each with a little traffic, so that all families have samples."""
    service, port = Service(echo), free_port()
    server = serve(f"""
[semaphores]
office = 1
[proxy.door]
listen = "127.0.0.1:{port}"
upstream = "127.0.0.1:{service.port}"
before_activate = "true"
[logging.stderr]
level = "off"
""")
    with Client(port) as client:
        assert client.ask(b"hello\n") == b"hello\n"
    peer = server.new_peer()
    assert server.acquire(peer, "office").status == 200
    server.request("DELETE", f"/peers/{peer}")
    wait_until(lambda: "throttle_proxy_connections_total" in families(server))
    yield server
    service.stop()


@pytest.fixture
def prometheus(tmp_path, watched):
    """Its port. It has the files as they are, except that it scrapes this server, and often."""
    assert shutil.which("prometheus"), "prometheus is missing (package prometheus)"
    config = text_of("examples/monitoring/prometheus.yml").replace("15s", "250ms")
    config = config.replace("127.0.0.1:8000", f"127.0.0.1:{watched.port}")
    (tmp_path / "prometheus.yml").write_text(config.replace(
        "scrape_configs:", "  evaluation_interval: 250ms\nscrape_configs:").replace(
        "rule_files: [rules.yml]\n  evaluation_interval: 250ms\n",
        "  evaluation_interval: 250ms\nrule_files: [rules.yml]\n"))
    shutil.copy(FOLDER / "rules.yml", tmp_path)
    port = free_port()
    with open(tmp_path / "log", "wb") as log:
        process = subprocess.Popen(
            ["prometheus", f"--config.file={tmp_path}/prometheus.yml",
             f"--storage.tsdb.path={tmp_path}/data", f"--web.listen-address=127.0.0.1:{port}"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def has_scraped() -> bool:
        assert process.poll() is None, (tmp_path / "log").read_text()
        try:
            with Connection(port) as connection:
                if connection.request("GET", "/-/ready").status != 200:
                    return False
        except OSError:
            return False
        return ask(port, "/api/v1/query", query='up{job="throttle"} == 1')["result"] != []

    try:
        wait_until(has_scraped, lambda: (tmp_path / "log").read_text())
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def ask(port: int, path: str, **query: str):
    with Connection(port) as connection:
        answer = connection.request("GET", f"{path}?{urllib.parse.urlencode(query)}")
    assert answer.status == 200, (query, answer.text)
    return answer.json["data"]


def queries() -> list[str]:
    """Of all panels, with Grafana's variables replaced."""
    board = json.loads((FOLDER / "dashboard.json").read_text())
    found = [target["expr"] for panel in board["panels"] for target in panel.get("targets", [])]
    found += [each["expr"] for each in board["annotations"]["list"]]
    return [re.sub(r"\$(?:instance|semaphore|proxy)\b", ".*", each)
            .replace("$__rate_interval", "1m") for each in found]


def families(server) -> set[str]:
    return set(re.findall(r"^# TYPE (\S+)", server.request("GET", "/metrics").text, re.MULTILINE))


@pytest.mark.parametrize("page", ["examples/monitoring/rules.yml",
                                  "examples/monitoring/dashboard.json", "docs/monitoring.md",
                                  "docs/proxy.md", "docs/capacity.md"])
def test_every_metric_that_is_named_exists(watched, page):
    known = families(watched) | {f"{name}{suffix}" for name in families(watched)
                                 for suffix in SUFFIXES}
    named = set(NAME.findall(text_of(page)))
    assert named
    assert sorted(named - known) == []


def test_every_metric_is_on_the_pages(watched):
    """Except those that only the original server's dashboards know."""
    named = set(NAME.findall(text_of("docs/monitoring.md") + text_of("docs/proxy.md")))
    assert sorted(families(watched) - named) == []


def test_promtool_accepts_the_rules():
    checked = run("promtool", "check", "rules", FOLDER / "rules.yml")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_alerts_fire_when_they_should(tmp_path):
    for file in (FOLDER / "rules.yml", Path(__file__).with_name("alerts_test.yml")):
        shutil.copy(file, tmp_path)
    tested = run("promtool", "test", "rules", "alerts_test.yml", folder=tmp_path)
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_each_alert_is_explained():
    alerts = re.findall(r"- alert: (\w+)", text_of("examples/monitoring/rules.yml"))
    assert len(alerts) == len(set(alerts)) > 10
    assert set(alerts) == set(re.findall(r"`(Throttle\w+)`", text_of("docs/monitoring.md")))


def test_a_real_prometheus_evaluates_the_rules_and_a_refused_reload_raises_an_alert(
        watched, prometheus):
    def rules() -> list[dict]:
        return ask(prometheus, "/api/v1/rules")["groups"][0]["rules"]

    wait_until(lambda: all(each["health"] == "ok" for each in rules()), lambda: str(rules()))
    watched.config_file.write_text("[semaphores]\noffice = none\n")
    watched.signal(signal.SIGHUP)
    wait_until(lambda: [each["state"] for each in rules()
                        if each["name"] == "ThrottleReloadRefused"] == ["pending"],
               lambda: str(rules()))


def test_a_real_prometheus_answers_each_query_of_the_dashboard(prometheus):
    found = queries()
    assert len(found) > 20
    for query in found:
        ask(prometheus, "/api/v1/query", query=query)
    assert ask(prometheus, "/api/v1/query", query=found[0])["result"] != []
