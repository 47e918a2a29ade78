"""The `filter` parameter of the observations API: checks it as Langfuse does and turns it into SQL.

The filter types, their operators and the sentences are those of Langfuse 4.16.0 (`interfaces/filters.ts`,
`clickhouse-filter.ts`).
"""

import csv
import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from curator.sandbox import issues, js
from curator.sandbox.errors import ApiError, internal, invalid_data, invalid_request
from curator.sandbox.issues import UNDEFINED, Issue, Path, is_number, to_milliseconds
from curator.sandbox.store import TABLES

IS_ROOT = "is_root"


@dataclass(frozen=True)
class Column:
    """A filterable column: its names, its SQL and how it treats values.

    `type` is the documented type, against which the filter's type is checked; columns without one (`checked=False`)
    fail inside the database instead. `empty_is_null` columns treat `''` and NULL as the same value.
    """

    id: str
    name: str
    type: str
    sql: str
    checked: bool = True
    empty_is_null: bool = False


Columns = dict[str, Column]


def columns_of(listed: str) -> Columns:
    """The columns of a list by either of their names. There are no tool definitions and calls of observations."""
    with files("curator.sandbox").joinpath("columns.csv").open(encoding="utf-8") as file:
        columns = [
            Column(
                row["id"], row["name"], row["type"], row["sql"],
                checked="unchecked" not in row["treated"], empty_is_null="empty-is-null" in row["treated"],
            )
            for row in csv.DictReader(file)
            if row["list"] == listed
        ]  # fmt: skip
    return {column.name: column for column in columns} | {column.id: column for column in columns}


OBSERVATION_COLUMNS = columns_of("observations")


OPERATORS: dict[str, list[str]] = TABLES["filters"]["operators"]
COMPATIBLE: dict[str, list[str]] = TABLES["filters"]["compatible"]
WITH_KEY = {"categoryOptions", "stringObject", "numberObject", "booleanObject"}
POSITIONS = ("root", "first", "last", "nthFromEnd", "nthFromStart")


@dataclass(frozen=True)
class Condition:
    """One SQL condition with its parameters; `column` is the SQL of the column it is about."""

    sql: str
    parameters: tuple[Any, ...] = ()
    column: str = ""


def joined(conditions: Sequence[Condition]) -> tuple[str, tuple[Any, ...]]:
    """All of these as one condition, with its parameters."""
    values = tuple(value for condition in conditions for value in condition.parameters)
    return " AND ".join(condition.sql for condition in conditions), values


