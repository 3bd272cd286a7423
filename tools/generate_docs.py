"""Generates docs/ from the schema's comments and the rules' manual, or checks it is up to date.

Each kind of learning rate has a page: its meaning and fields from the schema's own comments, a
config from configs/ that uses it with its picture, and what other libraries call it, from
schedule_builder/reading/equivalents.yaml.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any, NamedTuple

import message_examples
import yaml
from matplotlib import rc_context, rcdefaults, rcParams
from matplotlib.figure import Figure

import schedule_builder as sb
from schedule_builder.dialects.object_detection import CLIPPINGS, VARIABLE_PATTERNS
from schedule_builder.output.chart import sample_steps
from schedule_builder.output.plot import plot_schedule
from schedule_builder.output.schedule_table import FORMATS, telling_steps
from schedule_builder.reading.descriptions import comment
from schedule_builder.reading.fields import FieldSchema, counting, dotted, schema_of
from schedule_builder.rules import pages as manual
from schedule_builder.v1 import learning_rate_pb2 as pb
from schedule_builder.v1.experiment_pb2 import ExperimentConfig, LrConfig, WarmupConfig
from schedule_builder.v1.optimizer_pb2 import LearningRateMultiplier, Optimizer
from schedule_builder.v1.options_pb2 import PERIOD
from schedule_builder.v1.pipeline_pb2 import TrainConfig, TrainEvalPipelineConfig

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs" / "reference"
EQUIVALENTS = ROOT / "schedule_builder" / "reading" / "equivalents.yaml"
CONFIGS = ROOT / "configs"
PICTURED_STEPS = 1000
UNIT_EXAMPLE = CONFIGS / "fine_tune_percent.config"
RUN_LENGTHS = (1000, 10000, 90000)


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
        # Limits of the type itself are not listed.
        if rule.HasField(name) and abs(value) < 9e15:  # noqa: PLR2004
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
    if isinstance(field.default, bool):
        return str(field.default).lower()
    return field.default if isinstance(field.default, str) else f"{field.default:g}"


def _fields(descriptor: Any, only: Sequence[str] = ()) -> Iterator[str]:
    for field in schema_of(descriptor).values():
        if only and field.name not in only:
            continue
        bounds = ", ".join(_bounds(field.rule))
        yield (
            f"| `{field.name}` | {_type(field)}{f', {bounds}' if bounds else ''}"
            f" | {_default(field)} | {comment(f'{descriptor.full_name}.{field.name}')} |"
        )


def _tables(descriptor: Any) -> Iterator[str]:
    yield "| field | type | default | meaning |\n|---|---|---|---|"
    yield from _fields(descriptor)
    for nested in descriptor.nested_types:
        yield f"\n`{nested.name}`: {comment(nested.full_name)}\n"
        yield "| field | type | default | meaning |\n|---|---|---|---|"
        yield from _fields(nested)
    for enum in descriptor.enum_types:
        yield f"\n`{enum.name}`: {comment(enum.full_name)}\n"
        for value in enum.values:
            yield f"- `{value.name}`: {comment(f'{enum.full_name}.{value.name}')}"


class Topic(NamedTuple):
    """The subject of a page."""

    name: str
    descriptor: Any
    is_shown_by: Callable[[sb.Config], bool]
    """Whether a recipe is an example of it."""


def _native(name: str, descriptor: Any) -> Topic:
    def is_shown_by(config: sb.Config) -> bool:
        message = config.get(config.learning_rate_path)
        return isinstance(message, pb.LearningRate) and message.HasField(name)

    return Topic(name, descriptor, is_shown_by)


def _garden(part: str, field: Any) -> Topic:
    def is_shown_by(config: sb.Config) -> bool:
        if not isinstance(config.message, ExperimentConfig):
            return False
        block = config.get((*config.learning_rate_path, part))
        return block is not None and counting(block) == field.name

    prefix = "garden_warmup" if part == "warmup" else "garden"
    return Topic(f"{prefix}_{field.name}", field.message_type, is_shown_by)


def _optimizer(name: str, descriptor: Any) -> Topic:
    def is_shown_by(config: sb.Config) -> bool:
        if not isinstance(config.message, TrainEvalPipelineConfig):
            return False
        given = config.message.train_config.optimizer.ListFields()
        return any(field.name == name for field, _ in given)

    return Topic(name, descriptor, is_shown_by)


LEARNING_RATE = pb.LearningRate.DESCRIPTOR
KINDS = [
    _native(f.name, f.message_type) for f in LEARNING_RATE.oneofs[0].fields if f.name != "custom"
]
MODIFIERS = [
    _native(name, LEARNING_RATE.fields_by_name[name].message_type)
    for name in ("warmup", "batch_size_scaling")
]
GARDEN = [
    _garden(part, field)
    for part, block in (("learning_rate", LrConfig), ("warmup", WarmupConfig))
    for field in block.DESCRIPTOR.fields
    if field.message_type is not None
]
OPTIMIZERS = [_optimizer(f.name, f.message_type) for f in Optimizer.DESCRIPTOR.oneofs[0].fields]
MULTIPLIER = _optimizer("learning_rate_multiplier", LearningRateMultiplier.DESCRIPTOR)
RECIPES = [*sorted(CONFIGS.glob("*.config")), *sorted(CONFIGS.glob("garden/*.yaml"))]


@cache
def _loaded(path: Path) -> sb.Config:
    return sb.load(path)._replace(filename=path.relative_to(ROOT).as_posix())


def _example(topic: Topic) -> sb.Config:
    """The first recipe that shows what a page is about."""
    for path in RECIPES:
        if topic.is_shown_by(_loaded(path)):
            return _loaded(path)
    sys.exit(f"no file in configs/ shows {topic.name}")


def _page(topic: Topic, others: dict[str, Any]) -> str:
    config = _example(topic)
    text = (ROOT / config.filename).read_text().strip()
    schedule = sb.build_schedule(config)
    steps = telling_steps(schedule, config.num_steps)
    shown = FORMATS["table"](config, schedule, steps)
    lines = [
        f"# {topic.name}",
        "",
        comment(topic.descriptor.full_name),
        "",
        f"![The rate of {config.filename} over its steps]({topic.name}.svg)",
        "",
        *_tables(topic.descriptor),
        "",
        f"## Example: [{config.filename}](../../{config.filename})",
        "",
        f"```\n{text}\n```",
        "",
        "```console",
        f"$ schedule-builder show {config.filename}",
        f"{shown}```",
    ]
    if others.get(topic.name):
        lines += ["", "## Elsewhere", "", "| library | there | difference |", "|---|---|---|"]
        entries = others[topic.name]
        lines += [f"| {o['library']} | `{o['code']}` | {o.get('note', '')} |" for o in entries]
    return "\n".join(lines) + "\n"


_ROUNDING = """\
## How lengths are rounded

