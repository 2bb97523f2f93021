# Two commands: `make app` and `make test`; and `make bench`, which measures. The README gives the lines for Windows.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: app test bench soak setup

app: setup
	$(BIN)/streamlit run streamlit_app.py

test: $(VENV)/tests-installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

bench: $(VENV)/bench-installed
	$(BIN)/python -m benchmarks

soak: setup
	$(BIN)/python -m benchmarks.soak

setup: $(VENV)/app-installed

$(VENV)/app-installed: requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -r requirements.txt
	touch $@

$(VENV)/tests-installed: $(VENV)/app-installed requirements-dev.txt
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt
	touch $@

$(VENV)/bench-installed: $(VENV)/app-installed benchmarks/requirements.txt
	$(BIN)/python -m pip install --quiet -r benchmarks/requirements.txt
	touch $@