def parse(text: str, column_ids: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """The filters of the query parameter, checked as zod checks them; `column_ids` limits the columns by id.

    Raises `ApiError` 400 for text that is no JSON and for filters of a wrong shape.
    """
    if not text:
        return []
    try:
        filters = js.parse(text)
    except (ValueError, RecursionError):
        raise invalid_request("Invalid JSON in filter parameter") from None
    if not isinstance(filters, list):
        raise invalid_data([issues.invalid_type(["filter"], "array", filters)])
    wrong = [issue for index, one in enumerate(filters) for issue in _shape_issues(one, ["filter", index])]
    for index, one in enumerate(filters):
        if column_ids and isinstance(one, dict) and one.get("column") not in column_ids:
            wrong.append(issues.invalid_value(["filter", index, "column"], column_ids))
    if wrong:
        raise invalid_data(wrong)
    return filters


def conditions(filters: list[dict[str, Any]], columns: Columns = OBSERVATION_COLUMNS) -> list[Condition]:
    """SQL for checked filters. Raises `ApiError` for unknown columns and filters that do not fit their column."""
    relevant = [one for one in filters if one["type"] != "positionInTrace"]
    for one in relevant:
        column = columns.get(one["column"])
        if column and column.id in {"input", "output"} and one["type"] != "string":
            raise invalid_request("Input/output filters only support filter type `string`.")
    found = [_condition(one, columns.get(one["column"])) for one in relevant]
    io = [one for one in relevant if columns[one["column"]].id in {"input", "output"}]
    if io and not any(one["operator"] in {"matches", "="} for one in io):
        raise invalid_request("Input/output filters require at least one `matches` or `=` operator.")
    return found


def register_functions(db: sqlite3.Connection) -> None:
    """Teach a connection the SQL functions that the conditions use."""
    db.create_function("has_all_tokens", 2, _has_all_tokens, deterministic=True)


# ── shape ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _shape_issues(one: object, path: Path) -> list[Issue]:
    if not isinstance(one, dict):
        return [issues.invalid_type(path, "object", one)]
    kind = one.get("type")
    if not isinstance(kind, str) or kind not in OPERATORS:
        return [issues.no_discriminator(path, "type")]
    wrong = [] if isinstance(one.get("column"), str) else [_missing(one, "column", "string", path)]
    if kind in WITH_KEY and not isinstance(one.get("key"), str):
        wrong.append(_missing(one, "key", "string", path))
    wrong += _check_operator(kind, one, path)
    if kind == "positionInTrace":
        return wrong + _check_position(one, path)
    return wrong + _check_value(kind, one, path)


def _missing(one: dict[str, Any], key: str, expected: str, path: Path) -> Issue:
    return issues.invalid_type([*path, key], expected, one.get(key, UNDEFINED))


def _check_operator(kind: str, one: dict[str, Any], path: Path) -> list[Issue]:
    operator = one.get("operator", UNDEFINED)
    allowed = OPERATORS[kind]
    if operator in allowed:
        return []
    at: Path = [*path, "operator"]
    if kind in {"string", "stringObject"}:
        if operator == "matches":
            return []
        return [
            issues.invalid_union(at, [[issues.invalid_value([], allowed)], [issues.invalid_value([], ["matches"])]])
        ]
    return [issues.invalid_value(at, allowed)]


def _check_value(kind: str, one: dict[str, Any], path: Path) -> list[Issue]:
    value = one.get("value", UNDEFINED)
    at: Path = [*path, "value"]
    match kind:
        case "datetime":
            return [] if value is not UNDEFINED and to_milliseconds(value) is not None else [issues.invalid_date(at)]
        case "string" | "stringObject":
            return [] if isinstance(value, str) else [issues.invalid_type(at, "string", value)]
        case "number" | "numberObject":
            return [] if is_number(value) else [issues.invalid_type(at, "number", value)]
        case "boolean" | "booleanObject":
            return [] if isinstance(value, bool) else [issues.invalid_type(at, "boolean", value)]
        case "null":
            return [] if value == "" else [issues.invalid_value(at, [""])]
    if not isinstance(value, list):
        return [issues.invalid_type(at, "array", value)]
    wrong = [issues.invalid_type([*at, i], "string", v) for i, v in enumerate(value) if not isinstance(v, str)]
    if not wrong and not value and kind == "stringOptions":
        return [issues.custom("Invalid input", at)]
    if not wrong and not value and kind == "arrayOptions" and one.get("operator") == "any of":
        sentence = (
            "Value array must not be empty unless operator is 'all of' or 'none of' "
            "(which represent waiting for selection)"
        )
        return [issues.custom(sentence, path)]
    return wrong


def _check_position(one: dict[str, Any], path: Path) -> list[Issue]:
    key, value = one.get("key", UNDEFINED), one.get("value", UNDEFINED)
    if key not in POSITIONS:
        return [issues.invalid_value([*path, "key"], POSITIONS)]
    if value is not UNDEFINED and not is_number(value):
        return [issues.invalid_type([*path, "value"], "number", value)]
    if str(key).startswith("nth") and (value is UNDEFINED or value < 1):
        return [issues.custom("Position must be >= 1 for nth selection", [*path, "value"])]
    return []


# ── SQL ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _condition(one: dict[str, Any], column: Column | None) -> Condition:
    if column is None:
        raise invalid_request(f"Column {one['column']} does not match a UI / CH table mapping.")
    kind, operator = one["type"], one["operator"]
    if kind != "null" and kind not in COMPATIBLE[column.type]:
        raise _incompatible(one, column)
    if operator == "matches":
        _require_searchable(kind, column, one["value"])
    match kind:
        case "string":
            sql, parameters = _string(column, operator, one["value"])
        case "datetime":
            sql, parameters = f"{column.sql} {operator} ?", (to_milliseconds(one["value"]),)
        case "number":
            sql, parameters = f"({column.sql}) {operator} ?", (float(one["value"]),)
        case "boolean":
            sql, parameters = f"({column.sql}) {operator} ?", (int(one["value"]),)
        case "null":
            sql, parameters = _null(column, operator), ()
        case "stringOptions":
            if column.type == "arrayOptions":
                raise internal()  # a text compared with a list: the database refuses
            sql, parameters = _options(column, operator, one["value"])
        case "arrayOptions":
            sql, parameters = _array(column, operator, one["value"])
        case _:
            sql, parameters = _metadata(operator, one["key"], one["value"])
    return Condition(sql, parameters, column.sql)


def _incompatible(one: dict[str, Any], column: Column) -> ApiError:
    if not column.checked:
        return internal()
    return invalid_request(
        f"Invalid filter type '{one['type']}' for column '{one['column']}'. Expected filter type '{column.type}'."
    )


def _require_searchable(kind: str, column: Column, value: str) -> None:
    if not re.search(r"[^\W_]", value):
        raise invalid_request("`matches` requires at least one search token.")
    text = kind == "string" and column.id in {"input", "output"}
    if not text and not (kind == "stringObject" and column.id == "metadata"):
        raise invalid_request("`matches` is only supported for input, output, and metadata filters.")


def _string(column: Column, operator: str, value: str) -> tuple[str, tuple[Any, ...]]:
    field = column.sql
    if column.empty_is_null and value == "" and operator in {"=", "contains", "starts with", "ends with"}:
        return f"({field} = '' OR {field} IS NULL)", ()
    if operator == "matches":
        sql = f"(instr(lower({field}), lower(?)) > 0 AND has_all_tokens(lower({field}), lower(?)))"
        return sql, (value, value)
    sql, parameters = _text_condition(field, operator, value)
    if column.empty_is_null and operator == "does not contain":
        sql = f"({field} <> '' AND {sql})"
    return sql, parameters


def _text_condition(field: str, operator: str, value: str) -> tuple[str, tuple[Any, ...]]:
    match operator:
        case "=":
            return f"{field} = ?", (value,)
        case "contains":
            return f"instr({field}, ?) > 0", (value,)
        case "does not contain":
            return f"instr({field}, ?) = 0", (value,)
        case "starts with":
            return f"substr({field}, 1, ?) = ?", (len(value), value)
        case _:
            # An empty value ends every text, but `substr(text, -0)` is the whole text.
            return f"(? = 0 OR substr({field}, -?) = ?)", (len(value), len(value), value)


def _null(column: Column, operator: str) -> str:
    if not column.empty_is_null:
        return f"({column.sql}) {operator}"
    if operator == "is null":
        return f"({column.sql} = '' OR {column.sql} IS NULL)"
    return f"({column.sql} <> '' AND {column.sql} IS NOT NULL)"


def _options(column: Column, operator: str, values: list[str]) -> tuple[str, tuple[Any, ...]]:
    marks = ", ".join("?" * len(values))
    has_empty = column.empty_is_null and "" in values
    if operator == "any of":
        sql = f"{column.sql} IN ({marks})"
        return (f"({sql} OR {column.sql} IS NULL)" if has_empty else sql), tuple(values)
    sql = f"{column.sql} NOT IN ({marks})"
    if column.empty_is_null:
        guard = "IS NOT NULL" if has_empty else "<> ''"
        sql = f"({sql} AND {column.sql} {guard})"
    return sql, tuple(values)


def _array(column: Column, operator: str, values: list[str]) -> tuple[str, tuple[Any, ...]]:
    wanted = list(dict.fromkeys(values))
    marks = ", ".join("?" * len(wanted))
    if operator == "all of":
        sql = f"(SELECT count(DISTINCT value) FROM json_each({column.sql}) WHERE value IN ({marks})) = ?"
        return sql, (*wanted, len(wanted))
    sql = f"EXISTS (SELECT 1 FROM json_each({column.sql}) WHERE value IN ({marks}))"
    return (sql if operator == "any of" else f"NOT {sql}"), tuple(wanted)


def _metadata(operator: str, key: str, value: str) -> tuple[str, tuple[Any, ...]]:
    if operator == "matches":
        condition, parameters = "instr(value, ?) > 0 AND has_all_tokens(value, ?)", (value, value)
    else:
        condition, parameters = _text_condition("value", operator, value)
    return f"EXISTS (SELECT 1 FROM json_each(metadata) WHERE key = ? AND {condition})", (key, *parameters)


def _has_all_tokens(text: str | None, query: str) -> bool:
    """Whether the (at most 64) words of the query all occur in the text as whole words, as the text index sees it."""
    wanted = list(dict.fromkeys(_tokens(query)))[:64]
    return set(wanted) <= set(_tokens(text or ""))


def _tokens(text: str) -> list[str]:
    return re.findall(r"[0-9A-Za-z\u0080-\U0010ffff]+", text)
