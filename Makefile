# What a person does with Freehold. Each target installs what it needs first, and does nothing twice.
.PHONY: help run demo test bench faults prove mutants verify backup restore check fmt deploy-check images up
.DEFAULT_GOAL := help
unexport PYTHONDONTWRITEBYTECODE # what is set in many containers would have every process of a run compile all of it again

PYTHON := .venv/bin/python
BOOTSTRAP := python3 infra/bootstrap.py
OF_THE_RUN = FREEHOLD_SECRETS="$${FREEHOLD_SECRETS:-$${FREEHOLD_HOME:-.freehold}/secrets}"

help: ## say what can be done
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

run: ## start everything on this machine, with a small lively marketplace in it; ctrl-C stops it
	@$(BOOTSTRAP) run
	@exec $(PYTHON) -m infra.local

demo: ## show the whole loop against the running instance: job, application, money, reviews
	@$(BOOTSTRAP) run
	@exec $(PYTHON) -m infra.demo

test: ## install what the tests need and run all of them, the static checks first
	@$(BOOTSTRAP) test
	@python3 infra/system_packages.py
	@$(MAKE) --no-print-directory --jobs=2 check compiled-tests
	@exec $(PYTHON) -m pytest -n auto --dist worksteal

.PHONY: compiled-tests
compiled-tests: # once, beside the static checks, instead of by every worker; what is wrong with them the run itself will say
	-@$(PYTHON) -m pytest --collect-only -q >/dev/null

bench: ## measure us beside Express and OpenFaaS's own template; docs/benchmarks.md says how to read it
	@$(BOOTSTRAP) test
	@python3 infra/system_packages.py
	@exec $(PYTHON) -m tests.perf $(BENCH)

faults: ## kill, cut off, back up, restore and roll out, all at full size; takes its time
	@$(BOOTSTRAP) test
	@python3 infra/system_packages.py
	@FREEHOLD_FAULTS=full FREEHOLD_FAULT_EVENTS=10000 exec $(PYTHON) -m pytest tests/fault tests/connector

prove: ## try the promises about money at a larger size, plant bugs, and print one table (about 10 minutes)
	@$(BOOTSTRAP) test
	@python3 infra/system_packages.py
	@exec $(PYTHON) -m tests.prove

mutants: ## change the money core in every small way, one at a time: the tests must notice 90 % (some 40 minutes; goes on where it was stopped)
	@$(BOOTSTRAP) test
	@exec $(PYTHON) -m tests.mutants

backup: ## write a backup into a new folder: make backup DIR=... (of the local run, or of MONGODB_URI)
	@$(BOOTSTRAP) run
	@$(OF_THE_RUN) exec $(PYTHON) -m freehold.store.backup make "$(or $(DIR),$(error say where to: make backup DIR=...))"

restore: ## fill an empty database with a backup: make restore DIR=...
	@$(BOOTSTRAP) run
	@$(OF_THE_RUN) exec $(PYTHON) -m freehold.store.backup restore "$(or $(DIR),$(error say which one: make restore DIR=...))"

verify: ## export the running instance's ledger into a new folder and verify it: make verify DIR=...
	@$(BOOTSTRAP) run
	@$(PYTHON) -m infra.export_ledger "$(or $(DIR),$(error say where to: make verify DIR=...))"
	@$(PYTHON) -I tools/verify_ledger.py --key "$$(head -n 1 '$(DIR)/keys')" --checkpoint "$(DIR)/checkpoint" \
		--log "$(DIR)/log" $$(test -e '$(DIR)/statement' && echo --statement '$(DIR)/statement')

check: ## look at the code without running it: style, types, imports, generated files
	@$(BOOTSTRAP) test
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy
	.venv/bin/lint-imports
	$(PYTHON) -m infra.manifest --check
	@! git grep -nE '^(<{7}|>{7}) ' # what a merge left behind

fmt: ## put the code into its form
	@$(BOOTSTRAP) test
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .

deploy-check: ## say what would go wrong when the stack files are deployed to OpenFaaS (export what you deploy with)
	@$(BOOTSTRAP) test
	@$(PYTHON) -m infra.deploy_check --example FREEHOLD_RELAY_URL=https://relay.example.org

images: ## build the container images (LOCAL=1: without a registry)
	@$(BOOTSTRAP) test
	@exec $(PYTHON) -m infra.images build $(if $(LOCAL),--local)

COMPOSE = $(shell docker compose version >/dev/null 2>&1 && echo docker compose || echo docker-compose)
LOCAL_IMAGES := .freehold/images.env

up: ## start everything in containers (LOCAL=1: without a registry)
	@$(if $(LOCAL),$(BOOTSTRAP) test && mkdir -p .freehold && $(PYTHON) -m infra.images offline $(LOCAL_IMAGES))
	@$(COMPOSE) $(if $(LOCAL),--env-file $(LOCAL_IMAGES)) up --detach $(if $(LOCAL),--no-build,--build)
