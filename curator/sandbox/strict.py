"""Bodies and queries whose unknown keys are refused."""

from typing import Any

from curator.sandbox.errors import invalid_data
from curator.sandbox.issues import unrecognized_keys
from curator.sandbox.params import Body
from curator.sandbox.query import Reader


class StrictBody(Body):
    """A body that has only the keys in `known`; an unknown key is named after everything else that is wrong."""

    def __init__(self, body: Any, known: tuple[str, ...]) -> None:
        super().__init__(body)
        self._known = known

    def check(self) -> None:
        """Raise 400 with the issues, if there are any."""
        unknown = [name for name in self.given if name not in self._known]
        if unknown:
            self.issues.append(unrecognized_keys(unknown))
        super().check()


def check_query(reader: Reader, known: tuple[str, ...]) -> None:
    """Raise 400 with the issues of a query and its unknown keys, if there are any."""
    unknown = [name for name in reader.given if name not in known]
    if unknown:
        reader.issues.append(unrecognized_keys(unknown))
    if reader.issues:
        raise invalid_data(reader.issues)
