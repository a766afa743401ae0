// SPDX-License-Identifier: MIT
// Takes the place of libstdc++'s header for glibc, which uses the tables of glibc's <ctype.h>.
namespace std {
struct ctype_base {
    using __to_type = const int*;
    using mask = unsigned short;
    static constexpr mask upper = 1 << 0;
    static constexpr mask lower = 1 << 1;
    static constexpr mask alpha = 1 << 2;
    static constexpr mask digit = 1 << 3;
    static constexpr mask xdigit = 1 << 4;
    static constexpr mask space = 1 << 5;
    static constexpr mask print = 1 << 6;
    static constexpr mask cntrl = 1 << 7;
    static constexpr mask punct = 1 << 8;
    static constexpr mask blank = 1 << 9;
    static constexpr mask alnum = alpha | digit;
    static constexpr mask graph = alnum | punct;
};
}  // namespace std
