"""Dismiss, snooze, reopen: asked for with one key each, applied at once, shared in the background."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from curator.model import Decision, Failure, State
from curator.model.errors import CuratorError
from curator.tui.screens.ask import Choose
from curator.tui.screens.place import Place
from curator.tui.words import STATE_SIGNS, plural

REASONS = (
    ("not a failure", "Not a failure: the answer was right"),
    ("already covered", "Already covered by another item"),
    ("not reproducible", "Not reproducible"),
    ("out of scope", "Out of scope for this dataset"),
    ("bad score", "The score was wrong, not the answer"),
    ("test traffic", "Test traffic"),
)
SNOOZES = (("1", "until tomorrow"), ("3", "for three days"), ("7", "for a week"), ("14", "for two weeks"))


class Deciding(Place):
    """A screen on which failures can be decided about."""

    def changed(self, *, advance: bool = False) -> None:
        """Decisions were made or taken back; `advance`: the row that was decided has gone."""

    def ask_dismissal(self, failures: Sequence[Failure]) -> None:
        """Asks for a reason, then dismisses."""
        if not failures:
            return

        def answered(reason: str | None) -> None:
            if reason is not None:
                self.decide(failures, "dismissed", reason)

        title = f"Dismiss {_what(failures)}: why?"
        self.app.push_screen(Choose(title, REASONS, own="another reason"), answered)

    def ask_snooze(self, failures: Sequence[Failure]) -> None:
        """Asks until when, then snoozes."""
        if not failures:
            return

        def answered(days: str | None) -> None:
            if days is not None:
                until = datetime.now(UTC) + timedelta(days=int(days))
                self.decide(failures, "snoozed", "", until)

        self.app.push_screen(Choose(f"Snooze {_what(failures)}", SNOOZES), answered)

    def reopen(self, failures: Sequence[Failure]) -> None:
        """Takes decisions back: the failures are open again."""
        if decided := [f for f in failures if f.state != "open"]:
            self.decide(decided, "open", "reopened")
        else:
            self.tell([("text", "That is open already.")])

    def decide(self, failures: Sequence[Failure], state: State, reason: str, until: datetime | None = None) -> None:
        """Decides about failures: seen at once here, shared with everybody in the background."""
        decisions = [
            Decision(
                trace_id=failure.trace_id,
                observation_id=failure.reviewed_id,
                state=state,
                reviewer=self.session.reviewer,
                reason=reason,
                rule=self.session.rule_of(failure),
                until=until,
                at=datetime.now(UTC),
            )
            for failure in failures
        ]
        self.session.apply(decisions)
        self.curator.share(failures, decisions)
        sign, role = STATE_SIGNS[state]
        done = "Reopened" if state == "open" else state.capitalize()
        self.tell([(role, f"{sign} "), ("text", f"{done} {_what(failures)}."), ("dim", "  u takes it back")])
        self.curator.queue_changed()
        if self is not self.curator.queue_screen:
            self.changed(advance=True)

    def not_shared(self, error: CuratorError) -> None:
        """Sharing a decision failed: it has been taken back here too."""
        self.changed()
        self.trouble(error)


def _what(failures: Sequence[Failure]) -> str:
    if len(failures) == 1:
        return failures[0].name or failures[0].trace_id[:12]
    return plural(len(failures), "failure")
