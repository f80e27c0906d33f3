#!/bin/sh
# base-image.sh FILE: makes a root file system as a tar file, once for all that ask at the same time.
# base-image.sh --furnish FOLDER: what is done to the system before it is packed.
set -eu

make() {
  # Extended attributes are kept: newuidmap lives by one.
  mmdebstrap --format=tar --variant=essential \
    --include=ca-certificates,git,libcap2-bin,libnuma1,libstdc++6,python3-pip,python3-setuptools,python3-venv,python3-wheel,rootlesskit,runc,uidmap \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    --customize-hook="sh '$(readlink -f "$0")' --furnish \"\$1\"" \
    bookworm "$1.partial"
  mv "$1.partial" "$1"
}

# A program that does nothing but say so.
stub() {
  printf '#!/bin/sh\necho "%s (a stand-in)"\n' "$2" >"$1"
  chmod 755 "$1"
}

furnish() {
  # The user of the rootless BuildKit image, with sub-ids 100000 to 165535.
  echo 'user:x:1000:1000::/home/user:/bin/sh' >>"$1/etc/passwd"
  echo 'user:x:1000:' >>"$1/etc/group"
  echo 'user:100000:65536' | tee "$1/etc/subuid" >"$1/etc/subgid"
  # Set-user-id alone does not do inside a container: Debian's newuidmap would need CAP_SYS_ADMIN there.
  chroot "$1" sh -c 'chmod u-s /usr/bin/newuidmap /usr/bin/newgidmap &&
    setcap cap_setuid+ep /usr/bin/newuidmap && setcap cap_setgid+ep /usr/bin/newgidmap'
  for tool in g++ curl protoc ffmpeg ninja cmake ccache; do stub "$1/usr/local/bin/$tool" "$tool 99.0.0"; done
  stub "$1/usr/local/bin/rustc" "rustc 1.88.0"
  # `uv pip install` is pip's.
  printf '#!/bin/sh\nexec "$@"\n' >"$1/usr/local/bin/uv"
  chmod 755 "$1/usr/local/bin/uv"
  mkdir -p "$1/usr/include/python3.11" "$1/usr/local/cuda/lib64/stubs" "$1/opt/wheels"
  : >"$1/usr/include/python3.11/Python.h"
  : >"$1/usr/local/cuda/lib64/stubs/libcuda.so"
  chroot "$1" python3 - <"$(dirname "$(readlink -f "$0")")/base-image-wheels.py"
}

if [ "$1" = --furnish ]; then
  furnish "$2"
else
  exec 9>"$1.lock"
  flock 9
  [ -e "$1" ] || make "$1"
fi
