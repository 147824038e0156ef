# Two commands set up everything in .venv: 'make demo' runs the main job, 'make test' the checks.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
# Tells the virtual environment of another interpreter from this one's.
SETUP := setup.cfg pyproject.toml constraints.txt

.PHONY: demo test check lint types contracts slow real train benchmarks clean

demo: $(VENV)/installed
	$(BIN)/earful demo

test: $(VENV)/installed-dev check
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal

check: lint types contracts

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/installed-dev
	$(BIN)/mypy

contracts: $(VENV)/installed-dev
	$(BIN)/lint-imports

slow: $(VENV)/installed-dev
	$(BIN)/python -m pytest -m slow

real: $(VENV)/installed-dev
	$(BIN)/python tests/servers/real.py install
	$(BIN)/python -m pytest -m real

# Rebuilds the shipped classifier from ../shared/data, with fixed seeds.
train: $(VENV)/installed-dev
	$(BIN)/python -m classify.training --data ../shared/data --output classify/artifact

clean:
	rm -rf $(VENV) build dist out *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/python: 
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "earful needs Python 3.11 or newer; try: make PYTHON=python3.12 demo"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/installed: $(VENV)/python $(SETUP)
	@echo "Installing earful into $(VENV) (a minute or two, once) ..."
	$(PIP) --editable .
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed $(SETUP)
	@echo "Installing what the checks need ..."
	$(PIP) --editable '.[dev]'
	@touch $@
