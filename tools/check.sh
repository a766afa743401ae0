#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# check.sh [STAGE...]: what CI runs after `make test`, all of it or the named stages, in this order.
# Stops at the first failure.
set -euo pipefail
cd "$(dirname "$0")/.."

# Not among them: `orders`, which compiles one program for each memory order. Run it after a change
# of an atomic operation.
stages=(lint format packaging asan tsan noexcept clang tidy libc bench demo)
cores=$(nproc)
export CMAKE_BUILD_PARALLEL_LEVEL=${CMAKE_BUILD_PARALLEL_LEVEL:-$cores}
export CTEST_PARALLEL_LEVEL=${CTEST_PARALLEL_LEVEL:-$cores}

stage_lint() { tools/lint.py; }
stage_format() { tools/format.sh --check; }
stage_packaging() {
  cmake --preset dev
  cmake --build --preset dev
  ctest --preset packaging
}
stage_orders() { tools/weaken_orders.py; }
stage_asan() { cmake --workflow --preset asan; }
stage_tsan() {
  # ThreadSanitizer of GCC 12 does not start under the address randomisation of newer kernels.
  local fixed=(setarch "$(uname -m)" -R)
  "${fixed[@]}" true 2>/dev/null || fixed=()
  EVENTP_STRESS_MESSAGES=10000000 "${fixed[@]}" cmake --workflow --preset tsan
}
stage_noexcept() { cmake --workflow --preset noexcept; }
stage_clang() { EVENTP_STRESS_MESSAGES=2000000 cmake --workflow --preset clang; }
stage_tidy() {
  cmake --preset clang
  tools/tidy.py build/clang
}
stage_libc() { tools/musl.sh build/libc; }
stage_bench() {
  cmake --workflow --preset bench
  tools/bench.py build/bench --smoke
  tools/bench_docs.py build/bench/smoke build/bench/smoke
  tools/dispatch_loop.py --compare docs/internals/architecture.md
  tools/bench_instructions.py build/bench
  tools/bench_growth.py build/bench
}
stage_demo() { make demo; }

if [ "${1:-}" = --list ]; then
  echo "${stages[*]}"
  exit 0
fi
[ $# -eq 0 ] || stages=("$@")

times=()
current=
trap '[ -z "$current" ] || printf "== %s: FAILED after %d s\n" "$current" "$SECONDS"' EXIT
for current in "${stages[@]}"; do
  declare -F "stage_$current" >/dev/null || { echo "no stage '$current'"; exit 2; }
  printf '== %s\n' "$current"
  SECONDS=0
  "stage_$current"
  times+=("$(printf '== %-9s passed in %4d s' "$current" "$SECONDS")")
done
current=
printf '%s\n' "${times[@]}"
