# What a person does with Freehold. Each target installs what it needs first, and does nothing twice.
.PHONY: help run demo test bench check fmt deploy-check
.DEFAULT_GOAL := help

PYTHON := .venv/bin/python
BOOTSTRAP := python3 infra/bootstrap.py

help: ## say what can be done
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

run: ## start everything on this machine, with a small lively marketplace in it; ctrl-C stops it
	@$(BOOTSTRAP) run
	@exec $(PYTHON) -m infra.local

demo: ## show the whole loop against the running instance: job, application, money, reviews
	@$(BOOTSTRAP) run
	@exec $(PYTHON) -m infra.demo

test: ## install what the tests need and run all of them, the static checks first
	@$(BOOTSTRAP) test
	@python3 infra/system_packages.py
	@$(MAKE) --no-print-directory check
	@exec $(PYTHON) -m pytest -n auto

bench: ## measure us beside Express and OpenFaaS's own template; docs/benchmarks.md says how to read it
	@$(BOOTSTRAP) test
	@python3 infra/system_packages.py
	@exec $(PYTHON) -m tests.perf $(BENCH)

check: ## look at the code without running it: style, types, imports, generated files
	@$(BOOTSTRAP) test
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy
	.venv/bin/lint-imports
	$(PYTHON) -m infra.manifest --check

fmt: ## put the code into its form
	@$(BOOTSTRAP) test
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .

deploy-check: ## say what would go wrong when the stack files are deployed to OpenFaaS (export what you deploy with)
	@$(BOOTSTRAP) test
	@$(PYTHON) -m infra.deploy_check --example FREEHOLD_RELAY_URL=https://relay.example.org
