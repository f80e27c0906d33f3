# shellcheck shell=bash
# Sourced by the scripts of this project: `source "$(dirname "$(readlink -f "$0")")/lib/env.sh"`.

# Root of the clone that this file belongs to.
KEYE_ROOT="$(dirname "$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")")"
readonly KEYE_ROOT

# Puts the toolchain and the npm packages' commands first on PATH; ends with exit code 4 where they are not there yet.
keye_use_toolchain() {
  local missing=""
  [[ -x "$KEYE_ROOT/.toolchain/bin/node" ]] || missing=".toolchain"
  [[ -d "$KEYE_ROOT/node_modules" ]] || missing="${missing:+$missing and }node_modules"
  if [[ -n "$missing" ]]; then
    echo "ENV_TOOL: $KEYE_ROOT: no $missing here yet. Run $KEYE_ROOT/scripts/toolchain first." >&2
    exit 4
  fi
  export PATH="$KEYE_ROOT/.toolchain/bin:$KEYE_ROOT/node_modules/.bin:$PATH"
}
