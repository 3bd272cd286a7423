"""The compiler: a text is read, overridden, bound, checked by rules and lowered to a schedule.

No other file knows the order of these steps.
"""

from __future__ import annotations

import gc
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

from google.protobuf.message import Message

from schedule_builder.diagnostics import (
    TOO_LARGE,
    Diagnostic,
    FieldPath,
    Fix,
    Kind,
    Repair,
    Report,
    Source,
    Span,
    Words,
    in_order,
)
from schedule_builder.dialects.base import Dialect, given
from schedule_builder.dialects.lowering import (
    LoweringError,
    broken_plugins,
    check_size_inside,
    custom_kinds,
    failure_of_plugin,
    unpacked,
)
from schedule_builder.dialects.registry import DIALECTS, dialect_of, is_config, recognize
from schedule_builder.reading.binding import Binder
from schedule_builder.reading.counts import run_of
from schedule_builder.reading.fields import dotted
from schedule_builder.reading.findings import (
    EMPTY,
    NOT_CONFIG,
    NOT_TEXT,
    SYNTAX,
    TOO_DEEP,
    UNCLOSED,
    UNKNOWN_FIELD,
)
from schedule_builder.reading.formats import (
    TEXT,
    decode,
    detect_format,
    is_too_large,
    reader_of,
    too_large,
)
from schedule_builder.reading.places import Place
from schedule_builder.reading.tree import Block, Document
from schedule_builder.records import Record
from schedule_builder.rules.kinds import IMPOSSIBLE, NOT_FINITE, STEP_UNIT, UNUSED_EXAMPLES
from schedule_builder.rules.registry import ABOUT_ENTRIES, Finding, check_message, check_run
from schedule_builder.rules.run import THRESHOLDS, Judgement, Run
from schedule_builder.schedules.schedule import MAX_RATE, Schedule
from schedule_builder.schedules.search import first_true

if TYPE_CHECKING:
    from schedule_builder.dialects.units import InSteps, Length

_WORD = re.compile(r"[^\W\d_]{2}")
_OPENING = 200
"""How many characters of an unreadable text are searched for words."""


