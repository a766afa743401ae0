#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# install_deps.sh GROUP...: installs what is missing of the named groups, with apt.
# Nothing is asked and nothing is downloaded when nothing is missing.
# EVENTP_DEPS=skip: do nothing, the tools are there in another way.
set -euo pipefail

declare -A packages=(
  [build]="g++ cmake ninja-build"
  [test]="libgtest-dev libgmock-dev relacy-dev python3 pkg-config socat netcat-openbsd"
  [check]="clang-19 clang-tidy-19 clang-format-19 musl-tools googletest"
  [bench]="libevent-dev libev-dev libuv1-dev libasio-dev libsystemd-dev pkg-config valgrind python3"
  [format]="clang-format-19"
)

stop() {
  printf 'install_deps: %s\n' "$@" >&2
  exit 1
}

# at_least WANTED FOUND: compares versions.
at_least() {
  [ "$(printf '%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]
}

apt() {
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null ||
      stop "not root, and no sudo; as root: apt-get install ${missing[*]}"
    as_root=(sudo)
  fi
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 \
    -o Acquire::Retries=3 "$@"
}

[ "${EVENTP_DEPS:-}" != skip ] || exit 0
[ $# -gt 0 ] || stop "which of: ${!packages[*]}"
wanted=()
for group in "$@"; do
  [ -n "${packages[$group]:-}" ] || stop "no group '$group'; known groups: ${!packages[*]}"
  read -r -a names <<<"${packages[$group]}"
  wanted+=("${names[@]}")
done

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
  stop "this is neither Debian nor Ubuntu; install what these Debian packages hold:" \
    "  ${wanted[*]}" "then call make with EVENTP_DEPS=skip"
fi

missing=()
for name in "${wanted[@]}"; do
  # shellcheck disable=SC2016 # the dollar is dpkg-query's
  status=$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null || true)
  [ "$status" = installed ] || missing+=("$name")
done

if [ ${#missing[@]} -gt 0 ]; then
  printf 'install_deps: installing %s\n' "${missing[*]}"
  for try in 1 2 3; do
    ! apt update || break
    # One unreachable source among several fails it; what is needed may still be there.
    [ "$try" -lt 3 ] || printf 'install_deps: apt-get update failed three times; continuing\n' >&2
  done
  apt install -y --no-install-recommends "${missing[@]}" ||
    stop "apt-get could not install: ${missing[*]}"
fi

# An older Debian or Ubuntu has the packages, but not of an age that knows C++23.
if [[ " $* " = *" build "* ]]; then
  cmake_version=$(cmake --version | sed -n 's/^cmake version //p')
  at_least 3.25 "$cmake_version" || stop "CMake $cmake_version is too old; 3.25 is needed"
  if [ -z "${CXX:-}" ]; then
    at_least 12 "$(g++ -dumpversion)" || stop "g++ $(g++ -dumpversion) is too old; 12 is needed" \
      "(or set CXX to a newer compiler)"
  fi
fi
