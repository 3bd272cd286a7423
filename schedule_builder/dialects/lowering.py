"""The registry of functions that lower the message of a kind to a schedule.

Kinds of this project are in `kinds` and beside their dialects; other packages register further
ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple, TypeAlias, TypeVar

from google.protobuf.message import Message

from schedule_builder.diagnostics import FieldPath, Words, shown
from schedule_builder.limits import MAX_MEMBER_SEGMENTS, MAX_MEMBERS, MAX_SEGMENTS
from schedule_builder.reading.fields import is_repeated
from schedule_builder.schedules.curves import MAX_STEP, Constant, Curve
from schedule_builder.schedules.schedule import Schedule, Segment

ENTRY_POINTS = "schedule_builder.schedules"
"""The group of entry points that name modules with custom kinds."""

Lowering: TypeAlias = Callable[[Any], Schedule]
Length: TypeAlias = tuple[FieldPath, int]
"""The path of a field with a length, and its number of steps."""
WarmupOf: TypeAlias = Callable[[Any], "Length | None"]
_F = TypeVar("_F", bound=Lowering)
_OWN_PACKAGE = "schedule_builder."
_COMBINATION = "schedule_builder.v1.CombinedLearningRate"
_LONGEST_REASON = 200


class _Kind(NamedTuple):
    message: type[Message]
    lowering: Lowering
    warmup: WarmupOf | None


_KINDS: dict[str, _Kind] = {}


class LoweringError(ValueError):
    """Raised when field values do not form a schedule.

    Attributes:
        path: the field at fault, within the message that was lowered.
        words: the message as a template and its values.
    """

    def __init__(self, path: FieldPath, words: Words | str) -> None:
        super().__init__(str(words))
        self.path = path
        self.words: Words = words if isinstance(words, Words) else Words("{text}", text=words)

    def inside(self, *path: str | int) -> LoweringError:
        """The same error, for a message inside another one."""
        return LoweringError((*path, *self.path), self.words)


def lowers(message: type[Message], *, warmup: WarmupOf | None = None) -> Callable[[_F], _F]:
    """Registers the function that lowers a kind of learning rate.

    Another package calls this in the module that its entry point in the group
    `schedule_builder.schedules` names; configs then say
    `custom { [type.googleapis.com/FULL.NAME] { ... } }`.

    Args:
        message: the type of message. Its package's name is not `schedule_builder`.
        warmup: of a kind that has a warmup of its own, a function from a message to the path of
            the field that says how long it lasts, and that number of steps; or to None, where
            this message has none.

    Returns:
        A decorator for a function from a message to a `Schedule`. The function may raise
        `LoweringError` for field values that do not form a schedule.

    Raises:
        ValueError: the type has a lowering already.
    """

    def register(function: _F) -> _F:
        name = message.DESCRIPTOR.full_name
        if name in _KINDS:
            text = f"{name} already has a lowering: {_KINDS[name].lowering.__qualname__}"
            raise ValueError(text)
        _KINDS[name] = _Kind(message, function, warmup)
        return function

    return register


@cache
def broken_plugins() -> Mapping[str, str]:
    """Loads the modules that entry points name.

    Returns:
        Why some of them cannot be loaded, by the name of the entry point.
    """
    from importlib.metadata import entry_points  # noqa: PLC0415 - 17 ms, for custom kinds alone

    broken = {}
    for entry_point in entry_points(group=ENTRY_POINTS):
        try:
            entry_point.load()
        except (Exception, SystemExit) as error:
            broken[f"{entry_point.name} = {entry_point.value}"] = _described(error)
    return broken


def _described(error: BaseException) -> str:
    """What a stranger's code raised, on one line."""
    return f"{type(error).__name__}: {shown(str(error), _LONGEST_REASON)}"


def custom_kinds() -> dict[str, type[Message]]:
    """The types of message that `custom` may hold, by full name."""
    broken_plugins()
    return {n: kind.message for n, kind in _KINDS.items() if not n.startswith(_OWN_PACKAGE)}


def unpacked(message: Any) -> Any:
    """The message of a custom kind that an Any holds; any other message as it is."""
    if message.DESCRIPTOR.full_name != "google.protobuf.Any":
        return message
    inner = custom_kinds()[message.TypeName()]()
    message.Unpack(inner)
    return inner


class _Size(NamedTuple):
    """How large a schedule is: its segments, and the members of combinations that it has."""

    segments: int
    members: int


