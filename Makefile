# Two commands do everything on a machine with Python 3.11 or newer and make:
#   make demo   simulate a radiogenomic cohort, run the main job on it, say where the report is
#   make test   lint, types, import directions, tests, doctests, notebooks
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
JOBS ?= 2

.PHONY: demo test lint types tests notebooks clean

$(VENV)/installed: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; set PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --editable ".[parquet,notebooks,counts]" --group dev
	touch $@

demo: $(VENV)/installed
	rm -rf demo
	$(BIN)/omicsfuse simulate --out demo
	$(BIN)/omicsfuse run demo/study.toml --out demo/results --jobs $(JOBS)

test: lint types tests notebooks

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/installed-dev
	$(BIN)/mypy

tests: $(VENV)/installed-dev
	$(BIN)/pytest -n $(JOBS) --dist worksteal

notebooks: $(VENV)/installed-dev
	$(BIN)/python notebooks/execute.py

clean:
	rm -rf $(VENV) demo build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