class Config(Record, unshown=("message", "schedule", "document", "places", "in_steps")):
    """A config that was read and checked.

    Attributes:
        filename: its name in messages.
        message: the whole config: a `TrainEvalPipelineConfig`, a `TrainConfig` or an `Optimizer`
            of one, an `ExperimentConfig` of the Model Garden, or a `LearningRate`.
        diagnostics: what was found in it; no errors, where `load` returned it.
        schedule: the learning-rate schedule; None where there are errors, or where an
            experiment leaves it to Python code.
    """

    filename: str
    message: Message
    diagnostics: tuple[Diagnostic, ...]
    schedule: Schedule | None
    document: Document
    places: Mapping[FieldPath, Place]
    given_steps: int | None = None
    """The run length in steps from the caller, used if the config states none."""
    given_batch_size: int | None = None
    """The batch size from the caller, used if the config states none."""
    in_steps: InSteps | None = None
    """The config with every length converted to steps; None if all of them are in steps."""

    @property
    def dialect(self) -> Dialect:
        """The config system of this config."""
        return dialect_of(self.message.DESCRIPTOR.full_name)

    def get(self, path: FieldPath) -> Any:
        """The value at a path of field names; None if it is not given."""
        return given(self.message, path)

    @property
    def learning_rate_path(self) -> FieldPath:
        """The path of the message that is lowered to the schedule."""
        return self.dialect.learning_rate_path(self.message)

    @property
    def kind_path(self) -> FieldPath:
        """The path of the block that selects the kind of schedule."""
        return self.dialect.kind_path(self.message)

    @property
    def learning_rate(self) -> FieldPath:
        """The old name of `learning_rate_path`."""
        return self._renamed("learning_rate", self.learning_rate_path)

    @property
    def kind(self) -> FieldPath:
        """The old name of `kind_path`."""
        return self._renamed("kind", self.kind_path)

    @staticmethod
    def _renamed(name: str, path: FieldPath) -> FieldPath:
        message = f"`Config.{name}` is now `{name}_path`: the old name goes with the next release"
        warnings.warn(message, DeprecationWarning, stacklevel=3)
        return path

    @property
    def num_steps(self) -> int | None:
        """The run length in steps; None if neither the config nor the caller states it."""
        return self.dialect.num_steps(self.message) or self.given_steps

    @property
    def batch_size(self) -> int | None:
        """The number of examples in a step; None if neither the config nor the caller states it."""
        return self.dialect.batch_size(self.message) or self.given_batch_size

    @property
    def message_in_steps(self) -> Any:
        """The whole config with every length in steps; lowering reads this message."""
        return self.message if self.in_steps is None else self.in_steps.message

    def length(self, path: FieldPath) -> Length | None:
        """The length that a number of steps was converted from; None if it is written in steps."""
        if self.in_steps is None:
            return None
        if path[-2:-1] == ("learning_rates",) and isinstance(path[-1], int):
            # Entry n of a table begins after n entry lengths.
            entry = self.in_steps.lengths.get((*path[:-2], "steps_per_entry"))
            return entry._replace(number=entry.number * path[-1]) if entry else None
        return self.in_steps.lengths.get(path)

    def written_path(self, path: FieldPath) -> FieldPath:
        """The path in the file of a field of `message_in_steps`."""
        return self.in_steps.original(path) if self.in_steps is not None else path

    def _repr_html_(self) -> str:
        """The config in a notebook: words, a curve and the findings; see `Schedule`."""
        html: str = import_module("schedule_builder.output.notebook").of_config(self)
        return html

    def report(self, report: Report, kind: Kind, finding: Finding) -> None:
        """Records a rule's finding at its place, and says what its steps came from."""
        if report.is_full:
            return
        path, words, repair = self.written_path(finding.path), finding.words, finding.repair
        if length := self.length(path):
            words = Words(
                "{words} (`{field}` is {length}, by {unit:field})",
                words=words,
                unit="step_unit",
                field=dotted(path[len(self.kind_path) - 1 :]),
                length=length,
            )
        if repair is not None and any(
            self.length(self.written_path(change.path)) for change in repair.changes
        ):
            repair = None  # It would write steps where the file has another unit.
        report.add(
            kind,
            self.place(path),
            words,
            [(self.place(self.written_path(path)), words) for path, words in finding.related],
            path=dotted(path),
            fix=self.fix(repair),
        )

    def fix(self, repair: Repair | None) -> Fix | None:
        """The edits of this file that make a repair."""
        if repair is None:
            return None
        from schedule_builder.reading.edits import fix_of  # noqa: PLC0415 - 2 ms, for fixes alone

        return fix_of(self.document, repair, self.message.DESCRIPTOR)

    def place(self, path: FieldPath) -> Span:
        """The place of a field; if it is missing, the opening of its message."""
        if path in self.places:
            return self.places[path].value
        while path:
            path = path[:-1]
            if path in self.places:
                return self.places[path].name
        start = min((f.start for f in self.document.root.fields), default=0)
        return Span(start, start)


def examine_bytes(data: bytes, filename: str, **options: Any) -> Config:
    """Reads and checks a file's contents, whatever they are. Options are those of `examine`."""
    source, report = decode(data, filename)
    if report.has_errors:
        return _of_nothing(filename, report)
    config = examine(source, **options)
    if _is_foreign(config):
        return _as_foreign(config)
    return config


def _of_nothing(filename: str, report: Report) -> Config:
    """The config of what is not read, with the findings that say why."""
    source = Source(filename, "")
    document = reader_of(TEXT)(source, Report(source))
    return _result(document, report, DIALECTS[0].root(), {}, None)


