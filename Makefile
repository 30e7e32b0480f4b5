PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# On how many examples a property is tried: tests/support/examples.py.
PROFILE ?= quick

# Whole targets at a time, where this make can keep the lines of two apart.
SYNC := $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)

# Each of the processes that the tests start would otherwise compile all sources anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test thorough pytest quick check coverage bench messages snapshots screenshots clean

run: $(VENV)/app
	$(BIN)/linreg-tui

test: $(VENV)/test
	$(MAKE) --no-print-directory --jobs=2 $(SYNC) check pytest

# The same on three times as many examples.
thorough:
	$(MAKE) --no-print-directory test PROFILE=thorough

# Each process has its share of the files and steals from the other when it is done: what a kernel
# needs is mostly compiled by one of them. The plus shows the dots as they come, whatever SYNC says.
pytest: $(VENV)/test
	+$(BIN)/pytest --numprocesses auto --dist worksteal --hypothesis-profile $(PROFILE)

# The inner loop, in half a minute: no app, no process, no benchmark.
quick: $(VENV)/test
	$(BIN)/pytest --numprocesses auto tests/engine/catalog tests/engine/theory \
		tests/engine/test_experiment.py -k "not suggestion and not below_the_limit and not radiation"

check: $(VENV)/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The tests once more, counting the lines they run; apart from `make test`, for the counting takes
# half as long again.
coverage: $(VENV)/test
	$(BIN)/pytest --numprocesses auto --cov --cov-report term

# Prints how fast everything is, side by side with others: a quiet machine, please, for six minutes.
bench: $(VENV)/bench
	$(BIN)/python -m tests.bench

# Bring the catalogs of languages up to date with the texts in the sources.
messages: $(VENV)/test
	$(BIN)/python -m tests.messages

# Accept the screen as it is now as the expected one; look at texts and pictures before you commit.
snapshots: $(VENV)/test
	$(BIN)/pytest tests/tui --snapshot-update

screenshots: $(VENV)/test
	$(BIN)/python -m screenshots.make

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

$(VENV)/bench: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[bench]" -c constraints.txt
	touch $(VENV)/app $@
