// SPDX-License-Identifier: MIT
// Takes the place of libstdc++'s header for glibc, which tests the version of glibc.
#pragma once
#define _GLIBCXX_GTHREAD_USE_WEAK 0
