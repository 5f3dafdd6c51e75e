# Shared by ./run and ./test (sourced, not run): what a Debian 12 machine needs, installed once.
# Prints what it does and why; installs nothing that is there already.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then BOLD=$'\e[1m' DIM=$'\e[2m' RESET=$'\e[0m'; else BOLD='' DIM='' RESET=''; fi
STARTED=$SECONDS
step() { printf '%s==>%s %s %s(%ds)%s\n' "$BOLD" "$RESET" "$*" "$DIM" $((SECONDS - STARTED)) "$RESET"; }
die() { printf 'error: %s\n' "$1" >&2; [ -z "${2:-}" ] || printf 'hint: %s\n' "$2" >&2; exit 3; }

BUILD_PACKAGES=(clang-19 lld-19 llvm-19 libclang-rt-19-dev cmake ninja-build ccache mold pkg-config git
  libboost1.81-dev libfmt-dev libcurl4-openssl-dev libsqlite3-dev libpq-dev libssl-dev libsodium-dev zlib1g-dev
  libjpeg62-turbo-dev libpng-dev libwebp-dev liblcms2-dev libmimalloc-dev libxnnpack-dev libpthreadpool-dev
  libyaml-dev)
RUN_PACKAGES=(curl ca-certificates tzdata)
TEST_PACKAGES=(doctest-dev clang-format-19 python3 chromium redis-server openssl faketime python3-croniter
  postgresql-15 pgbouncer python3-psycopg2 python3-celery python3-redis)
FIT_PACKAGES=(python3-numpy)  # of tools/sizing/refit alone
BENCH_PACKAGES=(wrk nginx-light python3-fastapi uvicorn python3-uvloop python3-httptools python3-pil)

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null; then sudo "$@"
  else die "installing packages needs root" "run as root, or install sudo"; fi
}

# install_packages NAME... : those that are missing
install_packages() {
  local missing=() name
  for name in "$@"; do
    dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null | grep -qx installed || missing+=("$name")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  step "installing with apt: ${missing[*]}"
  # no service starts by itself, whatever a package would like
  local policy=/usr/sbin/policy-rc.d ours=
  if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null; as_root chmod 755 $policy; ours=1
  fi
  local failed=0
  as_root apt-get update -qq || failed=1
  [ $failed = 1 ] || as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    "${missing[@]}" </dev/null >/dev/null || failed=1
  [ -z "$ours" ] || as_root rm -f $policy
  [ $failed = 0 ] || die "apt-get could not install: ${missing[*]}" "the lines above say why; try: apt-get update"
}

need_debian() {
  grep -q '^VERSION_CODENAME=bookworm' /etc/os-release 2>/dev/null ||
    printf 'warning: made for Debian 12 (bookworm); this is %s\n' "$(. /etc/os-release 2>/dev/null; echo "${PRETTY_NAME:-unknown}")" >&2
}

# The console's static files, built only when a source is newer than they are.
build_console() {
  command -v npm >/dev/null || install_packages nodejs npm
  local stamp=$ROOT/web/dist/.built
  if [ -e "$stamp" ] && [ -z "$(find "$ROOT/web" -path "$ROOT/web/node_modules" -prune -o -path "$ROOT/web/dist" -prune \
      -o -type f -newer "$stamp" -print -quit)" ]; then return 0; fi
  if [ ! -d "$ROOT/web/node_modules" ] || [ "$ROOT/web/package-lock.json" -nt "$ROOT/web/node_modules/.package-lock.json" ]; then
    step "installing the console's build tools with npm"
    (cd "$ROOT/web" && npm ci --no-audit --no-fund --loglevel=error) || die "npm ci failed in web/"
  fi
  step "building the console"
  (cd "$ROOT/web" && npm run --silent build) || die "the console does not build" "cd web && npm run build"
  touch "$stamp"
}

# The pose models of body sizing. Without them everything else works, so a machine that cannot fetch them goes on.
fetch_models() {
  command -v npm >/dev/null || install_packages nodejs npm
  [ -e "$ROOT/build/models/pose_landmark_full.tflite" ] || step "fetching the pose models with npm"
  "$ROOT/tools/fetch_models" || printf 'warning: body sizing will not work until tools/fetch_models has worked\n' >&2
}

# build PRESET TARGET... : configures on the first call only; ninja notices everything else
build() {
  local preset=$1; shift
  if [ ! -e "$ROOT/build/$preset/build.ninja" ]; then
    step "configuring ($preset)"
    (cd "$ROOT" && cmake --preset "$preset" >"$ROOT/build-$preset.tmp" 2>&1) ||
      { cat "$ROOT/build-$preset.tmp" >&2; rm -f "$ROOT/build-$preset.tmp"; die "cmake failed"; }
    rm -f "$ROOT/build-$preset.tmp"
  fi
  # quiet when nothing is to be done, one moving line on a terminal, every 25th step elsewhere
  local tty=
  [ ! -t 1 ] || tty=1
  ninja -C "$ROOT/build/$preset" "$@" 2>&1 |
    awk -v tty="$tty" -v head="$(step "building ($preset): ${*:-everything}")" '
      /^\[[0-9]+\/[0-9]+\] (Building|Linking|Generating)/ {
        if (!n++) print head
        if (tty) printf "\r\033[K    %s", substr($0, 1, 100); else if (n % 25 == 1) print "    " $0
        fflush(); next
      }
      /^ninja: (Entering|no work)|Re-checking globbed|GLOB mismatch|Re-running CMake|^-- / { next }
      { print; fflush() }
      END { if (n && tty) printf "\r\033[K" }' ||
    die "the build failed" "the first error above is the one to read"
}
