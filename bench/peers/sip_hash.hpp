// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cstdint>
#include <random>

namespace bench {

/// SipHash-1-3 of one number, with a random key for each table: what Rust's HashMap hashes with.
/// https://www.aumasson.jp/siphash/siphash.pdf
class SipHash13 {
public:
    [[nodiscard]] std::uint64_t operator()(std::uint64_t value) const noexcept {
        State state{key0_ ^ 0x736f6d6570736575U, key1_ ^ 0x646f72616e646f6dU,
                    key0_ ^ 0x6c7967656e657261U, key1_ ^ 0x7465646279746573U};
        state.absorb(value);
        state.absorb(std::uint64_t{8} << 56U);  // the length, in the last block
        state.v2 ^= 0xffU;
        for (int round = 0; round < 3; ++round) {
            state.mix();
        }
        return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
    }

private:
    struct State {
        void absorb(std::uint64_t block) noexcept {
            v3 ^= block;
            mix();
            v0 ^= block;
        }
        void mix() noexcept {
            v0 += v1;
            v1 = std::rotl(v1, 13) ^ v0;
            v0 = std::rotl(v0, 32);
            v2 += v3;
            v3 = std::rotl(v3, 16) ^ v2;
            v0 += v3;
            v3 = std::rotl(v3, 21) ^ v0;
            v2 += v1;
            v1 = std::rotl(v1, 17) ^ v2;
            v2 = std::rotl(v2, 32);
        }
        std::uint64_t v0, v1, v2, v3;
    };

    static std::uint64_t random_key() {
        static std::random_device device;
        return (std::uint64_t{device()} << 32U) | device();
    }

    std::uint64_t key0_ = random_key();
    std::uint64_t key1_ = random_key();
};

}  // namespace bench
