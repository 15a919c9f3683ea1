"""`citybrain run`, the heart of `make run`: everything up, everything down again, nothing half done in between."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg
import pytest

from brain.settings import Settings
from data.demo.city import make_city
from data.demo.regions import DEPARTMENTS
from data.engine import psycopg_conninfo

UP_WITHIN_S = 60


class Running:
    """A started installation: what it said, and its process."""

    def __init__(self, home: Path, *words: str) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CITYBRAIN_")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "brain.cli", "run", *words],
            env={**environment, "CITYBRAIN_HOME": str(home), "LC_ALL": "en_GB.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.said: list[str] = []
        self._up = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line)
            if "Ctrl-C" in line:
                self._up.set()
        self._up.set()

    def wait_until_up(self) -> str:
        """The address it serves at."""
        assert self._up.wait(UP_WITHIN_S), "".join(self.said)
        found = re.search(r"http://127\.0\.0\.1:\d+", "".join(self.said))
        assert found, "".join(self.said)
        return found[0]

    def logins(self) -> dict[str, str]:
        """The demo log-ins it printed."""
        return dict(re.findall(r"^  ([a-z]+) +([0-9a-f]{12}) ", "".join(self.said), re.MULTILINE))

    def end(self, signal_number: int = signal.SIGINT) -> int:
        """Sends a signal to the process, as a terminal does, and waits for its end."""
        self.process.send_signal(signal_number)
        return self.ended()

    def ended(self) -> int:
        """Waits until the process has ended; its exit status."""
        code = self.process.wait(UP_WITHIN_S)
        self._reader.join(UP_WITHIN_S)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


@contextmanager
def running(home: Path, *words: str) -> Iterator[Running]:
    """A started installation that is gone at the end, whatever happens."""
    started = Running(home, *words)
    try:
        yield started
    finally:
        if started.process.poll() is None:
            started.end(signal.SIGTERM)


def alive(home: Path) -> list[str]:
    """Processes that still have to do with this installation."""
    found = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True).stdout.splitlines()
    environ = [line for line in found if str(home) in line]
    cluster = Settings(home=home).cluster
    assert cluster is not None
    return environ + (["cluster"] if cluster.running else [])


@contextmanager
def sign_in(address: str, login: str, password: str) -> Iterator[httpx.Client]:
    """A client with a session."""
    with httpx.Client(base_url=address, timeout=20) as client:
        assert client.post("/api/session", json={"login": login, "password": password}).status_code == 200
        yield client


def kept(home: Path) -> tuple[int, int, int, int]:
    """How many incidents, their logs' beginnings, buildings and editions a running installation holds."""
    with psycopg.connect(psycopg_conninfo(Settings(home=home).owner_url)) as connection:
        found = connection.execute(
            "select (select count(*) from incident), (select count(distinct incident_id) from incident_event), "
            "(select count(*) from building), (select count(*) from edition)"
        ).fetchone()
    assert found is not None
    return found


def test_from_nothing_to_a_map_and_back(tmp_path: Path) -> None:
    """Up with the demo and its log-ins; Ctrl-C leaves no process; the second start finds everything again."""
    home = tmp_path / "home"
    with running(home, "--no-simulate", "--city", "nanpu") as first:
        address = first.wait_until_up()
        logins = first.logins()
        with sign_in(address, "diaodu", logins["diaodu"]) as client:
            before = kept(home)
            assert client.get("/api/figures/today").json()["total"] == before[0]
            assert client.get("/").status_code == 200
        with running(home) as second:
            assert second.ended() == 1
            assert "running already" in "".join(second.said)
        assert first.end() == 0
    assert alive(home) == []
    with running(home) as again:
        address = again.wait_until_up()
        assert again.logins() == logins
        assert "Loading" not in "".join(again.said)
        with sign_in(address, "diaodu", logins["diaodu"]) as client:
            assert kept(home) == before
            assert client.get("/api/figures/today").json()["total"] == before[0]
            with client.stream("GET", "/api/live") as map_open:
                messages = map_open.iter_lines()
                assert next(messages).startswith("id: ")
                assert again.end() == 0
                assert [line for line in messages if line.startswith("event: ")] == ["event: hello"]
        assert not re.search("Traceback|ERROR|Cancel", "".join(again.said)), "".join(again.said)
    assert alive(home) == []


