# Two commands matter: `make report` and `make test`; `make check` is the quick one while you work.
# All set up what they need.
PYTHON ?= python3.11
VENV   := .venv
PY     := $(VENV)/bin/python
STUDY  ?= demo
DATA   ?=
# Quiet pip: what it has to say beside errors is not about this project.
PIP    := $(PY) -m pip --disable-pip-version-check install --quiet --quiet

# Tests run in as many processes as there are cores, at most four: each loads torch. A file keeps to
# one process, so that its fixtures are made once.
PYTEST := $(PY) -m pytest -q -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder
# More cases of the trusted R implementations than tests/golden has, where they lie beside the project.
export THYRO_REFERENCE ?= $(abspath $(wildcard ../shared/reference/r))
# The wall between the rooms; quiet unless it is broken.
WALL   := out=$$($(VENV)/bin/lint-imports --no-cache 2>&1) || { echo "$$out" >&2; exit 1; }

.DEFAULT_GOAL := help
.PHONY: help setup report test lint check lab test-lab bench docs clean

help:  ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 18
	@echo
	@echo "  STUDY=name   a file params/name.yml (now: $(STUDY))    DATA=folder   its images and table"

setup: $(VENV)/.ready  ## make the environment in .venv (done by the other commands when needed)

# pyradiomics 3.0.1 builds from source against the numpy that is already there: numpy and the build
# tools first, then the lock as it is, without build isolation.
$(VENV)/.ready: requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "make setup: $(PYTHON) not found; install Python 3.11 or say PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "Setting up $(VENV) (a few minutes the first time) ..."
	@$(PYTHON) -m venv --clear $(VENV)
	@$(PIP) $$(grep -E '^(numpy|setuptools|wheel)==' requirements.lock)
	@$(PIP) --no-build-isolation --no-deps --requirement requirements.lock
	@$(PIP) --no-build-isolation --no-deps --editable .
	@$(PY) -m pip check
	@$(PY) -c "import torch" || { echo "make setup: torch cannot be imported. On Linux some indexes hold the build for CUDA alone: set PIP_EXTRA_INDEX_URL to the index of CPU builds that PyTorch names, and run make setup again" >&2; exit 1; }
	@touch $@

report: setup  ## run a study and render its report (STUDY=demo)
	@$(PY) -m thyro.cli report $(STUDY) $(if $(DATA),--data '$(DATA)')

test: setup  ## run the tests
	@$(WALL)
	@$(PYTEST)

lint: setup  ## style, wall and types
	@$(VENV)/bin/ruff check --quiet .
	@$(VENV)/bin/ruff format --check --quiet .
	@$(WALL)
	@$(VENV)/bin/mypy

check: lint  ## lint and the fast tests (2 minutes)
	@$(PYTEST) -m "not slow"

lab: setup  ## open the notebooks in JupyterLab
	@JUPYTER_PREFER_ENV_PATH=1 $(VENV)/bin/jupyter lab --notebook-dir=. notebooks/00_cohort.ipynb

test-lab: setup  ## open every notebook in JupyterLab, run it and move its control (5 minutes)
	@THYRO_LAB=1 $(PY) -m pytest -q tests/notebooks/test_lab.py

bench: setup  ## measure speed and memory, as ratios within one run
	@$(PY) -m tests.benchmarks

docs: $(VENV)/.docs  ## build the documentation in docs/_build/html
	@$(PY) -m sphinx -q -W -n --keep-going -b html docs docs/_build/html
	@echo "docs/_build/html/index.html"

# Sphinx and what belongs to it is for this command alone, so that `make setup` does not wait for it.
$(VENV)/.docs: $(VENV)/.ready docs/requirements.lock
	@echo "Setting up the documentation ..."
	@$(PIP) --no-deps --requirement docs/requirements.lock
	@$(PY) -m pip check
	@touch $@

clean:  ## remove results and the environment
	rm -rf results docs/_build docs/generated .thyro .snakemake $(VENV)
