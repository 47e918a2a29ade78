"""Writes the documentation that other files already know: `python -m tests.docs.generate`.

Commands (with the manual page) come from click, keys from the terminal UI's table of actions, codes from their help
pages and from the audit's checks, the first rules from `init`, the workflows from their files. Where pyproject has an
address of the repository, README's links are absolute, so that they work on a package index, too.
`test_generated.py` fails when a file is not what this module would write.
"""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click

from curator.audit.checks import CHECKS
from curator.cli.main import COMMANDS, cli
from curator.draft.first_rule import rule_text
from curator.draft.propose import shapes_of
from curator.help import pages
from curator.help.outcomes import OUTCOMES
from curator.model import Score
from curator.tui import actions
from tests.conversation.test_conversation import START, trace_of
from tests.conversation.test_frameworks import TRACES

ROOT = Path(__file__).parents[2]
HELP = ROOT / "curator" / "help"
TOPICS = HELP / "topics"
MANUAL = HELP / "curator.1"
WORKFLOWS = HELP / "workflows"
PAGES_LINK = re.compile(r"(?<=\]\()(?!https?://|#)([^)\s]+)(?=\))")
GENERATED = [
    TOPICS / f"{name}.md"
    for name in ("reference", "keys", "failure-codes", "audit-codes", "promotion-codes", "frameworks")
]

REFERENCE = """\
# Every command and option

Written by the commands themselves: `curator COMMAND --help` says the same. Flags win over the environment, the
environment wins over the config file (`curator explain config`); keys are never flags. Exit codes: 0 yes · 1 the
answer is no · 2 usage or a malformed rule · 3 configuration or authentication · 4 the server or network failed · 130
interrupted.

`curator` alone opens the terminal UI, `curator --version` prints the version. `curator explain completion` lets the
shell complete commands and options.
"""
EXIT_CODES = {
    0: "Yes.", 1: "The answer is no.", 2: "Usage, or a malformed rule.", 3: "Configuration or authentication.",
    4: "The server or the network failed.", 130: "Interrupted.",
}  # fmt: skip
KEYS = """\
# Keys

`?` shows the keys of the screen that you are on, `ctrl+p` finds any action by its name. A mouse works, and is never
needed. What has a command is the same function there.
"""
OWN_KEYS = """\
## Your own keys

In the config file (`curator explain config`), by the action's name:

```toml
[keys]
"queue.promote" = "P"
"queue.mark" = "space,m"
```
"""
FAILURE_CODES = """\
# Failure codes

A refusal ends with its code, and `curator explain CODE` says what happened, why, and what to do. Codes are stable:
scripts may rely on them. Those of the audit are in `curator explain audit-codes`.
"""
PROMOTION_CODES = """\
# Every way a promotion can fail

A promotion ends `verified` or `unchanged`, or with one of these. *Refused* means that nothing was written, *failed*
that a write happened or may have happened. `curator explain CODE` tells the whole. Each row is proved against the
sandbox.
"""
FRAMEWORKS = """\
# Frameworks that are read

The forms of traces that the tests hold `curator show`, `init` and `draft` to, as these programs write them.
Further ones are read where they are alike; `curator show TRACE` tells what is read of yours.
"""
FIRST_RULE = """\
## The first rule, for three of them

What `curator init my-workflow` writes when the traces come from the three most common ways to write them. The rules are
alike, because they read the conversation that curator finds in a trace (`curator show TRACE`), never its own form.
"""
FIRST_RULES = {
    "OpenAI SDK, with tools": "openai-chat",
    "LangGraph and LangChain": "langgraph",
    "A function under `@observe`": "observe-args",
}
PARAGRAPHS = ("What happened", "How it was told apart", "What to do")
AUDIT_CODES = """\
# Audit codes

What `curator audit DATASET` looks for. With `--fail-on warning` a finding of at least that severity makes it exit 1.
`curator explain CODE` says what a finding means and what to do.
"""


def key_tables() -> str:
    """The table of actions, place by place."""
    lines = []
    for place, title in actions.PLACES.items():
        lines += [f"### {title}", "", "| key | action | without a terminal |", "|---|---|---|"]
        for row in actions.help_rows(place):
            key, twin = actions.keys_of(row).replace("|", "\\|"), row.twin.replace("|", "\\|")
            lines.append(f"| `{key}` | {row.help} | {f'`{twin}`' if twin else ''} |")
        lines.append("")
    return "\n".join(lines)


