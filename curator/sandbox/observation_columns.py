"""The columns that the observations API can be filtered by: names, types and SQL, as in Langfuse 4.16.0.

Source: `eventsTableCols` and `mapEventsTable.ts` of the server.
"""

from dataclasses import dataclass

IS_ROOT = "is_root"
TRACE_NAME = "coalesce(nullif(trace_name, ''), iif(is_root, nullif(name, ''), NULL))"
LATENCY = "(end_ms - start_ms) / 1000.0"


def _summed(details: str, word: str) -> str:
    return f"(SELECT coalesce(sum(value), 0) FROM json_each({details}) WHERE instr(lower(key), '{word}'))"


def _total(details: str) -> str:
    return f"json_extract({details}, '$.total')"


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


COLUMNS = (
    Column("environment", "Environment", "stringOptions", "environment"),
    Column("ingestionApiKey", "API Key", "stringOptions", "''"),
    Column("ingestionSdkName", "SDK Name", "stringOptions", "''"),
    Column("ingestionSdkVersion", "SDK Version", "stringOptions", "''"),
    Column("ingestionSource", "Ingestion Source", "stringOptions", "'otel'"),
    Column("type", "Type", "stringOptions", "type"),
    Column("id", "ID", "stringOptions", "id"),
    Column("name", "Name", "stringOptions", "name"),
    Column("traceId", "Trace ID", "string", "trace_id"),
    Column("startTime", "Start Time", "datetime", "start_ms"),
    Column("endTime", "End Time", "datetime", "end_ms"),
    Column("timeToFirstToken", "Time To First Token (s)", "number", "(completion_start_ms - start_ms) / 1000.0"),
    Column("latency", "Latency (s)", "number", LATENCY),
    Column("tokensPerSecond", "Tokens per second", "number", f"{_summed('usage_details', 'output')} / ({LATENCY})"),
    Column("inputCost", "Input Cost ($)", "number", _summed("cost_details", "input")),
    Column("outputCost", "Output Cost ($)", "number", _summed("cost_details", "output")),
    Column("totalCost", "Total Cost ($)", "number", _total("cost_details")),
    Column("level", "Level", "stringOptions", "level"),
    Column("statusMessage", "Status Message", "string", "status_message"),
    Column("model", "Model", "stringOptions", "model", checked=False),
    Column("providedModelName", "Provided Model Name", "stringOptions", "model"),
    Column("modelId", "Model ID", "stringOptions", "model_id"),
    Column("inputTokens", "Input Tokens", "number", _summed("usage_details", "input")),
    Column("outputTokens", "Output Tokens", "number", _summed("usage_details", "output")),
    Column("totalTokens", "Total Tokens", "number", _total("usage_details")),
    Column("tokens", "Tokens", "number", _total("usage_details"), checked=False),
    Column("metadata", "Metadata", "stringObject", "metadata"),
    Column("evaluatorId", "Evaluator ID", "stringOptions", "''"),
    Column("ruleId", "Rule ID", "stringOptions", "''"),
    Column("version", "Version", "string", "version"),
    Column("release", "Release", "string", "release", empty_is_null=True),
    Column("promptName", "Prompt Name", "stringOptions", "prompt_name"),
    Column("promptVersion", "Prompt Version", "number", "prompt_version"),
    Column("input", "Input", "string", "input"),
    Column("output", "Output", "string", "output"),
    Column("sessionId", "Session ID", "string", "session_id"),
    Column("traceName", "Trace Name", "stringOptions", TRACE_NAME),
    Column("userId", "User ID", "string", "user_id"),
    Column("traceTags", "Trace Tags", "arrayOptions", "tags"),
    Column("tags", "Tags", "arrayOptions", "tags", checked=False),
    Column("traceEnvironment", "Trace Environment", "stringOptions", "environment", checked=False),
    Column("hasParentObservation", "Has Parent Observation", "boolean", "parent_id <> ''"),
    Column("isRootObservation", "Is Root Observation", "boolean", IS_ROOT),
    Column("hasInput", "Has Input", "boolean", "input <> ''"),
    Column("hasOutput", "Has Output", "boolean", "output <> ''"),
    Column("parentObservationId", "Parent Observation ID", "string", "parent_id", checked=False, empty_is_null=True),
    Column("experimentDatasetId", "Experiment Dataset ID", "stringOptions", "experiment_dataset_id"),
    Column("experimentId", "Experiment ID", "stringOptions", "experiment_id", empty_is_null=True),
    Column("experimentName", "Experiment Name", "stringOptions", "experiment_name"),
    Column(
        "isExperimentItemRootSpan",
        "Is Experiment Item Root Span",
        "boolean",
        "experiment_item_root_id = id",
    ),
    # The sandbox does not look for tool definitions and calls inside inputs and outputs.
    Column("toolDefinitions", "Available Tools", "number", "0"),
    Column("toolCalls", "Tool Calls", "number", "0"),
    Column("toolNames", "Tool Names", "arrayOptions", "'[]'"),
    Column("calledToolNames", "Called Tool Names", "arrayOptions", "'[]'"),
)
Columns = dict[str, Column]


def by_name(columns: tuple[Column, ...]) -> Columns:
    """Columns by either of their names."""
    return {column.name: column for column in columns} | {column.id: column for column in columns}


OBSERVATION_COLUMNS = by_name(COLUMNS)
