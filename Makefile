# make demo: set up, run a small study, print where its report is.   make test: all tests.   make check: all that CI does.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export SYNTHASSAY_DATA ?= $(if $(wildcard ../shared/data),$(abspath ../shared/data),)
export OMP_WAIT_POLICY ?= PASSIVE

.PHONY: demo test check check-static clean

$(VENV)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "synthassay needs Python 3.11 or newer")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt torch==2.13.0
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test,check]'
	touch $@

demo: $(VENV)/.ready
	$(BIN)/python scripts/demo.py

test: $(VENV)/.ready
	$(BIN)/python -m pytest -n 2

check-static: $(VENV)/.ready
	$(BIN)/ruff format --check src tests benchmarks scripts
	$(BIN)/ruff check src tests benchmarks scripts
	$(BIN)/mypy
	$(BIN)/lint-imports

check: check-static test

clean:
	rm -rf $(VENV) runs
