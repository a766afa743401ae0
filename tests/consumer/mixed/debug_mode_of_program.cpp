// SPDX-License-Identifier: MIT
// A program with _GLIBCXX_DEBUG does not link with a library without it. [link.debug_mode]
// Flags: -D_GLIBCXX_DEBUG
// Library: installed
// Expect: library_was_built_without_glibcxx_debug_this_file_with
#include <eventp/platform.hpp>

int main() {}
