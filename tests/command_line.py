"""The command line as its user has it, on an installation of its own."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import pytest

from brain.cli import main
from brain.settings import Settings
from data.cluster import Cluster
from tests.conftest import TEMPLATE, new_database, settings_for


@dataclass(frozen=True)
class CommandLine:
    """`citybrain …` against one installation."""

    settings: Settings

    def environment(self, language: str = "en_GB.UTF-8") -> dict[str, str]:
        """What the process is told of its installation."""
        urls = {
            "CITYBRAIN_DATABASE_URL": self.settings.database_url,
            "CITYBRAIN_APP_DATABASE_URL": self.settings.app_database_url,
        }
        named = {name: url.get_secret_value() for name, url in urls.items() if url is not None}
        return {**os.environ, "CITYBRAIN_HOME": str(self.settings.home), "LC_ALL": language, **named}

    def run(self, *words: str | Path, language: str = "en_GB.UTF-8", fails: bool = False) -> str:
        """Runs a command to its end, in this process (a new one would spend its time importing); what it printed."""
        said = io.StringIO()
        with (
            mock.patch.dict(os.environ, self.environment(language), clear=True),
            mock.patch.object(sys, "argv", ["citybrain", *map(str, words)]),
            mock.patch.object(sys, "stdin", io.StringIO()),
            redirect_stdout(said),
            redirect_stderr(said),
            ThreadPoolExecutor(1) as thread,  # a test that drives a browser has a loop running in this one
        ):
            ended = thread.submit(_ended).result()
        assert (ended not in (0, None)) == fails, said.getvalue()
        return said.getvalue()


def _ended() -> object:
    try:
        main()
    except SystemExit as end:
        return end.code
    return None


@pytest.fixture
def command_line(settings: Settings) -> CommandLine:
    """The command line of an empty installation."""
    return CommandLine(settings)


@pytest.fixture(scope="module")
def shared_command_line(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandLine]:
    """The command line of an installation that the tests of a module share."""
    with new_database(cluster, TEMPLATE) as name:
        yield CommandLine(settings_for(cluster, name, tmp_path_factory.mktemp("home")))