def files() -> dict[Path, str]:
    """Every generated file, or file with generated parts, as it should be."""
    readme = ROOT / "README.md"
    return {
        **dict(
            zip(
                GENERATED,
                (reference(), keys(), failure_codes(), audit_codes(), promotion_codes(), frameworks()),
                strict=True,
            )
        ),
        MANUAL: manual(),
        TOPICS / "ci.md": with_parts(
            TOPICS / "ci.md", pull_request=workflow("pull-request"), weekly=workflow("weekly")
        ),
        readme: linked(
            with_parts(readme, commands=command_table(), topics=topic_list(), first_rule=first_rule("openai-chat"))
        ),
    }


def with_parts(path: Path, **parts: str) -> str:
    """The file with what stands between `<!-- NAME -->` and `<!-- /NAME -->` replaced."""
    text = path.read_text(encoding="utf-8")
    for name, part in parts.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        if text.count(begin) != 1 or text.count(end) != 1:
            raise ValueError(f"{path.name} needs {begin.strip()} and {end} once each")
        head, _, rest = text.partition(begin)
        text = f"{head}{begin}\n{part}\n\n{end}{rest.partition(end)[2]}"
    return text


def linked(text: str, address: str | None = None) -> str:
    """A page of the repository's top with absolute links, when an address is given or pyproject has one."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    address = address or project.get("urls", {}).get("Repository")
    if address is None:
        return text
    return PAGES_LINK.sub(lambda link: f"{address.rstrip('/')}/{kind_of(link[1])}/main/{link[1]}", text)


def kind_of(path: str) -> str:
    """Pictures are shown, everything else is opened."""
    return "raw" if path.endswith((".svg", ".gif", ".png")) else "blob"


def workflow(name: str) -> str:
    """A workflow file as a block of a page."""
    return f"```yaml\n{(WORKFLOWS / f'{name}.yml').read_text(encoding='utf-8').strip()}\n```"


# Commands


def command_table() -> str:
    """Every command with one line, for the README."""
    rows = [f"| `curator {name}` | {row['help']} |" for name, row in COMMANDS.items()]
    return table("command", "does", rows=["| `curator` | The terminal UI on your Langfuse project. |", *rows])


def topic_list() -> str:
    """Links to the topics, for the README."""
    links = [f"[{page.code}]({file_of(page.code)})" for page in pages() if page.kind == "topic"]
    return " ·\n".join(" · ".join(links[at : at + 2]) for at in range(0, len(links), 2))


def file_of(topic: str) -> str:
    return f"curator/help/{'SKILL.md' if topic == 'agents' else f'topics/{topic}.md'}"


def reference() -> str:
    """Every command with its arguments and options."""
    sections = "\n\n".join("\n".join(section(context, command)) for context, command in commands())
    return f"{REFERENCE}\n{sections}\n"


def commands() -> Iterator[tuple[click.Context, click.Command]]:
    """Every command that does something, groups unfolded, with the context that knows its path."""
    top = click.Context(cli, info_name="curator")
    for name in cli.list_commands(top):
        command = cli.get_command(top, name)
        assert command is not None
        context = click.Context(command, info_name=name, parent=top)
        if isinstance(command, click.Group):
            for each in command.commands.values():
                yield click.Context(each, info_name=each.name, parent=context), each
        else:
            yield context, command


def section(context: click.Context, command: click.Command) -> Iterator[str]:
    """One command: how it is written, what it does, its options."""
    arguments = [piece for piece in command.collect_usage_pieces(context) if piece != "[OPTIONS]"]
    yield f"## {context.command_path}"
    yield ""
    yield f"`{' '.join([context.command_path, *arguments])}`"
    yield ""
    yield "\n\n".join(" ".join(part.split()) for part in (command.help or "").split("\n\n"))
    records = [record for each in command.params if (record := each.get_help_record(context))]
    if records:
        yield ""
        yield table(
            "option", "meaning", rows=[f"| {escaped(f'`{name}`')} | {escaped(text)} |" for name, text in records]
        )


def manual() -> str:
    """The manual page, `man curator`: every command with its options, codes of exit, environment."""
    lines = [
        '.TH CURATOR 1 "" "curator" "User commands"', ".SH NAME",
        r"curator \- turns reviewed LLM failures from Langfuse into regression tests",
        ".SH SYNOPSIS", ".B curator", r"[\fICOMMAND\fR] [\fIOPTIONS\fR] [\fIARGUMENTS\fR]", ".SH DESCRIPTION",
        roff("Without a command, curator opens its terminal UI. Every action of the UI is also a command."),
        ".SH COMMANDS",
    ]  # fmt: skip
    for context, command in commands():
        arguments = [piece for piece in command.collect_usage_pieces(context) if piece != "[OPTIONS]"]
        lines += [f".SS {roff(' '.join([context.command_path, *arguments]))}"]
        lines += [roff((command.help or "").replace("\b", "").split("\n\n")[0])]
        for option, text in [record for each in command.params if (record := each.get_help_record(context))]:
            lines += [".TP", rf"\fB{roff(option)}\fR", roff(text)]
    lines += [".SH EXIT STATUS"]
    for code, meaning in EXIT_CODES.items():
        lines += [".TP", rf"\fB{code}\fR", meaning]
    lines += [".SH ENVIRONMENT"]
    lines += [
        roff("LANGFUSE_PUBLIC_KEY, LANGFUSE_SECRET_KEY, LANGFUSE_BASE_URL: the project. See `curator explain config`.")
    ]
    return "\n".join(lines) + "\n"


def roff(text: str) -> str:
    """A text on one line that roff prints as it is."""
    text = " ".join(text.split()).replace("\\", r"\e").replace("-", r"\-")
    return rf"\&{text}" if text.startswith((".", "'")) else text


# Keys and codes


def keys() -> str:
    """The table of keys, and the names under which they can be changed."""
    rows = [f"| `{each.id}` | {each.label} | {escaped(f'`{each.keys}`')} |" for each in actions.ACTIONS]
    names = table("name", "action", "keys", rows=rows)
    return f"{KEYS}\n{key_tables().strip()}\n\n{OWN_KEYS}\n{names}\n"


def failure_codes() -> str:
    """Every code that a message can end with."""
    audit = {check.code for check in CHECKS}
    rows = [f"| `{p.code}` | {escaped(p.title)} |" for p in pages() if p.kind == "code" and p.code not in audit]
    return f"{FAILURE_CODES}\n{table('code', 'says', rows=rows)}\n"


def promotion_codes() -> str:
    """Every named way to fail: what the server did, how it was told apart, what to do."""
    texts = {page.code: page.text for page in pages()}
    rows = []
    for code, each in OUTCOMES.items():
        if "**How it was told apart.**" not in texts[code]:
            continue  # the gateway's word for it: a promotion finds out more, under a code of its own
        verdict = "refused, failed after a write" if each.connection else each.verdict
        parts = [
            escaped(paragraph(texts[code], head)) for head in ("What happened", "How it was told apart", "What to do")
        ]
        rows.append(f"| `{code}` | {verdict} | {' | '.join(parts)} |")
    heads = ("code", "verdict", "what happened", "how it was told apart", "what to do")
    return f"{PROMOTION_CODES}\n{table(*heads, rows=rows)}\n"


def paragraph(text: str, head: str) -> str:
    """The paragraph of a help page that begins with `**HEAD.**`. Raises ValueError when there is none."""
    found = re.search(rf"\*\*{head}\.\*\*(.*?)(?:\n\n|\Z)", text, re.DOTALL)
    if found is None:
        raise ValueError(f"a help page lacks **{head}.**: {text[:60]}")
    return found[1]


def audit_codes() -> str:
    """Every check of the audit."""
    titles = {page.code: page.title for page in pages()}
    rows = [f"| `{c.code}` | {c.severity} | {escaped(titles.get(c.code, c.title))} |" for c in CHECKS]
    return f"{AUDIT_CODES}\n{table('code', 'severity', 'finds', rows=rows)}\n"


def frameworks() -> str:
    """Every form that is read, and the first rules of three, as `init` writes them from traces of each."""
    rows = []
    for name, (observations, _, calls, texts) in sorted(TRACES.items()):
        shape = shapes_of([trace_of(*observations)], None, {}, [], ()).options[0].shape
        rows.append(f"| {name} | `{shape}` | {'yes' if calls else ''} | {'yes' if texts else ''} |")
    heads = ("form", "input that `init` proposes", "tool calls", "retrieved texts")
    parts = [FRAMEWORKS, table(*heads, rows=rows) + "\n", FIRST_RULE]
    for title, case in FIRST_RULES.items():
        parts += [f"### {title}\n", f"{first_rule(case)}\n"]
    return "\n".join(parts)


def first_rule(case: str) -> str:
    """The rule that `init` proposes for one framework's trace with a thumb down, as a block."""
    trace = trace_of(*TRACES[case][0])
    name = trace.name or "support"
    feedback = Score(id="s", name="user_feedback", value=False, data_type="BOOLEAN", timestamp=START, trace_id=trace.id)
    text = rule_text(shapes_of([trace], name, {name: 1}, [feedback], ()), "my-workflow")
    return f"```yaml\n{text.strip()}\n```"


def table(*heads: str, rows: list[str]) -> str:
    """A Markdown table of finished rows."""
    return "\n".join([f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}", *rows])


def escaped(text: str) -> str:
    """A text that can stand in a cell."""
    return re.sub(r"(?<!\\)\|", r"\\|", " ".join(text.split()))


if __name__ == "__main__":
    for path, text in files().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {path.relative_to(ROOT)}")
