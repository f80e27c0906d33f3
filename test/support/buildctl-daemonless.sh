#!/bin/sh
# Runs buildctl against a buildkitd of its own, as the program of this name in BuildKit's images does: flags for the daemon in
# BUILDKITD_FLAGS, patience in BUILDCTL_CONNECT_RETRIES_MAX.
set -eu

tmp=$(mktemp -d)
export BUILDKIT_HOST="unix://$XDG_RUNTIME_DIR/buildkit/buildkitd.sock"
# shellcheck disable=SC2086 # flags are words
rootlesskit buildkitd ${BUILDKITD_FLAGS:-} --addr="$BUILDKIT_HOST" >"$tmp/log" 2>&1 &
daemon=$!
trap 'kill $daemon || true; wait $daemon || true; rm -rf "$tmp"' EXIT

tries=0
until buildctl debug workers >/dev/null 2>&1; do
  if [ $tries -gt "${BUILDCTL_CONNECT_RETRIES_MAX:-10}" ]; then
    echo "could not connect to $BUILDKIT_HOST after $tries trials" >&2
    cat "$tmp/log" >&2
    exit 1
  fi
  tries=$((tries + 1))
  sleep 0.2
done
buildctl "$@"
