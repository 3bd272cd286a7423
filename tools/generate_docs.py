"""Generates docs/reference from the comments of the schema, or checks that it is up to date.

Each kind of learning rate has a page: its meaning and fields from the schema's own comments, a
config from configs/ that uses it with its picture, and what other libraries call it, from
docs/equivalents.yaml.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from google.protobuf import descriptor_pb2

import schedule_builder as sb
from schedule_builder.binding import FieldSchema, schema_of
from schedule_builder.plotting import plot_schedule
from schedule_builder.showing import RENDERERS, telling_steps
from schedule_builder.v1 import learning_rate_pb2 as pb

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs" / "reference"
CONFIGS = ROOT / "configs"
SCHEMA = "schedule_builder/v1/learning_rate.proto"
MODIFIERS = {"warmup": "Warmup", "batch_size_scaling": "BatchSizeScaling"}
PICTURED_STEPS = 1000


class Comments(NamedTuple):
    """The comments of the schema, by full name of what they are about."""

    of: dict[str, str]


def comments() -> Comments:
    """Reads the comments as protoc sees them."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "schema"
        protoc = Path(sys.executable).parent / "protoc"
        flags = ["--include_source_info", f"--descriptor_set_out={output}"]
        command = [str(protoc), f"-I{ROOT / 'protos'}", *flags, str(ROOT / "protos" / SCHEMA)]
        subprocess.run(command, check=True)  # noqa: S603
        files = descriptor_pb2.FileDescriptorSet.FromString(output.read_bytes())
    (file,) = files.file
    found = {}
    for location in file.source_code_info.location:
        if location.leading_comments:
            found[_name(file, list(location.path))] = location.leading_comments
    return Comments({name: _paragraph(text) for name, text in found.items()})


def _name(file: descriptor_pb2.FileDescriptorProto, path: list[int]) -> str:
    names: list[str] = []
    at: Any = file
    for number, index in zip(path[::2], path[1::2], strict=False):
        field = at.DESCRIPTOR.fields_by_number[number]
        at = getattr(at, field.name)[index]
        names.append(at.name)
    return ".".join(names)


def _paragraph(text: str) -> str:
    return " ".join(text.split())


def _type(field: FieldSchema) -> str:
    if field.enum is not None:
        name = "one of " + ", ".join(value.name for value in field.enum.values)
    elif field.message is not None:
        name = field.message.name
    else:
        name = {"integer": "whole number", "real": "number"}.get(field.kind, field.kind)
    return f"list of {name}" if field.repeated else name


def _bounds(rule: Any) -> Iterator[str]:
    for name, words in (
        ("greater_than", "above"),
        ("at_least", "at least"),
        ("less_than", "below"),
        ("at_most", "at most"),
    ):
        value = getattr(rule, name)
        # Every rate and every float ends where its type does.
        if rule.HasField(name) and value < 3e38:  # noqa: PLR2004
            yield f"{words} {value:g}"
    if rule.not_empty:
        yield "not empty"
    if rule.strictly_increasing:
        yield "increasing"


def _default(field: FieldSchema) -> str:
    if field.rule.required:
        return "required"
    if field.default is None:
        return ""
    if field.enum is not None:
        return str(field.enum.values_by_number[field.default].name)
    return str(field.default).lower() if isinstance(field.default, bool) else f"{field.default:g}"


def _fields(descriptor: Any, words: Comments, prefix: str = "") -> Iterator[str]:
    name = f"{prefix}{descriptor.name}"
    for field in schema_of(descriptor).values():
        bounds = ", ".join(_bounds(field.rule))
        meaning = words.of[f"{name}.{field.name}"]
        yield (
            f"| `{field.name}` | {_type(field)}{f', {bounds}' if bounds else ''}"
            f" | {_default(field)} | {meaning} |"
        )


def _tables(descriptor: Any, words: Comments) -> Iterator[str]:
    yield "| field | type | default | meaning |\n|---|---|---|---|"
    yield from _fields(descriptor, words)
    for nested in descriptor.nested_types:
        yield f"\n`{nested.name}`: {words.of[f'{descriptor.name}.{nested.name}']}\n"
        yield "| field | type | default | meaning |\n|---|---|---|---|"
        yield from _fields(nested, words, f"{descriptor.name}.")
    for enum in descriptor.enum_types:
        yield f"\n`{enum.name}`: {words.of[f'{descriptor.name}.{enum.name}']}\n"
        for value in enum.values:
            yield f"- `{value.name}`: {words.of[f'{descriptor.name}.{enum.name}.{value.name}']}"


