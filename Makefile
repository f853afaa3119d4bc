# `make demo` and `make test` need Python 3.11 or newer and make, nothing else: both set up .venv first.
# The first that runs and is new enough: a name on PATH may be a shim of a version that is not switched on.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$python; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
EVENTS ?= 200000
PYTEST_FLAGS ?= -n auto --dist loadfile

.PHONY: help demo test lint types check prove bench bench-live docs sample clean

help:
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

$(READY): pyproject.toml
	@test -n "$(PYTHON)" || { echo "cloudcascade needs Python 3.11 or newer; none was found (make PYTHON=/path/to/python3.11)"; exit 1; }
	@echo "setting up $(VENV): cloudcascade and what its tests need, once; this takes a minute or two"
	@test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[dev]"
	@touch $@ $(VENV)/.installed

# What the demonstration needs, and no more: a few tens of megabytes, and none of what tests bring.
$(VENV)/.installed: pyproject.toml
	@test -n "$(PYTHON)" || { echo "cloudcascade needs Python 3.11 or newer; none was found (make PYTHON=/path/to/python3.11)"; exit 1; }
	@echo "setting up $(VENV): cloudcascade and what it needs (about 100 MB), once"
	@test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV)
	@test -e $(READY) || $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

demo: $(VENV)/.installed ## classify the bundled day of an account and show what is left
	@$(BIN)/cascade demo

test: $(READY) ## run the tests, in as many processes as there are cores (PYTEST_FLAGS= runs them in one)
	$(BIN)/python -m pytest $(PYTEST_FLAGS)

lint: $(READY) ## ruff and the layers contract
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(READY) .dev/cloudcascade ## mypy --strict on every room and the tests
	$(BIN)/python -m mypy

check: $(READY) ## hold the catalogue against service models, ATT&CK and the safety rules
	$(BIN)/cascade check

prove: $(READY) ## attack every effect that may be silenced, as somebody would who knows its document
	$(BIN)/cascade prove --all

bench: $(READY) ## measure speed and memory, each against its yardstick (make bench EVENTS=10000000)
	$(BIN)/python bench/classify.py --events $(EVENTS)
	$(BIN)/python bench/against_duckdb.py --events $(EVENTS)
	$(BIN)/python bench/scaling.py --events $(EVENTS)
	$(BIN)/python bench/workers.py --events $(EVENTS)
	$(BIN)/python bench/memory.py --events $(EVENTS)

bench-live: $(READY) ## measure cascade watch: latency, state, and a flood of 300,000 events
	$(BIN)/python bench/live_latency.py
	$(BIN)/python bench/live_state.py
	$(BIN)/python bench/flood.py --events 300000 --max-memory 200MB

docs: $(READY) ## write the pages anew that follow from the program
	$(BIN)/python docs/render.py
	$(BIN)/python docs/render_graph.py

sample: $(READY) ## write docs/sample anew
	$(BIN)/python bench/sample_day.py

# mypy wants the package under its own name, whatever the checkout is called.
.dev/cloudcascade:
	mkdir -p .dev
	ln -sfn .. $@

clean: ## remove what the other targets made
	rm -rf $(VENV) .dev out build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
