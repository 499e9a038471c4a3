# Sourced by ./dev: the Debian or Ubuntu packages that each command needs, installed where missing.

readonly PACKAGES_BUILD=(
  ca-certificates ccache cmake g++ git ninja-build libboost-dev libboost-program-options-dev
  libc-ares-dev libexpected-dev libfmt-dev libspdlog-dev libsqlite3-dev libtomlplusplus-dev
  libuv1-dev nlohmann-json3-dev zlib1g-dev)
readonly PACKAGES_TEST=(
  clang-14 curl fish gcovr haproxy iproute2 libbenchmark-dev libgmock-dev libgtest-dev lld-14
  pkg-config procps prometheus python3 python3-venv util-linux zsh)
readonly PACKAGES_RELEASE=(binutils gcc libbenchmark-dev libc6-dev python3 util-linux)
readonly PACKAGES_CLANG=(clang-14 libclang-rt-14-dev)
readonly PACKAGES_FORMAT=(clang-format-14 git python3)
readonly PACKAGES_TIDY=(clang-14 clang-tidy-14 python3)
readonly PACKAGES_MINGW=(
  dpkg-dev g++-mingw-w64-x86-64-posix googletest libz-mingw-w64-dev wine wine64
  tcl xz-utils)
readonly PACKAGES_BENCH=(haproxy iperf3 nginx python3 util-linux wrk)
readonly PACKAGES_PACKAGE=(
  binutils lintian procps python3 python3-venv systemd-container util-linux)
readonly PACKAGES_MSI=(iproute2 msitools openssl osslsigncode python3 util-linux wixl)
readonly PACKAGES_OFFICE=(libreoffice-writer-nogui)
readonly PACKAGES_BROWSER=(chromium chromium-driver)
readonly PACKAGES_UNO=(procps python3-uno)

readonly APT_UPDATE_LIMIT_S=300
readonly APT_INSTALL_LIMIT_S=1200

# need GROUP…: installs what is missing of the groups (need build test). Asks dpkg, so it is quick
# and right also after somebody removed a package.
need() {
  local missing
  if ! command -v dpkg-query >/dev/null; then
    printf 'dev: this is neither Debian nor Ubuntu; please install what these hold: %s\n' \
      "$(packages_of "$@" | tr '\n' ' ')" >&2
    return
  fi
  mapfile -t missing < <(missing_of "$@")
  ((${#missing[@]} == 0)) || install_packages "${missing[@]}"
}

# want COMMAND PACKAGE: the same for what is left out where it cannot be had, and what people have
# from elsewhere too.
want() {
  command -v "$1" >/dev/null || (install_packages "$2") ||
    say "no $1, so what needs it is left out"
}

packages_of() {
  local group
  for group in "$@"; do
    local -n packages=PACKAGES_${group^^}
    printf '%s\n' "${packages[@]}"
  done | sort -u
}

missing_of() {
  comm -23 <(packages_of "$@") <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' |
    sed -n 's/^installed //p' | sort -u)
}

install_packages() {
  local log=build/apt.log started=$SECONDS
  mkdir -p build
  say "installing ${*}"
  if ! { run_apt "$APT_UPDATE_LIMIT_S" update &&
    run_apt "$APT_INSTALL_LIMIT_S" install --yes --no-install-recommends "$@"; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    die "could not install the packages (whole log: $log). By hand: apt-get install $*"
  fi
  printf '── installed in %s s\n' "$((SECONDS - started))"
}

run_apt() {  # SECONDS ARGUMENT…
  local limit=$1
  shift
  as_root timeout "$limit" env DEBIAN_FRONTEND=noninteractive apt-get -q \
    -o DPkg::Lock::Timeout="$limit" "$@"
}

as_root() {
  if ((EUID == 0)); then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    echo 'Neither root nor sudo.'
    return 1
  fi
}
