"""`curator explain CODE|TOPIC` and `curator schema COMMAND`."""

import click

from curator.cli.output import json_option, print_json


@click.command()
@click.argument("name", required=False, metavar="[CODE|TOPIC]")
@click.option("--markdown", is_flag=True, help="The page's file as it is; of `agents` a skill file for assistants.")
@json_option
def explain(name: str | None, markdown: bool, as_json: bool) -> None:
    """Explain a failure code, an audit code or a topic; without a name, list every page."""
    from curator.help import page, pages

    if name is None:
        listing = [{"code": each.code, "kind": each.kind, "title": each.title} for each in pages()]
        if as_json:
            print_json({"pages": listing})
            return
        width = max(len(each["code"]) for each in listing)
        for each in listing:
            click.echo(f"{each['code']:<{width}}  {each['title']}")
        return
    found = page(name)
    if as_json:
        print_json({"code": found.code, "title": found.title, "text": found.text})
        return
    if markdown:
        click.echo(found.file, nl=False)
        return
    click.echo(f"{found.title}\n{'─' * len(found.title)}\n\n{found.text}")


@click.command()
@click.argument("command", nargs=-1, required=True, metavar="COMMAND")
def schema(command: tuple[str, ...]) -> None:
    """Print the JSON Schema of what COMMAND prints with --json: the keys that scripts may rely on."""
    from curator.help import output_schema

    print_json(output_schema(" ".join(command)))
