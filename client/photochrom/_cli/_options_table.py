"""The options of all commands as the README's table: ``python -m photochrom._cli._options_table``."""

import sys

import typer

from photochrom._cli._app import app


def markdown_table() -> str:
    """A row an option: what it is called, which commands have it, what it means."""
    root = typer.main.get_command(app)
    commands: dict[tuple[str, str], list[str]] = {}
    for name, command in vars(root)["commands"].items():
        for parameter in command.params:
            if parameter.param_type_name == "option":
                text = "`, `".join(sorted(parameter.opts, key=len))
                if parameter.metavar:
                    text += f" {parameter.metavar}"
                commands.setdefault((text, parameter.help or ""), []).append(name)
    everywhere = max(map(len, commands.values()))
    rows = ["| option | of | meaning |", "| --- | --- | --- |"]
    for (text, meaning), names in commands.items():
        of = "all" if len(names) == everywhere else ", ".join(names)
        rows.append(f"| `{text.replace('|', chr(92) + '|')}` | {of} | {meaning} |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    sys.stdout.write(markdown_table())
