# GNU make.  `make demo` and `make test` are all a fresh machine needs; the rest is for developers.
# Another Python: make demo PYTHON=python3.12

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
MAKEFLAGS += --no-builtin-rules --no-print-directory

PYTHON ?= python3
VENV := .venv
ifeq ($(OS),Windows_NT)
SCRIPTS := Scripts
else
SCRIPTS := bin
endif
BIN := $(VENV)/$(SCRIPTS)
PIP_INSTALL := -m pip --disable-pip-version-check install --quiet
LOWEST := build/lowest
PYTEST_PARALLEL := -n auto --dist loadfile

.PHONY: help demo test check lint types tests test-lowest office clients format docs bench samples pictures clean

help:
	@echo 'make demo         a private environment, then a whole planning year in ./demo'
	@echo 'make test         the same environment, LibreOffice and Gnumeric where apt may, then every check'
	@echo 'make check        lint, types and tests with what is there'
	@echo 'make lint         ruff: rules and format          make format    let ruff rewrite the files'
	@echo 'make types        mypy, strict                    make bench     every benchmark'
	@echo 'make test-lowest  the tests with the oldest dependencies allowed'
	@echo 'make docs         make docs/problems.md and docs/frames.md anew'
	@echo 'make samples      fill in sample_data/returned anew, with LibreOffice'
	@echo 'make pictures     the pictures of the README, from real workbooks'
	@echo 'make clean        remove what the others made'

demo: $(VENV)/installed
	@$(BIN)/planbook demo demo

test: office clients check

check: lint types tests

lint: $(VENV)/installed-test
	@$(BIN)/python -m ruff check .
	@$(BIN)/python -m ruff format --check .

format: $(VENV)/installed-test
	@$(BIN)/python -m ruff check --fix-only .
	@$(BIN)/python -m ruff format .

types: $(VENV)/installed-test
	@$(BIN)/python -m mypy

tests: $(VENV)/installed-test
	@$(BIN)/python -m pytest $(PYTEST_PARALLEL) --cov --cov-report=term

office:
	@bash tests/support/install_office.sh

clients:
	@bash tests/support/install_clients.sh

bench: $(VENV)/installed-test
	@shopt -s nullglob; broken=0; for bench in benchmarks/bench_*.py; do \
	  echo "== $$bench"; $(BIN)/python "$$bench" || broken=1; \
	done; exit $$broken

docs: $(VENV)/installed-test
	@mkdir -p build
	@$(BIN)/planbook problems --markdown > build/problems.md && mv build/problems.md docs/problems.md
	@$(BIN)/python -c 'from planbook.measures.tidy import describe_frames; print(describe_frames(), end="")' \
	  > build/frames.md && mv build/frames.md docs/frames.md

samples: $(VENV)/installed-test
	@$(BIN)/python -m tests.support.make_samples

pictures: $(VENV)/installed-test
	@$(BIN)/python -m tests.support.make_pictures

test-lowest: $(LOWEST)/installed-test
	@$(LOWEST)/$(SCRIPTS)/python -m pytest $(PYTEST_PARALLEL)

clean:
	rm -rf $(VENV) build dist demo planbook.egg-info htmlcov .coverage .coverage.* \
	  .mypy_cache .pytest_cache .ruff_cache .hypothesis \
	  tests/support/ooxml/node_modules tests/support/clients/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The environments.  Each stamp is newer than what it was made from.

$(VENV)/installed: setup.cfg pyproject.toml | $(VENV)/pyvenv.cfg
	@echo 'Installing planbook into $(VENV) ...'
	@$(BIN)/python $(PIP_INSTALL) --editable .
	@touch $@

$(VENV)/installed-test: $(VENV)/installed
	@echo 'Installing the test tools into $(VENV) ...'
	@$(BIN)/python $(PIP_INSTALL) --editable '.[test]'
	@touch $@

$(LOWEST)/installed-test: setup.cfg pyproject.toml constraints/lowest.txt | $(LOWEST)/pyvenv.cfg
	@echo 'Installing planbook with its oldest dependencies into $(LOWEST) ...'
	@$(LOWEST)/$(SCRIPTS)/python $(PIP_INSTALL) --constraint constraints/lowest.txt --editable '.[test]'
	@touch $@

$(VENV)/pyvenv.cfg $(LOWEST)/pyvenv.cfg: %/pyvenv.cfg:
	@command -v '$(PYTHON)' >/dev/null || \
	  { echo 'planbook needs Python 3.11 or newer, and there is no $(PYTHON) here.' >&2; exit 1; }
	@'$(PYTHON)' -c 'import sys; sys.version_info >= (3, 11) or sys.exit("planbook needs Python 3.11 or newer; $(PYTHON) is %d.%d. Try: make PYTHON=python3.12" % sys.version_info[:2])'
	@'$(PYTHON)' -c 'import ensurepip' 2>/dev/null || \
	  { echo '$(PYTHON) cannot make environments here: install python3-venv (Debian, Ubuntu) first.' >&2; exit 1; }
	@'$(PYTHON)' -m venv '$*'