def check_size(message: Any) -> _Size:
    """How large the schedule of a message may be, by the entries of its lists.

    Evaluating a combination takes time for each of its members at each of their segments, so that
    both are limited there.

    Raises:
        LoweringError: the schedule is larger than is computed.
    """
    segments, members, most = 0, 0, 0
    largest: FieldPath = ()
    for field, value in message.ListFields():
        path: FieldPath = (field.name,)
        if isinstance(value, Message):
            own = check_size_inside(path, value)
        elif field.message_type is not None:
            sizes = [_Size(len(value), 0)]
            if not _is_flat(field.message_type):
                sizes = [check_size_inside((*path, i), item) for i, item in enumerate(value)]
            own = _Size(sum(s.segments for s in sizes), sum(s.members for s in sizes))
            if message.DESCRIPTOR.full_name == _COMBINATION:
                own = own._replace(members=sum(max(s.members, 1) for s in sizes))
        elif isinstance(value, (str, bytes, bool, int, float)):
            continue
        else:
            own = _Size(len(value), 0)
        segments, members = segments + own.segments, members + own.members
        if own.segments > most:
            most, largest = own.segments, path
    if segments > MAX_SEGMENTS:
        words = Words(
            "too many entries: a schedule may have {limit:,}. Use a schedule such as"
            " `exponential_decay_learning_rate` instead of a list",
            limit=MAX_SEGMENTS,
        )
        raise LoweringError(largest, words)
    if message.DESCRIPTOR.full_name == _COMBINATION:
        if members > MAX_MEMBERS:
            words = Words(
                "this combination has {count:,} members: at most {limit:,} can be combined",
                count=members,
                limit=MAX_MEMBERS,
            )
            raise LoweringError(("learning_rates",), words)
        if segments > MAX_MEMBER_SEGMENTS:
            words = Words(
                "the members of this combination have more than {limit:,} segments. Use schedules"
                " such as `exponential_decay_learning_rate` instead of lists",
                limit=MAX_MEMBER_SEGMENTS,
            )
            raise LoweringError(("learning_rates",), words)
    return _Size(max(segments, 1), members)


@cache
def _is_flat(descriptor: Any) -> bool:
    """Whether a type of message holds neither messages nor lists, so that its size is known."""
    return all(f.message_type is None and not is_repeated(f) for f in descriptor.fields)


def check_size_inside(path: FieldPath, message: Message) -> _Size:
    """The same of a message at a path, which the error names."""
    try:
        return check_size(message)
    except LoweringError as error:
        raise error.inside(*path) from None


def lower_part(message: Message, name: str, around: FieldPath = ()) -> Schedule:
    """The schedule of one kind, in the field of that name.

    Its segments name their fields inside of those around it; errors do not.
    """
    full_name = message.DESCRIPTOR.full_name
    kind = _KINDS[full_name]
    try:
        if full_name.startswith(_OWN_PACKAGE):
            return kind.lowering(message).under(*around, name)
        return _of_plugin(kind, message).under(*around, name)
    except LoweringError as error:
        raise error.inside(name) from None


def _of_plugin(kind: _Kind, message: Message) -> Schedule:
    """The schedule of a kind that a package of its own lowers."""
    try:
        schedule = kind.lowering(message)
        if not isinstance(schedule, Schedule):
            text = f"it returned {type(schedule).__name__} in place of a Schedule"
            raise TypeError(text)
        if kind.warmup is not None:
            kind.warmup(message)
    except LoweringError:
        raise
    except Exception as error:
        raise LoweringError((), failure_of_plugin(message, error)) from None
    return schedule


def failure_of_plugin(message: Message, error: Exception) -> Words:
    """The words for an error in the code of another package."""
    full_name = message.DESCRIPTOR.full_name
    return Words(
        "the plugin for `{name}` ({module}) failed: {error}. Report this to its authors",
        name=full_name,
        module=_KINDS[full_name].lowering.__module__,
        error=_described(error),
    )


def own_warmup(message: Message) -> Length | None:
    """How long the warmup of a kind lasts, with the path inside of it; None without a warmup."""
    warmup = _KINDS[message.DESCRIPTOR.full_name].warmup
    return None if warmup is None else warmup(message)


def warmup_steps(message: Any) -> Length:
    """The warmup of a kind that says its length in `warmup_steps`."""
    return ("warmup_steps",), message.warmup_steps


def sequence(*curves: tuple[int, Curve] | tuple[int, Curve, FieldPath]) -> Schedule:
    """Curves one after another; empty ones are left out.

    Args:
        curves: each with its first step before it, and after it the field that states that step.
    """
    ends = [curve[0] for curve in curves[1:]]
    kept = [c for c, end in zip(curves, [*ends, None], strict=True) if end is None or end > c[0]]
    return Schedule(
        tuple(
            Segment(begin, curve, begin, 0.0, path[0] if path else ())
            for begin, curve, *path in kept
            if begin <= MAX_STEP
        )
    )


def steps_down(
    begins: Sequence[int], rates: Sequence[float], field: str, first: int = 0
) -> Schedule:
    """Constant rates; each after the first begins at the step in an element of a field."""
    first_rate, *others = rates
    return sequence(
        (0, Constant(first_rate)),
        *(
            (begin, Constant(rate), (field, index))
            for index, (begin, rate) in enumerate(zip(begins, others, strict=True), first)
        ),
    )


def power(base: float, exponent: float) -> float:
    """A power that is infinite where it overflows."""
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return math.inf
