"""Decides whether a name is a misspelling of another one, or a name of something else."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from difflib import SequenceMatcher
from functools import cache, lru_cache
from typing import Any

from google.protobuf.descriptor import FieldDescriptor

from schedule_builder.diagnostics import did_you_mean
from schedule_builder.v1 import experiment_pb2, learning_rate_pb2, optimizer_pb2, pipeline_pb2

_WORD = re.compile(r"[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z]+[0-9]*|[0-9]+")
_SHORT_FORMS = {"lr": ("learning", "rate"), "init": ("initial",)}
_FILLERS = frozenset(("base", "decay", "initial", "learning", "optimizer", "rate"))
"""Words whose absence does not make a name ambiguous."""
_LIKE = 0.6
"""The least similarity of a word and its misspelling."""

_EPOCHS = frozenset(("epoch", "epochs", "ep"))
_SHARES = frozenset(("ratio", "fraction", "proportion", "share"))
_PERCENTS = frozenset(("percent", "percentage", "pct"))
_OTHER_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
        iter iters iteration iterations batch batches sample samples example examples token tokens
        second seconds minute minutes hour hours day days
        adadelta adabelief adafactor adagrad adam adamax adamw amsgrad ftrl lamb lars lion muon
        nadam novograd radam rmsprop sgd shampoo sophia
        annealing cosine linear plateau schedule scheduler sqrt wsd
        """,
    )
)
"""Units, and names of optimizers and of schedules, that are not misspellings of our fields."""


def words_of(name: str) -> tuple[str, ...]:
    """The words of a name, in lower case and written out: `maxLR` is `max`, `learning`, `rate`."""
    words: list[str] = []
    for word in _WORD.findall(name):
        words += _SHORT_FORMS.get(word.lower(), (word.lower(),))
    return tuple(words)


def nearest(name: str, candidates: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """The candidate that a name is a misspelling of; None where it may well be something else.

    A word that is known, such as `epochs` or `adamw`, is not a misspelling of another word, and a
    word that tells fields apart, such as `min`, is not left out by mistake.
    """
    words = words_of(name)
    known = {candidate: words_of(candidate) for candidate in candidates}
    same = [c for c, other in known.items() if sorted(other) == sorted(words)]
    shorter = [c for c, other in known.items() if _is_short_for(words, other)]
    if same or len(shorter) == 1:
        return (same or shorter)[0]
    variants = [c for c, other in known.items() if _is_variant(words, other)]
    return did_you_mean(name, variants, cutoff=cutoff)


def unit_of(name: str) -> tuple[str, str] | None:
    """The unit that a name ends with, as it is called here, and the name without it."""
    stem, _, last = name.rpartition("_")
    for unit, words in (("epochs", _EPOCHS), ("share", _SHARES), ("percent", _PERCENTS)):
        if last.lower() in words:
            return unit, stem
    return None


def _is_short_for(words: tuple[str, ...], other: tuple[str, ...]) -> bool:
    missing = Counter(other) - Counter(words)
    is_part = not Counter(words) - Counter(other) and "rate" in words
    return is_part and _FILLERS.issuperset(missing)


def _is_variant(words: tuple[str, ...], other: tuple[str, ...]) -> bool:
    if "".join(words) == "".join(other):
        return True
    missing = Counter(other) - Counter(words)
    for word in Counter(words) - Counter(other):
        meant = next((m for m in missing if _is_slip(word, m)), None)
        if meant is None:
            return False
        del missing[meant]
    return _FILLERS.issuperset(missing)


@lru_cache(maxsize=10_000)
def _is_slip(word: str, meant: str) -> bool:
    if word.rstrip("s") == meant.rstrip("s"):
        return True
    return word not in _vocabulary() and SequenceMatcher(None, word, meant).ratio() >= _LIKE


@cache
def _vocabulary() -> frozenset[str]:
    """The words that are names of something."""
    files: list[Any] = [experiment_pb2, learning_rate_pb2, optimizer_pb2, pipeline_pb2]
    found = set(_OTHER_WORDS | _EPOCHS | _SHARES | _PERCENTS)
    for file in files:
        for message in file.DESCRIPTOR.message_types_by_name.values():
            for field in message.fields:
                found.update(words_of(field.name))
    return frozenset(found)


@cache
def is_whole_number(name: str) -> bool:
    """Whether every field of this name is a whole number."""
    files: list[Any] = [experiment_pb2, learning_rate_pb2, optimizer_pb2, pipeline_pb2]
    fields = [
        message.fields_by_name[name]
        for file in files
        for message in file.DESCRIPTOR.message_types_by_name.values()
        if name in message.fields_by_name
    ]
    whole = {"CPPTYPE_INT32", "CPPTYPE_INT64", "CPPTYPE_UINT32", "CPPTYPE_UINT64"}
    types = {getattr(FieldDescriptor, kind) for kind in whole}
    return bool(fields) and all(field.cpp_type in types for field in fields)
