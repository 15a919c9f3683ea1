"""The command line as its user has it: a process of its own, on an installation of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from brain.settings import Settings
from data.cluster import Cluster
from tests.conftest import TEMPLATE, new_database, settings_for


@dataclass(frozen=True)
class CommandLine:
    """`citybrain …` against one installation."""

    settings: Settings

    def environment(self, language: str = "en_GB.UTF-8") -> dict[str, str]:
        """What the process is told of its installation."""
        urls = self.settings.database_url, self.settings.app_database_url
        return {
            **os.environ,
            "CITYBRAIN_HOME": str(self.settings.home),
            "CITYBRAIN_DATABASE_URL": urls[0].get_secret_value() if urls[0] else "",
            "CITYBRAIN_APP_DATABASE_URL": urls[1].get_secret_value() if urls[1] else "",
            "LC_ALL": language,
            "COLUMNS": "200",
        }

    def run(self, *words: str | Path, language: str = "en_GB.UTF-8", fails: bool = False) -> str:
        """Runs a command to its end; what it printed, faults included."""
        done = subprocess.run(
            [sys.executable, "-m", "brain.cli", *map(str, words)],
            env=self.environment(language),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert (done.returncode != 0) == fails, done.stdout
        assert "Traceback" not in done.stdout
        return done.stdout


@pytest.fixture
def command_line(settings: Settings) -> CommandLine:
    """The command line of an empty installation."""
    return CommandLine(settings)


@pytest.fixture(scope="module")
def shared_command_line(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandLine]:
    """The command line of an installation that the tests of a module share."""
    with new_database(cluster, TEMPLATE) as name:
        yield CommandLine(settings_for(cluster, name, tmp_path_factory.mktemp("home")))
