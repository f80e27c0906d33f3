# shellcheck shell=bash
# Sourced by scripts/test and .ci/run: what tests of real nodes need of the machine besides the toolchain.

# Debian packages, and for each a program of it.
KEYE_REAL_NODE_PACKAGES=(containerd runc busybox-static docker-registry mmdebstrap)
KEYE_REAL_NODE_PROGRAMS=(containerd runc busybox docker-registry mmdebstrap)

# Whether this machine may run real nodes: root, with every program there.
keye_has_real_nodes() {
  local program
  [[ "$EUID" == 0 ]] || return 1
  for program in "${KEYE_REAL_NODE_PROGRAMS[@]}"; do command -v "$program" >/dev/null || return 1; done
}

# Installs what is missing, where that is possible at all. Tests that need it are skipped where it is not.
keye_install_real_nodes() {
  keye_has_real_nodes && return
  if [[ "$EUID" != 0 ]] || ! command -v apt-get >/dev/null; then
    echo "real nodes: not root, or no apt-get: their tests will be skipped"
    return
  fi
  export DEBIAN_FRONTEND=noninteractive
  # One source of packages that does not answer says nothing about the others: the installation tells.
  timeout 300 apt-get -qq update || true
  if timeout 300 apt-get -qq install --yes --no-install-recommends "${KEYE_REAL_NODE_PACKAGES[@]}" >/dev/null; then
    echo "real nodes: ${KEYE_REAL_NODE_PACKAGES[*]} are there"
  else
    echo "real nodes: ${KEYE_REAL_NODE_PACKAGES[*]} cannot be installed: their tests will be skipped"
  fi
}
