# Every target does its own set-up and says what it is doing. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
UV := $(BIN)/uv
UV_VERSION := 0.13.8
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate --no-header
PROVIDERS := --extra deepgram --extra anthropic --extra openai --extra gemini --extra tools --extra mcp \
	--extra jwt --extra traces --extra silero --extra embedded --extra redis --extra postgres --extra stripe

# What the benchmark compares with is heavy, and none of the project's own dependencies; the gateway is measured with
# the packages of its image alone.
BENCH_VENV ?= $(HOME)/.cache/parley/bench
BENCH_STAMP := $(BENCH_VENV)/.installed
BENCH_GATEWAY_VENV ?= $(HOME)/.cache/parley/bench-gateway
BENCH_GATEWAY_STAMP := $(BENCH_GATEWAY_VENV)/.installed
# Types of all packages that are used: a minute's work, the same in every checkout.
TYPES_CACHE ?= $(HOME)/.cache/parley/mypy
BENCH ?=
BENCH_OPERATOR ?= $(filter --quick,$(BENCH))

CODE := operator gateway localcluster quickstart charts sbom examples tests
PYTEST := $(BIN)/python -m pytest
PYTEST_FLAGS ?=
# Hundreds of processes start here: byte code that none may keep would be compiled by each anew.
unexport PYTHONDONTWRITEBYTECODE
# Most tests wait for servers more than they compute: two processes for each core.
SPREAD = --numprocesses $(shell expr 2 \* $$(nproc)) --dist loadfile --no-loadscope-reorder
# The tests of nodes wait most of all, for pods and timers: a few share one node.
SPREAD_NODES = --numprocesses 4 --dist loadgroup --no-loadscope-reorder --verbose --durations 10

START := $(shell date +%s)
# $(call say,TEXT) prints TEXT with the seconds since make began.
say = @printf '[%5ds] ==> %s\n' "$$(( $$(date +%s) - $(START) ))" "$(1)"

##@ Use
.PHONY: help
help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Where `run` makes its cluster: local, kind, or current (with REGISTRY, to which images are pushed).
CLUSTER ?= local
REGISTRY ?=
QUICKSTART = $(BIN)/python -m quickstart --cluster $(CLUSTER) $(if $(REGISTRY),--registry $(REGISTRY))

.PHONY: run down images
run: $(STAMP) ## From nothing to a spoken conversation on a real Kubernetes
	@$(QUICKSTART) run
down: $(STAMP) ## Take away everything that `make run` started
	@$(QUICKSTART) down
images: $(STAMP) ## Build both images and bring them into the cluster
	@$(QUICKSTART) images

##@ Prove
.PHONY: test
test: lint ## Everything: static checks, then all layers up to the cluster
	$(call say,the programs of the local cluster)
	@$(BIN)/python -m localcluster build
	$(call say,the layers below the cluster)
	@$(PYTEST) $(PYTEST_FLAGS) $(SPREAD) tests/operator tests/gateway tests/chart tests/unit
	$(call say,the cluster)
	@$(PYTEST) $(PYTEST_FLAGS) $(SPREAD_NODES) tests/localcluster tests/cluster

.PHONY: test-unit test-chart test-gateway test-operator test-cluster test-scaling
test-unit: $(STAMP) ## Pure code, in seconds
	@$(PYTEST) $(PYTEST_FLAGS) $(SPREAD) tests/unit
test-chart: $(STAMP) ## The Helm chart and the Kustomize base, rendered and asked of a real API server
	@$(PYTEST) $(PYTEST_FLAGS) tests/chart
test-gateway: $(STAMP) ## The gateway on real sockets, with the official SDKs against emulated providers
	@$(PYTEST) $(PYTEST_FLAGS) $(SPREAD) tests/gateway
test-operator: $(STAMP) ## The operator against a real API server and etcd
	@$(PYTEST) $(PYTEST_FLAGS) $(SPREAD) tests/operator
test-cluster: $(STAMP) ## A real node: images, Helm, Traefik, conversations from outside
	@$(PYTEST) $(PYTEST_FLAGS) $(SPREAD_NODES) tests/localcluster tests/cluster
