"""What YAML repeats by aliases is not changed, and what stands beside it is."""

from __future__ import annotations

import pytest

from schedule_builder.compiler import Config, examine
from schedule_builder.diagnostics import Source
from schedule_builder.editing.errors import SetError
from schedule_builder.editing.set import Setting, edit

TEXT = """\
task: {train_data: {global_batch_size: &n 100}}
# Names and their aliases.
model:
  texts: [&a x, y]
  again: [*a, z]
  alone: [&v w]
  inner: [&i x, y, *i]
  pair: {p: &p 1, q: *p}
  also: {p: &t 1, q: *t}
  uses: {a: *a, n: *n, other: *n, t: *t, v: *v}
  whole: &l [a, b]
  copy: *l
  blocks: [&x {y: 1}, {z: 2}]
  block: *x
  blocks_again: [*x, k]
  single: &s x
  singly: *s
trainer:
  train_steps: 500
  optimizer_config:
    optimizer: {type: sgd}
    learning_rate: {type: constant, constant: {learning_rate: 0.1}}
"""


def read() -> Config:
    config = examine(Source("a.yaml", TEXT))
    assert not config.diagnostics
    return config


def setting(typed: str) -> Setting:
    field, equals, value = typed.partition("=")
    return Setting(f"model.{field}", value if equals else None)


HELD = "holds the anchored value `&{}` ({}), which `*{}` repeats ({}). Replace each `*{}` with its"
PART = "belongs to the anchored value `&{}` ({}), which `*{}` repeats ({}). Replace each `*{}` with"
ALIAS = "is an alias of `&{}` ({}). Replace `*{}` with its value first, or change the anchored"


@pytest.mark.parametrize(
    ("typed", "named", "said"),
    [
        ("texts[0]", "texts[0]", HELD.format("a", "4:11", "a", "5:11", "a")),
        ("texts[0]=q", "texts[0]", PART.format("a", "4:11", "a", "5:11", "a")),
        ("alone", "alone", HELD.format("v", "6:11", "v", "10:45", "v")),
        ("alone[0]", "alone[0]", HELD.format("v", "6:11", "v", "10:45", "v")),
        ("inner[0]", "inner[0]", HELD.format("i", "7:11", "i", "7:20", "i")),
        ("inner[2]=q", "inner[2]", ALIAS.format("i", "7:11", "i")),
        ("pair.p", "pair.p", HELD.format("p", "8:13", "p", "8:22", "p")),
        ("pair.q=2", "pair.q", ALIAS.format("p", "8:13", "p")),
        ("also", "also", HELD.format("t", "9:13", "t", "9:22", "t")),
        ("uses.a=q", "uses.a", ALIAS.format("a", "4:11", "a")),
        ("uses.n=7", "uses.n", ALIAS.format("n", "1:40", "n")),
        ("uses.other=7", "uses.other", ALIAS.format("n", "1:40", "n")),
        ("whole", "whole", HELD.format("l", "11:10", "l", "12:9", "l")),
        ("whole[0]", "whole[0]", PART.format("l", "11:10", "l", "12:9", "l")),
        ("whole[1]", "whole[1]", PART.format("l", "11:10", "l", "12:9", "l")),
        ("whole[1]=q", "whole[1]", PART.format("l", "11:10", "l", "12:9", "l")),
        ("blocks[0]", "blocks[0]", HELD.format("x", "13:12", "x", "14:10", "x")),
        ("blocks[0].y", "blocks[0].y", PART.format("x", "13:12", "x", "14:10", "x")),
        ("blocks[0].y=2", "blocks[0].y", PART.format("x", "13:12", "x", "14:10", "x")),
        ("blocks[0]={}", "blocks[0]", PART.format("x", "13:12", "x", "14:10", "x")),
        ("single[0]", "single[0]", HELD.format("s", "16:11", "s", "17:11", "s")),
        ("singly=y", "singly", ALIAS.format("s", "16:11", "s")),
        ("block.y", "block", ALIAS.format("x", "13:12", "x")),
        ("block.y=2", "block", ALIAS.format("x", "13:12", "x")),
        ("block={}", "block", ALIAS.format("x", "13:12", "x")),
        ("blocks_again[0].y=2", "blocks_again[0]", ALIAS.format("x", "13:12", "x")),
    ],
)
def test_what_is_repeated_is_named_with_its_anchor(typed: str, named: str, said: str) -> None:
    with pytest.raises(SetError) as refused:
        edit(read(), [setting(typed)])
    assert str(refused.value).startswith(f"a.yaml: `model.{named}` {said}")


@pytest.mark.parametrize(
    ("typed", "old", "new"),
    [
        ("texts[1]", "[&a x, y]", "[&a x]"),
        ("texts[1]=q", "[&a x, y]", "[&a x, q]"),
        ("again[0]", "[*a, z]", "[z]"),
        ("again[1]", "[*a, z]", "[*a]"),
        ("again[1]=q", "[*a, z]", "[*a, q]"),
        ("inner", "  inner: [&i x, y, *i]\n", ""),
        ("inner[1]", "[&i x, y, *i]", "[&i x, *i]"),
        ("inner[2]", "[&i x, y, *i]", "[&i x, y]"),
        ("pair", "  pair: {p: &p 1, q: *p}\n", ""),
        ("pair={}", "{p: &p 1, q: *p}", "{}"),
        ("pair.q", "{p: &p 1, q: *p}", "{p: &p 1}"),
        ("uses.a", "{a: *a, n", "{n"),
        ("uses", "  uses: {a: *a, n: *n, other: *n, t: *t, v: *v}\n", ""),
        ("copy", "  copy: *l\n", ""),
        ("blocks[1]", "{y: 1}, {z: 2}]", "{y: 1}]"),
        ("blocks[1].z=3", "{z: 2}", "{z: 3}"),
        ("block", "  block: *x\n", ""),
        ("blocks_again[1]", "[*x, k]", "[*x]"),
    ],
)
def test_what_stands_beside_is_changed(typed: str, old: str, new: str) -> None:
    assert TEXT.count(old) == 1
    made = edit(read(), [setting(typed)])
    assert made.text == TEXT.replace(old, new)
    assert [change.path for change in made.changes] == [setting(typed).field]
    # One after another the same.
    later = edit(read(), [Setting("train_steps", "400"), setting(typed)])
    assert later.text == made.text.replace("500", "400")


def test_a_type_that_is_an_alias_is_named_with_its_anchor() -> None:
    text = TEXT.replace("model:\n", "model:\n  kind: &kind constant\n")
    text = text.replace("{type: constant,", "{type: *kind,")
    with pytest.raises(SetError) as refused:
        edit(examine(Source("a.yaml", text)), [Setting("learning_rate.type", "polynomial")])
    name = "trainer.optimizer_config.learning_rate.type"
    said = ALIAS.format("kind", "4:9", "kind")
    assert str(refused.value).startswith(f"a.yaml: `{name}` {said}")
