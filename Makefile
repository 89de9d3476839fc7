# stele: every command a person or CI needs. `make help` lists them.
#
# Everything generated goes below build/ and .venv/; nothing outside the
# checkout is touched, except Debian packages when this runs as root.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

ROOT := $(CURDIR)
export STELE_BUILD ?= $(ROOT)/build
VENV := $(ROOT)/.venv
PYTHON3 ?= python3
PYTHON := $(VENV)/bin/python
STELE := $(VENV)/bin/stele
PREFIX_TF := $(STELE_BUILD)/tensorflow
STAMPS := $(STELE_BUILD)/stamps

# What every compiled binding finds TensorFlow with.
export PKG_CONFIG_PATH := $(PREFIX_TF)/lib/pkgconfig$(if $(PKG_CONFIG_PATH),:$(PKG_CONFIG_PATH))
export STELE_LIBTENSORFLOW ?= $(PREFIX_TF)/lib
export BUILD := $(STELE_BUILD)

# Python's bytecode has a folder of its own, even where the environment wants none beside
# the sources: a worker that compiles TensorFlow's modules anew starts three times as slowly.
unexport PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX := $(STELE_BUILD)/pycache

# A binding's folder has a binding.toml; if there is anything to build or test, a Makefile too.
BINDINGS := $(patsubst bindings/%/,%,$(foreach folder, \
  $(dir $(wildcard bindings/*/binding.toml bindings/*/*/binding.toml)), \
  $(if $(wildcard $(folder)Makefile),$(folder))))

.PHONY: help
help: ## show this
	@grep -hE '^[a-z%-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{ printf "  make %-15s %s\n", $$1, $$2 }'

# --- the two commands ---------------------------------------------------------

.PHONY: demo
demo: ## train a model, run it in every language here, prove the bits, measure
	@$(MAKE) -j2 setup ahead
	@echo "1 of 2: training the model digits, and building every binding that runs it in process"
	@$(MAKE) -j2 model-digits in-process
	@echo "2 of 2: proving that every answer is the same, and measuring, a few rounds each"
	$(STELE) bench digits --in-process --starts 1 --rounds 7 --warm-up 1
	@echo "servers, browsers and converters too, on the whole zoo: make check"

.PHONY: test
test: ## run all tests of all languages
	@echo "toolchains, Python packages and models, side by side"
	$(MAKE) -j3 toolchains models tensorflows
	$(MAKE) -j2 bindings
	@echo "all tests, two parts at a time; what a part says is shown at its end: minutes each"
	$(MAKE) -j2 --keep-going --output-sync=target $(TESTS)

# In this order two are at work until the end, and beside the parity run, which has a worker
# of every binding in memory, are small ones.
TESTS := test-across test-bindings test-package test-onednn \
  test-parity test-snippets

.PHONY: test-package
test-package: setup ## the tests of the Python package
	$(PYTHON) -m pytest python/tests

.PHONY: test-across
test-across: setup ## the tests across languages, and of the harness
	$(PYTHON) -m pytest tests --ignore=tests/test_parity.py --ignore=tests/test_snippets.py

.PHONY: test-parity
test-parity: setup ## every zoo model in every binding
	$(PYTHON) -m pytest tests/test_parity.py

.PHONY: test-snippets
test-snippets: setup ## the programs that stele snippet writes: in each binding a share of the zoo
	$(PYTHON) -m pytest tests/test_snippets.py

# TensorFlow turns oneDNN on by the CPU, which decides bits and what it refuses:
# every verdict must be the same on a machine of the other kind.
.PHONY: test-onednn
test-onednn: setup model-digits ## the parity run as on CPUs where TensorFlow uses oneDNN, and where not
	for state in 0 1; do \
	  TF_ENABLE_ONEDNN_OPTS=$$state $(STELE) check digits --in-process --out $(STELE_BUILD)/onednn-$$state; \
	done

# libstele must run with other TensorFlows than the one here: tests/test_libstele.py.
.PHONY: tensorflows
tensorflows: setup ## the C libraries of older TensorFlows, for tests; 450 MB the first time
	$(PYTHON) -m tests.tensorflows

# --- parts --------------------------------------------------------------------

.PHONY: check
check: setup models bindings ## the parity run: the whole zoo in every binding
	$(STELE) check

.PHONY: examples
examples: setup model-digits bindings ## the same example in every language, and that it prints the same
	$(PYTHON) -m tests.examples

.PHONY: example-%
example-%: setup model-digits bindings ## the example of one binding, such as example-c
	@$(PYTHON) -m tests.examples $*

