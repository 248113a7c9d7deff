# Everything runs from a local environment in .venv; the only needs are Python >= 3.11 with pip, and make.
SHELL := bash
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
PATHS := analyzer parsers tests docs
TESTED := $(shell find analyzer parsers tests docs notebooks sample_repos -type f -not -path '*/__pycache__/*' 2>/dev/null)

.PHONY: demo test retest check docs wheel clean

demo: .venv/.installed
	@$(BIN)/meshgain report sample_repos/payments --fail-on never

# What has passed and has not changed since is not run again; `make retest` runs it all the same.
test: .venv/.tested
	@echo "$$(cat .venv/.tested)"

retest: .venv/.ready
	@rm -f .venv/.tested
	@$(MAKE) --no-print-directory test

.venv/.tested: .venv/.ready $(TESTED)
	@set -o pipefail; $(BIN)/python -m pytest -q -n auto | tee .venv/.output
	@tail -n 1 .venv/.output > $@

check: .venv/.ready
	$(BIN)/ruff format --check $(PATHS)
	$(BIN)/ruff check $(PATHS)
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports

docs: .venv/.ready
	$(BIN)/python docs/generate.py
	$(BIN)/python docs/scripts/amplification_table.py

wheel: .venv/.ready
	rm -rf build dist
	$(BIN)/python -m build --wheel --outdir dist .
	$(BIN)/check-wheel-contents dist/*.whl

# Only what the command needs.
.venv/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(PIP) -e .
	@touch $@

# And what tests, checks, proofs and notebooks need.
.venv/.ready: .venv/.installed
	$(PIP) -e '.[dev,prove,comment,notebook]'
	@touch $@

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
