# `make` lists what there is. Every target does the set-up it needs; it costs nothing where nothing has changed.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.SUFFIXES:

# Any Python 3 can start the set-up, which looks for the one that the zoo needs.
STARTER := $(shell command -v python3 || command -v python3.11)
PYTHON := .venv/bin/python
SETUP_FLAGS := $(if $(filter no,$(HOROVOD)),--without-horovod)
SOURCES := $(wildcard zoo_core plugins datasets tests tools docs)

# The theme announces its own end of life for 2027 at each build.
export NO_MKDOCS_2_WARNING := 1

.PHONY: help
help:  ## Lists the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1|/' | awk -F'|' '{printf "make %-8s %s\n", $$1, $$2}'

.PHONY: setup
setup:  ## Makes .venv (HOROVOD=no before any target: one rank, without Horovod)
	@test -n "$(STARTER)" || { echo "set-up: Python 3.11 is missing: apt-get install python3.11 python3.11-venv" >&2; exit 2; }
	@$(STARTER) tools/setup_environment.py $(SETUP_FLAGS)

.PHONY: run
run: setup  ## Trains CheXNet on drawn radiographs, on two ranks (ARGS="--data chestxray14=ROOT" and the like)
	@.venv/bin/zoo run chexnet $$(test -d .venv/lib/python3.11/site-packages/horovod && echo -np 2) $(ARGS)

.PHONY: test
test: setup  ## Runs the whole test suite (ARGS="tests/unit -k order" and the like)
	@$(PYTHON) -m pytest $(ARGS)

.PHONY: bench
bench: setup  ## Runs every benchmark beside its competitors, each a record on standard output (takes more than an hour; quiet machine)
	@for name in startup launching ingest plates training ranks predicting; do echo "benchmarks/$$name.py" >&2; $(PYTHON) benchmarks/$$name.py || exit 1; done

.PHONY: check
check: setup  ## Formatter, linter, strict types, import linter, documentation
	@$(PYTHON) -m ruff format --check
	@$(PYTHON) -m ruff check
	@$(PYTHON) -m mypy
	@.venv/bin/lint-imports --no-logo
	@$(PYTHON) -m mkdocs build --strict --quiet

.PHONY: format
format: setup  ## Formats the code and mends what the linter can mend
	@$(PYTHON) -m ruff format
	@$(PYTHON) -m ruff check --fix

.PHONY: docs
docs: setup  ## Builds the documentation into site/
	@$(PYTHON) -m mkdocs build --strict

.PHONY: pins
pins: setup  ## Writes constraints.txt anew from what .venv holds
	@$(PYTHON) tools/pins.py > constraints.new && mv constraints.new constraints.txt

.PHONY: clean
clean:  ## Removes the environment and what the tools left; keeps runs/ and the built Horovod
	rm -rf .venv site .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find $(SOURCES) -name __pycache__ -type d -prune -exec rm -rf {} +
