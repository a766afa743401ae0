// SPDX-License-Identifier: MIT
#pragma once

// The one place the version is written; the build reads it from here.
#define EVENTP_VERSION_MAJOR 0
#define EVENTP_VERSION_MINOR 1
#define EVENTP_VERSION_PATCH 0
