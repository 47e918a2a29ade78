"""What a rule makes of many traces: how often each field is filled, what the checks say, which paths never match."""

from collections import Counter
from collections.abc import Sequence

from curator.draft.effectiveness import checked_answers
from curator.draft.mapping import document_of, promoted, reshape, value_text
from curator.model import Signal, Trace, Value
from curator.model.errors import CuratorError
from curator.rulebook import Finder, LoadedRule
from curator.scrub import Outgoing

SHORT = 60
"""Characters of an example."""


class Case(Value):
    """A failure to try a rule on."""

    trace: Trace
    observation_id: str | None = None
    """What was reviewed; None for the whole trace."""
    signals: tuple[Signal, ...] = ()
    earlier: tuple[Trace, ...] = ()


class Filled(Value):
    """How often one field got a value from the trace or a correction."""

    path: str
    filled: int
    of: int
    example: str | None = None
    """The first value, scrubbed, as one short line."""
    silent: tuple[str, ...] = ()
    """Its expressions that found nothing in any of the traces."""


class Trial(Value):
    """What a rule made of the cases."""

    failures: int
    fields: tuple[Filled, ...]
    checks: dict[str, dict[str, int]]
    """Check → verdict on the recorded answers (`fails`, `passes`, `unclear`) → number."""
    problems: dict[str, int]
    """Code of a problem → number of drafts that have it."""
    complete: int
    """Drafts that nothing blocks."""

    @property
    def silent(self) -> list[str]:
        """A sentence for each path that found nothing anywhere. One that reads corrections waits for the first."""
        if not self.failures:
            return ["there is no recent failure to try the paths on"]
        return [
            f"{field.path}: {path} never matched in {self.failures} failures"
            for field in self.fields
            for path in field.silent
            if "correction" not in path
        ]


def trial(cases: Sequence[Case], loaded: LoadedRule, outgoing: Outgoing, *, allow_python: bool = False) -> Trial:
    """Tries a rule on failures that are at hand; writes nothing. A case that raises counts under its code.

    `outgoing` scrubs the examples.
    """
    finders = []
    for case in cases:
        chosen = promoted(case.trace, loaded.rule, case.signals, case.observation_id)
        finders.append(Finder(document_of(case.trace, chosen, case.earlier)))
    fields = []
    for base, shape in (("input", loaded.rule.input), ("expected_output", loaded.rule.expected_output)):
        for steps, field in shape.leaves(base):
            found = [
                [[value for value in finder.all(each) if value is not None] for each in field.expressions]
                for finder in finders
            ]
            first = [next(filter(None, one), None) for one in found]
            example = next((values for values in first if values), None)
            silent = [each for at, each in enumerate(field.expressions) if not any(one[at] for one in found)]
            if field.expressions:
                fields.append(
                    Filled(
                        path=".".join(steps),
                        filled=sum(values is not None for values in first),
                        of=len(cases),
                        example=value_text(outgoing.clean(example[0]), SHORT) if example else None,
                        silent=tuple(silent) if cases else (),
                    )
                )
    checks: dict[str, Counter[str]] = {check.name: Counter() for check in loaded.rule.checks}
    problems: Counter[str] = Counter()
    complete = 0
    for case in cases:
        try:
            draft = reshape(
                case.trace, loaded, signals=case.signals, observation_id=case.observation_id, earlier=case.earlier
            )
        except CuratorError as error:
            problems[error.code] += 1
            continue
        complete += not any(problem.blocking or problem.confirm for problem in draft.problems)
        problems.update({problem.code for problem in draft.problems})
        for check in loaded.rule.checks:
            alone = loaded.model_copy(update={"rule": loaded.rule.model_copy(update={"checks": (check,)})})
            checks[check.name][checked_answers(case.trace, draft, alone, allow_python=allow_python)[0].verdict] += 1
    return Trial(
        failures=len(cases),
        fields=tuple(fields),
        checks={name: dict(counts) for name, counts in checks.items()},
        problems=dict(problems.most_common()),
        complete=complete,
    )
