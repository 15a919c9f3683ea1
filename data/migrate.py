"""Brings a database to this version: tables, job queue, then the replayable SQL. A second run changes nothing."""

from __future__ import annotations

import hashlib
from importlib import resources
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from procrastinate import PsycopgConnector
from procrastinate.schema import SchemaManager
from psycopg import sql
from sqlalchemy import create_engine, make_url
from sqlalchemy.engine import Connection
from sqlalchemy.pool import NullPool

from data.dictionaries import load_dictionaries
from data.engine import psycopg_conninfo, sqlalchemy_url
from data.errors import Unready

APP_ROLE = "citybrain_app"
LEAST_SERVER = 150000
_ONE_AT_A_TIME = 0x6369747962
_MARK = "citybrain, behaviour as of"


def upgrade(owner_url: str, app_password: str | None) -> None:
    """All in one transaction, one process at a time: the database is at this version, or as it was before.

    `app_password` becomes the application role's; None leaves it. Raises Unready if the server is too old,
    lacks PostGIS, or the address does not answer.
    """
    ensure_database(owner_url)
    engine = create_engine(sqlalchemy_url(owner_url), poolclass=NullPool)
    try:
        with engine.begin() as connection:
            _check_server(connection)
            connection.exec_driver_sql(f"select pg_advisory_xact_lock({_ONE_AT_A_TIME})")
            command.upgrade(alembic_config(connection), "head")
            _install_job_queue(connection)
            _replay(connection)
            connection.exec_driver_sql("select make_audit_months()")
            _set_app_password(connection, app_password)
            connection.exec_driver_sql(
                "select set_config('citybrain.may.' || held, '{(,)}', true) "
                "from unnest(array['publish_borders', 'import_registers']) as held"
            )
            load_dictionaries(connection)
    finally:
        engine.dispose()


def ensure_database(owner_url: str) -> None:
    """Makes the database that the address names, where the server has none of that name."""
    wanted = make_url(owner_url)
    try:
        psycopg.connect(psycopg_conninfo(owner_url), connect_timeout=10).close()
    except psycopg.OperationalError as fault:
        if f'database "{wanted.database}" does not exist' not in str(fault):
            raise Unready("database.unreachable", reason=str(fault).strip()) from fault
        server = wanted.set(database="postgres").render_as_string(hide_password=False)
        with psycopg.connect(psycopg_conninfo(server), autocommit=True) as connection:
            connection.execute(
                sql.SQL("create database {} encoding 'UTF8' template template0").format(
                    sql.Identifier(wanted.database or "")
                )
            )


def alembic_config(connection: Connection) -> Config:
    """Alembic, told where the migrations are and which connection to use."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.attributes["connection"] = connection
    return config


def _check_server(connection: Connection) -> None:
    version = connection.exec_driver_sql("show server_version_num").scalar_one()
    if int(version) < LEAST_SERVER:
        raise Unready("postgres.too_old", version=connection.exec_driver_sql("show server_version").scalar_one())
    offered = connection.exec_driver_sql("select count(*) from pg_available_extensions where name = 'postgis'")
    if offered.scalar_one() == 0:
        raise Unready("postgis.missing", version=int(version) // 10000)


def _install_job_queue(connection: Connection) -> None:
    if connection.exec_driver_sql("select to_regclass('procrastinate_jobs')").scalar_one() is None:
        schema = SchemaManager(connector=PsycopgConnector()).get_schema()
        _execute_script(connection, schema)


def _replay(connection: Connection) -> None:
    """Runs data/sql unless the very same text has been run here: replaced policies lock their tables."""
    files = sorted(resources.files("data.sql").iterdir(), key=lambda script: script.name)
    scripts = [file.read_text("utf-8") for file in files if file.name.endswith(".sql")]
    revision = connection.exec_driver_sql("select version_num from alembic_version").scalar_one()
    mark = f"{_MARK} {hashlib.sha256(''.join([revision, *scripts]).encode()).hexdigest()}"
    if connection.exec_driver_sql("select obj_description('public'::regnamespace)").scalar_one() == mark:
        return
    for script in scripts:
        _execute_script(connection, script)
    connection.exec_driver_sql(f"comment on schema public is '{mark}'")


def _execute_script(connection: Connection, script: str) -> None:
    """Several statements at once, without parameters: percent signs are the script's own."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    driver.execute(script.encode())


def _set_app_password(connection: Connection, password: str | None) -> None:
    if password is None:
        return
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    driver.execute(sql.SQL("alter role {} password {}").format(sql.Identifier(APP_ROLE), sql.Literal(password)))