.PHONY: models
models: setup ## train what is not up to date of the zoo
	$(STELE) train

.PHONY: model-digits
model-digits: setup
	@$(STELE) train digits >&2

# Long builds first, so that none is alone at the end.
LONG_BUILDS := $(filter $(BINDINGS),$(patsubst bindings/%/binding.toml,%,$(shell \
  grep -ls '^long_build = true' bindings/*/binding.toml bindings/*/*/binding.toml)))

.PHONY: bindings
bindings: setup toolchains $(LONG_BUILDS:%=binding-%) $(BINDINGS:%=binding-%) ## build every binding whose toolchain is there

# No more than their workers and examples, of what is installed.
.PHONY: in-process
in-process: setup
	@MAKEFLAGS= $(PYTHON) -m stele.parity.ahead

# A missing toolchain leaves a binding grey; in CI it is an error.
.PHONY: $(BINDINGS:%=binding-%)
$(BINDINGS:%=binding-%): binding-%: setup
	@if $(PYTHON) -m stele.parity.toolchain $*; then $(MAKE) -C bindings/$* build; else [ "$${CI:-}" != true ]; fi

# Tests of one language run one after the other, whatever runs beside them.
IN_TURN := MAKEFLAGS=--no-print-directory $(MAKE)

.PHONY: test-bindings
test-bindings: $(BINDINGS:%=test-binding-%)

.PHONY: $(BINDINGS:%=test-binding-%)
$(BINDINGS:%=test-binding-%): test-binding-%: setup
	@if $(PYTHON) -m stele.parity.toolchain $*; then $(IN_TURN) -C bindings/$* test; else [ "$${CI:-}" != true ]; fi

# What stands on libstele makes it, if need be: two at once would write the same files.
ON_LIBSTELE := $(patsubst bindings/%/binding.toml,%,$(shell grep -ls '^needs = .*"c"' \
  bindings/*/binding.toml bindings/*/*/binding.toml))
$(filter $(BINDINGS:%=binding-%),$(ON_LIBSTELE:%=binding-%)): binding-c

.PHONY: snippets
snippets: setup models bindings ## the programs that stele snippet writes, of every zoo model in every binding
	STELE_PROGRAMS=all $(PYTHON) -m pytest tests/test_snippets.py

.PHONY: web
web: setup model-digits binding-js binding-rust ## draw a digit: the page, which runs the model, beside Python's answer
	$(STELE) web

# Other people's packages force versions on each other: an environment each. In
# them the tests below tests/interop run with `make test`, too.
.PHONY: interop
interop: setup models bindings ## our clients and server against Triton, MLServer, KServe and their clients
	$(PYTHON) -m tests.interop.environments
	$(PYTHON) -m pytest tests/interop
	$(PYTHON) -m tests.interop.report

.PHONY: ray
ray: setup model-digits binding-rust ## Ray Serve: equal answers, and kill -9 of replicas under load: no call fails
	$(PYTHON) -m tests.ray.environment
	$(PYTHON) -m tests.ray.same_answers
	$(PYTHON) -m tests.ray.kill_replica

# On Linux PyPI has PyTorch with CUDA only, and it does not run without: 3 GB are downloaded
# the first time, 5 GB on disk. BACKENDS=jax does without.
BACKENDS ?= jax torch
.PHONY: backends
backends: setup models ## the same Keras files under TensorFlow, JAX and PyTorch: how far apart
	$(PYTHON) -m tests.backends.environment $(BACKENDS)
	$(PYTHON) -m pytest tests/backends
	$(PYTHON) -m tests.backends.compare --update docs/guide/pytorch.md

# Five TensorFlows, each in an environment of its own: 1.3 GB are downloaded the first time,
# 6 GB on disk.
.PHONY: old-models
old-models: setup bindings ## models of older TensorFlows read by this one, and the other way round
	$(PYTHON) -m tests.old_models.environment
	$(PYTHON) -m tests.old_models.compare --update docs/interop.md

.PHONY: soak
soak: setup models binding-rust ## ten minutes of mixed load and abuse for the server
	$(PYTHON) python/bench/soak.py --update docs/serving.md

.PHONY: bench-serve
bench-serve: setup model-digits binding-c binding-rust ## what a call to the server costs, and what batching brings
	$(MAKE) -C bindings/rust server noop
	$(PYTHON) python/bench/serve.py --update docs/serving.md

.PHONY: lint
lint: setup toolchains ## every formatter and linter, strict, changing nothing
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	@for binding in $(BINDINGS); do $(MAKE) -C bindings/$$binding lint; done

