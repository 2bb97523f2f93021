# Two commands: `make app` and `make test`. `make class` opens the app to the network. `make check` is the quick part of
# the tests, for work in between; `make bench` and `make soak` measure, `make load` brings whole classes, `make chaos`
# kills the app while somebody works and its processes while they train, `make fuzz` opens damaged lesson files and runs
# the long tests, `make licences` prints what the packages say. The README gives the lines for Windows.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

PYTEST := $(BIN)/python -m pytest -n 2 --dist loadscope --no-loadscope-reorder

.PHONY: app class test check style bench load soak chaos fuzz licences setup

app: setup
	$(BIN)/streamlit run streamlit_app.py

class: setup
	$(BIN)/python -m deploy.open_class

test: style
	$(PYTEST) -m "not long"

check: style
	$(PYTEST) -m "not browser and not long"

style: $(VENV)/tests-installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

bench: $(VENV)/bench-installed
	$(BIN)/python -m benchmarks

load: setup
	$(BIN)/python -m benchmarks.load

soak: setup
	$(BIN)/python -m benchmarks.soak

chaos: setup
	$(BIN)/python -m benchmarks.chaos
	$(BIN)/python -m benchmarks.restarts
	$(BIN)/python -m benchmarks.faults

fuzz: $(VENV)/tests-installed $(VENV)/guided-installed
	$(BIN)/python -m tests.takeaway.fuzz 2000
	$(BIN)/python -m tests.fuzz 100000
	$(BIN)/python -m tests.guided 100000
	$(PYTEST) -m long

licences: setup
	$(BIN)/python deploy/licences.py

setup: $(VENV)/app-installed

$(VENV)/app-installed: requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -r requirements.txt
	touch $@

$(VENV)/tests-installed: $(VENV)/app-installed requirements-dev.txt
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt
	touch $@

$(VENV)/guided-installed: $(VENV)/app-installed tests/guided.txt
	$(BIN)/python -m pip install --quiet -r tests/guided.txt
	touch $@

$(VENV)/bench-installed: $(VENV)/app-installed benchmarks/requirements.txt
	$(BIN)/python -m pip install --quiet -r benchmarks/requirements.txt
	touch $@
