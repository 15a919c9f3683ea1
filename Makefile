# Two commands: `make run` shows the product, `make test` proves it. Everything else serves these.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test soak check pictures types lock bench-peers system-python system-database system-browser clean

BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
CLIENT := web/client
CLIENT_SOURCES := $(shell find $(CLIENT) -path $(CLIENT)/node_modules -prune -o -type f -print)
READY := .venv/.ready
MODULES := $(CLIENT)/node_modules/.ready
CONSOLE := web/static/index.html

help: ## say what can be made
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

run: system-database $(READY) $(CONSOLE) ## install what is missing, start everything, open http://127.0.0.1:8000
	@exec citybrain run

test: system-database system-browser check ## every kind of test, the exhaustive ones sampled
	pytest --ignore=tests/house

soak: system-database system-browser check ## every test in full: long property runs, whole matrices
	CITYBRAIN_SOAK=1 pytest

check: system-database $(READY) $(CONSOLE) ## style, types, floors, documents, policies
	ruff check .
	ruff format --check .
	mypy
	lint-imports
	pytest -q -n 0 tests/house
	cd $(CLIENT) && npm run --silent check

pictures: system-database system-browser $(CONSOLE) ## the documents' pictures, taken anew (CITYBRAIN_REAL_DATA for real places)
	CITYBRAIN_PICTURES=$(CURDIR)/docs/pictures pytest -n 0 tests/browser/test_demo.py tests/browser/test_real_places.py

types: $(READY) $(MODULES) ## the browser's types, made anew from the OpenAPI document
	citybrain openapi $(CLIENT)/openapi.json
	cd $(CLIENT) && npm run --silent types

lock: ## pin every Python dependency with its hash (needs uv)
	uv pip compile pyproject.toml --extra dask --group build --group test --universal --python-version 3.11 \
		--generate-hashes --no-annotate --no-header \
		--upgrade --quiet -o requirements.lock
	uv pip compile pyproject.toml --extra dask --group build --group test --group bench --universal --python-version 3.11 \
		--generate-hashes --no-annotate --no-header \
		--upgrade --quiet -o requirements-bench.lock

bench-peers: $(READY) ## install the programs that the benchmarks compare with
	@python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.lock

clean: ## remove what was built; the private database stays
	rm -rf .venv web/static layers/assets $(CLIENT)/node_modules build dist

system-python:
	@tools/system.sh python

system-database:
	@tools/system.sh database

system-browser: $(READY)
	@tools/system.sh browser

$(READY): requirements.lock pyproject.toml | system-python
	@echo "==> installing the Python environment"
	@python3 -m venv .venv
	@python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@echo "==> compiling the placing index"
	@python -m layers.locate
	@touch $@

$(MODULES): $(CLIENT)/package.json $(CLIENT)/package-lock.json $(READY)
	@echo "==> installing the console's libraries"
	@cd $(CLIENT) && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(CONSOLE): $(CLIENT_SOURCES) $(MODULES)
	@echo "==> building the console"
	@cd $(CLIENT) && npm run --silent build
	@touch $@
