# The portal's commands. `make run` and `make test` need Python 3.11 or newer and nothing else.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$python" && break; done)
VENV := .venv/bin
TEMPLATES = $(wildcard templates */templates)
FRONT = $(PYTHON) nanchang_portal/launcher/front.py
# Bytecode is kept (in __pycache__): compiling everything again costs each process seconds.
unexport PYTHONDONTWRITEBYTECODE
# What the child processes read; also as arguments: `make run PORT=8001 DATA_DIR=/srv/portal`.
export PORT DATA_DIR DATABASE_URL REDIS_URL CACHE_URL SIZE

.PHONY: help python setup run test lint format lock messages clean

help: ## what there is
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

python:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo \
	"error: The portal needs Python 3.11 or newer. Install it, or name it: make run PYTHON=/path/to/python3.12" >&2; exit 1; }

setup: python ## makes .venv from the locked requirements
	@$(FRONT) setup

run: python ## the whole portal on http://127.0.0.1:8000 (PORT, DATA_DIR); Ctrl-C stops it
	@exec $(FRONT) run --tied

.PHONY: dev system lighthouse
dev: python
	@$(FRONT) setup --dev

system:
	@.ci/system

lighthouse: dev
	@.ci/lighthouse

test: system dev lighthouse ## everything that CI runs
	@$(MAKE) --no-print-directory lint
	$(VENV)/python -m pytest -n 2 --dist loadgroup --durations 30 --durations-min 5

.PHONY: coverage
coverage: system dev lighthouse ## the same tests, counting the lines and branches they reach (slower by half)
	$(VENV)/python -m pytest -n 2 --dist loadgroup --cov

.PHONY: bench
bench: dev ## speed as ratios beside limit, usual way and target, measured here (bench/); SIZE=1000000 for a large city
	BENCH_JSON=$${BENCH_JSON:-bench.json} $(VENV)/python -m bench

# The drills by number; `make drill DRILL=kills N=1000` does one of them.
DRILL ?= races bulk tampering kills outages failover duplicates restore clock fuzz upgrade canary mutations
.PHONY: drill
drill: dev ## kills, outages, races, tampering, restore, ... by number, with their counts (drills/)
	@failed=; for name in $(DRILL); do echo "== $$name"; $(VENV)/python -m drills.$$name $(N) || failed="$$failed $$name"; \
	done; [ -z "$$failed" ] || { echo "violated:$$failed"; exit 1; }

.PHONY: load
load: dev ## a filing deadline: 500 clerks and 50 officials for ten minutes (bench/load.py)
	$(VENV)/python -m bench.load

.PHONY: licences sbom audit
licences: dev ## docs/licences.md: what the portal runs on, and under which licence
	$(VENV)/python -m nanchang_portal.launcher.supply licences

sbom: dev ## sbom.json: the bill of materials (CycloneDX)
	$(VENV)/python -m nanchang_portal.launcher.supply sbom sbom.json

audit: dev ## known holes of what is locked (pip-audit); status 2 when nobody could be asked
	$(VENV)/python -m nanchang_portal.launcher.supply audit

lint: ## formatting, style, templates, the rooms' imports
	$(VENV)/ruff check
	$(VENV)/ruff format --check
	$(VENV)/djlint --quiet --lint $(TEMPLATES)
	$(VENV)/djlint --quiet --check $(TEMPLATES)
	$(VENV)/lint-imports

format: ## formats code and templates
	$(VENV)/ruff check --fix
	$(VENV)/ruff format
	-$(VENV)/djlint --quiet --reformat $(TEMPLATES)

lock: dev ## requirements*.in to requirements*.txt, with hashes
	for name in requirements requirements-dev; do $(VENV)/uv pip compile --quiet --universal --generate-hashes \
	--no-header --python-version 3.11 $(UPGRADE) $$name.in -o $$name.txt || exit 1; done

messages: dev ## brings the texts of the code into the Chinese catalogue, and says which to translate
	$(VENV)/python -m nanchang_portal.launcher.catalogue

clean: ## removes what the other commands made, except the data in var
	rm -rf .venv .lighthouse staticfiles .pytest_cache .ruff_cache .import_linter_cache .coverage* htmlcov .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	find . -name '*.mo' -path '*/LC_MESSAGES/*' -delete
