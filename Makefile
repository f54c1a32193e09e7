# One word for each chore. `make run` needs nothing but Python 3.12 or newer and Node.js 20.19 or newer.

HOST ?= 127.0.0.1
PORT ?= 8000
WORKERS ?= 2
SECONDS ?= 600
TESTS ?= tests

PYTHON := .venv/bin/python
SOURCES := $(shell find frontend -name node_modules -prune -o -name dist -prune -o -name test -prune -o -type f -print)

.PHONY: help run cluster build test test-python test-frontend test-long check audit screenshots format clean bench chaos
.DEFAULT_GOAL := help

help:
	@echo "make run        serve it on http://$(HOST):$(PORT) (HOST and PORT change that)"
	@echo "make cluster    nginx, three server processes, a worker, PostgreSQL and Redis, all on this machine"
	@echo "make test       all tests; make test-long: those that take long"
	@echo "make check      style, types, layers, sizes of scripts, migrations, production settings"
	@echo "make audit      ask PyPI and npm whether the locked packages have known holes"
	@echo "make screenshots  every page and dialog into var/screenshots: desktop, dark, phone"
	@echo "make chaos      the cluster under forty people while everything breaks: SECONDS=600, and SEED=... to repeat one"
	@echo "make bench      Coscribe beside its peers, every scenario three times, into docs/benchmarks (hours)"
	@echo "make build      what make run sets up, without running it"
	@echo "make messages   gather what the server says into locale/, and compile the translations"
	@echo "make format     format the code; make clean: remove what was set up, but never var/, which is your data"

run: build
	@$(PYTHON) deploy/check_port.py "$(HOST)" "$(PORT)"
	@$(PYTHON) manage.py migrate --verbosity 0
	@echo
	@echo "  Coscribe is at http://$(HOST):$(PORT)/ : sign up there, the first account needs nothing special."
	@echo "  Ctrl+C stops it. Its data is in var/."
	@echo
	@HOST="$(HOST)" PORT="$(PORT)" SERVER="$(or $(SERVER),daphne)" exec deploy/serve.sh

# PROCESSES, SERVER=daphne, PORT, and CLUSTER (the folder of its data) change it.
cluster: build
	@deploy/setup-test-services.sh cluster
	@exec $(PYTHON) -m deploy.cluster --port "$(PORT)" --processes "$(or $(PROCESSES),3)" \
	    --server "$(or $(SERVER),uvicorn)" --folder "$(or $(CLUSTER),var/cluster)"

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

check: .venv/.ready frontend/dist/.vite/manifest.json
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	npm --prefix frontend run check
	npm --prefix frontend run --silent sizes
	$(PYTHON) -m pytest -q -p no:randomly tests/test_layers.py
	$(PYTHON) manage.py makemigrations --check --dry-run
	$(PYTHON) -m deploy.check_migrations
	HTTPS=1 $(PYTHON) manage.py check --deploy --fail-level WARNING

# 0: no known holes; 1: some; 2: PyPI or npm could not be asked.
audit: .venv/.ready
	@$(PYTHON) deploy/audit.py $(AUDIT)

screenshots: build
	@deploy/setup-test-services.sh
	$(PYTHON) -m tests.browser.screenshots

# Ends with 1 where an invariant did not hold; its record is in var/chaos.
chaos: build
	@deploy/setup-test-services.sh
	$(PYTHON) -m tests.chaos --seconds $(SECONDS) $(if $(SEED),--seed $(SEED))

# One scenario, some servers: make bench BENCH='--scenario fanout --servers coscribe-uvicorn,hocuspocus'
bench: build benchmarks/load/node_modules/.ready benchmarks/peers/.venv/.ready
	@deploy/setup-test-services.sh
	$(PYTHON) -m benchmarks run --runs 3 --out docs/benchmarks $(BENCH)

messages: .venv/.ready
	$(PYTHON) deploy/messages.py

format: .venv/.ready
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

clean:
	rm -rf .venv .tools frontend/node_modules frontend/dist tests/interop/node_modules var/static
	rm -rf benchmarks/load/node_modules benchmarks/peers/node_modules benchmarks/peers/.venv

# -- What the above need, each made once and again when what it is made from changes ------------------------------------

.venv/.ready: pyproject.toml uv.lock deploy/setup-python.sh
	@echo "Setting up Python ..."
	@deploy/setup-python.sh
	@touch $@

%/node_modules/.ready: %/package.json %/package-lock.json deploy/setup-frontend.sh
	@echo "Setting up $* ..."
	@deploy/setup-frontend.sh $*
	@touch $@

benchmarks/peers/.venv/.ready: benchmarks/peers/package.json benchmarks/peers/package-lock.json benchmarks/peers/setup.sh uv.lock .venv/.ready
	@echo "Setting up the peers of the benchmarks ..."
	@benchmarks/peers/setup.sh
	@touch $@

frontend/dist/.vite/manifest.json: frontend/node_modules/.ready $(SOURCES)
	@echo "Building the frontend ..."
	@npm --prefix frontend run build --silent -- --logLevel warn
	@touch $@

var/static/.ready: .venv/.ready frontend/dist/.vite/manifest.json project/settings.py $(wildcard collab/static/collab/*)
	@echo "Collecting and compressing static files ..."
	@$(PYTHON) manage.py collectstatic --noinput --clear --verbosity 0
	@touch $@
