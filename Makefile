# Two commands do everything on a machine with Python 3.11 or newer and make:
#   make demo   simulate a radiogenomic cohort, run the main job on it, say where the report is
#   make test   lint, types, import directions, tests, doctests, links of the site, notebooks
# Others:
#   make docs   build the site into build/docs
#   make dist   for releases: build wheel and sdist, check them, install the wheel alone and run its demo
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
JOBS ?= 2

.PHONY: demo test lint types tests notebooks docs dist clean

$(VENV)/installed: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; set PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --editable ".[parquet,notebooks,counts,mudata,docs]" --group dev
	touch $@

demo: $(VENV)/installed
	$(BIN)/omicsfuse demo --jobs $(JOBS)

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

docs: $(VENV)/installed-dev
	$(BIN)/python -m sphinx --quiet --fail-on-warning --keep-going -c docs -d build/doctrees . build/docs
	@echo "site: build/docs/index.html"

dist: $(VENV)/installed-dev
	rm -rf dist build
	$(BIN)/python -m pip install --quiet --group dist
	$(BIN)/python -m hatchling build
	$(BIN)/twine check --strict dist/*
	$(PYTHON) -m venv build/bare
	build/bare/bin/python -m pip install --quiet dist/*.whl
	cd build && bare/bin/omicsfuse demo --jobs $(JOBS)

clean:
	rm -rf $(VENV) demo build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
