# `make demo` and `make test` need Python 3.11 or newer and make, nothing else: both set up .venv first.
PYTHON ?= $(shell command -v python3.13 || command -v python3.12 || command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help demo test lint types check bench docs clean

help:
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

$(READY): pyproject.toml
	@"$(PYTHON)" -c 'import sys; sys.exit("cloudcascade needs Python 3.11 or newer, not " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	"$(PYTHON)" -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[dev]"
	@touch $@

demo: $(READY) ## classify the bundled day of an account and show what is left
	@$(BIN)/cascade demo

test: $(READY) ## run the tests
	$(BIN)/python -m pytest

lint: $(READY) ## ruff and the layers contract
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(READY) .dev/cloudcascade ## mypy --strict on every room and the tests
	$(BIN)/python -m mypy

check: $(READY) ## hold the catalogue against service models, ATT&CK and the safety rules
	$(BIN)/cascade check

bench: $(READY) ## measure classify against the decode-only floor, in one run
	$(BIN)/python bench/classify.py

# mypy wants the package under its own name, whatever the checkout is called.
.dev/cloudcascade:
	mkdir -p .dev
	ln -sfn .. $@

clean: ## remove what the other targets made
	rm -rf $(VENV) .dev out build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
