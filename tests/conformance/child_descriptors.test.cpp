// SPDX-License-Identifier: MIT
//
// Which files a child has under which descriptors: every combination of a few.
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <eventp/child.hpp>

#include "support/children.hpp"
#include "support/source.hpp"

namespace eventp::support {
namespace {

using ::testing::IsEmpty;

constexpr std::array numbers{0, 1, 2, 7, 8};

enum class CloseOnExec : bool { no, yes };

/// The file of a descriptor of a process; empty if the descriptor is closed.
std::string file_of(pid_t pid, int number) {
    const std::string link = "/proc/" + std::to_string(pid) + "/fd/" + std::to_string(number);
    std::array<char, 256> path{};
    const auto length = ::readlink(link.c_str(), path.data(), path.size());
    return length < 0 ? "" : std::string{path.data(), static_cast<std::size_t>(length)};
}

/// While this lives, each of `numbers` refers to a file of its own, and standard input, output and
/// error of the test are elsewhere.
class Files {
public:
    explicit Files(CloseOnExec flag) {
        for (const int number : numbers) {
            if (number <= 2) {
                saved_.emplace_back(::fcntl(number, F_DUPFD_CLOEXEC, 100));
            }
        }
        for (const int number : numbers) {
            const OwnedFd file{::memfd_create(("file" + std::to_string(number)).c_str(), 0)};
            const OwnedFd away{::fcntl(file.fd(), F_DUPFD_CLOEXEC, 100)};
            ::dup3(away.fd(), number, flag == CloseOnExec::yes ? O_CLOEXEC : 0);
        }
    }
    Files(const Files&) = delete;
    Files& operator=(const Files&) = delete;
    ~Files() {
        for (int number = 0; number <= 2; ++number) {
            ::dup2(saved_[static_cast<std::size_t>(number)].fd(), number);
        }
        ::close(7);
        ::close(8);
    }

private:
    std::vector<OwnedFd> saved_;
};

using Mapping = std::map<int, int>;  // descriptor of the child -> descriptor of this process

/// Each pair of a target and a source, and each two of these pairs with different targets.
std::vector<Mapping> all_mappings() {
    std::vector<Mapping> out{{}};
    for (const int to : numbers) {
        for (const int from : numbers) {
            out.push_back({{to, from}});
            for (const int other_to : numbers) {
                for (const int other_from : numbers) {
                    if (to < other_to) {
                        out.push_back({{to, from}, {other_to, other_from}});
                    }
                }
            }
        }
    }
    return out;
}

/// The file that `number` of this process refers to in a Files.
std::string own_file(int number) {
    return "/memfd:file" + std::to_string(number) + " (deleted)";
}

/// What is wrong with the descriptors of a child that is started with `mapping`; empty if nothing.
std::string fault_of(const Mapping& mapping) {
    Command command{.program = "sleep", .arguments = {"1000"}};
    for (const auto& [to, from] : mapping) {
        command.descriptors[to] = BorrowedFd{from};
    }
    const auto child = ChildProcess::spawn(command);
    std::string out;
    for (const int number : numbers) {
        const auto mapped = mapping.find(number);
        const std::string expected = mapped != mapping.end() ? own_file(mapped->second)
                                     : number <= 2           ? own_file(number)
                                                             : "";
        const std::string found = child ? file_of(child->pid(), number) : child.error().message();
        if (found != expected) {
            out += std::to_string(number) + " is '" + found + "', not '" + expected + "'; ";
        }
    }
    if (!out.empty()) {
        for (const auto& [to, from] : mapping) {
            out += " with " + std::to_string(from) + " as " + std::to_string(to);
        }
    }
    return out;
}

class ChildDescriptors : public ::testing::TestWithParam<CloseOnExec> {};
INSTANTIATE_TEST_SUITE_P(Flag, ChildDescriptors,
                         ::testing::Values(CloseOnExec::no, CloseOnExec::yes),
                         [](const auto& test) {
                             return test.param == CloseOnExec::yes ? "close_on_exec" : "inherited";
                         });

TEST_P(ChildDescriptors, ReferToTheFilesInTheCommand) {
    // [child.descriptors] [child.standard]
    std::vector<std::string> faults;
    {
        const Files files{GetParam()};
        for (const Mapping& mapping : all_mappings()) {
            if (std::string fault = fault_of(mapping); !fault.empty()) {
                faults.push_back(std::move(fault));
            }
        }
    }
    EXPECT_THAT(faults, IsEmpty());
}

TEST_P(ChildDescriptors, StayAsTheyAreInTheParent) {  // [child.descriptors]
    std::array<int, numbers.size()> before{};
    std::array<int, numbers.size()> after{};
    {
        const Files files{GetParam()};
        const auto flags = [] {
            std::array<int, numbers.size()> out{};
            for (std::size_t i = 0; i < numbers.size(); ++i) {
                out[i] = ::fcntl(numbers[i], F_GETFD);
            }
            return out;
        };
        before = flags();
        static_cast<void>(fault_of({{0, 1}, {1, 0}, {7, 7}, {8, 2}}));
        after = flags();
    }
    EXPECT_EQ(before, after);
}

/// Closes some of 0, 1 and 2 of this process, starts a child, and opens them again. Returns the
/// files of 0, 1 and 2 of the child.
std::vector<std::string> standard_files_without(const std::vector<int>& closed,
                                                const Mapping& mapping) {
    std::vector<std::string> out;
    const Files files{CloseOnExec::yes};
    for (const int number : closed) {
        ::close(number);
    }
    Command command{.program = "sleep", .arguments = {"1000"}};
    for (const auto& [to, from] : mapping) {
        command.descriptors[to] = BorrowedFd{from};
    }
    const auto child = ChildProcess::spawn(command);
    for (int number = 0; number <= 2; ++number) {
        out.push_back(child ? file_of(child->pid(), number) : child.error().message());
    }
    return out;
}

TEST(ChildStandardDescriptors, AreDevNullIfTheyAreClosedInTheParent) {  // [child.standard]
    using Expected = std::vector<std::string>;
    const std::string null = "/dev/null";
    EXPECT_EQ(standard_files_without({0}, {}), (Expected{null, own_file(1), own_file(2)}));
    EXPECT_EQ(standard_files_without({1}, {}), (Expected{own_file(0), null, own_file(2)}));
    EXPECT_EQ(standard_files_without({2}, {}), (Expected{own_file(0), own_file(1), null}));
    EXPECT_EQ(standard_files_without({0, 1, 2}, {}), (Expected{null, null, null}));
    // The copies that an exchange needs do not end up in the closed descriptor.
    EXPECT_EQ(standard_files_without({2}, {{0, 1}, {1, 0}}),
              (Expected{own_file(1), own_file(0), null}));
    EXPECT_EQ(standard_files_without({0}, {{0, 7}}),
              (Expected{own_file(7), own_file(1), own_file(2)}));
}

TEST(ChildStandardDescriptors, AreNotTakenFromAClosedDescriptor) {  // [child.spawn]
    std::error_code error;
    {
        const Files files{CloseOnExec::yes};
        ::close(0);
        error =
            error_of(ChildProcess::spawn({.program = "true", .descriptors = {{1, BorrowedFd{0}}}}));
    }
    EXPECT_EQ(error, std::errc::bad_file_descriptor);
}

}  // namespace
}  // namespace eventp::support
