# Everything that is done to this project, by one verb each. `make` alone lists them.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
PEERS := model_server/bench/requirements-peers.txt
PEERS_INSTALLED := .venv-bench/.installed
SOURCES := app model_server tests space.py

.DEFAULT_GOAL := help
.PHONY: help install run serve serve-ray check format test bench

help: ## list these verbs
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## /\1|/' | awk -F'|' '{printf "  make %-10s %s\n", $$1, $$2}'

install: $(INSTALLED) ## set up .venv with everything (the other verbs do it on first use)

$(INSTALLED): requirements.txt
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Twinstream needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Set PYTHON=python3.11, for example.")'
	@echo "Setting up .venv; the first time this takes a few minutes."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $(INSTALLED)

run: $(INSTALLED) ## start the page, and the built-in model where RAY_SERVE_URL is not set
	@exec $(BIN)/python -m app

serve: $(INSTALLED) ## start the model server alone, on 127.0.0.1:8000
	@exec $(BIN)/python -m model_server serve

serve-ray: $(INSTALLED) ## the same as one Ray Serve deployment
	@exec $(BIN)/python -m model_server serve --ray

check: $(INSTALLED) ## lint, formatting and types; changes nothing
	@$(BIN)/ruff check $(SOURCES)
	@$(BIN)/ruff format --check $(SOURCES)
	@$(BIN)/mypy
	@$(BIN)/mypy --python-version 3.10 model_server

format: $(INSTALLED) ## put the code into its one form
	@$(BIN)/ruff check --fix $(SOURCES)
	@$(BIN)/ruff format $(SOURCES)

test: $(INSTALLED) ## run every test, in a real browser too
	@CHROMIUM="$$($(BIN)/python -m tests.browser.chromium)" && export CHROMIUM && exec $(BIN)/python -m pytest

bench: $(INSTALLED) $(PEERS_INSTALLED) ## measure the server beside its peers (15 minutes; LLAMA_SERVER names one) for README.md
	@exec $(BIN)/python -m model_server.bench --write-readme $(OPTIONS)

$(PEERS_INSTALLED): $(PEERS)
	@echo "Setting up .venv-bench, for the servers that this one is compared with."
	@$(PYTHON) -m venv .venv-bench
	@.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check -r $(PEERS)
	@touch $(PEERS_INSTALLED)
