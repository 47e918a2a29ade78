"""Settings: the config file in the platform's folder, then the environment, then flags; flags win."""

import os
import time
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import platformdirs
from pydantic import Field, SecretStr, ValidationError

from curator.model.base import Value
from curator.model.errors import ConfigError, UsageError
from curator.model.files import read_text
from curator.model.rule import Rule, ScrubPolicy

DEFAULT_BASE_URL = "https://cloud.langfuse.com"


class Limits(Value):
    """How much of a foreign server's, file's or lock's time and size a command takes before it says so and ends."""

    command_seconds: float = Field(default=600.0, ge=0)
    """Seconds for a command of the command line in all; 0 for no limit. `--timeout` wins."""
    answer_megabytes: float = Field(default=25.0, gt=0)
    """Size of one answer, packed and unpacked (Langfuse Cloud sends at most 5 MB)."""
    pages: int = Field(default=2000, gt=0)
    """Pages of one list."""
    lock_seconds: float = Field(default=30.0, gt=0)
    """Seconds to wait for another process that uses the journal."""


class Connection(Value):
    """How to reach one Langfuse project. Keys are secret: they never show in a repr, a log or an error."""

    base_url: str = DEFAULT_BASE_URL
    public_key: str
    secret_key: SecretStr
    timeout: float = Field(default=30.0, gt=0, le=3600)
    """Seconds for one answer in all, from the first byte sent to the last byte received."""
    limits: Limits = Limits()
    until: float | None = None
    """When the command ends at the latest (Unix time); None outside of the command line."""


class Settings(Value):
    """Everything that can be configured; see `curator explain config`."""

    base_url: str | None = None
    public_key: str | None = None
    secret_key: SecretStr | None = None
    timeout: float = Field(default=30.0, gt=0, le=3600)
    limits: Limits = Limits()
    reviewer: str | None = None
    """Who decides: written to lineage and decisions. The login name when not set."""
    rules: str | None = None
    """Folder of rule files; `./rules` when it exists, else the rules that ship with curator."""
    allow_python: bool = False
    """Whether rules may name Python paths (models, checks): they run code."""
    theme: str = "curator-dark"
    keys: dict[str, str] = {}
    """Action id → keys, as in the table of keys."""
    columns: tuple[str, ...] = ()
    """Columns of the terminal's queue, in this order; the usual ones when empty."""
    views: dict[str, str] = {}
    """Name → a filter of the queue, opened as `@name`."""
    scrub: ScrubPolicy = ScrubPolicy()
    """The team's scrub defaults; a rule adds to them."""
    scrub_patterns: str | None = None
    """TOML or YAML file with recognizers of one's own, in the form of `scrub.patterns`; relative to the config file."""

    def connection(self) -> Connection:
        """The connection to use. Raises ConfigError when a key is missing."""
        missing = [
            name
            for name, value in (("LANGFUSE_PUBLIC_KEY", self.public_key), ("LANGFUSE_SECRET_KEY", self.secret_key))
            if not value
        ]
        if missing:
            raise ConfigError(
                f"{' and '.join(missing)} not set: curator does not know which Langfuse project to use.",
                code="CONFIG_KEYS_MISSING",
                remedy=f"Set them in the environment or in {config_file()}; `curator demo` needs no keys.",
            )
        assert self.public_key is not None
        assert self.secret_key is not None
        if not (_is_key(self.public_key) and _is_key(self.secret_key.get_secret_value())):
            raise ConfigError(
                "LANGFUSE_PUBLIC_KEY or LANGFUSE_SECRET_KEY holds characters that no key has.",
                code="CONFIG_KEYS_MISSING",
            )
        base_url = (self.base_url or DEFAULT_BASE_URL).rstrip("/")
        if not _is_address(base_url):
            raise ConfigError("LANGFUSE_BASE_URL is not an http(s) address.", code="CONFIG_BASE_URL")
        return Connection(
            base_url=base_url,
            public_key=self.public_key,
            secret_key=self.secret_key,
            timeout=self.timeout,
            limits=self.limits,
            until=_command.until(self.limits),
        )

    def policy(self, rule: Rule | None = None) -> ScrubPolicy:
        """How a rule treats personal values, on top of the team's defaults; those alone without a rule."""
        from curator.scrub import merged

        return self.scrub if rule is None else merged(self.scrub, rule.scrub)

    def reviewer_name(self) -> str:
        """The configured reviewer, else the login name."""
        import getpass

        try:
            return self.reviewer or getpass.getuser()
        except (KeyError, OSError):
            return "unknown"


