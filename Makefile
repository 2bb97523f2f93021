# Two commands: `make app` and `make test`. The README gives the same lines for Windows.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: app test setup

app: setup
	$(BIN)/streamlit run streamlit_app.py

test: $(VENV)/tests-installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m pytest

setup: $(VENV)/app-installed

$(VENV)/app-installed: requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -r requirements.txt
	touch $@

$(VENV)/tests-installed: $(VENV)/app-installed requirements-dev.txt
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt
	touch $@
