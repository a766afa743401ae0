// SPDX-License-Identifier: MIT
// A stranger's unit test: gmock comes with the package component.
#include <eventp/testing/mock_reactor.hpp>

int main() {
    ::testing::InitGoogleMock();
    eventp::testing::MockReactor reactor;
    EXPECT_CALL(reactor, stop()).Times(1);

    static_cast<eventp::ReactorOps&>(reactor).stop();

    return ::testing::Test::HasFailure() ? 1 : 0;
}
