// SPDX-License-Identifier: MIT
// Takes the place of main.cpp where compiling that would only take time: the headers are found, and
// the library is linked.
#include <cstdio>

#include <eventp/platform.hpp>

int main() {
    const std::string_view library = eventp::version();
    std::printf("headers %s, library %.*s\n", EVENTP_VERSION_STRING,
                static_cast<int>(library.size()), library.data());
}