@pytest.mark.parametrize("sign", ["Starting the database", "Loading the demo"])
def test_a_start_that_was_killed_is_repaired_by_the_next(tmp_path: Path, sign: str) -> None:
    """kill -9 while the cluster is made or the demo loaded: the next start is whole."""
    home = tmp_path / "home"
    with running(home, "--no-simulate", "--city", "nanpu") as killed:
        while not any(sign in line for line in killed.said) and killed.process.poll() is None:
            threading.Event().wait(0.01)
        assert killed.end(signal.SIGKILL) == -signal.SIGKILL
    with running(home, "--no-simulate", "--city", "nanpu") as again:
        address = again.wait_until_up()
        with sign_in(address, "zhihui", again.logins()["zhihui"]) as client:
            incidents, logs, buildings, editions = kept(home)
            assert client.get("/api/figures/today").json()["total"] == incidents == logs
        city = make_city("nanpu", 1)
        assert (buildings, editions) == (len(city.buildings), 1 + len(DEPARTMENTS))
    assert alive(home) == []


def test_a_taken_port_is_stepped_over(tmp_path: Path) -> None:
    """The next free one, and it is said which."""
    with running(tmp_path / "a", "--no-demo") as first:
        taken = int(first.wait_until_up().rsplit(":", 1)[1])
        with running(tmp_path / "b", "--no-demo", "--port", str(taken)) as second:
            assert int(second.wait_until_up().rsplit(":", 1)[1]) > taken


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGKILL])
def test_the_city_lives_while_it_runs(tmp_path: Path, sign: signal.Signals) -> None:
    """The simulation and the worker run beside the server, and are gone with it, however it ends."""
    home = tmp_path / "home"
    with running(home, "--city", "nanpu") as started:
        address = started.wait_until_up()
        beside = children(started.process.pid)
        assert [
            sum(word in line for line in beside) for word in (f"cli simulate --supervised --url {address}", "cli work")
        ] == [1, 1]
        started.end(sign)
    for pid in map(int, (line.split()[0] for line in beside)):
        wait_until_gone(pid)


def children(pid: int) -> list[str]:
    """Processes that a process has started: number and command."""
    found = subprocess.run(
        ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(pid)], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    return [line for line in found if "brain.cli" in line]


def wait_until_gone(pid: int) -> None:
    """Returns when there is no such process any more; fails if it stays."""
    for _ in range(UP_WITHIN_S * 20):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        threading.Event().wait(0.05)
    raise AssertionError(f"{pid} is still there")


def loading(home: Path) -> subprocess.Popen[str]:
    """The smallest demo city on its way into an installation."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CITYBRAIN_")}
    return subprocess.Popen(
        [sys.executable, "-m", "brain.cli", "demo", "--city", "nanpu"],
        env={**environment, "CITYBRAIN_HOME": str(home), "LC_ALL": "en_GB.UTF-8"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_demo_that_is_stopped_leaves_nothing_running(tmp_path: Path, sign: signal.Signals) -> None:
    """And the same command goes on from there."""
    home = tmp_path / "home"
    process = loading(home)
    cluster = Settings(home=home).cluster
    assert cluster is not None
    while not cluster.running:
        assert process.poll() is None
        threading.Event().wait(0.02)
    process.send_signal(sign)
    said, _ = process.communicate(timeout=UP_WITHIN_S)
    assert (process.returncode, said.splitlines()[-1]) == (
        128 + sign,
        "Stopped. The same command goes on where it was.",
    )
    assert alive(home) == []
    again = loading(home)
    said, _ = again.communicate(timeout=UP_WITHIN_S)
    assert again.returncode == 0
    assert {"making the city", "buildings"} <= set(said.splitlines())
    assert re.search("^  weiwang +[0-9a-f]{12}   +.*南浦第1网格1号微网格$", said, re.MULTILINE), said
    assert alive(home) == []


def test_a_list_that_cannot_be_written_is_refused_before_the_load(tmp_path: Path) -> None:
    """The folder is named as it was given."""
    home, missing = tmp_path / "home", tmp_path / "missing"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CITYBRAIN_")}
    command = [sys.executable, "-m", "brain.cli", "demo", "--city", "nanpu", "--unusual", str(missing / "u.csv")]
    found = subprocess.run(
        command, env={**environment, "CITYBRAIN_HOME": str(home)}, capture_output=True, text=True, check=False
    )
    assert found.returncode == 1
    assert f"{missing}:" in found.stderr
    assert not home.exists()
