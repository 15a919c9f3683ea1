"""A real server on a port of its own, and people signed in at it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from brain.context import Context, open_context
from brain.settings import Settings
from tests.running import run
from tests.worlds import person
from web.server import Server

STARTED_WITHIN_S = 20


@dataclass
class Served:
    """A running installation: its address, and how to sign in at it."""

    url: str
    settings: Settings
    clients: list[httpx.Client] = field(default_factory=list)

    def client(self, language: str = "en") -> httpx.Client:
        """A client that nobody has signed in."""
        client = httpx.Client(base_url=self.url, headers={"accept-language": language}, timeout=20)
        self.clients.append(client)
        return client

    def sign_in(self, role: str, *regions: str, language: str = "en") -> httpx.Client:
        """A client with a new account's session."""
        in_context(self.settings, lambda context: person(context, role, *regions))
        client = self.client(language)
        login = f"{role}-{'-'.join(regions) or 'all'}"
        answer = client.post("/api/session", json={"login": login, "password": "long enough"})
        assert answer.status_code == 200, answer.text
        return client


def in_context(settings: Settings, work: Callable[[Context], Any]) -> Any:
    """Runs a use case of the office beside the server, as the command line does."""

    async def with_context() -> Any:
        async with open_context(settings) as context:
            return await work(context)

    return run(with_context())


@contextmanager
def serving(settings: Settings) -> Iterator[Served]:
    """The product's server in a thread, on a free port, until the end of the block."""
    server = Server(settings, port=0)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + STARTED_WITHIN_S
    while not server.started and thread.is_alive() and time.monotonic() < deadline:
        threading.Event().wait(0.02)
    assert server.started, "the server did not start"
    port = server.servers[0].sockets[0].getsockname()[1]
    served = Served(f"http://127.0.0.1:{port}", settings)
    try:
        yield served
    finally:
        for client in served.clients:
            client.close()
        server.should_exit = True
        thread.join(STARTED_WITHIN_S)
        assert not thread.is_alive(), "the server did not end"


@pytest.fixture
def empty(settings: Settings) -> Iterator[Served]:
    """A running installation without regions."""
    with serving(settings) as served:
        yield served


@pytest.fixture
def served(city_settings: Settings) -> Iterator[Served]:
    """A running installation with the small city."""
    with serving(city_settings) as served:
        yield served
