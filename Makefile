# Every target does its own set-up: a virtual environment in $(VENV), and the packages it needs,
# installed again only when pyproject.toml is newer than the stamp of the last installation.
#
#   make quickstart                        train a small network on handwritten digits
#   make test                              all tests          (make test ARGS='-m "not slow"' for the quick ones)
#   make test-newest                       the core tests on the newest Python of this machine, and so on the newest JAX
#   make lint | make types | make format   ruff, mypy, ruff's formatter
#   make coverage                          docs/api_coverage.md: what of Keras is here
#   make bench                             the speed table    (make bench ARGS=...)
#   make clean                             remove the environment and all caches
#
# Variables: PYTHON (the interpreter to build the environment with), VENV (where), ARGS (passed on), JOBS (test processes).

VENV ?= .venv
JOBS ?= 2
ARGS ?=
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
SHELL := /bin/sh

.PHONY: help quickstart test test-newest lint types format bench clean
.DEFAULT_GOAL := help

help:
	@sed -n 's/^#   //p' Makefile

quickstart: $(VENV)/.stamp-quickstart
	$(BIN)/python examples/quickstart.py $(ARGS)

# Programs that XLA compiled are kept in .cache, so that a second run spends its time on the tests.
test: $(VENV)/.stamp-test
	@mkdir -p .cache/jax
	KERAS_BACKEND=jax \
	JAX_COMPILATION_CACHE_DIR="$${JAX_COMPILATION_CACHE_DIR-$(CURDIR)/.cache/jax}" \
	JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS="$${JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS-0.3}" \
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(ARGS)

# What leans on the insides of JAX and Flax, and what a change of theirs would break first.
NEWEST_TESTS := tests/core tests/layers tests/training tests/host tests/transform
test-newest:
	@newest="$$(.ci/newest)"; if [ -z "$$newest" ]; then echo "No Python >= 3.11 was found." >&2; exit 1; fi; \
	echo "Python $${newest%% *} ($${newest#* })"; \
	$(MAKE) test VENV=".cache/venv-$${newest%% *}" PYTHON="$${newest#* }" \
	  ARGS="$(if $(ARGS),$(ARGS),-m 'not slow' $(NEWEST_TESTS))"

lint: $(VENV)/.stamp-lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.stamp-lint
	$(BIN)/mypy $(ARGS)

format: $(VENV)/.stamp-lint
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

coverage: $(VENV)/.stamp-test
	$(BIN)/python -W ignore docs/coverage.py

bench: $(VENV)/.stamp-bench
	KERAS_BACKEND=jax $(BIN)/python -W ignore -m benchmarks.fit $(ARGS)

clean:
	rm -rf $(VENV) .cache .pytest_cache .mypy_cache .ruff_cache

# What each target installs. A stamp is touched last: an installation that was cut off starts again.
$(VENV)/.stamp-quickstart: EXTRAS := plot,sklearn
$(VENV)/.stamp-test: EXTRAS := test
$(VENV)/.stamp-lint: EXTRAS := lint
$(VENV)/.stamp-bench: EXTRAS := bench

$(VENV)/.stamp-%: pyproject.toml $(VENV)/.stamp-python
	@echo "Installing kerax[$(EXTRAS)] into $(VENV)"
	@$(PIP_INSTALL) --editable ".[$(EXTRAS)]"
	@touch $@

# The first Python >= 3.11 that can make environments. Each candidate is run, not only looked up:
# version managers leave stand-ins on the path that fail when they are called.
$(VENV)/.stamp-python:
	@for python in $(PYTHON) python3.13 python3.12 python3.11 python3 python; do \
	  if "$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
	    found="$$python"; break; \
	  elif [ -n "$(PYTHON)" ]; then \
	    echo "PYTHON=$(PYTHON) is not a Python >= 3.11 with venv and ensurepip." >&2; exit 1; \
	  fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "No Python >= 3.11 with venv and ensurepip was found (on Debian and Ubuntu: apt install python3-venv)." >&2; \
	  echo "Name one with: make $(MAKECMDGOALS) PYTHON=/path/to/python3" >&2; exit 1; \
	fi; \
	if ! "$(BIN)/python" -m pip --version >/dev/null 2>&1; then \
	  echo "Making $(VENV) with $$found ($$("$$found" --version))"; \
	  "$$found" -m venv --clear "$(VENV)" || exit 1; \
	fi; \
	touch $@
