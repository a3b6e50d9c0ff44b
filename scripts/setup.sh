#!/usr/bin/env bash
# Brings what cargo cannot: the C libraries the player links, and libtorch for the engine.
#
#   scripts/setup.sh            what this machine needs; does nothing when all is there
#   CROON_GPU=1 scripts/setup.sh   the CUDA libraries too (default: only where an NVIDIA driver is)
#   CROON_GPU=0 scripts/setup.sh   never the CUDA libraries
#
# libtorch comes out of the published torch wheel: no Python is used when croon is built or run.
# Every step is done into a side folder and moved into place whole, so it can be interrupted and
# repeated; once all is there it needs no network.
set -euo pipefail
cd "$(dirname "$0")/.."

TORCH=2.11.0
CUDART=13.0.96
CUPTI=13.0.85
# What the wheel's own metadata names for Linux; needed only where a GPU is to be used.
CUDA_WHEELS=(
  "cuda-toolkit[cublas,cufft,cufile,curand,cusolver,cusparse,nvjitlink,nvrtc,nvtx]==13.0.2"
  "nvidia-cudnn-cu13==9.19.0.56" "nvidia-cusparselt-cu13==0.8.0"
  "nvidia-nccl-cu13==2.28.9" "nvidia-nvshmem-cu13==3.4.5"
)
DEST=.libtorch

say() { printf 'setup: %s\n' "$*" >&2; }
die() { printf 'setup: %s\n' "$*" >&2; exit 1; }

# --- the system's own packages -------------------------------------------------------------

missing_packages() {
  command -v cc >/dev/null 2>&1 || echo build-essential
  command -v c++ >/dev/null 2>&1 || echo g++
  command -v pkg-config >/dev/null 2>&1 || echo pkg-config
  { command -v pkg-config >/dev/null 2>&1 && pkg-config --exists alsa; } || echo libasound2-dev
  python3 -m pip --version >/dev/null 2>&1 || echo python3-pip
}

packages() {
  local need
  need=$(missing_packages | sort -u | tr '\n' ' ')
  [ -z "$need" ] && return 0
  if ! command -v apt-get >/dev/null 2>&1; then
    die "these are missing: $need
       They are named as Debian and Ubuntu name them. Install your system's equivalents
       (a C and C++ compiler, pkg-config, the ALSA development files, Python's pip), then run this again."
  fi
  local sudo=""
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 || die "needs root to install: $need
       Run as root:  apt-get install $need"
    sudo=sudo
  fi
  say "installing system packages (a few MB): $need"
  $sudo apt-get update -qq || say "could not refresh the package lists; trying with what is known"
  # shellcheck disable=SC2086
  DEBIAN_FRONTEND=noninteractive $sudo ${sudo:+env DEBIAN_FRONTEND=noninteractive} apt-get install -y -qq --no-install-recommends $need >&2 ||
    die "apt-get could not install: $need (see its words above), then run this again"
}

# --- libtorch ------------------------------------------------------------------------------

wants_cuda() {
  case "${CROON_GPU:-auto}" in
    1 | yes | true) return 0 ;;
    0 | no | false) return 1 ;;
  esac
  [ -e /proc/driver/nvidia/version ] || [ -e /dev/nvidia0 ]
}

fetch() { # fetch FOLDER WHEEL...: unpack wheels with the layout their rpaths expect
  local into=$1
  shift
  # The wheel's Python version only names a file here, so any pip may unpack it; pip takes each
  # platform tag literally, so every glibc age that a wheel may name is listed.
  local platforms=(--platform manylinux2014_x86_64) v
  for v in 17 18 19 20 21 22 23 24 25 26 27 28; do platforms+=(--platform "manylinux_2_${v}_x86_64"); done
  python3 -m pip install --quiet --no-compile --no-warn-script-location --disable-pip-version-check \
    --root-user-action=ignore --target "$into" --only-binary=:all: --upgrade \
    --python-version 3.11 --implementation cp --abi cp311 --abi abi3 --abi none \
    "${platforms[@]}" "$@" >&2
}

prune() { # prune FOLDER KIND: only headers and libraries stay
  local d=$1 kind=$2 keep
  keep=$(mktemp -d "$d.keep.XXXX")
  mkdir -p "$keep/torch"
  mv "$d/torch/lib" "$d/torch/include" "$keep/torch/"
  [ -d "$d/nvidia" ] && mv "$d/nvidia" "$keep/"
  rm -f "$keep"/torch/lib/libtorch_python.so "$keep"/torch/lib/*.a
  if [ "$kind" = cpu ]; then
    rm -f "$keep"/torch/lib/libtorch_cuda*.so "$keep"/torch/lib/libc10_cuda.so \
      "$keep"/torch/lib/libtorch_nvshmem.so "$keep"/torch/lib/libcaffe2_nvrtc.so
  fi
  find "$keep" -type f -name '*.py' -delete
  rm -rf "$d"
  mv "$keep" "$d"
  chmod 755 "$d"
}

libtorch() {
  local kind=cpu stamp
  wants_cuda && kind=cuda
  stamp="torch $TORCH $kind"
  if [ -f "$DEST/complete" ]; then
    case "$(cat "$DEST/complete")" in
      "$stamp" | "torch $TORCH cuda") return 0 ;;
    esac
  fi
  [ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] ||
    die "libtorch $TORCH is fetched for x86-64 Linux only; for $(uname -s) $(uname -m) put a libtorch $TORCH into $DEST/torch,
       write '$stamp' into $DEST/complete, and run this again. The player alone builds without it: cargo build --no-default-features"
  if [ "$kind" = cuda ]; then
    say "fetching libtorch $TORCH with CUDA: 2.6 GB to download, 4.7 GB on disk (CROON_GPU=0 for the small set)"
  else
    say "fetching libtorch $TORCH for the CPU: 0.55 GB to download, 0.5 GB on disk"
  fi
  local part=$DEST.partial
  rm -rf "$part" "$part".keep.*
  fetch "$part" --no-deps "torch==$TORCH" "nvidia-cuda-runtime==$CUDART" "nvidia-cuda-cupti==$CUPTI" ||
    die "the download failed. Nothing was changed; run this again when the network is back"
  if [ "$kind" = cuda ]; then
    fetch "$part.cuda" "${CUDA_WHEELS[@]}" || die "the CUDA download failed; run this again, or CROON_GPU=0 for the CPU alone"
    cp -a "$part.cuda/nvidia" "$part/" && rm -rf "$part.cuda"
  fi
  prune "$part" "$kind"
  echo "$stamp" >"$part/complete"
  rm -rf "$DEST"
  mv "$part" "$DEST"
  say "libtorch $TORCH ($kind) is in $DEST: $(du -sh "$DEST" | cut -f1)"
}

case "${1:-all}" in
  all) packages && libtorch ;;
  packages) packages ;;
  libtorch) libtorch ;;
  *) die "unknown step '$1': use packages, libtorch, or nothing for both" ;;
esac
command -v cargo >/dev/null 2>&1 || die "cargo is missing: install Rust with rustup, then run this again"
