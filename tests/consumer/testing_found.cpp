// SPDX-License-Identifier: MIT
// Takes the place of testing.cpp where compiling GoogleMock would only take time: the headers of
// eventp::testing are found, and GoogleMock is linked.
#if !__has_include(<eventp/testing/mock_reactor.hpp>) || !__has_include(<gmock/gmock.h>)
#error "eventp::testing does not bring its include directories"
#endif

namespace testing {
void InitGoogleMock(int* argc, char** argv);
}  // namespace testing

int main(int argc, char** argv) {
    ::testing::InitGoogleMock(&argc, argv);
}
