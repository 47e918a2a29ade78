"""Every audit check, a family in each file: a stable code, a help page, a pure function of the evidence."""

from curator.audit.checks import (
    content,
    duplicates,
    expectations,
    identity,
    lineage,
    privacy,
    receipts,
    rules,
    runs,
    schema,
)
from curator.audit.values import AuditCheck

CHECKS: tuple[AuditCheck, ...] = (
    *lineage.CHECKS,
    *content.CHECKS,
    *schema.CHECKS,
    *privacy.CHECKS,
    *duplicates.CHECKS,
    *identity.CHECKS,
    *receipts.CHECKS,
    *expectations.CHECKS,
    *runs.CHECKS,
    *rules.CHECKS,
)
"""In the order of their codes' families."""
