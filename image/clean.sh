#!/usr/bin/env bash
# Deletes what was built under build/; keeps build/state (calls and people) and build/cache (downloads).
set -euo pipefail
cd "${FOYER_BUILD:-$(dirname "$(realpath "$0")")/../build}"
for layer in base/* test-tools/* product/*; do
    [ -d "$layer" ] || continue
    flock --nonblock --exclusive "$layer" true || {
        echo "foyer: a box or a test runs on $PWD/$layer: end it first, then run make clean again." >&2
        exit 1
    }
done
find . -mindepth 1 -maxdepth 1 ! -name state ! -name cache -exec rm -rf {} +
