// SPDX-License-Identifier: MIT
// Takes the place of libstdc++'s header for glibc. Programs that classify characters do not link.
