# The few verbs of this project; each makes the environment first if it is missing or old.
# Needs Python >= 3.11, make and internet packages, nothing else.

SHELL := /bin/bash
.DEFAULT_GOAL := help

# The first of these that is there and new enough; say `make PYTHON=... setup` for another.
PYTHON ?= $(shell for name in python3.11 python3 python3.12 python3.13 python3.14; do \
	$$name -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PROCESSES ?= 2

.PHONY: bench help setup lock demo run test lint messages faults
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard locale/*/LC_MESSAGES/*.po))

help:
	@echo 'make setup   make .venv and install the locked packages'
	@echo 'make demo    start everything with a demo tenant; Ctrl-C stops it'
	@echo '             ONCE=1 runs the sample campaign and exits; CUSTOMERS=n SMTP=host:port CONNECT_HOME=dir'
	@echo 'make run     start everything on an empty or existing home, without demo data'
	@echo 'make test    all tests, on real PostgreSQL and Valkey; ARGS="-k word" passes options, PROCESSES=0 runs one after the other'
	@echo 'make faults  crashes and outages, judged by what receivers log: ONLY=F1,F5 N=300 RECIPIENTS=2000 SABOTAGE=duplicate'
	@echo 'make bench   speed, as ratios of two sides measured in one run; ONLY=P1,P3 names goals, SCALE=0.1 makes them smaller'
	@echo 'make lint    ruff, mypy, import-linter, migrations check'
	@echo 'make messages   collect the console’s words into locale/django.pot'
	@echo 'make lock    renew the two requirements files from pyproject.toml (needs uv)'

setup: $(STAMP) $(CATALOGUES)

%.mo: %.po $(STAMP)
	$(BIN)/pybabel --quiet compile --input-file $< --output-file $@

$(STAMP): requirements-dev.txt
	@test -n "$(PYTHON)" || { echo 'Python 3.11 or newer with the venv module was not found.' >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	$(BIN)/python -m delivery.senders.eight
	touch $@

demo: setup
	$(BIN)/python manage.py demo $(if $(ONCE),--once) $(if $(CUSTOMERS),--customers=$(CUSTOMERS)) \
		$(if $(SMTP),--smtp=$(SMTP)) $(if $(CONNECT_HOME),--home=$(CONNECT_HOME))

run: setup
	$(BIN)/python manage.py demo --empty $(if $(CONNECT_HOME),--home=$(CONNECT_HOME))

test: setup
	$(BIN)/python -m pytest -n $(PROCESSES) --dist loadfile $(ARGS)

faults: setup
	$(BIN)/python -W ignore::UserWarning -m tests.faults $(if $(ONLY),--only=$(ONLY)) $(if $(N),--n=$(N)) \
		$(if $(RECIPIENTS),--recipients=$(RECIPIENTS)) $(if $(SABOTAGE),--sabotage=$(SABOTAGE)) \
		$(if $(CONNECT_HOME),--home=$(CONNECT_HOME))

bench: setup
	ONLY="$(ONLY)" SCALE="$(SCALE)" $(BIN)/python -m tests.bench

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@# The warning would be that no database runs; none is needed to compare models with migrations.
	$(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run

# No index address may get into a lock file: hashes only.
LOCK := uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --quiet
lock:
	$(LOCK) --output-file requirements.txt
	$(LOCK) --extra embedded --extra dev --constraints requirements.txt --output-file requirements-dev.txt

# Words of the console: extracted, brought into each language's catalogue; `make setup` compiles them.
KEYWORDS := -k gettext_lazy -k ngettext_lazy:1,2 -k pgettext_lazy:1c,2
messages: $(STAMP)
	$(BIN)/pybabel --quiet extract -F babel.cfg $(KEYWORDS) --project Connect --no-location --sort-output -o locale/django.pot .
	for catalogue in locale/*/LC_MESSAGES/django.po; do test ! -e "$$catalogue" || \
		$(BIN)/pybabel --quiet update -D django -i locale/django.pot -d locale; done
