// SPDX-License-Identifier: MIT
#pragma once

#include <deque>
#include <system_error>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <eventp/testing/mock_reactor.hpp>

#include "support/source.hpp"

namespace eventp::support {

/// A mock that keeps sources. Any number will do for a descriptor.
class Mock : public ::testing::Test {
protected:
    /// A source that is registered nowhere yet.
    Source& make(int number, Source::Action then = {}, Interest wanted = reading) {
        Source& made = sources_.emplace_back(number, wanted, std::move(then));
        made.on_destroy = [this] { ++destroyed; };
        return made;
    }
    RegistrationId add(int number, Source::Action then = {}, Interest wanted = reading) {
        return make(number, std::move(then), wanted).add_to(reactor);
    }
    std::error_code refusal(int number, Interest wanted = reading) {
        AnySubscriber subscriber = make(number, {}, wanted).make();
        const auto added = reactor.add(subscriber);
        EXPECT_TRUE(subscriber) << "a refused subscriber stays its owner's";
        return error_of(added);
    }
    /// The source of a subscriber that the mock keeps.
    [[nodiscard]] Source& source(RegistrationKey key) {
        return reactor.find<Source::Tap>(key)->source();
    }

    int destroyed = 0;

private:
    std::deque<Source> sources_;

protected:
    ::testing::NiceMock<testing::MockReactor> reactor;
};

}  // namespace eventp::support
