# Everything that is done to this project, by one verb each. `make` alone lists them.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
PEERS := model_server/bench/requirements-peers.txt
PEERS_INSTALLED := .venv-bench/.installed
OVERLAYS := inf2 cpu sagemaker-only high-availability
LINT := k8s/requirements-lint.txt
LINT_INSTALLED := .venv-lint/.installed
# The images' names and versions: as the overlays have them. REGISTRY=registry.example.com pushes there, too.
REGISTRY ?=
TAG ?= 1.0.0
IMAGE_PREFIX := $(if $(REGISTRY),$(REGISTRY)/)
IMAGES := $(IMAGE_PREFIX)twinstream-gradio:$(TAG) $(IMAGE_PREFIX)twinstream-server:$(TAG)-cpu $(IMAGE_PREFIX)twinstream-server:$(TAG)-neuron
SOURCES := app model_server k8s tests space.py
# Without OPTIONS: less than a minute, on the built-in model.
LOADTEST_SMALL := --users 1,4,8 --input-words 16,128 --output-tokens 32 --seconds 4

.DEFAULT_GOAL := help
.PHONY: help install run serve serve-ray check format test screenshot bench loadtest soak serve-config images lint-k8s

help: ## list these verbs
	@grep -E '^[a-z0-9-]+:.*## ' Makefile | sed -E 's/^([a-z0-9-]+):.*## /\1|/' | awk -F'|' '{printf "  make %-12s %s\n", $$1, $$2}'

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
	@$(BIN)/python -m k8s.serve_config --check

format: $(INSTALLED) ## put the code into its one form
	@$(BIN)/ruff check --fix $(SOURCES)
	@$(BIN)/ruff format $(SOURCES)

test: $(INSTALLED) ## run every test, in a real browser too
	@CHROMIUM="$$($(BIN)/python -m tests.browser.chromium)" && export CHROMIUM && exec $(BIN)/python -m pytest

screenshot: $(INSTALLED) ## make README.md's picture of the page anew
	@CHROMIUM="$$($(BIN)/python -m tests.browser.chromium)" && export CHROMIUM && exec $(BIN)/python -m tests.browser.screenshot

bench: $(INSTALLED) $(PEERS_INSTALLED) ## measure the server beside its peers (15 minutes; LLAMA_SERVER names one) for README.md
	@exec $(BIN)/python -m model_server.bench --write-readme $(OPTIONS)

$(PEERS_INSTALLED): $(PEERS)
	@echo "Setting up .venv-bench, for the servers that this one is compared with."
	@$(PYTHON) -m venv .venv-bench
	@.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check -r $(PEERS)
	@touch $(PEERS_INSTALLED)

loadtest: $(INSTALLED) ## measure a backend as the published load table was made; OPTIONS="--help" lists what can be set
	@exec $(BIN)/python -m app.loadtest $(if $(OPTIONS),$(OPTIONS),$(LOADTEST_SMALL))

soak: $(INSTALLED) ## run what takes too long for `test`: a real Ray under load, a Space, comparisons
	@CHROMIUM="$$($(BIN)/python -m tests.browser.chromium)" && export CHROMIUM && \
		SOAK=1 exec $(BIN)/python -m pytest tests/k8s/test_serve_on_ray.py tests/browser/test_compare_results.py tests/browser/test_space.py

serve-config: $(INSTALLED) ## write the overlays' Serve configuration from model_server/serve.yaml and k8s/tuning.yaml
	@$(BIN)/python -m k8s.serve_config

images: ## build the images (TAG=1.0.0), and push them where REGISTRY=… names a registry
	docker build -f Dockerfile-gradio -t $(IMAGE_PREFIX)twinstream-gradio:$(TAG) .
	docker build -f Dockerfile-neuron --target cpu -t $(IMAGE_PREFIX)twinstream-server:$(TAG)-cpu .
	docker build -f Dockerfile-neuron --target neuron -t $(IMAGE_PREFIX)twinstream-server:$(TAG)-neuron .
	$(if $(REGISTRY),@for image in $(IMAGES); do docker push "$$image" || exit 1; done)

lint-k8s: $(LINT_INSTALLED) ## hold manifests and Dockerfiles against checkov, in an environment of its own
	@rm -rf build/lint && mkdir -p build/lint
	@for overlay in $(OVERLAYS); do kubectl kustomize k8s/overlays/$$overlay > build/lint/$$overlay.yaml || exit 1; done
	@for file in $$(find k8s/components -name '*.yaml'); do cp $$file build/lint/$$(echo $$file | tr / -); done
	@for name in gradio neuron; do cp Dockerfile-$$name build/lint/$$name.Dockerfile; done
	@.venv-lint/bin/checkov --quiet --compact --skip-download --config-file k8s/checkov.yaml --directory build/lint

$(LINT_INSTALLED): $(LINT)
	@echo "Setting up .venv-lint, for checkov."
	@$(PYTHON) -m venv .venv-lint
	@.venv-lint/bin/python -m pip install --quiet --disable-pip-version-check -r $(LINT)
	@touch $(LINT_INSTALLED)
