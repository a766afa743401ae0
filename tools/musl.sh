#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# musl.sh BUILD_DIR: compiles the library with the headers of musl, then runs examples and tests
# that are linked statically with it.
#
# Debian has no libstdc++ for musl. That for glibc differs in a few headers, which tools/musl
# replaces, and needs a few functions of glibc, which tools/musl/glibc.c defines. Streams cannot be
# read then, so tests that do so are left out.
set -euo pipefail
cd "$(dirname "$0")/.."

build=$1
examples=(hello_eventfd timers remote)
tests=(unit/fork_guard unit/timer_lifetime conformance/child conformance/fork conformance/remote
  conformance/timeout conformance/timer)

gnu=$(gcc -print-multiarch)
triple=$(uname -m)-linux-musl
version=$(g++ -dumpversion)
version=${version%%.*}
libc=/usr/lib/$triple
libgcc=$(dirname "$(gcc -print-libgcc-file-name)")
googletest=/usr/src/googletest
mkdir -p "$build/kernel"
ln -sfn /usr/include/linux "$build/kernel/linux"
ln -sfn /usr/include/asm-generic "$build/kernel/asm-generic"
ln -sfn "/usr/include/$gnu/asm" "$build/kernel/asm"

compile=(g++ -std=c++23 -O1 -fno-pie -Wall -Wextra -Werror -nostdinc -nostdinc++
  -isystem tools/musl -isystem "/usr/include/c++/$version"
  -isystem "/usr/include/$gnu/c++/$version" -isystem "/usr/include/$triple"
  -isystem "$libgcc/include" -isystem "$build/kernel"
  -isystem "$googletest/googletest/include" -isystem "$googletest/googlemock/include"
  -Iinclude -Isrc -Itests -I.)

# compile_all SOURCE...: to $build/<source>.o, several at a time.
compile_all() {
  for source in "$@"; do
    mkdir -p "$build/$(dirname "$source")"
    printf '%s\0' "$source"
  done | xargs -0 -P "${CMAKE_BUILD_PARALLEL_LEVEL:-1}" -I{} "${compile[@]}" -c {} -o "$build/{}.o"
}

# link PROGRAM OBJECT...
link() {
  gcc -static -no-pie -nostdlib -nostartfiles -o "$1" "$libc/crt1.o" "$libc/crti.o" \
    "$libgcc/crtbeginT.o" "${@:2}" "$build/glibc.o" "$build/libeventp.a" "$libgcc/libstdc++.a" \
    -Wl,--start-group "$libgcc/libgcc.a" "$libgcc/libgcc_eh.a" "$libc/libc.a" -Wl,--end-group \
    "$libgcc/crtend.o" "$libc/crtn.o"
}

sources=(src/*/*.cpp)
compile_all "${sources[@]}"
rm -f "$build/libeventp.a"
objects=("${sources[@]/#/$build/}")
ar rcs "$build/libeventp.a" "${objects[@]/%/.o}"
musl-gcc -Wall -Wextra -Werror -O1 -c tools/musl/glibc.c -o "$build/glibc.o"
printf 'musl: the library compiles\n'

programs=("${examples[@]/%/.cpp}")
compile_all "${programs[@]/#/examples/}"
for name in "${examples[@]}"; do
  link "$build/$name" "$build/examples/$name.cpp.o"
  "$build/$name"
done

for part in googletest/src/gtest-all.cc googlemock/src/gmock-all.cc googlemock/src/gmock_main.cc; do
  "${compile[@]}" -I"$googletest/googletest" -I"$googletest/googlemock" \
    -c "$googletest/$part" -o "$build/$(basename "$part").o"
done
programs=("${tests[@]/%/.test.cpp}")
compile_all "${programs[@]/#/tests/}" tests/support/fake_time.cpp
for name in "${tests[@]}"; do
  program=$build/${name//\//.}
  objects=("$build/tests/$name.test.cpp.o")
  # It defines functions of the library, so only tests that need it are linked with it.
  if grep -q support/fake_time.hpp "tests/$name.test.cpp"; then
    objects+=("$build/tests/support/fake_time.cpp.o")
  fi
  link "$program" "${objects[@]}" "$build"/g*.cc.o
  "$program" --gtest_brief=1
done
printf 'musl: examples and tests pass\n'
