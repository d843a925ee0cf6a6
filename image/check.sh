#!/usr/bin/env bash
# Runs inside the test root, at the repository: check.sh lint, check.sh check (lint and the quick tests), check.sh test.
# Everything runs, whatever failed before; the last lines are pytest's.
set -uo pipefail
failed=0

step() {
    printf '%s\n' "-- $*"
    "$@" || failed=1
}

step ruff check --quiet .
step mypy
mapfile -t scripts < <(grep -rlE --exclude-dir=build --exclude-dir=.git --exclude-dir=node_modules '^#!.*\b(ba)?sh\b' .)
step shellcheck "${scripts[@]}"
case $1 in
    lint) step python3 -m pytest tests/lint tests/webui/test_words.py tests/webui/test_scripts.py ;;
    check) step python3 -m pytest -m 'not slow and not asterisk and not box and not browser' --durations=5 ;;
    test) step python3 -m pytest --durations=15 ;;
    *) exit 2 ;;
esac
printf '%s\n' "$1 took $SECONDS s" >&2
exit $failed
