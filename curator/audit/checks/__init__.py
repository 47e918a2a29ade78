"""Every audit check: a stable code with a help page, a row in `checks.toml`, a pure function of the evidence."""

import tomllib
from importlib.resources import files
from pkgutil import resolve_name

from curator.audit.values import AuditCheck

_ROWS = tomllib.loads(files(__package__).joinpath("checks.toml").read_text(encoding="utf-8"))

CHECKS: tuple[AuditCheck, ...] = tuple(
    AuditCheck(code=code, **row | {"find": resolve_name(f"{__package__}.{row['find']}")}) for code, row in _ROWS.items()
)
"""In the order of their codes' families."""
