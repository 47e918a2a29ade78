"""Writes the documentation that other files already know: `python -m tests.docs.generate`.

Commands come from click, keys from the terminal UI's table of actions, codes from their help pages and from the audit's
checks. `test_generated.py` fails when a file is not what this module would write.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import click

from curator.audit.checks import CHECKS
from curator.cli.main import COMMANDS, cli
from curator.draft.propose import rule_text, seen_in
from curator.help import pages
from curator.help.outcomes import OUTCOMES
from curator.model import Score
from curator.tui import actions
from tests.conversation.test_conversation import START, trace_of
from tests.conversation.test_frameworks import TRACES

ROOT = Path(__file__).parents[2]
TOPICS = ROOT / "curator" / "help" / "topics"
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
# The first rule, for three frameworks

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
        readme: with_parts(readme, commands=command_table(), topics=topic_list()),
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


# Commands


def command_table() -> str:
    """Every command with one line, for the README."""
    rows = [f"| `curator {name}` | {text} |" for name, (_, text) in COMMANDS.items()]
    return table("command", "does", rows=["| `curator` | The terminal UI on your Langfuse project. |", *rows])


def topic_list() -> str:
    """Links to the topics, for the README."""
    names = sorted(
        {
            "reference",
            "keys",
            "failure-codes",
            "audit-codes",
            "promotion-codes",
            "frameworks",
            *(path.stem for path in TOPICS.glob("*.md")),
        }
    )
    links = [f"[{name}](curator/help/topics/{name}.md)" for name in names]
    return " ·\n".join(" · ".join(links[at : at + 2]) for at in range(0, len(links), 2))


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


# Keys and codes


def keys() -> str:
    """The table of keys, and the names under which they can be changed."""
    rows = [f"| `{each.id}` | {each.label} | {escaped(f'`{each.keys}`')} |" for each in actions.ACTIONS]
    names = table("name", "action", "keys", rows=rows)
    return f"{KEYS}\n{actions.as_markdown().strip()}\n\n{OWN_KEYS}\n{names}\n"


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
    """The first rules of three frameworks, as `init` writes them from traces of each."""
    parts = [FRAMEWORKS]
    for title, case in FIRST_RULES.items():
        trace = trace_of(*TRACES[case][0])
        name = trace.name or "support"
        feedback = Score(
            id="s", name="user_feedback", value=False, data_type="BOOLEAN", timestamp=START, trace_id=trace.id
        )
        text = rule_text(seen_in([trace], name, {name: 1}, [feedback], ()), "my-workflow")
        parts += [f"## {title}\n", f"```yaml\n{text}```\n"]
    return "\n".join(parts)


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
