# Everything a newcomer needs: `make report` and `make test`. Needs Python 3.11 or later and a package index, nothing else.

PYTHON ?= python3
TOOLS := .venv/tools
UV := $(TOOLS)/bin/uv
RUN := .venv/bin
SHARED ?= ../shared/data
SET_UP := .venv/.set-up

.DEFAULT_GOAL := help
.PHONY: help setup report test check vintage bench

help: ## Say what can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

setup: $(SET_UP) ## Set up the environment in .venv from the lock

$(UV):
	@echo "setting up: tools"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "tripoint needs Python 3.11 or later; set PYTHON=python3.12 or so" >&2; exit 1; }
	@mkdir -p .venv
	@test -x $(RUN)/python || $(PYTHON) -m venv .venv
	@$(PYTHON) -m venv $(TOOLS)
	@$(TOOLS)/bin/python -m pip --quiet --disable-pip-version-check install 'uv>=0.8'

$(SET_UP): $(UV) pyproject.toml uv.lock
	@echo "setting up: packages, as locked"
	@UV_PROJECT_ENVIRONMENT=.venv $(UV) sync --quiet --locked --inexact --compile-bytecode --no-python-downloads --python $(RUN)/python
	@$(RUN)/python -m compileall -q src/tripoint
	@touch $@

report: setup ## Read Russia and China through Kazakhstan and write kazakhstan.html
	@$(RUN)/tripoint report RUS CHN KAZ --output kazakhstan.html

test: setup ## Run the tests
	@$(RUN)/python -m pytest --numprocesses=auto --dist=loadfile --quiet

check: setup ## Lint, format, types, contracts
	@$(RUN)/ruff check .
	@$(RUN)/ruff format --check .
	@$(RUN)/basedpyright
	@$(RUN)/lint-imports

vintage: setup ## Build the vintage that ships in the package from the extracts in SHARED
	@$(RUN)/python -m benchmarks.bundle $(SHARED)

bench: setup ## Measure speed against peers (SHARED has the data)
	@$(RUN)/python -m benchmarks $(SHARED)
