#!/usr/bin/env bash
# Brings what cargo cannot: the C libraries the player links, and libtorch for the engine.
#
#   scripts/setup.sh            what this machine needs; does nothing when all is there
#   CROON_GPU=1 scripts/setup.sh   the CUDA libraries too (default: only where an NVIDIA driver is)
#   CROON_GPU=0 scripts/setup.sh   never the CUDA libraries
#   scripts/setup.sh packages|libtorch   one of the two steps alone
#
# libtorch comes out of the published torch wheel: no Python is used when croon is built or run.
# Every step is done into a side folder and moved into place whole, so it can be interrupted and
# repeated; once all is there it needs no network.
set -euo pipefail
cd "$(dirname "$0")/.."

TORCH=2.11.0
CUDART=13.0.96
CUPTI=13.0.85
DRIVER=580
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
  command -v cmake >/dev/null 2>&1 || echo cmake # builds libopus
  command -v pkg-config >/dev/null 2>&1 || echo pkg-config
  { command -v pkg-config >/dev/null 2>&1 && pkg-config --exists alsa; } || echo libasound2-dev
  # pip only unpacks libtorch: once that is there, its absence is no matter
  [ -f "$DEST/complete" ] || python3 -m pip --version >/dev/null 2>&1 || echo python3-pip
}

packages() {
  local need
  need=$(missing_packages | sort -u | tr '\n' ' ')
  [ -z "$need" ] && return 0
  if ! command -v apt-get >/dev/null 2>&1; then
    die "these are missing: $need
       They are named as Debian and Ubuntu name them. Install your system's equivalents
       (a C and C++ compiler, cmake, pkg-config, the ALSA development files, Python's pip), then run this again."
  fi
  local sudo=""
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 || die "needs root to install: $need
       Run as root:  apt-get install $need
       then run this again."
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
  [ -e /proc/driver/nvidia/version ] || [ -e /dev/nvidia0 ] || return 1
  # CUDA 13 needs driver 580 or newer; with an older one gigabytes would come for nothing
  local major
  major=$(sed -nE '1s/.* ([0-9]{3})\.[0-9.]+ .*/\1/p' /proc/driver/nvidia/version 2>/dev/null || true)
  if [ -n "$major" ] && [ "$major" -lt "$DRIVER" ]; then
    [ -f "$DEST/complete" ] ||
      say "the NVIDIA driver is $major and CUDA 13 needs $DRIVER: bringing the CPU set (update the driver and run this again for the GPU)"
    return 1
  fi
}

room_for() { # room_for GIGABYTES: enough free space here?
  local free
  free=$(df -Pk . | awk 'NR == 2 { print int($4 / 1000000) }')
  [ -z "$free" ] || [ "$free" -ge "$1" ] || die "this needs $1 GB free while it unpacks, and $PWD has $free GB. Free some, then run this again"
}

fetch() { # fetch FOLDER WHEEL...: unpack wheels with the layout their rpaths expect
  local into=$1
  shift
  # The wheel's Python version only names a file here, so any pip may unpack it; pip takes each
  # platform tag literally, so every glibc age that a wheel may name is listed.
  local platforms=(--platform manylinux2014_x86_64) v
  for v in 17 18 19 20 21 22 23 24 25 26 27 28; do platforms+=(--platform "manylinux_2_${v}_x86_64"); done
  # What older pips do not know goes through the environment, where an unknown name is no error.
  # --target is no environment, so PEP 668's refusal does not concern it. TMPDIR: /tmp may be small.
  mkdir -p "$into.tmp"
  TMPDIR="$PWD/$into.tmp" PIP_USER=no PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1 \
    python3 -m pip install --quiet --no-compile --no-warn-script-location \
    --target "$into" --only-binary=:all: --upgrade \
    --python-version 3.11 --implementation cp --abi cp311 --abi abi3 --abi none \
    "${platforms[@]}" "$@" >&2 || return 1
  rm -rf "$into.tmp"
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

download() { # download FOLDER KIND
  fetch "$1" --no-deps "torch==$TORCH" "nvidia-cuda-runtime==$CUDART" "nvidia-cuda-cupti==$CUPTI" || return 1
  [ "$2" = cuda ] || return 0
  fetch "$1.cuda" "${CUDA_WHEELS[@]}" || return 1
  cp -a "$1.cuda/nvidia" "$1/" && rm -rf "$1.cuda"
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
    room_for 11
    say "fetching libtorch $TORCH with CUDA: 2.6 GB to download, 4.7 GB on disk (CROON_GPU=0 for the small set)"
  else
    room_for 3
    say "fetching libtorch $TORCH for the CPU: 0.55 GB to download, 0.5 GB on disk"
  fi
  local part=$DEST.partial
  rm -rf "$part" "$part".keep.* "$part".tmp "$part".cuda "$part".cuda.tmp
  if ! download "$part" "$kind"; then
    rm -rf "$part".tmp "$part".cuda.tmp
    [ "$(cat "$DEST/complete" 2>/dev/null)" = "torch $TORCH cpu" ] ||
      die "the download failed (pip's words are above). Nothing was changed; run this again when the network is back"
    say "the CUDA libraries could not be fetched; going on with the CPU set that is here (CROON_GPU=0 stops asking)"
    return 0
  fi
  prune "$part" "$kind"
  echo "$stamp" >"$part/complete"
  rm -rf "$DEST"
  mv "$part" "$DEST"
  say "libtorch $TORCH ($kind) is in $DEST: $(du -sh "$DEST" | cut -f1)"
}

# One set-up at a time: a second one waits and then finds everything there.
if command -v flock >/dev/null 2>&1; then
  exec 9>.libtorch.lock
  flock 9
fi
case "${1:-all}" in
  all)
    command -v cargo >/dev/null 2>&1 || die "cargo is missing: install Rust (https://rustup.rs), then run this again"
    packages
    libtorch
    ;;
  packages) packages ;;
  libtorch) libtorch ;;
  *) die "unknown step '$1': use packages, libtorch, or nothing for both" ;;
esac
