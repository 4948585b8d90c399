# `make run` and `make test` set up what they need; `make help` lists the rest.
PORT ?= 3000
TABLES_PORT ?= 4566
ENV ?= dev
EVENT ?= events/WebhookFunction/report.json
TABLES_HOST ?= 127.0.0.1
ROUNDS ?= 7

UV_VERSION := 0.13.9
SAM_VERSION := 1.170.0
MINISTACK_VERSION := 1.5.33
AWSLAMBDARIC_VERSION := 4.2.2
CHECKOV_VERSION := 3.3.30
CFN_LINT_VERSION := 1.58.0
CFN_LINT_SERVERLESS_VERSION := 0.3.6
PIP_AUDIT_VERSION := 2.10.1
OPENAPI_GENERATOR_VERSION := 7.26.0
OPENAPI_PYTHON_CLIENT_VERSION := 0.29.1

UV := $(shell command -v uv 2>/dev/null || echo .tools/uv/bin/uv)
BIN := .venv/bin
SAM := SAM_CLI_TELEMETRY=0 .tools/sam/bin/sam
HOST_ARCHITECTURE := $(if $(filter aarch64 arm64,$(shell uname -m)),arm64,x86_64)
# sam build wants a Python 3.13 with pip on the PATH, which uv's environments are without.
BUILD := PATH="$(CURDIR)/.tools/sam/bin:$$PATH" $(SAM) build
LOCAL_AWS := AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local AWS_DEFAULT_REGION=us-east-1

# Where it is set, as in many containers, each process compiles all modules anew, which takes three seconds.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help run test prove check format lock openapi screenshots bench bench-bulk bench-quality bench-limits build build-host sam-api sam-invoke deploy clean audit sbom
.PHONY: needs-test needs-bench needs-screenshots needs-deploy

help:  ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 14

run: .venv/.ready  ## Run the service on this machine (PORT=3000, TABLES_PORT=4566)
	@exec $(BIN)/python -m application_status.local --port $(PORT) --tables-host $(TABLES_HOST) --tables-port $(TABLES_PORT)

