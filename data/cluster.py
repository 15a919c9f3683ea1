"""The embedded default: a private PostgreSQL + PostGIS cluster in a directory of its own.

It listens on a socket of its own and on no network port, so it cannot meet another cluster. PostgreSQL refuses
to run as root: a root caller runs it as the unprivileged user `postgres`.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL

from data.errors import Unready

OWNER = "citybrain_owner"
DATABASE = "citybrain"
UNPRIVILEGED = "postgres"
LEAST_POSTGRES = 15
SOCKET_PATH_MAX = 90
"""Bytes of a socket's directory name; the system allows 107 with the file's own name."""

CONF = """\
listen_addresses = ''
unix_socket_directories = '{socket}'
unix_socket_permissions = 0700
max_connections = 60
shared_buffers = 256MB
work_mem = 32MB
maintenance_work_mem = 256MB
effective_cache_size = 1GB
random_page_cost = 1.1
max_wal_size = 4GB
timezone = 'UTC'
log_timezone = 'UTC'
log_min_duration_statement = 2000
{extra}
"""
HBA = """\
local all all scram-sha-256
"""


@dataclass(frozen=True, slots=True)
class Programs:
    """The directory of PostgreSQL's server programs, and its major version."""

    bindir: Path
    version: int


def find_programs() -> Programs:
    """The newest PostgreSQL ≥ 15 that has PostGIS. Raises Unready with what is missing."""
    candidates = []
    for bindir in [*Path("/usr/lib/postgresql").glob("*/bin"), *_pg_config("--bindir")]:
        if not (bindir / "initdb").exists():
            continue
        answer = subprocess.run([bindir / "postgres", "--version"], capture_output=True, text=True, check=True)
        candidates.append(Programs(bindir, int(answer.stdout.split()[2].split(".")[0])))
    recent = [programs for programs in candidates if programs.version >= LEAST_POSTGRES]
    if not recent:
        raise Unready("postgres.missing", least=LEAST_POSTGRES)
    with_postgis = [programs for programs in recent if _has_postgis(programs)]
    if not with_postgis:
        raise Unready("postgis.missing", version=max(programs.version for programs in recent))
    return max(with_postgis, key=lambda programs: programs.version)


def _pg_config(option: str) -> list[Path]:
    program = shutil.which("pg_config")
    if program is None:
        return []
    return [Path(subprocess.run([program, option], capture_output=True, text=True, check=True).stdout.strip())]


def _has_postgis(programs: Programs) -> bool:
    shares = [Path(f"/usr/share/postgresql/{programs.version}"), *_pg_config("--sharedir")]
    return any((share / "extension" / "postgis.control").exists() for share in shares)


class Cluster:
    """One private cluster. `home` is the installation's directory, `password` the owner's."""

    def __init__(self, home: Path, password: str, *, durable: bool = True) -> None:
        self.user = UNPRIVILEGED if os.geteuid() == 0 else None
        self.directory = self._reachable(home) / "cluster"
        self.socket = self._socket_directory()
        self.log = self.directory.with_name("cluster.log")
        self.password = password
        self.durable = durable

    @property
    def url(self) -> str:
        """The owner's address of the product's database."""
        return self.url_of(OWNER, self.password, DATABASE)

    def url_of(self, role: str, password: str, database: str) -> str:
        """The address of `database` for `role`, through the cluster's socket."""
        return URL.create(
            "postgresql", username=role, password=password, database=database, query={"host": str(self.socket)}
        ).render_as_string(hide_password=False)

    @property
    def running(self) -> bool:
        """Whether the server answers to its process file."""
        if not (self.directory / "postmaster.pid").exists():
            return False
        return self._run("pg_ctl", "status", "--pgdata", str(self.directory), check=False).returncode == 0

    def start(self) -> bool:
        """Makes the cluster if there is none and starts it. False if it ran already."""
        self._initialise()
        if self.running:
            return False
        self._make_directory(self.socket)
        self._write_configuration()
        self._run("pg_ctl", "start", "--wait", "--timeout=60", "--pgdata", str(self.directory), "--log", str(self.log))
        return True

    def stop(self) -> None:
        """Stops the server, ending its connections; nothing is lost."""
        if self.running:
            self._run("pg_ctl", "stop", "--wait", "--mode=fast", "--pgdata", str(self.directory))

    def _initialise(self) -> None:
        """A whole cluster or none: initdb works beside its place and is moved there when it is done."""
        if self.directory.exists():
            return
        self._make_directory(self.directory.parent)
        unfinished = self.directory.with_name("cluster.unfinished")
        if unfinished.exists():
            shutil.rmtree(unfinished)
        with tempfile.NamedTemporaryFile("w", prefix="citybrain-", dir=self.directory.parent) as password_file:
            password_file.write(self.password)
            password_file.flush()
            if self.user:
                shutil.chown(password_file.name, self.user)
            self._run(
                "initdb",
                f"--pgdata={unfinished}",
                f"--username={OWNER}",
                f"--pwfile={password_file.name}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                *([] if self.durable else ["--no-sync"]),
            )
        unfinished.rename(self.directory)

    def _write_configuration(self) -> None:
        extra = "" if self.durable else "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n"
        (self.directory / "pg_hba.conf").write_text(HBA)
        (self.directory / "postgresql.auto.conf").write_text(CONF.format(socket=self.socket, extra=extra))

    def _socket_directory(self) -> Path:
        beside = self.directory.with_name("socket")
        if len(os.fsencode(beside)) <= SOCKET_PATH_MAX:
            return beside
        return Path(tempfile.gettempdir()) / f"citybrain-{_digest(self.directory)}"

    def _reachable(self, home: Path) -> Path:
        """`home`, or, where the unprivileged user cannot enter it, a directory of the system's."""
        if self.user is None:
            return home
        existing = next(parent for parent in [home, *home.parents] if parent.exists())
        if all(parent.stat().st_mode & stat.S_IXOTH for parent in [existing, *existing.parents]):
            return home
        return Path("/var/lib/citybrain") / _digest(home)

    def _make_directory(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        if self.user:
            shutil.chown(directory, self.user)
        directory.chmod(0o711 if directory == self.directory.parent else 0o700)

    def _run(self, program: str, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        command: Sequence[str] = [str(find_programs().bindir / program), *arguments]
        # A server inherits our pipes and would hold them open for ever: what it prints goes to its own log.
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(
                command,
                user=self.user,
                group=pwd.getpwnam(self.user).pw_gid if self.user else None,
                extra_groups=[] if self.user else None,
                cwd="/",
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            if check and done.returncode != 0:
                output.seek(0)
                raise Unready("cluster.failed", program=program, output=output.read().strip(), log=self.log)
        return done


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path.absolute())).hexdigest()[:12]