A boundary is at the exact sum of the lengths before it, a fraction, counted from step 0 of the
run. It is rounded once, to the nearest step, a half up. A stage of `sequential_learning_rate`, and
a schedule after a `SHIFT` warmup, count from their own exact beginning, so that a warmup of 5 %
and a decay of 95 % end with every run. An entry of a table begins at the exact sum of those before
it, rounded.

Periods repeat, and have no place of their own:
{periods} and
`polynomial_decay_learning_rate.decay_steps` with `cycle`. They are rounded by themselves, and then
repeat exactly. Epochs of 156.39 steps, every 3: a period of 469 steps, which is 17 steps early
after 100 periods. For exact multiples, use milestones or a table.

## What is an error

- A count of 1 or more that rounds to 0 steps, and two boundaries that fall together.
- A unit without what it is a part of: the run length, or the batch size and `examples_per_epoch`.
  What the file does not state comes from `--num-steps` and `--batch-size`, or from the arguments
  `num_steps` and `batch_size` of `load` and of the builders.
- A missing count whose default is a number of steps, such as `total_steps`.
- A fraction. A percent and a half is 15 permille.
- A `custom` kind none of whose fields has the option `counts_steps` of
  [options.proto](../../protos/schedule_builder/v1/options.proto).

## From steps to a unit, and back

