"""What every command's help says, and the options that all of them share."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from schedule_builder import cli
from schedule_builder.cli.app import COMMANDS, whole_parser
from schedule_builder.cli.completion import complete_values

CONFIG = Path(__file__).parents[2] / "configs" / "digits.config"
WITHOUT_OUTPUT = {"server", "fmt", "edit"}
"""`server` prints nothing, and `fmt` and `edit` write the files that they are given."""
PARSERS: dict[str, argparse.ArgumentParser] = next(
    action.choices
    for action in whole_parser()._actions
    if isinstance(action, argparse._SubParsersAction)
)
ACTIONS = [
    (command, action)
    for command, parser in PARSERS.items()
    for action in parser._actions
    if action.dest != "help"
]


def test_every_command_is_there() -> None:
    assert list(PARSERS) == list(COMMANDS)
    assert len(ACTIONS) > 30


@pytest.mark.parametrize(
    ("command", "action"),
    [(c, a) for c, a in ACTIONS if a.nargs != 0 and (a.option_strings or a.nargs == "*")],
    ids=lambda value: value if isinstance(value, str) else value.dest,
)
def test_an_option_with_a_value_states_its_default(command: str, action: argparse.Action) -> None:
    """In parentheses, at the end."""
    words = action.help or ""
    needed = bool(action.option_strings) and action.required
    assert words.endswith("(required)" if needed else ")"), (command, words)
    assert needed or "(default: " in words, (command, words)
    assert action.default in (None, [], "<stdin>"), "the help states it in words of its own"


@pytest.mark.parametrize("command", [c for c in COMMANDS if c not in WITHOUT_OUTPUT])
def test_o_is_the_output_of_every_command_that_writes(command: str) -> None:
    assert {"-o", "--output"} <= PARSERS[command]._option_string_actions.keys()


@pytest.mark.parametrize("command", COMMANDS)
def test_f_is_the_format_and_has_choices(command: str) -> None:
    options = PARSERS[command]._option_string_actions
    assert ("-f" in options) == ("--format" in options)
    if "-f" in options:
        assert options["-f"].choices


def test_outputs_go_where_o_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = tmp_path / "shown.json"
    assert cli.main(["show", str(CONFIG), "-fjson", "-o", str(shown)]) == 0
    assert json.loads(shown.read_text())["num_steps"] == 600
    schema = tmp_path / "schema.json"
    assert cli.main(["schema", "--output", str(schema)]) == 0
    assert json.loads(schema.read_text())["$schema"]
    longer = tmp_path / "longer.config"
    before = CONFIG.read_bytes()
    assert cli.main(["rescale", str(CONFIG), "--num-steps", "1200", "-o", str(longer)]) == 0
    assert b"num_steps: 1200" in longer.read_bytes()
    assert CONFIG.read_bytes() == before
    assert f"Wrote {shown}." in capsys.readouterr().err
    # An output never replaces its input, except where `rescale` does so by itself.
    assert cli.main(["show", str(longer), "-o", str(longer)]) == 2
    assert "would overwrite an input" in capsys.readouterr().err
    assert cli.main(["rescale", str(longer), "--num-steps", "600", "-o", str(longer)]) == 0
    assert b"num_steps: 600" in longer.read_bytes()


def test_rules_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["rules", "-f", "json", "SB402", "SB101"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [rule["code"] for rule in found] == ["SB402", "SB101"]
    assert set(found[0]) == {"code", "name", "severity", "title", "page", "url"}
    assert found[0]["url"].endswith("/rules/SB402.html")
    assert cli.main(["rules", "decay-never-happen"]) == 2
    assert (
        "unknown rule `decay-never-happen`: did you mean `decay-never-happens`?"
        in capsys.readouterr().err
    )


def test_every_value_that_is_a_file_or_a_rule_completes() -> None:
    files = {"bash": "files"}
    parser = whole_parser()
    complete_values(parser, files)
    (commands,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    for command in commands.choices.values():
        for action in command._actions:
            if action.metavar in ("FILE", "PATH"):
                assert action.complete is files
            if action.metavar in ("RULE", "CODES"):
                assert "SB402" in action.choices
