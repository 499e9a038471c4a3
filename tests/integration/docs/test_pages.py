"""All pages: links lead somewhere, configurations are valid, what is quoted and counted is so."""

import re
import textwrap

import pytest

from harness.desk import Desk
from harness.pages import TOP, programs_of, text_of
from harness.server import run
from harness.tcp import free_port

CONFIGURED = ["README.md", "docs/recipes.md"]
PAGES = sorted(path.relative_to(TOP).as_posix() for path in
               [*TOP.glob("*.md"), *TOP.glob("docs/**/*.md"), *TOP.glob("examples/*/*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"^```toml\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", CONFIGURED)
def test_the_configurations_on_a_page_are_valid(binary, tmp_path, page):
    found = CODE.findall(text_of(page))
    assert found
    for number, config in enumerate(found):
        path = tmp_path / f"{number}.toml"
        path.write_text(config)
        checked = run(binary, "--check", "-c", path)
        assert checked.returncode == 0, (config, checked.stderr)


def messages_of_the_source() -> str:
    """All C++ with adjacent strings joined, so that a message is found across its lines."""
    return "\n".join(re.sub(r'"\s*\n\s*"', "", path.read_text(encoding="utf-8"))
                     for folder in ("libthrottle", "service", "tools")
                     for path in TOP.glob(f"{folder}/**/*.cc"))


def test_each_quoted_message_is_in_the_source():
    source = messages_of_the_source()
    quoted = re.findall(r"^\| `(.*?)` \|", text_of("docs/troubleshooting.md"), re.MULTILINE)
    assert len(quoted) > 25
    missing = [message for message in quoted
               if not all(part.strip() in source for part in message.split("…"))]
    assert missing == []


def test_the_job_with_a_licence(make_server, tmp_path):
    server = make_server(CODE.search(text_of("docs/recipes.md").split("licence server")[1])[1])
    desk = Desk(tmp_path, server.start())
    (solve,) = programs_of("docs/recipes.md")
    assert desk.run(solve.code) == "solved\n"
    assert server.peers() == set()


def test_haproxy_accepts_its_part(tmp_path):
    (section,) = re.findall(r"^    listen office\n(?:      .*\n)+", text_of("docs/recipes.md"),
                            re.MULTILINE)
    config = tmp_path / "haproxy.cfg"
    config.write_text("defaults\n  timeout connect 5s\n" + textwrap.dedent(section))
    checked = run("haproxy", "-c", "-f", config)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def anchors_of(page: str) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", text_of(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    broken = []
    for link in LINK.findall(text_of(page)):
        path, _, anchor = link.partition("#")
        if ":" in path:
            continue
        target = ((TOP / page).parent / path).resolve() if path else TOP / page
        if not target.exists():
            broken.append(link)
        elif anchor and anchor not in anchors_of(target.relative_to(TOP).as_posix()):
            broken.append(link)
    assert broken == []


def test_capacity_counts_the_series_right(make_server):
    def series(config: str) -> int:
        """Of a server that was asked for little else."""
        server = make_server(config).start()
        return sum("throttle_http_requests_total" not in each for each in server.metrics())

    none, one = series(""), series("[semaphores]\nA = 1\n")
    plain = series("histograms = false\n[semaphores]\nA = 1\n")
    proxied = series(f'[proxy.A]\nlisten = "127.0.0.1:{free_port()}"\nupstream = "localhost:9"\n')
    section = text_of("docs/capacity.md").split("## Series in Prometheus")[1].split("\n## ")[0]
    shown = [int(each) for each in re.findall(r"\| (\d+) \|$", section, re.MULTILINE)]
    assert shown == [none, one - none, one - plain, proxied - one]
    for sum_of_all in (none + 1000 * (one - none), none + 1000 * (plain - none)):
        assert f"{sum_of_all:,}" in section


def test_capacity_quotes_the_benchmarks():
    """A figure with a footnote is on the page that the footnote names."""
    sources = {"¹": text_of("docs/benchmarks.md"), "²": text_of("docs/benchmarks-proxy.md")}
    figures = re.findall(r"\| ([\d,.]+)(?: ms)? ([¹²]) \|", text_of("docs/capacity.md"))
    assert len(figures) == 9
    assert [each for each, source in figures if each not in sources[source]] == []
