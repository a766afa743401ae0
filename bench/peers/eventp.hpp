// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <span>
#include <vector>

#include <eventp/eventp.hpp>

#include "../work.hpp"

namespace bench {

/// This library, as its README shows: a chain of the builder for each descriptor, a Device for an
/// object with several.
template <typename Work>
class Eventp {
public:
    static constexpr const char* name = "eventp";

    Eventp(std::size_t capacity, Tally& tally)
        : reactor_{eventp::Reactor::Options{.event_capacity = capacity}}, tally_{&tally} {}

    void add(int fd) {
        names_.push_back(eventp::interest()
                             .read()
                             .with_fd(eventp::BorrowedFd{fd})
                             .with_handler(OnReady{tally_})
                             .register_into(reactor_)
                             .value());
    }
    void add_object(std::span<const int, 4> fds) {
        static constexpr auto reading = eventp::interest().read();
        static const auto object = eventp::device<Object>()
                                       .template watch<&Object::a, &Object::on_ready>(reading)
                                       .template watch<&Object::b, &Object::on_ready>(reading)
                                       .template watch<&Object::c, &Object::on_ready>(reading)
                                       .template watch<&Object::d, &Object::on_ready>(reading);
        static_cast<void>(object.register_into(reactor_, fds, tally_).value());
    }
    void remove_last() {
        reactor_.remove(names_.back());
        names_.pop_back();
    }
    void modify_last(bool also_writing) {
        const auto reading = eventp::Interest{}.read();
        static_cast<void>(reactor_.modify(names_.back(), also_writing ? reading.write() : reading));
    }

    void turn(std::size_t /*ready*/) {
        static_cast<void>(reactor_.run_once(std::chrono::nanoseconds::zero()));
    }
    void run() { static_cast<void>(reactor_.run()); }
    void stop() { reactor_.stop(); }

    [[nodiscard]] eventp::Reactor& reactor() noexcept { return reactor_; }

private:
    struct OnReady {
        Tally* tally;
        void operator()(eventp::BorrowedFd& fd) const { Work::handle(fd.fd(), *tally); }
    };

    struct Object {
        Object(std::span<const int, 4> fds, Tally* all)
            : a{fds[0]}, b{fds[1]}, c{fds[2]}, d{fds[3]}, tally{all} {}
        void on_ready(eventp::BorrowedFd& fd) { Work::handle(fd.fd(), *tally); }

        eventp::BorrowedFd a, b, c, d;
        Tally* tally;
    };

    eventp::Reactor reactor_;
    Tally* tally_;
    std::vector<eventp::RegistrationId> names_;
};

}  // namespace bench
