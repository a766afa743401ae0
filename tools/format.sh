#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# format.sh [--check]: formats every C++ source in place, or says which are not formatted.
set -euo pipefail
cd "$(dirname "$0")/.."

how=(-i)
[ "${1:-}" != --check ] || how=(--dry-run -Werror)
folders=()
for folder in include src tests examples bench; do
  [ ! -d "$folder" ] || folders+=("$folder")
done
find "${folders[@]}" -name '*.[hc]pp' -print0 | xargs -0 clang-format-19 --style=file "${how[@]}"