.PHONY: format
format: setup toolchains ## write every file as its formatter wants it
	$(VENV)/bin/ruff check --fix-only .
	$(VENV)/bin/ruff format .
	@for binding in $(BINDINGS); do $(MAKE) -C bindings/$$binding format; done

.PHONY: readme
readme: setup models bindings ## measure again and write the table of the README
	$(STELE) bench digits --update README.md

.PHONY: report
report: setup models bindings ## compare and measure every binding, and write the page to build/report
	$(STELE) check
	$(STELE) bench digits
	$(STELE) report --update docs/comparison.md

.PHONY: docs
docs: setup ## the documentation as a site, build/docs; a link that leads nowhere fails
	$(PYTHON) -m sphinx --quiet --fresh-env --fail-on-warning -c docs . $(STELE_BUILD)/docs

.PHONY: doctor
doctor: ## what is installed, what is missing, and the one command that installs it
	@PYTHONPATH=python/src $(PYTHON3) -m stele.commands.doctor

.PHONY: clean
clean: ## remove everything generated, the venv too
	@for binding in $(BINDINGS); do $(MAKE) -C bindings/$$binding clean; done
	rm -rf $(STELE_BUILD) $(VENV) python/src/stele/_proto

# --- set-up -------------------------------------------------------------------

BINDING_FILES := $(wildcard bindings/*/binding.toml bindings/*/*/binding.toml)
DOCTOR_APT := env PYTHONPATH=python/src $(PYTHON3) -m stele.commands.doctor --apt
APT_INSTALL := env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends
apt_install = if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  missing=$$($(DOCTOR_APT) $(1)); \
	  if [ -n "$$missing" ]; then \
	    echo "installing Debian packages:" $$missing; \
	    apt-get update -qq; $(APT_INSTALL) $$missing >/dev/null; \
	  fi; \
	fi

.PHONY: setup
setup: $(STAMPS)/system $(STAMPS)/venv $(STAMPS)/package $(STAMPS)/tensorflow ## everything the other targets need

# Only root on Debian installs system packages; everybody else is told by doctor. What all
# of it needs comes first, and is all that `make demo` installs: the toolchains of all
# languages are gigabytes, and those that are not there are grey.
$(STAMPS)/system: $(BINDING_FILES)
	@mkdir -p $(@D)
	@$(call apt_install,)
	@touch $@

# One by one where they do not go together: as far as this Debian has them.
.PHONY: toolchains
toolchains: $(STAMPS)/toolchains
$(STAMPS)/toolchains: $(STAMPS)/system $(BINDING_FILES)
	@$(call apt_install,--all) || for package in $$($(DOCTOR_APT) --all); do \
	  $(APT_INSTALL) $$package >/dev/null 2>&1 || echo "not installed: $$package"; \
	done
	@touch $@

$(PYTHON): | $(STAMPS)/system
	@$(PYTHON3) -m venv $(VENV) || { $(MAKE) doctor; exit 1; }

# What a folder can compile before Python's packages are there, which is as long as they take:
# what fails here fails, and says so, when it is built.
AHEAD := $(patsubst %/Makefile,%,$(shell grep -ls '^ahead:' bindings/*/Makefile bindings/*/*/Makefile))
.PHONY: ahead
ahead: $(STAMPS)/system | $(PYTHON)
	@for folder in $(AHEAD); do $(MAKE) -C $$folder ahead >$(STAMPS)/ahead.log 2>&1 || true; done

# Python compiles what it imports; all of it at once would take as long as the rest.
$(STAMPS)/venv: python/requirements.lock | $(PYTHON)
	@echo "installing Python packages into .venv (about 300 MB the first time)"
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r $<
	@touch $@

# --no-deps and no build isolation: nothing is installed that the lock does not pin.
$(STAMPS)/package: $(STAMPS)/venv python/pyproject.toml python/hatch_build.py $(wildcard proto/*.proto)
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e python
	@touch $@

$(STAMPS)/tensorflow: $(STAMPS)/package
	@$(STELE) libtensorflow --prefix $(PREFIX_TF) >/dev/null
	@touch $@

# The lock is for all platforms and names no package index.
.PHONY: lock
lock: ## resolve the Python dependencies anew (needs uv)
	cd python && uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --upgrade --no-header --no-emit-index-url --extra cpu --extra zoo --extra serve --extra convert --extra report pyproject.toml requirements.in -o requirements.lock
	@! grep -n 'http' python/requirements.lock
