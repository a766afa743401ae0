// SPDX-License-Identifier: MIT
//
// What a program finds when it starts, and why it may not.
#include <csignal>
#include <cstdlib>
#include <limits>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <eventp/child.hpp>

#include "support/children.hpp"
#include "support/source.hpp"

namespace eventp::support {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

// --- arguments, environment, directory ----------------------------------------------------------

TEST(ChildFinds, ItsArgumentsAsTheyAre) {  // [child.arguments]
    EXPECT_EQ(
        output_of({.program = "printf", .arguments = {"[%s]", "a b", "", "$HOME", "'\"\\", "*"}}),
        "[a b][][$HOME]['\"\\][*]");
    EXPECT_EQ(output_of({.program = "/bin/sh", .arguments = {"-c", "printf %s \"$0\""}}),
              "/bin/sh");
}

TEST(ChildFinds, TheEnvironmentOfTheParentWithTheChangesOfTheCommand) {  // [child.environment]
    ::setenv("EVENTP_KEPT", "kept", 1);
    ::setenv("EVENTP_CHANGED", "old", 1);
    ::setenv("EVENTP_REMOVED", "old", 1);
    Command command = shell(
        "printf %s \"$EVENTP_KEPT,$EVENTP_CHANGED,${EVENTP_REMOVED-unset},"
        "$EVENTP_NEW,${EVENTP_EMPTY-unset}\"");
    command.environment = {{"EVENTP_CHANGED", "new"},
                           {"EVENTP_REMOVED", std::nullopt},
                           {"EVENTP_NEW", "a=b c"},
                           {"EVENTP_EMPTY", ""},
                           {"EVENTP_NEVER_THERE", std::nullopt}};

    EXPECT_EQ(output_of(command), "kept,new,unset,a=b c,");

    EXPECT_STREQ(::getenv("EVENTP_CHANGED"), "old");
}

TEST(ChildFinds, OnlyTheVariablesOfTheCommandIfItDoesNotInheritTheEnvironment) {
    // [child.environment]
    EXPECT_EQ(output_of({.program = "/usr/bin/env",
                         .inherits_environment = false,
                         .environment = {{"A", "1"}, {"B", std::nullopt}, {"C", "3"}}}),
              "A=1\nC=3\n");
}

TEST(ChildFinds, ItselfInItsDirectory) {  // [child.directory]
    EXPECT_EQ(output_of({.program = "/bin/pwd", .directory = "/proc/self"}).substr(0, 6), "/proc/");
    EXPECT_EQ(output_of({.program = "./pwd", .directory = "/bin"}).empty(), false);
    EXPECT_EQ(error_of(ChildProcess::spawn({.program = "true", .directory = "/no/such"})),
              std::errc::no_such_file_or_directory);
    EXPECT_EQ(error_of(ChildProcess::spawn({.program = "true", .directory = "/dev/null"})),
              std::errc::not_a_directory);
}

// --- descriptors --------------------------------------------------------------------------------

TEST(ChildFinds, ItsStandardDescriptorsRedirected) {  // [child.descriptors]
    Pipe in;
    Pipe out;
    ASSERT_EQ(::write(in.write.fd(), "words", 5), 5);
    in.write.reset();
    Command command = shell("cat; echo error >&2");
    command.descriptors = {{0, BorrowedFd{in.read.fd()}},
                           {1, BorrowedFd{out.write.fd()}},
                           {2, BorrowedFd{out.write.fd()}}};
    ChildProcess child = ChildProcess::spawn(command).value();
    out.write.reset();

    EXPECT_EQ(read_all(out.read.fd()), "wordserror\n");
    EXPECT_EQ(child.wait(), ExitStatus::exited(0));
    EXPECT_TRUE(is_open(in.read.fd())) << "the parent's own stays open";
}

/// Writes which of two files each of the numbers 8 and 9 is.
constexpr const char* tell_which =
    "printf %s \"$(readlink /proc/self/fd/8 | tail -c 5) "
    "$(readlink /proc/self/fd/9 | tail -c 5)\"";

TEST(ChildFinds, DescriptorsAsTheyAreInTheParentEvenIfTheyAreExchanged) {
    // [child.descriptors]
    const OwnedFd null{::fcntl(open_file("/dev/null").fd(), F_DUPFD_CLOEXEC, 20)};
    const OwnedFd zero{::fcntl(open_file("/dev/zero").fd(), F_DUPFD_CLOEXEC, 20)};
    const OwnedFd eight{::dup3(null.fd(), 8, O_CLOEXEC)};
    const OwnedFd nine{::dup3(zero.fd(), 9, O_CLOEXEC)};

    Command command = shell(tell_which);
    command.descriptors = {{8, BorrowedFd{8}}, {9, BorrowedFd{9}}};
    EXPECT_EQ(output_of(command), "null zero");
    command.descriptors = {{8, BorrowedFd{9}}, {9, BorrowedFd{8}}};
    EXPECT_EQ(output_of(command), "zero null");
    command.descriptors = {{8, BorrowedFd{9}}, {9, BorrowedFd{null.fd()}}};
    EXPECT_EQ(output_of(command), "zero null");
    command.descriptors = {{8, BorrowedFd{zero.fd()}}, {9, BorrowedFd{8}}};
    EXPECT_EQ(output_of(command), "zero null");
}

TEST(ChildFinds, NoOtherDescriptorsCloseOnExecOrNot) {  // [child.descriptors]
    const OwnedFd careless{::fcntl(open_file("/dev/zero").fd(), F_DUPFD, 5)};
    const OwnedFd far{::fcntl(careless.fd(), F_DUPFD, 700)};
    const OwnedFd wanted{::fcntl(careless.fd(), F_DUPFD_CLOEXEC, 30)};

    // ls reads the directory through 3.
    EXPECT_EQ(output_of({.program = "ls", .arguments = {"/proc/self/fd"}}), "0\n1\n2\n3\n");

    Command command{.program = "ls", .arguments = {"/proc/self/fd"}};
    command.descriptors[wanted.fd()] = BorrowedFd{wanted.fd()};
    EXPECT_EQ(output_of(command), "0\n1\n2\n3\n" + std::to_string(wanted.fd()) + "\n");
}

TEST(ChildIsNotStarted, WithADescriptorThatIsNotOpen) {  // [child.descriptors] [child.spawn]
    for (const auto& [number, from] :
         {std::pair{1, closed_number()}, std::pair{1, -1}, std::pair{-1, 1},
          std::pair{std::numeric_limits<int>::max(), 1}}) {
        EXPECT_EQ(error_of(ChildProcess::spawn(
                      {.program = "true", .descriptors = {{number, BorrowedFd{from}}}})),
                  std::errc::bad_file_descriptor);
    }
    const int closed = closed_number();
    EXPECT_EQ(error_of(ChildProcess::spawn(
                  {.program = "true",
                   .descriptors = {{closed, BorrowedFd{0}}, {closed + 1, BorrowedFd{closed}}}})),
              std::errc::bad_file_descriptor);
    // Above the last descriptor there is none for the copies that an exchange needs.
    EXPECT_EQ(error_of(ChildProcess::spawn(
                  {.program = "true",
                   .descriptors = {{1, BorrowedFd{2}},
                                   {2, BorrowedFd{1}},
                                   {std::numeric_limits<int>::max(), BorrowedFd{0}}}})),
              std::errc::bad_file_descriptor);
    EXPECT_FALSE(has_children());
}

// --- signals ------------------------------------------------------------------------------------

TEST(ChildFinds, NoSignalBlockedAndNoneIgnored) {  // [child.signals]
    sigset_t all;
    sigset_t mask_before;
    sigfillset(&all);
    struct sigaction ignore{};
    struct sigaction pipe_before{};
    ignore.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &ignore, &pipe_before);
    ::pthread_sigmask(SIG_SETMASK, &all, &mask_before);

