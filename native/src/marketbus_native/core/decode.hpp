// A tick's payload, as encode.hpp writes it, in parts. Twin of marketbus/wire/codec.py.
//
// Takes only what a publisher of ours writes: the fields that we know, of their declared types, without `extra`.
// Whatever else comes, hostile bytes included, is left to msgspec.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "encode.hpp"
#include "tick.hpp"

namespace marketbus {

inline constexpr int kTickIntegers = 6;   // datetime .. flags
inline constexpr int kTickNumbers = 35;   // volume .. average_price

/// Views of a payload; good as long as its bytes are. Whether the texts are UTF-8 nobody has looked at.
struct TickParts {
    std::string_view head;  // the texts of gateway, symbol and exchange, as they stand there
    std::string_view gateway;
    std::string_view symbol;
    std::string_view exchange;
    std::string_view name;
    std::array<std::int64_t, kTickIntegers> integers{};
    std::array<std::uint64_t, kTickNumbers> numbers{};  // as they stand there, see `number`; 0 where absent
    std::uint64_t absent = 0;                           // a bit for each number that is nil

    std::int64_t epoch() const { return integers[2]; }
    std::int64_t seq() const { return integers[3]; }
    std::int64_t flags() const { return integers[5]; }
    std::int64_t received() const { return integers[1]; }

    double number(int at) const {
        const auto bits = __builtin_bswap64(numbers[at]);
        double value;
        std::memcpy(&value, &bits, sizeof value);
        return value;
    }
};

namespace unpack {

/// The numbers that may be absent: limit_up .. pre_close and pre_settlement .. average_price.
inline constexpr std::uint64_t kOptional = 0x3fULL << 5 | 0xfULL << 31;
static_assert(kOptional >> kTickNumbers == 0);

/// Walks over bytes; every step is false when they end too early, or are something else.
class Walk {
public:
    explicit Walk(std::string_view data) : at_(data.data()), end_(data.data() + data.size()) {}

    const char* at() const { return at_; }
    bool ended() const { return at_ == end_; }

    bool same(std::string_view bytes) {
        if (left() < bytes.size() || std::memcmp(at_, bytes.data(), bytes.size()) != 0) return false;
        at_ += bytes.size();
        return true;
    }

    bool text(std::string_view& out) {
        if (left() < 1) return false;
        const auto tag = static_cast<unsigned char>(*at_++);
        std::uint64_t size = tag & 0x1f;
        if ((tag & 0xe0) != 0xa0 && !(tag >= 0xd9 && tag <= 0xdb && big_endian(1U << (tag - 0xd9), size))) return false;
        if (left() < size) return false;
        out = {at_, static_cast<std::size_t>(size)};
        at_ += size;
        return true;
    }

    bool integer(std::int64_t& out) {
        if (left() < 1) return false;
        const auto tag = static_cast<unsigned char>(*at_++);
        std::uint64_t bits = tag;
        if (tag < 0x80 || tag >= 0xe0) {
            out = static_cast<std::int8_t>(tag);
            return true;
        }
        if (tag < 0xcc || tag > 0xd3) return false;
        const unsigned bytes = 1U << (tag & 3);
        if (!big_endian(bytes, bits)) return false;
        if (tag >= 0xd0) {
            const unsigned rest = 64 - 8 * bytes;
            out = static_cast<std::int64_t>(bits << rest) >> rest;
            return true;
        }
        out = static_cast<std::int64_t>(bits);
        return out >= 0;  // more than 63 bits are msgspec's
    }

    /// The bits of a float64 as they stand there.
    bool number(std::uint64_t& out) {
        if (left() < 9 || *at_ != static_cast<char>(0xcb)) return false;
        std::memcpy(&out, at_ + 1, sizeof out);
        at_ += 9;
        return true;
    }

    bool nil() {
        if (left() < 1 || *at_ != static_cast<char>(0xc0)) return false;
        ++at_;
        return true;
    }

private:
    std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }

    bool big_endian(unsigned bytes, std::uint64_t& out) {
        if (left() < bytes) return false;
        out = 0;
        for (; bytes > 0; --bytes) out = out << 8 | static_cast<unsigned char>(*at_++);
        return true;
    }

    const char* at_;
    const char* end_;
};

inline constexpr std::string_view kBegin{"\xdc\x00\x2f\xa6tick/1", 10};
static_assert(kTickFields + 1 == 0x2f && kTickTag == "tick/1");

}  // namespace unpack

/// False: not a payload of ours, `out` means nothing.
inline bool decode(std::string_view payload, TickParts& out) {
    if (payload.size() > kMaxPayload) return false;
    unpack::Walk walk(payload);
    if (!walk.same(unpack::kBegin)) return false;
    const char* head = walk.at();
    if (!walk.text(out.gateway) || !walk.text(out.symbol) || !walk.text(out.exchange)) return false;
    out.head = {head, static_cast<std::size_t>(walk.at() - head)};
    for (auto& one : out.integers)
        if (!walk.integer(one)) return false;
    if (!walk.text(out.name)) return false;
    out.absent = 0;
    for (int at = 0; at < kTickNumbers; ++at) {
        if (walk.number(out.numbers[at])) continue;
        if (!(unpack::kOptional >> at & 1) || !walk.nil()) return false;
        out.numbers[at] = 0;
        out.absent |= std::uint64_t{1} << at;
    }
    return walk.nil() && walk.ended();
}

}  // namespace marketbus
