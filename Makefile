# Two commands set everything up on a machine with Python 3.11+ and make:
#   make run    all years from raw files to a release
#   make test   the whole test suite
.DEFAULT_GOAL := help
SHELL := /bin/bash

PYTHON ?= python3
VENV := .venv
# Use the uv of the machine; where there is none, a pinned one in a folder of the project.
UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
UV_VERSION := 0.13.8
# Trust what the machine trusts: behind a company's proxy the built-in certificates do not suffice.
export UV_SYSTEM_CERTS ?= 1
BIN := $(VENV)/bin
STAMP := $(VENV)/.synced
# Spark is 450 MB: it stands in an environment of its own.
SPARK_VENV := .venv-spark
SPARK_STAMP := $(SPARK_VENV)/.synced

.PHONY: help run test test-spark dev env check bench bench-large stress format clean
help: ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.uv/bin/uv:
	$(PYTHON) -m venv .uv
	.uv/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(STAMP): pyproject.toml uv.lock | $(if $(findstring .uv,$(UV)),.uv/bin/uv)
	$(UV) sync --frozen --quiet
	@touch $@

$(SPARK_STAMP): pyproject.toml uv.lock | $(if $(findstring .uv,$(UV)),.uv/bin/uv)
	UV_PROJECT_ENVIRONMENT=$(SPARK_VENV) $(UV) sync --frozen --quiet --group spark
	@touch $@

env: $(STAMP) ## create the environment from the lock

run: $(STAMP) ## load all years of data/raw and make a release
	@$(BIN)/fengchao run

dev: $(STAMP) ## open the Dagster UI on http://127.0.0.1:3000
	@$(BIN)/fengchao dev

test: $(STAMP) ## run the whole test suite
	$(BIN)/python -m pytest -n 2 --dist loadscope --no-loadscope-reorder

test-spark: ## run the project on a Spark cluster of this machine and compare with DuckDB (Java 17)
	@if reason=$$($(PYTHON) tests/spark/java.py); then $(MAKE) --no-print-directory spark-tests; \
	elif [ -n "$$reason" ]; then echo "Spark tests skipped: $$reason"; else exit 1; fi

.PHONY: spark-tests
spark-tests: $(SPARK_STAMP)
	$(SPARK_VENV)/bin/python -m pytest tests/spark

check: $(STAMP) ## lint, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(STAMP) ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(STAMP) ## print times of the main job, of decoding and of scoring, and precision and recall of the audit of print
	$(BIN)/python bench/main_job.py
	$(BIN)/python bench/decode.py 1000000
	$(BIN)/python bench/audit.py
	$(BIN)/python bench/report.py
	$(BIN)/python -m bench.large 1000000

bench-large: $(STAMP) ## the same scoring at 1, 10, 50 and 200 million answers, beside SQL, pandas and polars (an hour)
	$(BIN)/python -m bench.large 1000000 10000000 50000000 200000000

stress: $(STAMP) ## kill runs at 50 random moments and count what was lost
	$(BIN)/python bench/kill_stress.py

clean: ## remove everything that was produced (keeps data/raw)
	rm -rf var dbt/target $(VENV) $(SPARK_VENV) .uv
