"""Where the fields of a message stand, by their paths."""

from __future__ import annotations

import copy
import pickle

import pytest

from schedule_builder.compiler import Config, examine
from schedule_builder.diagnostics import FieldPath, Source
from schedule_builder.reading.places import Place

TEXT = """manual_step_learning_rate {
  initial_learning_rate: 1
  schedule { step: 10 learning_rate: 0.5 }
  warmup: false
  schedule: [{ step: 20 }, { learning_rate: 0.1 step: 30 }]
}
"""
KIND = "manual_step_learning_rate"


@pytest.fixture
def config() -> Config:
    return examine(Source("a.config", TEXT))


def texts(place: Place) -> tuple[str, str]:
    return TEXT[slice(*place.name)], TEXT[slice(*place.value)]


def test_paths_are_in_the_order_of_the_file_and_lists_in_one_piece(config: Config) -> None:
    assert list(config.places) == [
        (KIND,),
        (KIND, "initial_learning_rate"),
        (KIND, "schedule"),
        (KIND, "schedule", 0),
        (KIND, "schedule", 0, "step"),
        (KIND, "schedule", 0, "learning_rate"),
        (KIND, "schedule", 1),
        (KIND, "schedule", 1, "step"),
        (KIND, "schedule", 2),
        (KIND, "schedule", 2, "learning_rate"),
        (KIND, "schedule", 2, "step"),
        (KIND, "warmup"),
    ]
    assert len(config.places) == 12


@pytest.mark.parametrize(
    ("path", "name", "value"),
    [
        ((KIND,), KIND, KIND),
        ((KIND, "initial_learning_rate"), "initial_learning_rate", "1"),
        ((KIND, "schedule"), "schedule", "{"),
        ((KIND, "schedule", 0), "schedule", "schedule"),
        ((KIND, "schedule", 0, "learning_rate"), "learning_rate", "0.5"),
        ((KIND, "schedule", 1), "schedule", "{"),
        ((KIND, "schedule", 2, "step"), "step", "30"),
    ],
)
def test_places(path: FieldPath, name: str, value: str, config: Config) -> None:
    assert texts(config.places[path]) == (name, value)


@pytest.mark.parametrize(
    "path",
    [
        (),
        ("warmup",),
        (0,),
        (KIND, 0),
        (KIND, "schedule", 3),
        (KIND, "schedule", -1),
        (KIND, "schedule", "step"),
        (KIND, "schedule", 1, "learning_rate"),
        (KIND, "schedule", 1, 0),
        (KIND, "schedule", 1, "step", "step"),
        (KIND, "initial_learning_rate", 0),
    ],
)
def test_what_is_not_given_has_no_place(path: FieldPath, config: Config) -> None:
    assert path not in config.places
    assert config.places.get(path) is None
    with pytest.raises(KeyError):
        config.places[path]


@pytest.mark.parametrize("last", ['{"step": 30}', '{"step": 30, "rate": 1}'])
def test_an_element_that_is_refused_leaves_its_number_to_the_next_one(last: str) -> None:
    text = f'{{"{KIND}": {{"schedule": [{{"step": 20}}, [5], {last}]}}}}'
    places = examine(Source("a.json", text)).places
    assert (KIND, "schedule", 2) not in places
    assert text[slice(*places[KIND, "schedule", 1, "step"].value)] == "30"


def test_copies_have_the_same_places(config: Config) -> None:
    for same in (copy.deepcopy(config), pickle.loads(pickle.dumps(config))):
        assert [*same.places] == [*config.places]
        for path, place in config.places.items():
            assert texts(same.places[path]) == texts(place)
