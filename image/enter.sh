#!/usr/bin/env bash
# Runs a command in the test root: image/enter.sh CMD ARG ...
#
# It has private mount, process, IPC and network namespaces (loopback and 192.0.2.10; NET=host for the host's network),
# the repository at /src, which is the working directory, and a root that is its own: what it writes outside of /src is
# gone at the end, and several at a time do not see each other. /src/appliance and /src/provisioning are those of the
# product layer, compiled, as they ship; FOYER_SRC=live leaves the working copy's own there, for tools that write.
set -euo pipefail
image=$(dirname "$(realpath "$0")")
[ $# -gt 0 ] || set -- bash
layers=$(/usr/bin/python3 "$image/layers.py" test)
FOYER_REPOSITORY=$(dirname "$image")
FOYER_NET=${NET:-private}
# For a box that a test boots: what ships, without the test tools.
FOYER_LAYERS=${layers/:test-tools*:/:}
export FOYER_REPOSITORY FOYER_NET FOYER_LAYERS
network=(--net)
[ "$FOYER_NET" = private ] || network=()
cd "${FOYER_BUILD:-$FOYER_REPOSITORY/build}"
exec unshare --mount --pid --fork --kill-child --ipc --uts "${network[@]}" "$image/inside.sh" enter "$layers" "$@"
