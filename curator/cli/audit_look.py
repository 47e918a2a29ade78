"""One look at a dataset, as the command line asks for it; what auditing and fixing share."""

import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from curator.cli.output import say
from curator.config import Settings
from curator.model import ScrubPolicy
from curator.rulebook import LoadedRule

if TYPE_CHECKING:
    from curator.audit.values import Evidence, Progress
    from curator.gateway import Gateway
    from curator.journal import Journal
    from curator.scrub import Scrubber


@dataclass(frozen=True)
class Look:
    """What to look at, and how hard."""

    gateway: "Gateway"
    journal: "Journal"
    settings: Settings
    dataset: str
    rule: LoadedRule | None
    deep: bool = False
    workers: int | None = None
    scheduler: str | None = None
    ledger: Path | None = None

    @property
    def policy(self) -> ScrubPolicy:
        """The rule's scrub policy on top of the team's."""
        from curator.scrub.policy import merged

        team = self.settings.scrub
        return merged(team, self.rule.rule.scrub) if self.rule is not None else team

    def evidence(self, version: datetime | None = None, *, scrubber: "Scrubber | None" = None) -> "Evidence":
        """The evidence as of now, or of that version; `scrubber` is one that is open already. Raises CuratorError."""
        from curator.audit.run import collect
        from curator.audit.workers import Cluster, Processes
        from curator.scrub import Scrubber

        return collect(
            self.gateway,
            self.journal,
            self.dataset,
            self.rule,
            at=datetime.now().astimezone(),
            workers=Cluster(self.scheduler) if self.scheduler else Processes(self.workers, first=scrubber),
            scrub=Scrubber,
            policy=self.policy,
            version=version,
            deep=self.deep,
            ledger=self.ledger,
            progress=progress_line(),
        )


def rule_of(dataset: str, name: str | None, settings: Settings) -> LoadedRule | None:
    """The named rule; without a name the one rule that feeds the dataset, else None. Raises UsageError."""
    from curator.rulebook import find_rule, load_rules

    if name is not None:
        return find_rule(name, settings)
    feeding = [rule for rule in load_rules(settings) if rule.rule.dataset.name == dataset]
    if len(feeding) > 1:
        say(f"{len(feeding)} rules feed this dataset: name one with --rules to check schemas and vocabulary.")
    return feeding[0] if len(feeding) == 1 else None


def progress_line() -> "Progress":
    """Writes progress to one line of stderr that vanishes; says nothing where nobody watches."""
    if not sys.stderr.isatty():
        return lambda what, done, total: None
    return lambda what, done, total: click.echo(
        f"\r\x1b[K{what}: {done} of {total}" if done < total else "\r\x1b[K", nl=False, err=True
    )
