// SPDX-License-Identifier: MIT
#pragma once

// The one place the version is written; the build reads it from here.
#define EVENTP_VERSION_MAJOR 0
#define EVENTP_VERSION_MINOR 1
#define EVENTP_VERSION_PATCH 0

// Everything in namespace eventp is in this inline namespace, so that one process can contain two
// versions of the library: no symbol of one has the name of a symbol of the other.
#define EVENTP_DETAIL_ABI_NAME(major, minor) v##major##_##minor
#define EVENTP_DETAIL_ABI_OF(major, minor) EVENTP_DETAIL_ABI_NAME(major, minor)
#define EVENTP_ABI_NAMESPACE EVENTP_DETAIL_ABI_OF(EVENTP_VERSION_MAJOR, EVENTP_VERSION_MINOR)