`schedule-builder convert --step-unit percent_of_run FILE` writes the lengths of a file in a unit,
where they are whole numbers of it and the rates stay the same. `show --resolved` writes a file in
steps. `rescale` changes the run length alone."""


def _for_run(num_steps: int) -> sb.Config:
    """The example of `step_unit` in a run of another length."""
    config = sb.load(UNIT_EXAMPLE, overrides=f"train_config.num_steps={num_steps}")
    return config._replace(filename=UNIT_EXAMPLE.relative_to(ROOT).as_posix())


def _step_unit() -> str:
    """The page about units: what they mean, and one file in runs of three lengths."""
    text = UNIT_EXAMPLE.read_text().strip()
    configs = [_for_run(num_steps) for num_steps in RUN_LENGTHS]
    lengths = [config.in_steps.lengths for config in configs if config.in_steps is not None]
    config = configs[-1]
    schedule = sb.build_schedule(config)
    shown = FORMATS["table"](config, schedule, telling_steps(schedule, config.num_steps))
    unit = pb.StepUnit.DESCRIPTOR
    header = "| field | type | default | meaning |\n|---|---|---|---|"
    runs = ", ".join(f"{num_steps:,}" for num_steps in RUN_LENGTHS)
    lines = [
        "# step_unit",
        "",
        comment(unit.full_name),
        "",
        f"![The rate of {config.filename} in runs of {runs} steps](step_unit.svg)",
        "",
        f"One file, [{config.filename}](../../{config.filename}), in runs of three lengths:",
        "",
        "| length | in the file |" + "".join(f" of {n:,} steps |" for n in RUN_LENGTHS),
        "|---|---|" + "---|" * len(RUN_LENGTHS),
    ]
    lines += [
        f"| `{dotted(path[len(config.learning_rate_path) :])}` | {length.number} |"
        + "".join(f" {found[path].steps} |" for found in lengths)
        for path, length in lengths[-1].items()
    ]
    lines += ["", "Units:", ""]
    lines += [f"- `{v.name}`: {comment(f'{unit.full_name}.{v.name}')}" for v in unit.values]
    lines += ["", "Beside any kind of learning rate, and beside those inside of it:", "", header]
    lines += _fields(LEARNING_RATE, ("step_unit", "examples_per_epoch"))
    lines += ["", "In a `warmup`, for its own length:", "", header]
    lines += _fields(pb.Warmup.DESCRIPTOR, ("step_unit",))
    command = f"show --set train_config.num_steps={config.num_steps} {config.filename}"
    lines += [
        "",
        *_ROUNDING.format(periods=",\n".join(f"`{name}`" for name in _periods())).splitlines(),
        "",
        f"## Example: [{config.filename}](../../{config.filename})",
        "",
        f"```\n{text}\n```",
        "",
        f"```console\n$ schedule-builder {command}\n{shown}```",
    ]
    return "\n".join(lines) + "\n"


def _periods() -> Iterator[str]:
    """The fields that count steps which repeat; a table's entries have places under a unit."""
    for topic in KINDS:
        for name, field in schema_of(topic.descriptor).items():
            if field.counts_steps == PERIOD and topic.name != "table_learning_rate":
                yield f"{topic.name}.{name}"


def _draw_runs() -> None:
    """Draws one file in runs of three lengths, side by side."""
    with rc_context():
        rcdefaults()
        rcParams["svg.hashsalt"] = "schedule-builder"
        figure = Figure(figsize=(9.0, 2.8), layout="constrained")
        panels = figure.subplots(1, len(RUN_LENGTHS), sharey=True)
        for axes, num_steps in zip(panels, RUN_LENGTHS, strict=True):
            schedule = sb.build_schedule(_for_run(num_steps))
            begins = schedule.begins[1:]
            for begin in begins:
                axes.axvline(begin, color="0.85", linewidth=1, zorder=0)
            steps = sample_steps(schedule, num_steps)
            axes.plot(steps, [schedule(step) for step in steps], color="#1f5fa8", linewidth=1.8)
            axes.set_title(f"{num_steps:,} steps", loc="left", fontsize="medium")
            axes.set_xticks([*begins, num_steps], [f"{b:,}" for b in [*begins, num_steps]])
            axes.tick_params("x", labelrotation=45)
            axes.set_xlim(0, num_steps)
            axes.set_ylim(bottom=0)
            axes.spines[["top", "right"]].set_visible(False)
        panels[0].set_ylabel("learning rate")
        figure.savefig(PAGES / "step_unit.svg", metadata={"Date": None})


