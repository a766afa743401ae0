// SPDX-License-Identifier: MIT
// A program with exceptions does not link with a library without them. [link.exceptions]
// Library: without_exceptions
// Expect: library_was_built_with_fno_exceptions_this_file_not
#include <eventp/platform.hpp>

int main() {}
