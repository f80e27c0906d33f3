/** Versions that the base image gets where it has none of its own. */
const rust = "1.88.0";
const uv = "0.11.33";
// The last ones with pkg_resources and wheel.bdist_wheel, which setup scripts of this age import.
const setuptools = "80.10.2";
const wheel = "0.45.1";

/** Folder of all that a source build puts into the image beside Python's own packages. */
export const imageRoot = "/opt/keye";

/** Environment of every later step, and of the engine. */
export const imageEnvironment: Readonly<Record<string, string>> = {
  VIRTUAL_ENV: `${imageRoot}/venv`,
  PATH: `${imageRoot}/venv/bin:/usr/local/cargo/bin:/usr/local/cuda/bin:$PATH`,
  CUDA_HOME: "/usr/local/cuda",
  CARGO_HOME: "/usr/local/cargo",
  RUSTUP_HOME: "/usr/local/rustup",
  // The cache is a mount of another file system: links into it cannot be made.
  UV_LINK_MODE: "copy",
};

/**
 * Installs what the base image lacks, and nothing that it has: a base that has all of it needs no package mirror.
 *
 * A virtual environment that sees the base's own packages: pip may not touch what a distribution installed, `uv pip` and
 * `install.sh` need a `python` that is theirs.
 * @see sglang keye-vl-v2-30b-release, python/pyproject.toml (setuptools-rust, rust/sglang-grpc: Rust 1.85, protoc)
 */
export const systemStep = String.raw`# System: what the base image lacks
set -eu
export DEBIAN_FRONTEND=noninteractive
missing=
needs() { command -v "$1" >/dev/null || missing="$missing $2"; }
needs git git
needs g++ build-essential
needs curl "ca-certificates curl"
needs protoc protobuf-compiler
needs ffmpeg ffmpeg
needs ninja ninja-build
needs cmake cmake
needs ccache ccache
needs python3 python3
python3 -c 'import ensurepip, venv' 2>/dev/null || missing="$missing python3-venv"
ls /usr/include/python3*/Python.h >/dev/null 2>&1 || missing="$missing python3-dev"
ldconfig -p | grep -q 'libnuma\.so\.1' || missing="$missing libnuma1"
if [ -n "$missing" ]; then
  command -v apt-get >/dev/null || { echo "keye: the base image lacks:$missing; and has no apt-get" >&2; exit 1; }
  apt-get -q update
  apt-get -q install --yes --no-install-recommends $missing
fi
rustc=$(rustc --version 2>/dev/null | cut -d ' ' -f 2 || true)
if [ "$(printf '%s\n' 1.85.0 "$rustc" | sort -V | head -n 1)" != 1.85.0 ]; then
  curl --proto =https --fail --silent --show-error https://sh.rustup.rs |
    sh -s -- -y --profile minimal --no-modify-path --default-toolchain ${rust}
fi
rustc --version
python3 -m venv --system-site-packages "$VIRTUAL_ENV"
python=
command -v uv >/dev/null || python="$python uv==${uv}"
python3 -c 'import setuptools' 2>/dev/null || python="$python setuptools==${setuptools}"
python3 -c 'import wheel' 2>/dev/null || python="$python wheel==${wheel}"
[ -z "$python" ] || pip install --disable-pip-version-check $python
`;