class _Command:
    """The command that runs in this process: when it began, and how long it may take."""

    began: float | None = None
    seconds: float | None = None

    def until(self, limits: Limits) -> float | None:
        seconds = limits.command_seconds if self.seconds is None else self.seconds
        return None if self.began is None or not seconds else self.began + seconds


_command = _Command()


def begin_command(seconds: float | None = None) -> None:
    """Starts the clock of a command of the command line: connections made from now on end with it.

    `seconds` wins over `limits.command_seconds`; 0 is no limit. The terminal UI and the Python API have no such end.
    """
    _command.began, _command.seconds = time.time(), seconds


def end_command() -> None:
    """Stops the clock."""
    _command.began = None


def _is_key(text: str) -> bool:
    """Whether an HTTP header can carry it as it is."""
    return text.isascii() and text.isprintable()


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none, a bracket that does not close
        return False


_IN_WORDS = {
    "dict_type": "Input should be a table of keys",
    "model_type": "Input should be a table of keys",
    "extra_forbidden": "unknown key",
}
"""pydantic's kinds of errors, in the words of a TOML file."""


def config_file() -> Path:
    """`CURATOR_CONFIG`, else `config.toml` in the platform's config folder."""
    return Path(os.environ.get("CURATOR_CONFIG") or platformdirs.user_config_path("curator") / "config.toml")


def state_folder() -> Path:
    """`CURATOR_STATE_DIR`, else the platform's state folder: journal, drafts, run results, what the TUI remembers."""
    return Path(os.environ.get("CURATOR_STATE_DIR") or platformdirs.user_state_path("curator"))


def load_settings(**flags: Any) -> Settings:
    """Settings from file, environment and flags (those that are not None). Raises UsageError for a malformed file."""
    path = config_file()
    values: dict[str, Any] = {}
    if path.exists() and path != Path(os.devnull):
        try:
            values = tomllib.loads(read_text(path, code="CONFIG_FILE", megabytes=1))
        except tomllib.TOMLDecodeError as error:
            raise UsageError(
                f"{path} is not valid TOML: {error}.",
                code="CONFIG_FILE",
                remedy="Mend that line, or move the file away.",
            ) from None
        except RecursionError:
            raise UsageError(
                f"{path} is nested too deep.", code="CONFIG_FILE", remedy="Write it without the nesting."
            ) from None
    environment = {
        "public_key": os.environ.get("LANGFUSE_PUBLIC_KEY"),
        "secret_key": os.environ.get("LANGFUSE_SECRET_KEY"),
        "base_url": os.environ.get("LANGFUSE_BASE_URL") or os.environ.get("LANGFUSE_HOST"),
        "reviewer": os.environ.get("CURATOR_REVIEWER"),
        "rules": os.environ.get("CURATOR_RULES"),
    }
    values |= {key: value for key, value in environment.items() if value}
    values |= {key: value for key, value in flags.items() if value is not None}
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        says = _IN_WORDS.get(first["type"], first["msg"])
        raise UsageError(
            f"{path}: {where}: {says}.", code="CONFIG_FILE", remedy="See `curator explain config` for every key."
        ) from None
    if settings.scrub_patterns:
        from curator.scrub import patterns_of

        own = patterns_of(path.parent / Path(settings.scrub_patterns).expanduser())
        scrub = settings.scrub.model_copy(update={"patterns": (*settings.scrub.patterns, *own)})
        settings = settings.model_copy(update={"scrub": scrub})
    if settings.scrub != ScrubPolicy():
        from curator.scrub import compiled

        try:
            compiled(settings.scrub)  # an entity that nobody knows is a mistake of the file, not of a trace
        except UsageError as error:
            raise UsageError(f"{path}: {error.message}", code=error.code, remedy=error.remedy) from None
    return settings
