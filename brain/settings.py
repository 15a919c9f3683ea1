"""The installation's settings: environment variables `CITYBRAIN_*`, read when asked for."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import tempfile
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from platformdirs import user_data_path
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url

from data.cluster import Cluster
from data.dictionaries.rights import roles
from data.errors import Unready
from data.migrate import APP_ROLE

SECRET_BYTES = 32
LEAST_AUDIT_MONTHS = 6
"""The audit log is kept for at least so long: the Cybersecurity Law asks for six months of network logs."""


def _default_home() -> Path:
    """`.citybrain/` in a checkout; the user's data directory for an installed package."""
    checkout = Path(__file__).resolve().parent.parent
    return checkout / ".citybrain" if (checkout / "Makefile").exists() else user_data_path("citybrain")


class Settings(BaseSettings):
    """Everything that differs between installations."""

    model_config = SettingsConfigDict(env_prefix="CITYBRAIN_", extra="ignore")

    home: Path = Field(default_factory=_default_home, description="Private files: secret, cluster.")
    database_url: SecretStr | None = Field(
        default=None, description="An existing PostgreSQL ≥ 15 with PostGIS ≥ 3.3, as the role that owns the database."
    )
    app_database_url: SecretStr | None = Field(
        default=None, description="The same database as the application's role, where that role is made by hand."
    )
    city_name_zh: str = "城市大脑"
    city_name_en: str = "City Brain"
    far_m: float = Field(
        default=20_000, gt=0, description="Metres from every region at which a report draws a warning."
    )
    body_limit: int = Field(default=2**20, gt=0, description="Bytes of the largest request body but for a batch.")
    batch_limit: int = Field(default=64 * 2**20, gt=0, description="Bytes of the largest batch.")
    register_limit: int = Field(default=128 * 2**20, gt=0, description="Bytes of the largest register sent by browser.")
    batch_line_limit: int = Field(default=64 * 2**10, gt=0, description="Bytes of one line of a batch.")
    time_zone: str = Field(default="Asia/Shanghai", description="When a day begins and what clocks show.")
    session_hours: float = Field(default=12, gt=0, description="After so long a session ends, used or not.")
    session_idle_minutes: float = Field(default=60, ge=2, description="After so long unused a session ends.")
    second_factor_roles: list[str] = Field(
        default=[], description="Roles that count only for accounts with a second factor, as a JSON array."
    )
    cookie_secure: bool = Field(default=False, description="Send the session cookie over HTTPS only.")

    audit_months: int = Field(
        default=36, ge=LEAST_AUDIT_MONTHS, description="Whole months for which the audit log is kept."
    )
    audit_heads: Path | None = Field(
        default=None, description="A second file for the heads of the audit log's chain, best on another machine."
    )

    @field_validator("time_zone")
    @classmethod
    def _is_time_zone(cls, name: str) -> str:
        try:
            return ZoneInfo(name).key
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"there is no time zone {name}") from None

    @field_validator("second_factor_roles")
    @classmethod
    def _are_roles(cls, names: list[str]) -> list[str]:
        unknown = set(names) - set(roles())
        if unknown:
            raise ValueError(f"there are no roles {', '.join(sorted(unknown))}")
        return names

    @cached_property
    def secret(self) -> bytes:
        """The installation's secret, made on first use and kept in a file only its user can read."""
        path = self.home / "secret"
        if not path.exists():
            self.home.mkdir(parents=True, exist_ok=True)
            # Written whole under another name (mode 0600), then linked: nobody ever reads half a secret.
            with tempfile.NamedTemporaryFile("w", dir=self.home, prefix=".secret-") as file:
                file.write(secrets.token_hex(SECRET_BYTES))
                file.flush()
                os.fsync(file.fileno())
                with suppress(FileExistsError):
                    os.link(file.name, path)
        try:
            secret = bytes.fromhex(path.read_text())
        except ValueError:
            secret = b""
        if len(secret) < SECRET_BYTES:
            raise Unready("settings.secret", file=path)
        return secret

    def derived(self, purpose: str) -> str:
        """A secret of its own for one purpose, from the installation's."""
        return hmac.new(self.secret, purpose.encode(), hashlib.sha256).hexdigest()

    @property
    def cluster(self) -> Cluster | None:
        """The private cluster, unless an existing database is named."""
        return None if self.database_url else Cluster(self.home.absolute(), self.derived("database owner"))

    @property
    def owner_url(self) -> str:
        """The database as its owner: migrations only."""
        cluster = self.cluster
        if cluster is not None:
            return cluster.url
        assert self.database_url is not None
        return self.database_url.get_secret_value()

    @property
    def app_password(self) -> str | None:
        """The application role's password; None where that role is made by hand."""
        return None if self.app_database_url else self.derived("database application")

    @property
    def app_url(self) -> str:
        """The database as the application's role: everything but migrations."""
        if self.app_database_url:
            return self.app_database_url.get_secret_value()
        as_app = make_url(self.owner_url).set(username=APP_ROLE, password=self.app_password)
        return as_app.render_as_string(hide_password=False)
