# Two commands do all set-up on a fresh machine with python3, g++, make and perl: make demo, make test.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test quick lint docs bench clean

demo: .venv/installed ## Build the jet tagger from its shipped events to verified Verilog and a report
	$(BIN)/l1ml build jet_tagger

test: .venv/installed ## Run the test suite on all cores
	$(BIN)/python -m pytest -n auto --dist worksteal

quick: .venv/installed ## Run the tests that take no tool and no training: for every few minutes of work
	$(BIN)/python -m pytest -q -n auto --dist worksteal -m "not (slow or builds or cpp or simulates or generates or trains)"

lint: .venv/installed ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: .venv/installed ## Build the user guide, to be opened at build/docs/index.html
	$(BIN)/python -m mkdocs build --quiet

bench: .venv/installed ## Measure what the documentation claims
	$(BIN)/python bench/gates.py
	$(BIN)/python bench/emulator.py
	$(BIN)/python bench/third_party.py
	$(BIN)/python bench/folding.py
	$(BIN)/python bench/size.py
	$(BIN)/python bench/rings_real.py
	$(BIN)/python bench/ring_builder.py
	$(BIN)/python bench/axol1tl.py
	$(BIN)/python bench/soak.py
	$(BIN)/python bench/spread.py

.venv/installed: requirements.lock pyproject.toml .ci/tensorflow/pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --no-deps --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation ./.ci/tensorflow --editable .
	$(BIN)/python -m pip check
	touch $@

clean: ## Remove results and the environment
	rm -rf build .venv
