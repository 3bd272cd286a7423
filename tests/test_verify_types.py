"""Which types `make lint` calls unknown, in what pyright reports of them."""

from __future__ import annotations

from typing import Any

import pytest

from tools.verify_types import guessed

BASE = "Type of base class unknown"
CONFIG = "schedule_builder.compiler.Config"
SCHEDULER = "schedule_builder.frameworks.torch_backend.ConfigScheduler"
BUILDER = "schedule_builder.frameworks.torch_backend.build_torch_scheduler"


def symbol(
    name: str, *messages: str, severity: str = "error", is_known: bool = False
) -> dict[str, Any]:
    diagnostics = [{"message": message, "severity": severity} for message in messages]
    return {
        "name": name,
        "isTypeKnown": is_known,
        "isTypeAmbiguous": False,
        "diagnostics": diagnostics,
    }


@pytest.mark.parametrize(
    ("symbols", "found"),
    [
        ([symbol(CONFIG, is_known=True)], []),
        ([symbol(CONFIG, "No docstring", severity="warning", is_known=True)], []),
        (
            [symbol(f"{CONFIG}.a", 'Type is missing type annotation\n  Inferred type is "bool"')],
            [f'{CONFIG}.a: Type is missing type annotation Inferred type is "bool"'],
        ),
        ([symbol(CONFIG, BASE)], [f"{CONFIG}: {BASE}"]),
        ([symbol(SCHEDULER, BASE), symbol("schedule_builder.ConfigScheduler")], []),
        ([symbol(f"{SCHEDULER}.a", "Type unknown")], [f"{SCHEDULER}.a: Type unknown"]),
        (
            [symbol(SCHEDULER, BASE), symbol(BUILDER, 'Return type is "ConfigScheduler"')],
            [],
        ),
        (
            [symbol(BUILDER, 'Return type is "ConfigScheduler"')],
            [f'{BUILDER}: Return type is "ConfigScheduler"'],
        ),
    ],
)
def test_unknown_types(symbols: list[dict[str, Any]], found: list[str]) -> None:
    assert list(guessed(symbols)) == found


def test_a_type_that_is_guessed_is_not_known() -> None:
    ambiguous = symbol(CONFIG, "Type is missing", is_known=True) | {"isTypeAmbiguous": True}
    assert list(guessed([ambiguous])) == [f"{CONFIG}: Type is missing"]
