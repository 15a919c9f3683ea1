"""Running the product: all in one, or its parts one by one."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer

from brain import demo, diagnosis, tasks
from brain.cli.database import database, only_run
from brain.cli.demo import City, CityOption, show_logins
from brain.cli.output import console, language, progress_bars, say
from brain.cli.supervision import SUPERVISED, Ending, Supervised, end_with_input
from brain.context import open_context
from brain.settings import Settings
from data.errors import CityError, Unready

HOST = "127.0.0.1"
PORT = 8000
PORTS_TRIED = 50
GRACE_S = 3
APPLICATION = "web.app:create_app"
SERVER = "web.server:Server"
"""Both by name: this floor does not import the one above."""

Port = Annotated[
    int, typer.Option(min=1, max=65535 - PORTS_TRIED, help="The port to listen on; `run` takes the next free one.")
]


def run(
    port: Port = PORT,
    with_demo: Annotated[bool, typer.Option("--demo/--no-demo", help="Fill an empty installation.")] = True,
    city: CityOption = City.CHANCHENG,
    living: Annotated[bool, typer.Option("--simulate/--no-simulate", help="Let the demo city live on.")] = True,
) -> None:
    """Starts everything: private database, migrations, demo city, worker, server. Ctrl-C stops what it started."""
    settings = Settings()
    ending = Ending()
    with only_run(settings), database(settings, migrate=True):
        if with_demo:
            asyncio.run(_load_demo(settings, city))
        ending.check()
        server = _server(settings)
        with ExitStack() as beside:
            sockets = beside.enter_context(_listening(port, PORTS_TRIED))
            address = f"http://{HOST}:{sockets[0].getsockname()[1]}"
            beside.enter_context(_process("work", SUPERVISED))
            found = asyncio.run(_demo_logins(settings))
            if found and living:
                beside.enter_context(_process("simulate", SUPERVISED, "--url", address))
            with ending.by(server.end):
                console.print(f"\n  [bold]{address}[/]\n")
                show_logins(found)
                say("run.stop_hint" if found else "run.stop_hint_bare")
                server.run(sockets=sockets)
        say("run.stopping")


def serve(host: str = HOST, port: Port = PORT) -> None:
    """Serves HTTP for a database that is up and migrated."""
    _server(Settings(), host=host, port=port).run()


def work(
    supervised: Supervised = False,
) -> None:
    """Runs deferred work: simplified borders, and whatever else takes long."""

    async def until_stopped() -> None:
        async with open_context(Settings()) as context:
            await tasks.work(context)

    _quiet_logs()
    if supervised:
        end_with_input()
    asyncio.run(until_stopped())


def migrate() -> None:
    """Brings the database to this version; the private cluster is started for it."""
    with database(Settings(), migrate=True):
        say("migrate.done")


def doctor() -> None:
    """Says what is missing and how to mend it."""
    settings = Settings()
    try:
        with database(settings):
            findings = diagnosis.examine(settings)
    except CityError as fault:
        findings = [diagnosis.Finding("database", fault)]
    for finding in findings:
        mark = "[green]✓[/]" if finding.fault is None else "[red]✗[/]"
        console.print(f"{mark} {finding.name}", "" if finding.fault is None else finding.fault.said(language()))
    raise SystemExit(any(finding.fault for finding in findings))


def openapi(out: Annotated[Path, typer.Argument(help="Where to write the OpenAPI document.")]) -> None:
    """Writes the API's description: the browser's types are made from it."""
    application = _named(APPLICATION)(Settings())
    out.write_text(json.dumps(application.openapi(), ensure_ascii=False, indent=1) + "\n", "utf-8")


def _server(settings: Settings, **address: str | int) -> Any:
    _quiet_logs()
    return _named(SERVER)(settings, **address)


def _named(path: str) -> Any:
    module, name = path.split(":")
    return getattr(import_module(module), name)


def _quiet_logs() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30))


async def _load_demo(settings: Settings, city: City) -> None:
    async with open_context(settings) as context:
        wanted = await demo.wanted(context, demo.Demo(city.value))
        if wanted is not None:
            say("run.demo")
            with progress_bars() as step:
                await demo.load(context, wanted, step)


@contextmanager
def _listening(port: int, tried: int) -> Iterator[list[socket.socket]]:
    """A listening socket on the first free port from `port` on."""
    for candidate in range(port, port + tried):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, candidate))
            listener.listen()  # from here on a browser waits instead of being refused
        except OSError:
            listener.close()
            continue
        with listener:
            yield [listener]
        return
    raise Unready("run.no_port", first=port, last=port + tried - 1)


@contextmanager
def _process(*words: str) -> Iterator[None]:
    """A command in a process of its own, so that its work never delays an answer."""
    command = [sys.executable, "-m", "brain.cli", *words]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


async def _demo_logins(settings: Settings) -> list[demo.DemoLogin]:
    async with open_context(settings) as context:
        return await demo.logins(context) if await demo.is_loaded(context) else []
