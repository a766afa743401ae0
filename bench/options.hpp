// SPDX-License-Identifier: MIT
#pragma once

#include <cstdlib>
#include <span>
#include <string_view>

#include "harness.hpp"

namespace bench {

/// [--smoke] [--budget FACTOR] [--out FILE] [--peer NAME]... [--n N]... [GROUP...]
[[nodiscard]] inline Options options_from(int argc, char** argv) {
    Options options;
    const std::span arguments{argv + 1, static_cast<std::size_t>(argc - 1)};
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string_view argument = arguments[i];
        if (argument == "--smoke") {
            options.is_smoke = true;
        } else if (argument == "--budget" && i + 1 < arguments.size()) {
            options.budget = std::atof(arguments[++i]);
        } else if (argument == "--out" && i + 1 < arguments.size()) {
            options.out = arguments[++i];
        } else if (argument == "--peer" && i + 1 < arguments.size()) {
            options.peers.emplace(arguments[++i]);
        } else if (argument == "--n" && i + 1 < arguments.size()) {
            options.points.emplace(std::strtoull(arguments[++i], nullptr, 10));
        } else {
            expect(
                !argument.starts_with('-'),
                "[--smoke] [--budget FACTOR] [--out FILE] [--peer NAME]... [--n N]... [GROUP...]");
            options.groups.emplace(argument);
        }
    }
    return options;
}

}  // namespace bench
