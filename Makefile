# Everything runs in .venv, which the first command makes and every later one only looks at.
#
#   PYTHON=python3.12   the Python to make .venv with (3.11 or newer)
#   TORCH=cuda          take the CUDA build of PyTorch (several GB); without it, the CPU build
#   ARGS="-k linear"    more words for the command that runs
#   CHAPTER=08          the chapter that `make demo` plays: slug, topic or number

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help lab demo test setup build site bench lint clean python system venv

# The Python that made .venv may be another than today's python3, so a finished .venv is asked about itself.
ifeq ($(origin PYTHON),undefined)
PYTHON := $(shell test -f .venv/.ready && .venv/bin/python -c '' 2>/dev/null && echo .venv/bin/python || echo python3)
endif
TORCH ?=
ARGS ?=

# nbgrader calls alembic by name, JupyterLab its own commands: they must be the ones in .venv.
OWN_PATH := $(PATH)
export PATH := $(CURDIR)/.venv/bin:$(PATH)
# But what makes .venv must not be found in a half-made one.
python system venv: PATH := $(OWN_PATH)

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' Makefile | while IFS='	' read -r name says; do \
	  printf '  make %-7s %s\n' "$$name" "$$says"; done

lab: venv ## open the course in JupyterLab, on your own copy in work/
	@.venv/bin/python -m autograder lab $(ARGS)

demo: venv ## play the instructor's whole loop on a sample class (CHAPTER=08: of that chapter)
	@.venv/bin/python -m autograder demo $(CHAPTER) $(ARGS)

test: system venv ## run every test
	@.venv/bin/python .ci/run_tests.py $(ARGS)

setup: system venv ## make .venv ready (the other commands do it, too)

build: venv ## lessons to solutions to notebooks, and the reference tensors
	@.venv/bin/python -m autograder build
	@.venv/bin/python -m autograder reference

site: venv ## the course as pages, in build/site
	@.venv/bin/python -m autograder site $(ARGS)

bench: system venv ## what a check costs; one class graded with stock nbgrader and with ours
	@.venv/bin/python -m autograder bench $(ARGS)

lint: venv ## style, layout, types, and who may import whom
	@.venv/bin/python -m ruff check .
	@.venv/bin/python -m ruff format --check .
	@.venv/bin/lint-imports --no-cache
	@.venv/bin/python -m mypy
	@.venv/bin/python -m mypy .ci/make_venv.py .ci/install_torch.py .ci/run_tests.py

clean: ## remove caches, the site's pages and the demo's class; never a learner's work, a gradebook or .venv
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis build *.egg-info classroom/demo
	@find . \( -name .venv -o -name .git -o -name classroom \) -prune -o -type d -name __pycache__ -prune -exec rm -rf {} +

python:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  has="$$("$(PYTHON)" --version 2>&1)" || has="not found"; \
	  echo "Python 3.11 or newer is needed, and $(PYTHON) is $$has. Install one, or name one: make setup PYTHON=python3.12" >&2; \
	  exit 1; }

# What the tests need beside Python: a browser, and the sandbox. Learners and the demo do without.
system: python
	@sh .ci/system_packages.sh "$(PYTHON)"

venv: python
	@"$(PYTHON)" .ci/make_venv.py $(if $(TORCH),--torch "$(TORCH)")
