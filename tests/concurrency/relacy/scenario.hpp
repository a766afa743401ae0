// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <ostream>
#include <string>
#include <string_view>

#include "weak_memory.hpp"

namespace eventp::relacy {

/// The scenarios of a program: all of them, or the one that its argument names.
class Scenarios {
public:
    Scenarios(int count, char** arguments) : only_{count > 1 ? arguments[1] : ""} {}

    /// Simulates the threads of a scenario that many times. The order of their steps and the values
    /// that loads return are chosen at random, and are the same in each run of the program. Writes
    /// the execution that fails. EVENTP_RELACY_FACTOR multiplies the number.
    template <typename Scenario>
    void run(::std::string_view name, unsigned long executions) {
        if (!only_.empty() && only_ != name) {
            return;
        }
        ++ran_;
        ::std::ostream nowhere{nullptr};
        rl::test_params how;
        how.iteration_count = executions * factor();
        how.progress_stream = &nowhere;
        ::std::cout << "== " << name << '\n';
        failed_ += rl::simulate<Scenario>(how) ? 0 : 1;
    }

    /// For main().
    [[nodiscard]] int result() const {
        if (ran_ == 0) {
            ::std::cerr << "there is no scenario " << only_ << '\n';
        }
        return failed_ > 0 || ran_ == 0 ? 1 : 0;
    }

private:
    static unsigned long factor() {
        const char* wanted = ::std::getenv("EVENTP_RELACY_FACTOR");
        return wanted == nullptr ? 1 : ::std::stoul(wanted);
    }

    ::std::string_view only_;
    int ran_ = 0;
    int failed_ = 0;
};

}  // namespace eventp::relacy

#define EVENTP_SIMULATE(scenarios, Scenario, executions) \
    (scenarios).run<Scenario>(#Scenario, executions)
