// SPDX-License-Identifier: MIT
// A program without _GLIBCXX_DEBUG does not link with a library with it. [link.debug_mode]
// Library: debug_mode
// Expect: library_was_built_with_glibcxx_debug_this_file_without
#include <eventp/platform.hpp>

int main() {}
