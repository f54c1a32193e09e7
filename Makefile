# One word for each chore. `make run` needs nothing but Python 3.12 or newer and Node.js 20.19 or newer.

HOST ?= 127.0.0.1
PORT ?= 8000
WORKERS ?= 2
TESTS ?= tests

PYTHON := .venv/bin/python
MAX_MESSAGE_BYTES := 16777216
SOURCES := $(shell find frontend -name node_modules -prune -o -name dist -prune -o -name test -prune -o -type f -print)

.PHONY: help run build test test-python test-frontend test-long check format clean
.DEFAULT_GOAL := help

help:
	@echo "make run        serve it on http://$(HOST):$(PORT) (HOST and PORT change that)"
	@echo "make test       all tests; make test-long: those that take long"
	@echo "make check      style, types, layers, migrations, production settings"
	@echo "make build      what make run sets up, without running it"
	@echo "make format     format the code; make clean: remove what was set up, but never var/, which is your data"

run: build
	@$(PYTHON) deploy/check_port.py "$(HOST)" "$(PORT)"
	@$(PYTHON) manage.py migrate --verbosity 0
	@echo
	@echo "  Coscribe is at http://$(HOST):$(PORT)/ : sign up there, the first account needs nothing special."
	@echo "  Ctrl+C stops it. Its data is in var/."
	@echo
	@# Deeply nested input must not overflow the C stack of the CRDT's library: as much stack as the machine allows.
	@ulimit -s 1048576 2>/dev/null || true; \
	exec .venv/bin/daphne --bind "$(HOST)" --port "$(PORT)" --verbosity 0 \
	    --websocket-max-message-size $(MAX_MESSAGE_BYTES) --websocket-max-frame-size $(MAX_MESSAGE_BYTES) \
	    --application-close-timeout 10 --no-server-name project.asgi:application

build: var/static/.ready

test: .venv/.ready build tests/interop/node_modules/.ready
	@deploy/setup-test-services.sh
	npm --prefix frontend test
	$(PYTHON) -m pytest -n $(WORKERS) -m "not long" $(TESTS)

test-python: .venv/.ready
	$(PYTHON) -m pytest -n $(WORKERS) -m "not long and not browser" $(TESTS)

test-frontend: frontend/node_modules/.ready
	npm --prefix frontend test

test-long: .venv/.ready build tests/interop/node_modules/.ready
	@deploy/setup-test-services.sh
	COSCRIBE_LONG=1 $(PYTHON) -m pytest -n $(WORKERS) $(TESTS)

check: .venv/.ready frontend/node_modules/.ready
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	npm --prefix frontend run check
	$(PYTHON) -m pytest -q -p no:randomly tests/test_layers.py
	$(PYTHON) manage.py makemigrations --check --dry-run
	HTTPS=1 $(PYTHON) manage.py check --deploy --fail-level WARNING

format: .venv/.ready
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

clean:
	rm -rf .venv .tools frontend/node_modules frontend/dist tests/interop/node_modules var/static

# -- What the above need, each made once and again when what it is made from changes ------------------------------------

.venv/.ready: pyproject.toml uv.lock deploy/setup-python.sh
	@echo "Setting up Python ..."
	@deploy/setup-python.sh
	@touch $@

%/node_modules/.ready: %/package.json %/package-lock.json deploy/setup-frontend.sh
	@echo "Setting up $* ..."
	@deploy/setup-frontend.sh $*
	@touch $@

frontend/dist/.vite/manifest.json: frontend/node_modules/.ready $(SOURCES)
	@echo "Building the frontend ..."
	@npm --prefix frontend run build --silent -- --logLevel warn
	@touch $@

var/static/.ready: .venv/.ready frontend/dist/.vite/manifest.json project/settings.py
	@echo "Collecting and compressing static files ..."
	@$(PYTHON) manage.py collectstatic --noinput --clear --verbosity 0
	@touch $@