# In this order: what waits for engines begins first, so that no processor is without work at the end.
FIRST := $(addprefix tests/,deploy/ promises/ local/ browser/ wire/ races/ runtime/ integration/)
TESTS := $(FIRST) $(filter-out $(FIRST),$(wildcard tests/*/))

test: needs-test .tools/sam/.ready .tools/ministack/.ready .tools/runtime/.ready .tools/node/.ready .tools/generators/.ready build-host  ## Run all tests, with every engine
	$(BIN)/pytest --numprocesses auto --dist loadfile --no-loadscope-reorder $(TESTS)

prove: needs-test .tools/ministack/.ready  ## Show the promises of README.md in full and write their figures there, in hours; SHORT=1 for minutes, ONLY=word for some
	PROVE=$(if $(SHORT),short,full) $(BIN)/pytest --numprocesses auto --dist loadfile tests/promises $(if $(ONLY),-k "$(ONLY)")

# What no target can make: brought or checked before anything that takes long.
needs-test needs-bench needs-screenshots: .venv/.ready
	@PYTHONPATH=tools $(BIN)/python -m prerequisites $(@:needs-%=%)

needs-deploy: .venv/.ready
	@PYTHONPATH=tools $(BIN)/python -m deployment $(ENV)

check: .venv/.ready .tools/sam/.ready .tools/checkov/.ready  ## Lint, types, import contracts, template, locks
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry src
	$(UV) lock --check
	$(UV) export -q $(EXPORT) | diff - src/requirements.txt
	$(SAM) validate --lint --region eu-central-1
	@mkdir -p .aws-sam
	PYTHONPATH=tools $(BIN)/python -m full_template > .aws-sam/full.json
	.tools/checkov/bin/cfn-lint --config-file .cfn-lint.yaml --template .aws-sam/full.json
	.tools/checkov/bin/checkov --config-file .checkov.yaml --file .aws-sam/full.json

format: .venv/.ready  ## Format the code and mend what can be mended
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

EXPORT := --locked --no-dev --no-emit-project --no-header --format requirements-txt

lock: .venv/.ready  ## Lock the dependencies, and export what is deployed
	$(UV) lock
	$(UV) export -q $(EXPORT) > src/requirements.txt

audit: .tools/audit/.ready  ## Look for known vulnerabilities in what is deployed; needs PyPI's advisories
	.tools/audit/bin/pip-audit --strict --require-hashes --disable-pip --progress-spinner off --requirement src/requirements.txt

sbom: .venv/.ready  ## List what is deployed, as CycloneDX JSON in .aws-sam/sbom.cdx.json
	@mkdir -p .aws-sam
	$(UV) export -q --locked --no-dev --format cyclonedx1.5 --output-file .aws-sam/sbom.cdx.json

screenshots: needs-screenshots  ## Take the README's screenshots of a running `make run`
	PYTHONPATH=tools $(BIN)/python -m screenshots

openapi: .venv/.ready  ## Write docs/openapi.yaml anew, and what else is generated with it
	PYTHONPATH=tools $(BIN)/python -m openapi

ANALYTICS := $(LOCAL_AWS) QUALITY_TABLE=QualityTable REPORTING_TIME_ZONE=Europe/Berlin \
	FAILED_RECORDS_BUCKET=FailedRecordsBucket
VIEWS := $(ANALYTICS) PYTHONHASHSEED=0 APPLICATIONS_TABLE=ApplicationsTable TOKENS_TABLE=TokensTable REQUESTS_PER_SECOND=0 \
	SANDBOX_APPLICATIONS_TABLE=SandboxApplicationsTable SANDBOX_REQUESTS_TABLE=SandboxRequestsTable \
	ALIASES_TABLE=AliasesTable CONNECTIONS_TABLE=ConnectionsTable USER_POOL_ISSUER=http://pool/user-pool

bench-quality: .venv/.ready  ## Measure what counting a change and what a report cost; minutes, with SHORT=1 seconds, with INSTRUCTIONS=1 half an hour
	$(ANALYTICS) $(BIN)/python -m benchmarks.analytics $(if $(SHORT),--short)
	$(BIN)/python -m benchmarks.quality_cost $(if $(SHORT),--short)
	$(VIEWS) $(BIN)/python -m benchmarks.questions $(if $(SHORT),--short) $(if $(INSTRUCTIONS),--instructions)
	$(BIN)/python -m benchmarks.durations_error

bench-limits: .venv/.ready  ## Measure what the limits of ATSs cost, and that none suffers from another; SHORT=1 for seconds
	@$(LOCAL_AWS) $(BIN)/python -m benchmarks.limits $(if $(SHORT),--short)

# sam build brings the descriptions of all of AWS, and no bytecode, though a function can't write its own.
SERVICES := dynamodb events firehose kms s3 scheduler sqs sts
define finish
	@find $(1)/*/botocore/data -mindepth 1 -maxdepth 1 -type d $(SERVICES:%=! -name %) -exec rm -r {} +
	@$(BIN)/python -m compileall -q -j 0 --invalidation-mode unchecked-hash $(1)
endef

build: .venv/.ready .tools/sam/.ready  ## Build the functions for AWS
	$(BUILD)
	$(call finish,.aws-sam/build)

build-host: .aws-sam/host/.ready  ## Build the functions for this machine's processor, if anything of them has changed

.aws-sam/host/.ready: Makefile template.yaml $(shell find src -type f ! -name '*.pyc') | .venv/.ready .tools/sam/.ready
	$(BUILD) --build-dir .aws-sam/host --parameter-overrides Architecture=$(HOST_ARCHITECTURE)
	$(call finish,.aws-sam/host)
	@touch $@

# Containers reach the tables through the Docker bridge: `make run TABLES_HOST=172.17.0.1` on Linux.
SAM_LOCAL = --template .aws-sam/host/template.yaml --parameter-overrides Architecture=$(HOST_ARCHITECTURE) \
	--env-vars events/environment.json --add-host host.docker.internal:host-gateway --region us-east-1 $(SAM_FLAGS)

sam-api: build-host  ## sam local start-api on port 3001 against the tables of a running `make run`, with SAM_FLAGS=; needs Docker
	$(LOCAL_AWS) $(SAM) local start-api --port 3001 $(SAM_LOCAL)

sam-invoke: build-host  ## sam local invoke with EVENT=events/<Function>/<file>.json, like sam-api; needs Docker
	$(LOCAL_AWS) $(SAM) local invoke $(notdir $(patsubst %/,%,$(dir $(EVENT)))) --event $(EVENT) $(SAM_LOCAL)

PEERS := hello bare powertools fastapi_mangum flask_wsgi litestar_mangum

bench: needs-bench build-host .tools/runtime/.ready $(if $(SHORT),,$(PEERS:%=.tools/peers/%/.ready))  ## Measure the webhook beside its peers, with SHORT=1 only itself; needs valgrind
	@$(BIN)/python -m compileall -q benchmarks/__init__.py benchmarks/transports
	PYTHONPATH=tools $(BIN)/python -m benchmarks --rounds $(ROUNDS) $(if $(SHORT),--short)

bench-bulk: build-host .tools/runtime/.ready  ## Measure batches and files beside single reports; half an hour, with SHORT=1 seconds
	PYTHONPATH=tools $(BIN)/python -m benchmarks.batch $(if $(SHORT),--short)
	$(BIN)/python -m benchmarks.files $(if $(SHORT),--short)

deploy: needs-deploy build  ## Deploy to AWS: ENV=dev, staging or prod (samconfig.toml)
	$(SAM) deploy --config-env $(ENV)

clean:  ## Remove everything that the targets above made
	rm -rf .venv .tools .aws-sam

.tools/uv/bin/uv:
	python3 -m venv .tools/uv
	.tools/uv/bin/pip install --quiet uv==$(UV_VERSION)

.venv/.ready: pyproject.toml uv.lock | $(filter .tools/%,$(UV))
	$(UV) sync --locked --quiet
	@touch $@

# aws-sam-cli pins boto3 and ministack pins botocore: each has an environment of its own.
.tools/%/.ready: Makefile | $(filter .tools/%,$(UV))
	$(UV) venv --quiet --clear .tools/$*
	$(UV) pip install --quiet --python .tools/$* $(TOOL_$*)
	@touch $@

# The packages' own scripts are not run: none is needed, and one of them reports to its maker.
.tools/node/.ready: tests/node/package.json tests/node/package-lock.json
	@mkdir -p $(@D)
	@cp $^ $(@D)
	cd $(@D) && npm ci --ignore-scripts --no-audit --no-fund --loglevel error
	@touch $@

# A peer's folder is a function's package: dependencies, code, bytecode.
.tools/peers/%/.ready: Makefile benchmarks/peers/%.py benchmarks/peers/job.py benchmarks/peers/report.py
	rm -rf .tools/peers/$*
	$(UV) pip install --quiet --python $(BIN)/python --target .tools/peers/$* --constraint src/requirements.txt $(PEER_$*)
	@cp $(filter %.py,$^) .tools/peers/$*
	@$(BIN)/python -m compileall -q -j 0 --invalidation-mode unchecked-hash .tools/peers/$*
	@touch $@

PEER_hello := tzdata
PEER_bare := boto3
PEER_powertools := boto3 aws-lambda-powertools pydantic
PEER_fastapi_mangum := boto3 fastapi==0.165.0 mangum==0.22.0
PEER_flask_wsgi := boto3 flask==3.1.3 apig-wsgi==2.20.0
PEER_litestar_mangum := boto3 litestar==2.25.0 mangum==0.22.0

TOOL_sam := aws-sam-cli==$(SAM_VERSION) pip
TOOL_ministack := "ministack[full]==$(MINISTACK_VERSION)"
TOOL_runtime := awslambdaric==$(AWSLAMBDARIC_VERSION)
TOOL_checkov := checkov==$(CHECKOV_VERSION) cfn-lint==$(CFN_LINT_VERSION) cfn-lint-serverless==$(CFN_LINT_SERVERLESS_VERSION)
TOOL_generators := openapi-generator-cli==$(OPENAPI_GENERATOR_VERSION) openapi-python-client==$(OPENAPI_PYTHON_CLIENT_VERSION)
TOOL_audit := pip-audit==$(PIP_AUDIT_VERSION)