def _is_foreign(config: Config) -> bool:
    """Whether a file that could be read is not a config."""
    root, codes = config.document.root, {d.code for d in config.diagnostics}
    if is_config(root) or not codes.isdisjoint(
        (NOT_TEXT.code, NOT_CONFIG.code, EMPTY.code, TOO_DEEP.code, TOO_LARGE.code)
    ):
        return False
    if _UNREADABLE.isdisjoint(codes):
        return True
    from schedule_builder.reading.foreign_files import mistaken  # noqa: PLC0415 - 1 ms

    # The tree of an unreadable text is too incomplete to judge.
    text = config.document.source.text
    has_words = any(word in text for dialect in DIALECTS for word in dialect.words)
    is_prose = _WORD.search(text, 0, _OPENING) is not None
    return not has_words and is_prose and mistaken(text, config.document.syntax.format) is None


def _as_foreign(config: Config) -> Config:
    """The config with one finding: the file is not a config."""
    from schedule_builder.reading.foreign_files import not_a_config  # noqa: PLC0415 - 1 ms

    source, root = config.document.source, config.document.root
    report = Report(source)
    report.add(NOT_CONFIG, Span(0, 0), not_a_config(root, source.text))
    return _result(config.document, report, config.message, {}, None)


@contextmanager
def without_collector() -> Iterator[None]:
    """Reading and checking without the garbage collector.

    Trees of many nodes hold no cycles, and the search for cycles would take up to half of the time.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def examine(
    source: Source,
    file_format: str | None = None,
    **options: Any,
) -> Config:
    """Reads and checks a text, and collects all findings.

    Args:
        source: the text, and the name it has in findings.
        file_format: `text` or `yaml`; by default, it is detected from the name and the text.
        **options: those of `examine_document`.
    """
    if source.text.startswith("\ufeff"):
        source = Source(source.filename, source.text[1:])
    if is_too_large(source.text):
        report = Report(Source(source.filename, ""))
        report.add(TOO_LARGE, Span(0, 0), too_large())
        return _of_nothing(source.filename, report)
    report = Report(source)
    name = file_format or detect_format(source.filename, source.text)
    document = reader_of(name)(source, report)
    if not _UNREADABLE.isdisjoint(d.code for d in report.diagnostics):
        from schedule_builder.reading.foreign_files import mistaken  # noqa: PLC0415 - 1 ms, for unreadable files alone

        if pasted := mistaken(source.text, name):
            report.clear()
            report.add(*pasted)
            return _result(document, report, DIALECTS[0].root(), {}, None)
    return examine_document(document, report, **options)


def examine_document(
    document: Document,
    report: Report,
    *,
    overrides: Iterable[str] = (),
    num_steps: int | None = None,
    batch_size: int | None = None,
    settings: Judgement | None = None,
    dialect: Dialect | None = None,
) -> Config:
    """Checks a located tree, and collects all findings.

    Args:
        document: the tree.
        report: what was found when it was read.
        overrides: values to put in place of the file's, as `train_config.num_steps=5000`.
        num_steps: the run length, where the config does not state it.
        batch_size: the number of examples in a step, where the config does not state it.
        settings: the project's thresholds and requirements.
        dialect: the config system; by default, it is recognized from the names at the top.
    """
    message = (dialect or recognize(f.name for f in document.root.fields)).root()
    if dialect is None and not document.root.fields:
        if not report.diagnostics:
            words = Words(
                "the file has no fields. Add `train_config` (a pipeline), `trainer` (an"
                " experiment) or a kind of learning rate, such as"
                " `cosine_decay_learning_rate`"
            )
            report.add(EMPTY, Span(0, 0), words)
        return _result(document, report, message, {}, None)

    if document.syntax.explicit_lists:
        from schedule_builder.reading.yaml_merging import settle  # noqa: PLC0415 - 3 ms, for YAML alone

        document = settle(document, message.DESCRIPTOR, report)
    for text in overrides:
        from schedule_builder.reading.overrides import override  # noqa: PLC0415 - 25 ms, for `--set` alone

        override(document, message.DESCRIPTOR, text, report)
    readable = not report.has_errors
    system = dialect_of(message.DESCRIPTOR.full_name)
    paths = system.num_steps_path, system.batch_size_path
    run = run_of(document, *paths, num_steps, batch_size)
    binder = Binder(document, report, custom_kinds, run, broken_plugins)
    binder.bind_all(message)
    found = _result(document, report, message, binder.places, None)
    can_judge = readable and not report.is_full
    config = found._replace(given_steps=num_steps, given_batch_size=batch_size)
    schedule, in_steps = _judge(config, binder, report, settings) if can_judge else (None, None)
    found = _result(document, report, message, binder.places, schedule)
    return found._replace(given_steps=num_steps, given_batch_size=batch_size, in_steps=in_steps)


def unsuppressed(config: Config) -> list[Diagnostic]:
    """The findings of a config that its comments do not suppress, and those about the comments."""
    if "schedule-builder" not in config.document.source.text.lower():
        return list(config.diagnostics)
    from schedule_builder.rules.suppressions import suppress  # noqa: PLC0415 - 4 ms, for files with suppressions alone

    return suppress(config.document, config.diagnostics)


def parse(filename: str, text: str) -> tuple[Block, bool]:
    """The tree of any text, and whether all of it could be read."""
    source = Source(filename, text)
    report = Report(source)
    document = reader_of(detect_format(filename, text))(source, report)
    return document.root, not report.has_errors


def _judge(
    config: Config, binder: Binder, report: Report, settings: Judgement | None
) -> tuple[Schedule | None, InSteps | None]:
    """Runs the rules over a message, and lowers it to its schedule.

    Where an error makes the schedule uncertain, no rule about the schedule runs. Errors in other
    parts of the file do not make it uncertain.
    """
    dialect, rate = config.dialect, config.learning_rate_path
    parts = dialect.schedule_paths(config.message)
    decisive = [*parts, dialect.num_steps_path]
    if dialect.uses_batch_size(config.message):
        decisive.append(dialect.batch_size_path)

    def is_decisive(path: FieldPath) -> bool:
        return any(part[: len(path)] == path[: len(part)] for part in decisive if part or not path)

    unclear = any(map(is_decisive, binder.failed)) or any(
        path == rate or path[: len(part)] == part for path in binder.broken for part in parts
    )
    blamed = set()
    for kind, finding in check_message(config.message, binder.broken):
        if finding.begin and _ends_before(config, finding.begin):
            continue
        config.report(report, kind, finding)
        blamed.add(finding.path)
        # These errors do not make the meant schedule uncertain.
        is_stage = kind.code in ABOUT_ENTRIES and "schedule" in finding.path
        if kind.severity == "error" and not is_stage:
            unclear = True
    if unclear:
        return None, None
    in_steps = config.dialect.in_steps(config.message, config.num_steps, config.batch_size)
    if in_steps is not None:
        for path, words in in_steps.problems:
            report.add(STEP_UNIT, config.place(path), words, path=dotted(path))
        for path in in_steps.unused_examples:
            words = Words(
                "unused `examples_per_epoch`: no length here counts epochs. Remove it, or set"
                " `step_unit: EPOCHS`"
            )
            report.add(UNUSED_EXAMPLES, config.place(path), words, path=dotted(path))
        if in_steps.problems:
            return None, None
        config = config._replace(in_steps=in_steps)
    try:
        schedule = _lower(config, report)
        if schedule is not None:
            run = _run(config, schedule, settings, blamed)._replace(broken=binder.broken)
            for kind, finding in check_run(run):
                config.report(report, kind, finding)
    except Exception as error:
        message = config.get(config.kind_path)
        if config.kind_path[-1:] == ("custom",):
            words = failure_of_plugin(unpacked(message), error)  # one of its curves
            report.add(IMPOSSIBLE, config.place(config.kind_path), words)
            return None, None
        if not isinstance(error, ArithmeticError):
            raise
        words = Words(
            "these values overflow float64, so no rate can be computed from them. Use"
            " less extreme values"
        )
        report.add(NOT_FINITE, config.place(config.kind_path), words, path=dotted(config.kind_path))
        return None, None
    return schedule, in_steps


def _ends_before(config: Config, begin: int) -> bool:
    """Whether training ends before a step, if the config counts in steps."""
    num_steps = config.num_steps
    in_steps = config.dialect.in_steps(config.message, num_steps, config.batch_size)
    return num_steps is not None and num_steps <= begin and in_steps is None


_UNREADABLE = frozenset((SYNTAX.code, UNCLOSED.code))


def _run(
    config: Config, schedule: Schedule, settings: Judgement | None, blamed: set[FieldPath]
) -> Run:
    return Run(
        root=config.message_in_steps,
        dialect=config.dialect,
        schedule=schedule,
        num_steps=config.num_steps,
        policy=settings.policy if settings else {},
        thresholds=THRESHOLDS | dict(settings.thresholds if settings else {}),
        max_rate=settings.max_rate if settings else {},
        is_in_steps=config.in_steps is None,
        moved=config.in_steps.moved if config.in_steps is not None else (),
        blamed=blamed,
        stated_length=lambda path: config.length(config.written_path(path)),
    )


def _result(
    document: Document,
    report: Report,
    message: Message,
    places: Mapping[FieldPath, Place],
    schedule: Schedule | None,
) -> Config:
    diagnostics = in_order(report.diagnostics)
    if not _UNREADABLE.isdisjoint(d.code for d in diagnostics):
        # The nesting of the rest is uncertain.
        diagnostics = tuple(d._replace(fix=None) for d in diagnostics)
    elif not report.has_all_suggestions:
        # Of so many unknown names, each round of fixes would rename a part.
        diagnostics = tuple(
            d._replace(fix=None) if d.code == UNKNOWN_FIELD.code else d for d in diagnostics
        )
    if report.has_errors:
        schedule = None
    return Config(report.source.filename, message, diagnostics, schedule, document, places)


def _lower(config: Config, report: Report) -> Schedule | None:
    path = config.learning_rate_path
    rate = given(config.message_in_steps, path)
    try:
        if rate is not None:
            check_size_inside(path, rate)
        schedule = config.dialect.lower(config.message_in_steps, config.batch_size)
    except LoweringError as error:
        report.add(IMPOSSIBLE, config.place(config.written_path(error.path)), error.words)
        return None
    if schedule is None:
        return None
    if config.in_steps is not None:
        root = config.learning_rate_path
        schedule = Schedule(
            tuple(
                s._replace(path=config.written_path((*root, *s.path))[len(root) :])
                for s in schedule.segments
            )
        )
    step = _first_not_finite(schedule, config.num_steps)
    if step is not None:
        words = Words(
            "the rate at step {step} is {rate:exact}: a rate must be finite, at least 0, and"
            " at most {limit:exact}. Check the rates and factors",
            step=step,
            rate=schedule(step),
            limit=MAX_RATE,
        )
        report.add(NOT_FINITE, config.place(config.kind_path), words)
        return None
    return schedule


def _first_not_finite(schedule: Schedule, num_steps: int | None) -> int | None:
    """The first step of the run at which the rate is not a finite float32; None if there is none.

    Without a run length, steps up to the beginning of the last segment are searched.
    """
    rate_at = schedule.rate_at

    def is_fine(step: int) -> bool:
        return 0 <= rate_at(step) <= MAX_RATE  # so that NaN is not

    last = schedule.last_step(num_steps)
    fine = 0
    for segment, rate, begin, final in schedule.within(0, last):
        if rate is not None and 0 <= rate <= MAX_RATE:
            fine = final
            continue
        for step in segment.extremes(begin, final):
            if is_fine(step):
                fine = step
                continue
            return step if not is_fine(fine) else first_true(lambda s: not is_fine(s), fine, step)
    return None
