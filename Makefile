# Each target makes the virtual environment that it needs; a fresh machine wants Python 3.11+, make and git.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt

.PHONY: help demo test lint bench install clean

help:
	@echo "make demo     score the sample export, show what it says, leave build/demo.csv (installs what scoring needs)"
	@echo "make test     run the tests (installs the development tools)"
	@echo "make lint     ruff and mypy"
	@echo "make bench    time every stage of scoring, and compare with the transformers pipeline"
	@echo "make install  put the package with its development tools into $(VENV)"

demo: $(VENV)/.scoring
	@mkdir -p build
	$(BIN)/sentiment-kit score corpora/samples/export.csv --output build/demo.csv
	@echo "build/demo.csv is the export with its sk_ columns (README.md says what they hold); a spreadsheet opens it."

test: $(VENV)/.development
	$(BIN)/python -m pytest

lint: $(VENV)/.development
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.development
	$(BIN)/python scripts/benchmark.py
	$(BIN)/python scripts/benchmark_pipelines.py

install: $(VENV)/.development

clean:
	rm -rf $(VENV) dist

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or later is wanted, $$($(PYTHON) --version) was found. Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "python -m venv failed; on Debian and Ubuntu: apt install python3-venv"; rm -rf $(VENV); exit 1; }

$(VENV)/.scoring: pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing what scoring needs into $(VENV) (a minute or two)"
	@$(PIP) --editable .
	@touch $@

$(VENV)/.development: pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing the development tools into $(VENV) (several minutes: torch is large)"
	@$(PIP) --editable '.[dev]'
	@touch $@ $(VENV)/.scoring