def _train_config() -> str:
    """The page about `train_config`: the fields around the learning rate."""
    run, optimizer = TrainConfig.DESCRIPTOR, Optimizer.DESCRIPTOR
    lines = [
        "# train_config",
        "",
        comment(run.full_name),
        "",
        "`validate` checks the type and the range of each field. The builders use `batch_size`,",
        "`num_steps`, `optimizer`, the kinds of clipping and the patterns of variables. A training",
        "loop has to read the others.",
        "",
        *_tables(run),
        "",
        "## optimizer",
        "",
        comment(optimizer.full_name),
        "",
        *_tables(optimizer),
        "",
        "[Optimizers](../optimizers.md) says how they are built, and [the reference](index.md)",
        "lists the fields of each.",
    ]
    return "\n".join(lines) + "\n"


def _listed(topics: Iterable[Topic]) -> Iterator[str]:
    return (f"| [{t.name}]({t.name}.md) | {comment(t.descriptor.full_name)} |" for t in topics)


def _beside_optimizers() -> Iterator[str]:
    """The fields of `Optimizer` and of `TrainConfig` that change how an optimizer updates."""
    names = {
        Optimizer: ("use_moving_average", "moving_average_decay"),
        TrainConfig: (*CLIPPINGS, *VARIABLE_PATTERNS, "bias_grad_multiplier"),
    }
    for message, fields in names.items():
        for name in fields:
            yield f"| `{name}` | {comment(f'{message.DESCRIPTOR.full_name}.{name}')} |"


