# DevOS: everything a newcomer, a developer and CI do. `make help` lists it.

VENV ?= .venv
PYTHON ?=
TESTS ?= tests
BIN = $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help venv demo test cover lint format bench torture mutate lock system clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile
	@echo "  PYTHON=/path/to/python3.12 chooses the Python (3.11, 3.12 or 3.13), VENV=folder where it is installed to."

venv: ## make the environment in .venv and install the locked packages
	@sh scripts/venv.sh "$(VENV)" "$(PYTHON)"

demo: venv ## hear a recording, plan, ask, carry out over simulated systems, prove it
	@$(BIN)/python -m daemon.demo

test: venv ## run the tests; ARGS are handed to pytest: make test ARGS="-k audit"
	@$(BIN)/python -m pytest $(TESTS) $(ARGS)

cover: venv ## run the tests, and see which lines and branches of the code they reach
	@$(BIN)/python -m pytest $(TESTS) --cov --cov-report= $(ARGS)
	@$(BIN)/coverage report --include='policies/*' --fail-under=100
	@$(BIN)/coverage report --omit='policies/*' --fail-under=90

lint: venv ## check style, types and who imports whom
	@failed=0; for each in "ruff check" "ruff format --check" mypy "lint-imports --no-cache"; do \
		$(BIN)/$$each || failed=1; done; exit $$failed

format: venv ## put the sources into the house's form
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

bench: venv ## measure; each result is one line of JSON
	@for each in benchmarks/[a-z]*.py; do $(BIN)/python "$$each" || exit 1; done

torture: venv ## hundreds of random crashes and faults (minutes)
	@$(BIN)/python -m pytest tests -m torture $(ARGS)

mutate: venv ## break one public function per file and see that its test notices (minutes)
	@$(BIN)/python scripts/mutate.py $(ARGS)

lock: ## renew requirements.lock and requirements-build.lock (needs uv)
	@sh scripts/lock.sh

system: ## install the system packages that some tests use (apt or brew)
	@sh scripts/system.sh

clean: ## remove what was built; .venv stays
	@rm -rf build dist htmlcov .coverage* .pytest_cache .mypy_cache .ruff_cache .demo
	@find . -name __pycache__ -type d -not -path './.venv*' -prune -exec rm -rf {} +
