# `make run` and `make test` set up what they need; `make help` lists the rest.
PORT ?= 3000
TABLES_PORT ?= 4566
ENV ?= dev
EVENT ?= events/WebhookFunction/report.json
TABLES_HOST ?= 127.0.0.1

SAM_VERSION := 1.170.0
MINISTACK_VERSION := 1.5.33
AWSLAMBDARIC_VERSION := 4.2.2

UV := $(shell command -v uv 2>/dev/null || echo .tools/uv/bin/uv)
BIN := .venv/bin
SAM := SAM_CLI_TELEMETRY=0 .tools/sam/bin/sam
HOST_ARCHITECTURE := $(if $(filter aarch64 arm64,$(shell uname -m)),arm64,x86_64)
BUILD := PATH="$(CURDIR)/.venv/bin:$$PATH" $(SAM) build
LOCAL_AWS := AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local AWS_DEFAULT_REGION=us-east-1

.PHONY: help run test check format lock openapi bench-quality build build-host sam-api sam-invoke deploy clean

help:  ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 14

run: .venv/.ready  ## Run the service on this machine (PORT=3000, TABLES_PORT=4566)
	@exec $(BIN)/python -m application_status.local --port $(PORT) --tables-host $(TABLES_HOST) --tables-port $(TABLES_PORT)

test: .venv/.ready .tools/sam/.ready .tools/ministack/.ready .tools/runtime/.ready build-host  ## Run all tests, with every engine
	$(BIN)/pytest $(ARGS)

check: .venv/.ready .tools/sam/.ready  ## Lint, types, import contracts, template, locks
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry src
	$(UV) lock --check
	$(UV) export -q $(EXPORT) | diff - src/requirements.txt
	$(SAM) validate --lint --region eu-central-1

format: .venv/.ready  ## Format the code and mend what can be mended
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

EXPORT := --locked --no-dev --no-emit-project --no-header --format requirements-txt

lock: .venv/.ready  ## Lock the dependencies, and export what is deployed
	$(UV) lock
	$(UV) export -q $(EXPORT) > src/requirements.txt

openapi: .venv/.ready  ## Write docs/openapi.yaml anew, and what else is generated with it
	PYTHONPATH=tools $(BIN)/python -m openapi

bench-quality: .venv/.ready  ## What counting a change costs in write units, and how exact medians are; minutes
	$(BIN)/python benchmarks/quality_cost.py
	$(BIN)/python benchmarks/durations_error.py

build: .venv/.ready .tools/sam/.ready  ## Build the functions for AWS
	$(BUILD)

build-host: .venv/.ready .tools/sam/.ready  ## Build the functions for this machine's processor
	$(BUILD) --build-dir .aws-sam/host --parameter-overrides Architecture=$(HOST_ARCHITECTURE)

# Containers reach the tables through the Docker bridge: `make run TABLES_HOST=172.17.0.1` on Linux.
SAM_LOCAL = --template .aws-sam/host/template.yaml --parameter-overrides Architecture=$(HOST_ARCHITECTURE) \
	--env-vars events/environment.json --add-host host.docker.internal:host-gateway --region us-east-1

sam-api: build-host  ## sam local start-api on port 3001 against the tables of a running `make run`; needs Docker
	$(LOCAL_AWS) $(SAM) local start-api --port 3001 $(SAM_LOCAL)

sam-invoke: build-host  ## sam local invoke with EVENT=events/<Function>/<file>.json, like sam-api; needs Docker
	$(LOCAL_AWS) $(SAM) local invoke $(notdir $(patsubst %/,%,$(dir $(EVENT)))) --event $(EVENT) $(SAM_LOCAL)

deploy: build  ## Deploy to AWS: ENV=dev, staging or prod (samconfig.toml)
	$(SAM) deploy --config-env $(ENV)

clean:  ## Remove everything that the targets above made
	rm -rf .venv .tools .aws-sam

.tools/uv/bin/uv:
	python3 -m venv .tools/uv
	.tools/uv/bin/pip install --quiet uv

.venv/.ready: pyproject.toml uv.lock | $(filter .tools/%,$(UV))
	$(UV) sync --locked --quiet
	@touch $@

# aws-sam-cli pins boto3 and ministack pins botocore: each has an environment of its own.
.tools/%/.ready: Makefile | $(filter .tools/%,$(UV))
	$(UV) venv --quiet --clear .tools/$*
	$(UV) pip install --quiet --python .tools/$* $(TOOL_$*)
	@touch $@

TOOL_sam := aws-sam-cli==$(SAM_VERSION)
TOOL_ministack := "ministack[full]==$(MINISTACK_VERSION)"
TOOL_runtime := awslambdaric==$(AWSLAMBDARIC_VERSION)
