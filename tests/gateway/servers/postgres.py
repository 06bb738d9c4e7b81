"""A real PostgreSQL: one for all tests of a run, each with a database of its own, or one to be killed."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.gateway.servers.process import HOST, ServerProcess, free_port, install

ADMIN = "admin"
_SERVER_USER = "postgres"
"""PostgreSQL does not run as root."""


def _binaries() -> Path:
    """Debian's lie outside of PATH, with the version in theirs."""
    if (there := shutil.which("initdb")) is not None:
        return Path(there).resolve().parent
    if not _debians():
        install({"initdb": "postgresql"})
    return _debians()[-1].parent


def _debians() -> list[Path]:
    return sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


class PostgresServer(ServerProcess):
    """Its data lie below `folder`, which the server's own user can enter."""

    def __init__(self, folder: Path, *, copy_of: Path | None = None) -> None:
        self.port = free_port()
        self.data = folder / "data"
        self._as = _SERVER_USER if os.geteuid() == 0 else None
        binaries = _binaries()
        if copy_of is None:
            self._initialise(binaries, folder)
        else:
            shutil.copytree(copy_of, self.data)
            self._own(folder)
        settings = {"listen_addresses": HOST, "port": self.port, "unix_socket_directories": "", "fsync": "on"}
        super().__init__(
            [
                str(binaries / "postgres"),
                *("-D", str(self.data)),
                *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
            ],
            log=folder / "log",
            answers=self._answers_now,
            user=self._as,
        )

    def url(self, database: str = "postgres", *, user: str = ADMIN) -> str:
        return f"postgresql://{user}@{HOST}:{self.port}/{database}"

    def _initialise(self, binaries: Path, folder: Path) -> None:
        self._own(folder)
        command = [
            str(binaries / "initdb"),
            "-D",
            str(self.data),
            "-U",
            ADMIN,
            "--auth=trust",
            "--no-sync",
            "-E",
            "UTF8",
        ]
        made = subprocess.run(command, user=self._as, group=self._as, cwd="/", capture_output=True, text=True)
        assert made.returncode == 0, made.stderr

    def _own(self, folder: Path) -> None:
        if self._as is not None:
            for path in (folder, *folder.rglob("*")):
                shutil.chown(path, self._as, self._as)

    def _answers_now(self) -> bool:
        try:
            psycopg.connect(self.url(), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


@dataclass
class Database:
    """An empty database of a test's own."""

    server: PostgresServer
    name: str

    @property
    def url(self) -> str:
        """As its owner, who is no superuser: superusers see all rows whatever the policies say."""
        return self.server.url(self.name, user=f"owner_{self.name}")

    def url_of(self, user: str) -> str:
        return self.server.url(self.name, user=user)

    def admin(self, *statements: str) -> None:
        with psycopg.connect(self.server.url(self.name), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def rows(self, query: str, *, user: str | None = None, setup: str = "") -> list[dict[str, Any]]:
        """As the owner, or as somebody else."""
        url = self.url_of(user) if user else self.url
        with psycopg.connect(url, autocommit=True, row_factory=psycopg.rows.dict_row) as connection:
            if setup:
                connection.execute(setup.encode())
            return connection.execute(query.encode()).fetchall()

    def write_url(self, folder: Path) -> Path:
        path = folder / "database-url"
        path.write_text(f"{self.url}\n")
        return path


def create_database(server: PostgresServer) -> Database:
    name = f"test_{secrets.token_hex(6)}"
    database = Database(server, name)
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f"CREATE ROLE owner_{name} LOGIN".encode())
        connection.execute(f"CREATE DATABASE {name} OWNER owner_{name}".encode())
    return database


@pytest.fixture(scope="session")
def postgres_folder() -> Iterator[Path]:
    """Not pytest's own folder: the server's user could not enter it."""
    with tempfile.TemporaryDirectory(prefix="parley-test-postgres-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(scope="session")
def postgres_server(postgres_folder: Path) -> Iterator[PostgresServer]:
    """Started once."""
    folder = postgres_folder / "shared"
    folder.mkdir()
    server = PostgresServer(folder)
    shutil.copytree(server.data, postgres_folder / "template")
    server.start()
    try:
        yield server
    finally:
        server.kill()


@pytest.fixture
def database(postgres_server: PostgresServer) -> Database:
    """Empty."""
    return create_database(postgres_server)


@pytest.fixture
def own_postgres(postgres_server: PostgresServer, postgres_folder: Path) -> Iterator[PostgresServer]:
    """A server to be stopped, killed and held still."""
    folder = Path(tempfile.mkdtemp(dir=postgres_folder))
    folder.chmod(0o755)
    server = PostgresServer(folder, copy_of=postgres_folder / "template")
    server.start()
    try:
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder)