def _example(name: str) -> Path:
    """The first recipe that is of a kind, or has a modifier."""
    for path in sorted(CONFIGS.glob("*.config")):
        config = sb.load(path)
        if config.get(config.learning_rate).HasField(name):
            return path
    sys.exit(f"no file in configs/ shows {name}")


def _page(name: str, descriptor: Any, words: Comments, others: dict[str, Any]) -> str:
    example = _example(name)
    text = example.read_text().strip()
    config = replace(sb.load(example), filename=f"configs/{example.name}")
    schedule = sb.build_schedule(config)
    steps = telling_steps(schedule, config.num_steps)
    shown = RENDERERS["table"](config, schedule, steps)
    lines = [
        f"# {name}",
        "",
        words.of[descriptor.name],
        "",
        f"![The rate of configs/{example.name} over its steps]({name}.svg)",
        "",
        *_tables(descriptor, words),
        "",
        f"## Example: [configs/{example.name}](../../configs/{example.name})",
        "",
        f"```\n{text}\n```",
        "",
        "```console",
        f"$ schedule-builder show configs/{example.name}",
        f"{shown}```",
    ]
    if others.get(name):
        lines += ["", "## Elsewhere", "", "| library | there | difference |", "|---|---|---|"]
        lines += [f"| {o['library']} | `{o['code']}` | {o.get('note', '')} |" for o in others[name]]
    return "\n".join(lines) + "\n"


def _index(kinds: dict[str, Any], words: Comments, others: dict[str, Any]) -> str:
    lines = [
        "# Reference",
        "",
        "The step `t` counts applied updates from 0: the rate at `t` is the rate of the update",
        "that turns step `t` into `t + 1`. A negative step means the value at 0. Rates are finite,",
        "0 or above, and at most the largest float32. These pages are generated from the comments",
        f"of [the schema](../../protos/{SCHEMA}).",
        "",
        "| kind | meaning |",
        "|---|---|",
        *(f"| [{name}]({name}.md) | {words.of[d.name]} |" for name, d in kinds.items()),
        "",
        "Beside any of them, applied in this order:",
        "",
        "| modifier | meaning |",
        "|---|---|",
        *(f"| [{m}]({m}.md) | {words.of[f'LearningRate.{m}']} |" for m in MODIFIERS),
        f"| `min_learning_rate` | {words.of['LearningRate.min_learning_rate']} |",
        "",
        "## I come from ...",
        "",
        "| library | I used | write | difference |",
        "|---|---|---|---|",
    ]
    rows = [
        (o["library"], o["name"], name, o.get("note", ""))
        for name, entries in others.items()
        for o in entries
    ]
    lines += [
        f"| {library} | {used} | [{name}]({name}.md) | {note} |"
        for library, used, name, note in sorted(rows)
    ]
    return "\n".join(lines) + "\n"


def pages() -> dict[str, str]:
    """The text of every page, by file name."""
    words = comments()
    others = yaml.safe_load((ROOT / "docs" / "equivalents.yaml").read_text())
    learning_rate = pb.LearningRate.DESCRIPTOR
    kinds = {
        field.name: field.message_type
        for field in learning_rate.oneofs[0].fields
        if field.name != "custom"
    }
    unknown = set(others) - set(kinds)
    if unknown:
        sys.exit(f"docs/equivalents.yaml has kinds that the schema has not: {sorted(unknown)}")
    modifiers = {name: learning_rate.fields_by_name[name].message_type for name in MODIFIERS}
    made = {
        f"{name}.md": _page(name, descriptor, words, others)
        for name, descriptor in {**kinds, **modifiers}.items()
    }
    return made | {"README.md": _index(kinds, words, others)}


def main() -> None:
    """Writes the pages and pictures, or with --check exits 1 where a page differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, compare only")
    check = parser.parse_args().check
    made = pages()
    if check:
        there = {path.name: path.read_text() for path in PAGES.glob("*.md")}
        stale = sorted(name for name in made.keys() | there if made.get(name) != there.get(name))
        # A picture's bytes depend on the version that drew it.
        pictures = [(PAGES / name).with_suffix(".svg") for name in made if name != "README.md"]
        stale += [picture.name for picture in pictures if not picture.exists()]
        if stale:
            sys.exit(f"not what the schema gives: {', '.join(stale)}. Run: make docs")
        return
    PAGES.mkdir(parents=True, exist_ok=True)
    for name, text in made.items():
        (PAGES / name).write_text(text)
        if name != "README.md":
            config = sb.load(_example(name[:-3]))
            schedule = sb.build_schedule(config)
            num_steps = config.num_steps or max(schedule.begins[-1] * 5 // 4, PICTURED_STEPS)
            plot_schedule(schedule, num_steps, (PAGES / name).with_suffix(".svg"))


if __name__ == "__main__":
    main()
