"""Random edits of real files: read again, they say what was asked, and all else is as it was.

`make test-edits` makes 10,000 of them; the normal run makes a few.
"""

from __future__ import annotations

import random
import re
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from google.protobuf.message import Message
from hypothesis import given, settings
from hypothesis import strategies as st

from schedule_builder.compiler import Config, examine
from schedule_builder.diagnostics import FieldPath, Source
from schedule_builder.editing.errors import SetError
from schedule_builder.editing.set import Edited, Setting, edit
from schedule_builder.reading.fields import FieldSchema, dotted, is_opaque, schema_of
from schedule_builder.reading.tree import Block, Document, Scalar, Value, elements_of
from tests.support.data import DATA

ROOT = Path(__file__).parent.parent.parent
_FEW = 25
_MANY = settings().max_examples
EXAMPLES = _MANY if _MANY > 100 else _FEW


@cache
def files() -> list[Path]:
    found = sorted((ROOT / "configs").rglob("*.*"))
    if DATA is not None:
        found += sorted((DATA / "corpus").glob("*/*"))
    return found


@cache
def read(path: Path, variant: int) -> Config:
    """A file; as variants, with Windows' line ends, and indented by tabs."""
    text = path.read_text(encoding="utf-8", errors="replace").removeprefix("\ufeff")
    if variant == 1:
        text = text.replace("\r\n", "\n").replace("\n", "\r\n")
    if variant == 2 and path.suffix not in (".yaml", ".yml"):
        text = re.sub(r"(?m)^(?:  )+", lambda m: "\t" * (len(m[0]) // 2), text)
    return examine(Source(path.name, text))


class Place(NamedTuple):
    """A field that a block of the file has, or could have."""

    path: FieldPath
    declared: FieldSchema | None
    value: Value | None


def places(config: Config) -> list[Place]:
    """Every field that can be set: given or not, in a block that is given or not."""
    found: list[Place] = []
    pending: list[tuple[FieldPath, Any, Block | None]] = [
        ((), config.message.DESCRIPTOR, config.document.root)
    ]
    for path, descriptor, block in pending:
        schema = schema_of(descriptor)
        for name, declared in schema.items():
            here = (*path, name)
            elements = elements_of(block, name) if block is not None else []
            inner = declared.message
            if inner is None:
                found.append(Place(here, declared, elements[0].value if elements else None))
                found += [
                    Place((*here, i), declared, e.value)
                    for i, e in enumerate(elements)
                    if declared.repeated
                ]
            elif is_opaque(inner):
                for element in elements if not declared.repeated else ():
                    if isinstance(element.value, Block):
                        found += opaque(here, element.value)
            elif inner.full_name != "google.protobuf.Any":
                for i, element in enumerate(elements):
                    at = (*here, i) if declared.repeated else here
                    if isinstance(element.value, Block):
                        pending.append((at, inner, element.value))
                if not elements and not declared.repeated and block is not None:
                    pending.append((here, inner, None))
    return found


def opaque(path: FieldPath, block: Block) -> list[Place]:
    found: list[Place] = []
    for field in block.fields:
        same = elements_of(block, field.name)
        if not re.fullmatch(r"\w+", field.name) or len(same) > 1:
            continue
        if isinstance(field.value, Scalar):
            found.append(Place((*path, field.name), None, field.value))
        elif isinstance(field.value, Block):
            found += opaque((*path, field.name), field.value)
    return found


def random_value(declared: FieldSchema, choose: random.Random) -> str:
    if declared.enum is not None:
        return str(choose.choice(list(declared.enum.values)).name)
    if declared.kind == "bool":
        return choose.choice(["true", "false"])
    if declared.rule.selects:
        names = [f.name for f in schema_of(declared.owner).values() if f.is_selectable]
        return choose.choice(names)
    if declared.kind == "string":
        return choose.choice(["a/b.ckpt", "two words", 'a "quoted" one', "", "# x", "it's: 5", "é"])
    low, high = 0.0, 1000.0
    for bound in declared.bounds:
        if bound.name in ("greater_than", "at_least"):
            low = max(low, bound.number)
        else:
            high = min(high, bound.number)
    if declared.kind == "integer":
        return str(choose.randint(int(low) + 1, max(int(high), int(low) + 1)))
    number = low + (high - low) * choose.random()
    return choose.choice([repr(number), f"{number:.3e}", f"{number:.6f}"])


def make(seed: int) -> str:
    """Makes one edit, and gives what kind of outcome it had."""
    choose = random.Random(seed)
    path = choose.choice(files())
    config = read(path, choose.choice([0, 0, 1, 2]))
    if any(d.severity == "error" for d in config.diagnostics):
        return "has errors"
    found = places(config)
    place = choose.choice(found)
    if choose.random() < 0.5:
        given = [p for p in found if p.value is not None]
        place = choose.choice(given or found)
    if choose.random() < 0.2 and place.value is not None:
        return unset(config, place)
    return put(config, place, choose)


def edited(config: Config, made: list[Setting]) -> Edited | str:
    try:
        return edit(config, made)
    except SetError as error:
        said = str(error)
        assert (
            "the file would have new errors" in said
            or "is an alias of" in said
            or "the anchored value" in said
            or ("is merged into" in said)
        ), (made, said)
        return "refused"


def unset(config: Config, place: Place) -> str:
    field = dotted(place.path)
    result = edited(config, [Setting(field, None)])
    if isinstance(result, str):
        return result
    removed_only(config.document, result.text)
    if not isinstance(place.path[-1], int):
        assert not edit(result.config, [Setting(field, None)]).changes
    return "removed"


def removed_only(document: Document, text: str) -> None:
    """What is left of the text stood there before, in that order."""
    old = iter(document.source.text)
    left = text.replace(" {}", "").replace("{}", "")
    assert all(
        character.isspace() or any(character == other for other in old) for character in left
    )


def put(config: Config, place: Place, choose: random.Random) -> str:
    text = config.document.source.text
    field, declared = dotted(place.path), place.declared
    if declared is None:
        assert isinstance(place.value, Scalar)
        if (
            place.value.end - place.value.start == 0
            or "\n" in text[place.value.start : place.value.end]
        ):
            return "not tried"
        value = "opaque value" if place.value.quoted else "12"
    else:
        value = random_value(declared, choose)
        if declared.repeated and not isinstance(place.path[-1], int):
            if choose.random() < 0.5 and place.value is not None:
                field += "[]"
            else:
                value = f"[{value}, {value}]" if declared.kind != "string" else "[x, 'y: z', é]"
    setting = Setting(field, value)
    result = edited(config, [setting])
    if isinstance(result, str):
        return result
    if declared is not None:
        wanted = examine(config.document.source, overrides=[f"{field}={value}"])
        if "switched" not in outcome(result):
            assert message_of(result.config) == message_of(wanted), setting
            # What is new follows from the value, however it is written.
            assert found_in(result.config) == found_in(wanted), setting
    elif result.changes:
        assert message_of(result.config) == message_of(config), setting
    if not field.endswith("[]"):
        assert not edit(result.config, [setting]).changes, setting
    if place.value is None and result.changes and outcome(result) == "put":
        inserted_only(text, result.text)
    elif isinstance(place.value, Scalar) and result.changes and not field.endswith("[]"):
        replaced_only(text, result.text, place.value, config.document, declared)
    return outcome(result)


def outcome(result: Edited) -> str:
    if not result.changes:
        return "nothing to change"
    return "put" if len(result.changes) == 1 else "switched"


def message_of(config: Config) -> Message:
    return config.message


def found_in(config: Config) -> list[tuple[str, str, str]]:
    return sorted((d.code, d.path, d.message) for d in config.diagnostics)


def inserted_only(old: str, new: str) -> None:
    """All of the old text is there still, in order."""
    rest = iter(new)
    assert all(character in rest for character in old)


def replaced_only(
    old: str, new: str, value: Scalar, document: Document, declared: FieldSchema | None
) -> None:
    """What stands before and after a value is as it was."""
    if declared is not None and declared.repeated:
        return
    assert new.startswith(old[: value.start])
    assert new.endswith(old[value.end :])


@settings(max_examples=EXAMPLES)
@given(st.integers(0, 2**48))
def test_random_edits(seed: int) -> None:
    make(seed)


def several(seed: int) -> str:
    """Makes some edits in one call, and one after another: both give one text."""
    choose = random.Random(seed)
    config = read(choose.choice(files()), choose.choice([0, 1, 2]))
    if any(d.severity == "error" for d in config.diagnostics):
        return "has errors"
    given = [p for p in places(config) if p.declared is not None and not p.declared.repeated]
    made: list[Setting] = []
    for place in choose.choices([p for p in given if p.value is not None] or given, k=3):
        assert place.declared is not None
        made.append(Setting(dotted(place.path), random_value(place.declared, choose)))
    if choose.random() < 0.3:
        made.insert(1, Setting(made[0].field, None))
    together = edited(config, made)
    text, now = config.document.source.text, config
    for setting in made:
        one = edited(now, [setting])
        if isinstance(one, str) or isinstance(together, str):
            return "refused"
        text, now = one.text, one.config
    assert not isinstance(together, str)
    assert together.text == text, made
    return "same"


@settings(max_examples=EXAMPLES)
@given(st.integers(0, 2**48))
def test_edits_in_one_call_are_those_one_after_another(seed: int) -> None:
    several(seed)
