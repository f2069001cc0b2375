# Two commands: `make demo` shows what this does, `make test` proves that it works.
# Both make .venv first; when nothing changed that takes no time.

.DEFAULT_GOAL := help
.PHONY: help setup demo test unit lab labs labs-report verify lint types fresh bench \
	hub bench-hub

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PROXY := build/node/node_modules/.bin/configurable-http-proxy
# The first Python on PATH of a version that we support; override with PYTHON=...
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	2>/dev/null && command -v $$p && break; done)

# One thread per process: the work is small, and results must not depend on cores.
export OMP_NUM_THREADS := 1
export PATH := $(CURDIR)/$(BIN):$(PATH)

# JupyterHub's front door is a program for Node.js; its version 5 needs Node.js 20.
PROXY_VERSION = $$(node -p "parseInt(process.versions.node) < 20 ? 4 : 5")
INSTALL_PROXY = [ -x $(PROXY) ] || npm install --no-audit --no-fund \
	--prefix build/node configurable-http-proxy@$(PROXY_VERSION)

help:  ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(READY)  ## Make .venv and install everything (the other targets do it too)

demo: $(READY)  ## Build lab 1, grade a class of twelve, show the marks
	@autograder demo

test: $(READY) lint types fresh verify  ## Everything that CI runs
	python -m pytest -n auto --dist loadscope

unit: $(READY)  ## The quick tests alone
	python -m pytest -n auto --dist loadscope -m "not slow"

hub: $(READY) $(PROXY)  ## A JupyterHub with a demo course, on this machine
	@autograder hub --demo

lab: $(READY)  ## Open the labs in JupyterLab
	jupyter lab labs

labs: $(READY)  ## Rebuild labs/ from solutions/
	@autograder build

verify: $(READY)  ## Prove the tests of every lab with wrong and right answers
	@autograder verify

labs-report: $(READY)  ## A line a lab: time, memory, points, wrong answers killed
	@autograder labs-report

bench: $(READY)  ## Measure: ratios to a bare loop, into bench/results.md
	python -m bench

bench-hub: $(READY) $(PROXY)  ## Thirty students at once on a real hub: how long each step takes
	python -m bench.hub_load

lint: $(READY)  ## Style: ruff
	ruff check .
	ruff format --check .

types: $(READY)  ## Types: mypy --strict
	mypy

fresh: $(READY)  ## labs/ is what solutions/ give
	@autograder build --check

$(PROXY):
	@$(INSTALL_PROXY) >/dev/null 2>&1 || command -v configurable-http-proxy >/dev/null \
		|| { echo "make: expected npm to install configurable-http-proxy, the hub's" \
			"front door, found no npm or no package index: install Node.js 20 or" \
			"newer (apt-get install npm), then run make hub again" >&2; exit 2; }

$(READY): pyproject.toml constraints.txt
	@if [ -z "$(PYTHON)" ]; then \
		echo "make: expected Python 3.11, 3.12 or 3.13 on PATH, found" \
			"$$(python3 --version 2>/dev/null || echo none): install one, or say" \
			"'make demo PYTHON=/path/to/python3.11'" >&2; exit 2; fi
	@$(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV): some minutes the first time"
	@for wanted in torch '-e .[dev,hub,ray]'; do \
		$(BIN)/python -m pip install --disable-pip-version-check \
			--constraint constraints.txt $$wanted 2>$(VENV)/errors.log \
		|| { cat $(VENV)/errors.log >&2; \
			package=$$(sed -nE -e 's/.*No matching distribution found for //p' \
				-e 's/.*Cannot install ([^ ]+) .*/\1/p' \
				$(VENV)/errors.log | tail -1); \
			echo "make: expected to install $${package:-all packages} from a package" \
				"index, got the error above: check the network, then run make again" \
				>&2; exit 2; }; done
	@# Isolates submissions and students' servers; the hub's proxy; the browser of its
	@# tests. Where they cannot be installed, what needs them says what to do.
	@for wanted in bwrap:bubblewrap npm:npm chromium:chromium; do \
		command -v $${wanted%:*} >/dev/null || [ "$$(id -u)" != 0 ] \
		|| apt-get install -y --no-install-recommends $${wanted#*:} \
			>$(VENV)/errors.log 2>&1 || true; \
	done
	@$(INSTALL_PROXY) >$(VENV)/errors.log 2>&1 || true
	@# JupyterLab would ask a server for news at every start.
	@jupyter labextension disable --level sys_prefix \
		@jupyterlab/apputils-extension:announcements 2>$(VENV)/errors.log
	@touch $(READY)