test-scaling: $(STAMP) ## A real node with the real KEDA and Prometheus, which are built for it: not part of test
	@$(PYTEST) $(PYTEST_FLAGS) tests/scaling

.PHONY: bench bench-gateway bench-operator
bench: bench-gateway bench-operator ## Measure both programs, in 25 minutes (BENCH=--quick: 8)
bench-gateway: $(STAMP) $(BENCH_STAMP) $(BENCH_GATEWAY_STAMP) ## Measure the gateway beside Pipecat, on one core
	$(call say,the gateway)
	@$(UV) pip install --quiet --python $(BENCH_GATEWAY_VENV)/bin/python --no-deps --editable .
	@$(BENCH_GATEWAY_VENV)/bin/python -X no_debug_ranges -m compileall -q -f -o 2 gateway
	@$(BIN)/python -m tests.bench --pipecat $(BENCH_VENV)/bin/python \
		--gateway $(BENCH_GATEWAY_VENV)/bin/python $(BENCH)
bench-operator: $(STAMP) ## Measure the operator with 100 and 1,000 resources (BENCH_OPERATOR=--full: 5,000)
	$(call say,the operator)
	@$(BIN)/python -m tests.bench.operator $(BENCH_OPERATOR)

$(BENCH_STAMP): requirements/bench.txt
$(BENCH_GATEWAY_STAMP): requirements/gateway.txt
$(BENCH_STAMP) $(BENCH_GATEWAY_STAMP): | $(UV)
	$(call say,installing $< into $(@D))
	@$(UV) venv --quiet --clear --python $(PYTHON) $(@D)
	@$(UV) pip install --quiet --python $(@D)/bin/python --require-hashes -r $<
	@-$(@D)/bin/python -X no_debug_ranges -m compileall -q -o 0 -o 2 $(@D)/lib >/dev/null
	@touch $@

.PHONY: lint
lint: $(STAMP) ## Formatting, lint, types and import contracts
	$(call say,ruff)
	@$(BIN)/ruff format --check --quiet $(CODE)
	@$(BIN)/ruff check --quiet $(CODE)
	$(call say,mypy)
	@$(BIN)/mypy --cache-dir $(TYPES_CACHE) $(CODE)
	$(call say,import contracts)
	@$(BIN)/lint-imports --no-logo --no-cache

.PHONY: format
format: $(STAMP) ## Format and mend what can be mended
	@$(BIN)/ruff check --quiet --fix $(CODE)
	@$(BIN)/ruff format $(CODE)

##@ Develop
.PHONY: venv
venv: $(STAMP) ## Create .venv with everything that development needs

$(UV):
	$(call say,creating $(VENV))
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Parley needs Python 3.11 or newer: make PYTHON=python3.x …")'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(STAMP): requirements/dev.txt pyproject.toml | $(UV)
	$(call say,installing requirements/dev.txt into $(VENV))
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements/dev.txt
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $(STAMP)

.PHONY: manifests
manifests: $(STAMP) ## Write what is derived: the chart's definition and the Kustomize base
	@$(BIN)/python -m charts.derive

.PHONY: sbom
sbom: $(STAMP) ## Write what is in the images, as CycloneDX, to build/sbom
	@$(BIN)/python -m sbom

.PHONY: lock
lock: | $(UV) ## Resolve the dependencies anew into requirements/ (hashes, no addresses)
	@$(COMPILE) pyproject.toml --group dev --extra operator --extra gateway --extra client $(PROVIDERS) --output-file requirements/dev.txt
	@$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")' \
		| $(COMPILE) - --output-file requirements/build.txt
	@$(COMPILE) --group pyproject.toml:bench --output-file requirements/bench.txt
	@$(COMPILE) pyproject.toml --extra operator --output-file requirements/operator.txt
	@$(COMPILE) pyproject.toml --extra gateway $(PROVIDERS) --output-file requirements/gateway.txt

.PHONY: clean
clean: ## Remove what was made inside this checkout (the caches outside it stay)
	@rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
