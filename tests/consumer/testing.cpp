// SPDX-License-Identifier: MIT
// A unit test of a user: the component of the package brings gmock.
#include <eventp/testing/mock_reactor.hpp>

int main() {
    ::testing::InitGoogleMock();
    eventp::testing::MockReactor reactor;
    EXPECT_CALL(reactor, stop()).Times(1);

    static_cast<eventp::ReactorOps&>(reactor).stop();

    return ::testing::Test::HasFailure() ? 1 : 0;
}
