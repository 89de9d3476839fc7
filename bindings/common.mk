# What the Makefiles of all bindings say. A Makefile includes it first:
#
#   include ../common.mk
#
# and then has the targets below as far as there is anything to do for them. Paths are
# absolute; everything that is made goes below $(BUILD)/<language>.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# The checkout, what it generates, and its Python, which has the command stele.
ROOT := $(abspath $(dir $(lastword $(MAKEFILE_LIST)))..)
override BUILD := $(abspath $(or $(BUILD),$(ROOT)/build))
PYTHON ?= $(ROOT)/.venv/bin/python
STELE ?= $(ROOT)/.venv/bin/stele
# What `make example` runs.
MODEL ?= $(BUILD)/models/digits/saved_model

# After what the caller has set: a TensorFlow of one's own comes first.
export PKG_CONFIG_PATH := $(PKG_CONFIG_PATH:%=%:)$(BUILD)/tensorflow/lib/pkgconfig
export STELE_LIBTENSORFLOW ?= $(BUILD)/tensorflow/lib
export STELE_BUILD := $(BUILD)
export TF_CPP_MIN_LOG_LEVEL ?= 2
export BUILD PYTHON

# Beside no source: some of them are packed as they lie there.
unexport PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX := $(BUILD)/pycache

# $(shell) does not see exported variables before make 4.4.
PKG_CONFIG = PKG_CONFIG_PATH='$(PKG_CONFIG_PATH)' pkg-config

# Puts what a list of versions and hashes names, and nothing else, into a folder of its
# own: $(call pip_into,FOLDER,LIST).
pip_into = rm -rf $(1) && $(PYTHON) -m pip install --quiet --disable-pip-version-check \
  --no-deps --require-hashes --target $(1) -r $(2)

# SavedModels that no zoo wants, for the tests of all languages.
ODD_MODELS := $(BUILD)/odd-models

.PHONY: odd-models
odd-models:
	@mkdir -p $(BUILD)
	@cd $(ROOT) && $(PYTHON) -m tests.odd_models $(ODD_MODELS) > $(BUILD)/odd-models.log 2>&1 \
	  || { cat $(BUILD)/odd-models.log >&2; exit 1; }

# libstele and the worker kit, as a user installs them, for what stands on them. Each
# folder has its own: two of them may be built at once.
LIBSTELE = $(OUT)/libstele

.PHONY: libstele
libstele:
	@mkdir -p $(OUT)
	@$(MAKE) --no-print-directory -C $(ROOT)/bindings/c install PREFIX=$(LIBSTELE) > $(OUT)/libstele.log \
	  || { cat $(OUT)/libstele.log >&2; exit 1; }

$(MODEL)/saved_model.pb:
	@echo "no $@: run 'make model-digits' in the repository, or set MODEL" >&2; exit 1

# build: library, worker and example. test: all tests of the folder. lint: formatter and
# linter, changing nothing. format: lets them write. example: the digits example. bench,
# bench-readme: measures, and writes the tables of the README. ahead, where there is much to
# compile: what of a build needs no Python packages, made while `make demo` installs them.
.PHONY: help build test lint format example bench bench-readme clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