def _index(others: dict[str, Any]) -> str:
    lines = [
        "# Reference",
        "",
        "The step `t` counts applied updates from 0: the rate at `t` is the rate of the update",
        "that turns step `t` into `t + 1`. A negative step means the value at 0. Rates are finite,",
        "0 or above, and at most the largest float32. These pages are generated from the comments",
        "of [the schema](../../protos/schedule_builder/v1/learning_rate.proto).",
        "",
        "| kind | meaning |",
        "|---|---|",
        *_listed(KINDS),
        "",
        "Beside any of them, applied in this order:",
        "",
        "| modifier | meaning |",
        "|---|---|",
        *_listed(MODIFIERS),
        f"| `min_learning_rate` | {comment(f'{LEARNING_RATE.full_name}.min_learning_rate')} |",
        "",
        "Lengths count steps, or what [`step_unit`](step_unit.md) names: epochs, percents or",
        "permilles of the run.",
        "",
        "[`train_config`](train_config.md) holds the run length, the batch size and an",
        "`optimizer`, which is one of these. [Optimizers](../optimizers.md) says how they are",
        "built.",
        "",
        "| optimizer | meaning |",
        "|---|---|",
        *_listed(OPTIMIZERS),
        "",
        "Beside any of them:",
        "",
        "| field | meaning |",
        "|---|---|",
        *_listed([MULTIPLIER]),
        *_beside_optimizers(),
        "",
        "Experiments of the TensorFlow Model Garden load unchanged. Their blocks, of which `type`",
        "names the one that counts:",
        "",
        "| block | meaning |",
        "|---|---|",
        *_listed(GARDEN),
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


def _rules() -> dict[str, str]:
    """The page of each rule, and the list of all."""
    lines = [
        "# Rules",
        "",
        "What `schedule-builder validate` finds. Codes, names and addresses of pages never",
        "change. `schedule-builder rules SB402` shows a page in a terminal. To suppress a finding,",
        "write `# schedule-builder: ignore[SB402]` on its line or alone on the line before,",
        "`ignore-file[SB402]` for all of a file, or list the code under `ignore` in the project's",
        'settings. Examples show what is found and, after "Use instead", what is right.',
        "",
        "| code | name | severity | what is wrong |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| [{k.code}]({k.code}.md) | {k.name} | {k.severity} | {k.title} |"
        for k in manual.KINDS.values()
    ]
    made = {"../rules/index.md": "\n".join(lines) + "\n"}
    for kind in manual.KINDS.values():
        heading = f"# {kind.code} {kind.name}"
        made[f"../rules/{kind.code}.md"] = (
            f"{heading}\n\nSeverity: {kind.severity}.\n\n{kind.page}\n"
        )
    return made


_MESSAGES = """\
# Messages

All messages about configs: the findings of `validate`, and the errors of `convert`, `rescale` and
`build_optimizer`. Each has the template that it is made from, with names in braces for values, then
a file as an example, then what is reported. Some templates are parts of a message. Messages about
command lines, settings and arguments of Python functions are not listed.
"""


def _fenced(text: str, limit: int = 160) -> list[str]:
    lines = [line if len(line) <= limit else f"{line[:limit]} ..." for line in text.split("\n")]
    fence = "````" if "```" in text else "```"
    return [fence, *lines, fence]


def _template(text: str) -> str:
    """A template as the page shows it: names in braces, without how they are formatted."""
    parts = (
        before + (f"{{{name}}}" if name is not None else "")
        for before, name, *_ in Formatter().parse(text)
    )
    return f"`` {''.join(parts)} ``"


def _messages() -> str:
    """The page of all templates of messages."""
    left = set(message_examples.templates())
    chapters: dict[str, list[str]] = {}
    for example in message_examples.run_all():
        for message in example.messages:
            new = [text for text in dict.fromkeys(message.templates) if text in left]
            if not new:
                continue
            left -= set(new)
            lines = ["", "- " + "\n- ".join(map(_template, new)), ""]
            lines += _fenced(_printable(example.source.rstrip("\n")))
            if example.settings:
                lines += ["", f"With `{example.settings.strip()}` in the settings:"]
            if example.command and not message.line.startswith(example.filename):
                name, *options = example.command.split()
                command = " ".join([name, *options, example.filename])
                lines += ["", f"`schedule-builder {command}`:"]
            lines += ["", *_fenced(_printable(message.line), 1000)]
            chapters.setdefault(message.code, []).extend(lines)
    lines = [_MESSAGES]
    for code in [*manual.KINDS, *(c for c in chapters if c not in manual.KINDS)]:
        if code in chapters:
            kind = manual.KINDS.get(code)
            title = f"[{code}](rules/{code}.md) {kind.name}" if kind else f"`{code}`"
            lines += ["", f"## {title}", *chapters[code]]
    lines += ["", "## Without an example", ""]
    lines += [f"- {_template(t)}: {why}." for t, why in message_examples.safety_nets().items()]
    return "\n".join(lines) + "\n"


def _printable(text: str) -> str:
    """A text with escapes for what cannot be printed."""
    return "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text)


def pages() -> dict[str, str]:
    """The text of every page, by file name."""
    others = yaml.safe_load(
        (ROOT / "schedule_builder" / "reading" / "equivalents.yaml").read_text()
    )
    unknown = set(others) - {topic.name for topic in KINDS}
    if unknown:
        sys.exit(f"{EQUIVALENTS.name} has kinds that the schema has not: {sorted(unknown)}")
    made = {f"{t.name}.md": _page(t, others) for t in TOPICS}
    made |= {"index.md": _index(others), "step_unit.md": _step_unit()}
    made |= {"train_config.md": _train_config()} | _rules()
    made["../messages.md"] = _messages()
    return made


TOPICS = [*KINDS, *MODIFIERS, *OPTIMIZERS, MULTIPLIER, *GARDEN]


def main() -> None:
    """Writes the pages and pictures, or with --check exits 1 where a page differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, compare only")
    check = parser.parse_args().check
    made = pages()
    if check:
        there = {path.name: path.read_text() for path in PAGES.glob("*.md")}
        messages = PAGES / "../messages.md"
        there |= {"../messages.md": messages.read_text()} if messages.exists() else {}
        there |= {f"../rules/{p.name}": p.read_text() for p in (PAGES / "../rules").glob("*.md")}
        stale = sorted(name for name in made.keys() | there if made.get(name) != there.get(name))
        # A picture's bytes depend on the version that drew it.
        pictures = [PAGES / f"{name}.svg" for name in [*(t.name for t in TOPICS), "step_unit"]]
        stale += [picture.name for picture in pictures if not picture.exists()]
        if stale:
            sys.exit(f"not what the schema gives: {', '.join(stale)}. Run: make docs")
        return
    for name, text in made.items():
        (PAGES / name).parent.mkdir(parents=True, exist_ok=True)
        (PAGES / name).write_text(text)
    for topic in TOPICS:
        config = _example(topic)
        schedule = sb.build_schedule(config)
        num_steps = config.num_steps or max(schedule.begins[-1] * 5 // 4, PICTURED_STEPS)
        plot_schedule(schedule, num_steps, PAGES / f"{topic.name}.svg")
    _draw_runs()


if __name__ == "__main__":
    main()
