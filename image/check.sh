#!/usr/bin/env bash
# Runs inside the test root, at the repository: check.sh lint, check.sh check (lint and the quick tests), check.sh test.
# Everything runs, whatever failed before; the last lines are pytest's, then the seconds of each step, for people to
# compare, and what tests/took.py says of them: nothing fails by the clock but check.
set -uo pipefail
failed=0
took=()
FOYER_TOOK=$(mktemp)
export FOYER_TOOK
python3 -m tests.took begin "$FOYER_TOOK" "${1-}"

step() {
    local began=$SECONDS
    printf '%s\n' "-- $*"
    "$@" || failed=1
    took+=("$(printf '%5d s  %.100s' $((SECONDS - began)) "$*")")
}

step ruff check --quiet .
step ruff format --check --quiet .
step mypy
mapfile -t scripts < <(grep -rlE --exclude-dir=build --exclude-dir=.git --exclude-dir=node_modules '^#!.*\b(ba)?sh\b' .)
# -x: what a script reads in (box-disk) is looked at with it.
step shellcheck -x "${scripts[@]}"
# Layering, writes, state, size, the README; then the pages' words, scripts and templates.
lints=(tests/lint tests/webui/test_words.py tests/webui/test_scripts.py tests/webui/test_templates.py)
# Six at a time: most of the time they wait for something, a phone to ring or a lock to be free.
parallel=(--numprocesses 6 --dist loadfile)
case $1 in
    lint) step python3 -m pytest "${lints[@]}" ;;
    check) step python3 -m pytest "${parallel[@]}" -m 'not slow and not asterisk and not box and not browser and not vm' --durations=5 ;;
    test)
        step python3 -m pytest "${parallel[@]}" -m 'not box and not browser and not vm' --durations=5
        # Two at a time: they have a whole box each, and measure how long things take.
        step python3 -m pytest --numprocesses 2 --dist loadgroup -m 'box or browser' --durations=10
        # Where a machine is emulated, all that it does takes many times as long. Two at a time: each waits for its start-ups.
        step python3 -m pytest --numprocesses 2 --dist loadgroup -m vm --timeout 1800 --durations=25
        ;;
    *) exit 2 ;;
esac
printf '%s\n' "-- how long it took" "${took[@]}" "$(printf '%5d s  altogether' "$SECONDS")"
python3 -m tests.took end "$FOYER_TOOK" "$1" || failed=1
exit $failed