    const std::string status = output_of({.program = "cat", .arguments = {"/proc/self/status"}});

    ::pthread_sigmask(SIG_SETMASK, &mask_before, nullptr);
    ::sigaction(SIGPIPE, &pipe_before, nullptr);
    EXPECT_THAT(status, HasSubstr("SigBlk:\t0000000000000000"));
    // The C library ignores the two that it keeps for itself (32 and 33) in the child.
    EXPECT_THAT(status, ContainsRegex("SigIgn:\t0000000[01]80000000|SigIgn:\t0000000000000000"));
}

// --- refusals -----------------------------------------------------------------------------------

class Refusal : public ::testing::Test {
protected:
    void TearDown() override { EXPECT_FALSE(has_children()); }
    static std::error_code refusal(const Command& command) {
        return error_of(ChildProcess::spawn(command));
    }
};

TEST_F(Refusal, OfAProgramThatIsNotThere) {  // [child.spawn]
    EXPECT_EQ(refusal({.program = "/no/such/program"}), std::errc::no_such_file_or_directory);
    EXPECT_EQ(refusal({.program = "eventp-no-such-program"}), std::errc::no_such_file_or_directory);
    EXPECT_EQ(refusal({.program = ""}), std::errc::no_such_file_or_directory);
}

TEST_F(Refusal, OfAFileThatIsNotAProgram) {  // [child.spawn]
    EXPECT_EQ(refusal({.program = "/proc/self/status"}), std::errc::permission_denied);
    EXPECT_EQ(refusal({.program = "/tmp"}), std::errc::permission_denied);

    std::string path = "/tmp/eventp-no-program-XXXXXX";
    OwnedFd file{::mkstemp(path.data())};
    ASSERT_EQ(::write(file.fd(), "\1\2\3\4", 4), 4);
    ASSERT_EQ(::fchmod(file.fd(), 0700), 0);
    file.reset();
    EXPECT_EQ(refusal({.program = path}), std::errc::executable_format_error);
    ::unlink(path.c_str());
}

TEST_F(Refusal, OfMoreArgumentsThanTheKernelAllows) {  // [child.spawn]
    EXPECT_EQ(refusal({.program = "true", .arguments = {std::string(8'000'000, 'a')}}),
              std::errc::argument_list_too_long);
}

TEST_F(Refusal, OfStringsThatWouldBeCutOffOrMisread) {  // [child.spawn]
    using namespace std::string_literals;
    constexpr auto invalid = std::errc::invalid_argument;
    EXPECT_EQ(refusal({.program = "true\0"s}), invalid);
    EXPECT_EQ(refusal({.program = "true", .arguments = {"a\0b"s}}), invalid);
    EXPECT_EQ(refusal({.program = "true", .directory = "/\0"s}), invalid);
    EXPECT_EQ(refusal({.program = "true", .environment = {{"A", "a\0b"s}}}), invalid);
    EXPECT_EQ(refusal({.program = "true", .environment = {{"A\0"s, "a"}}}), invalid);
    EXPECT_EQ(refusal({.program = "true", .environment = {{"A=B", "a"}}}), invalid);
    EXPECT_EQ(refusal({.program = "true", .environment = {{"", "a"}}}), invalid);
}

TEST_F(Refusal, WhenThereIsNoDescriptorLeftToWatchItWith) {  // [child.spawn]
    const FileLimit none{0};

    EXPECT_EQ(refusal({.program = "true"}), std::errc::too_many_files_open);
}

}  // namespace
}  // namespace eventp::support
