PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test check snapshots screenshots clean

run: $(VENV)/app
	$(BIN)/linreg-tui

test: check
	$(BIN)/pytest

check: $(VENV)/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Accept the screen as it is now as the expected one; look at the pictures before you commit them.
snapshots: $(VENV)/test
	$(BIN)/pytest tests/tui --snapshot-update

screenshots: $(VENV)/test
	$(BIN)/python screenshots/make.py

clean:
	rm -rf $(VENV) build *.egg-info

$(VENV)/app: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e . -c constraints.txt
	touch $@

$(VENV)/test: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[test]" -c constraints.txt
	touch $(VENV)/app $@
