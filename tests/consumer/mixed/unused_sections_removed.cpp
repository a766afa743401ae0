// SPDX-License-Identifier: MIT
// Nor when the linker removes what nothing refers to. [link.exceptions]
// Flags: -O2 -ffunction-sections -fdata-sections -Wl,--gc-sections
// Library: without_exceptions
// Expect: library_was_built_with_fno_exceptions_this_file_not
#include <eventp/platform.hpp>

int main() {}
