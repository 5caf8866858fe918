// TickValues as MessagePack, byte for byte as msgspec 0.2x writes marketbus.domain.tick.Tick, and as a NATS message.
//
// The Python twins are marketbus/wire/codec.py, wire/subjects.py and adapters/nats/frames.py.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>

#include "tick.hpp"

namespace marketbus {

inline constexpr std::size_t kMaxPayload = 65536;  // marketbus.wire.codec.MAX_BYTES

namespace pack {

inline char* big_endian(char* out, std::uint64_t value, int bytes) {
    for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) *out++ = static_cast<char>(value >> shift);
    return out;
}

inline char* tagged(char* out, unsigned tag, std::uint64_t value, int bytes) {
    *out++ = static_cast<char>(tag);
    return big_endian(out, value, bytes);
}

inline char* integer(char* out, std::int64_t value) {
    const auto bits = static_cast<std::uint64_t>(value);
    if (value >= 0) {
        if (bits < 0x80) return tagged(out, static_cast<unsigned>(bits), 0, 0);
        if (bits <= 0xff) return tagged(out, 0xcc, bits, 1);
        if (bits <= 0xffff) return tagged(out, 0xcd, bits, 2);
        if (bits <= 0xffffffff) return tagged(out, 0xce, bits, 4);
        return tagged(out, 0xcf, bits, 8);
    }
    if (value >= -32) return tagged(out, static_cast<unsigned>(bits & 0xff), 0, 0);
    if (value >= INT8_MIN) return tagged(out, 0xd0, bits, 1);
    if (value >= INT16_MIN) return tagged(out, 0xd1, bits, 2);
    if (value >= INT32_MIN) return tagged(out, 0xd2, bits, 4);
    return tagged(out, 0xd3, bits, 8);
}

inline char* number(char* out, double value) {
    std::uint64_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    bits = __builtin_bswap64(bits);
    *out = static_cast<char>(0xcb);
    std::memcpy(out + 1, &bits, sizeof bits);
    return out + 9;
}
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "number() swaps bytes");

inline char* number(char* out, const std::optional<double>& value) {
    if (value) return number(out, *value);
    *out = static_cast<char>(0xc0);
    return out + 1;
}

inline char* bytes(char* out, std::string_view text) {
    if (!text.empty()) std::memcpy(out, text.data(), text.size());
    return out + text.size();
}

inline char* text(char* out, std::string_view text) {
    const auto size = text.size();
    if (size < 32) out = tagged(out, static_cast<unsigned>(0xa0 | size), 0, 0);
    else if (size <= 0xff) out = tagged(out, 0xd9, size, 1);
    else if (size <= 0xffff) out = tagged(out, 0xda, size, 2);
    else out = tagged(out, 0xdb, size, 4);
    return bytes(out, text);
}

}  // namespace pack

/// Bytes that `encode` writes at most.
inline std::size_t encoded_bound(const TickValues& tick) {
    return 3 + 8 + kTickFields * 9 + tick.gateway.size() + tick.symbol.size() + tick.exchange.size() +
           tick.name.size() + tick.extra.size();
}

/// Writes the payload of a tick; gives its end. `out` has room for `encoded_bound(tick)` bytes.
inline char* encode(const TickValues& tick, char* out) {
    out = pack::tagged(out, 0xdc, kTickFields + 1, 2);
    out = pack::text(out, kTickTag);
    out = pack::text(out, tick.gateway);
    out = pack::text(out, tick.symbol);
    out = pack::text(out, tick.exchange);
    for (auto value : {tick.datetime, tick.received, tick.epoch, tick.seq, tick.trading_day, tick.flags})
        out = pack::integer(out, value);
    out = pack::text(out, tick.name);
    for (auto value : {tick.volume, tick.turnover, tick.open_interest, tick.last_price, tick.last_volume})
        out = pack::number(out, value);
    for (auto* value : {&tick.limit_up, &tick.limit_down, &tick.open_price, &tick.high_price, &tick.low_price,
                        &tick.pre_close})
        out = pack::number(out, *value);
    for (auto value : {tick.bid_price_1, tick.bid_price_2, tick.bid_price_3, tick.bid_price_4, tick.bid_price_5,
                       tick.ask_price_1, tick.ask_price_2, tick.ask_price_3, tick.ask_price_4, tick.ask_price_5,
                       tick.bid_volume_1, tick.bid_volume_2, tick.bid_volume_3, tick.bid_volume_4, tick.bid_volume_5,
                       tick.ask_volume_1, tick.ask_volume_2, tick.ask_volume_3, tick.ask_volume_4, tick.ask_volume_5})
        out = pack::number(out, value);
    for (auto* value : {&tick.pre_settlement, &tick.settlement_price, &tick.pre_open_interest, &tick.average_price})
        out = pack::number(out, *value);
    if (tick.extra.empty()) return pack::tagged(out, 0xc0, 0, 0);
    return pack::bytes(out, tick.extra);
}

namespace subject {

inline constexpr std::array<bool, 256> plain_bytes() {
    std::array<bool, 256> plain{};
    for (const char* at = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"; *at; ++at)
        plain[static_cast<unsigned char>(*at)] = true;
    return plain;
}
inline constexpr auto kPlain = plain_bytes();

/// A text as one token of a subject, see wire/subjects.py. `out` has room for three times its size.
inline char* token(char* out, std::string_view text) {
    for (char byte : text) {
        const auto code = static_cast<unsigned char>(byte);
        if (kPlain[code]) {
            *out++ = byte;
        } else {
            *out++ = '%';
            *out++ = "0123456789ABCDEF"[code >> 4];
            *out++ = "0123456789ABCDEF"[code & 15];
        }
    }
    return out;
}

inline std::size_t tick_bound(std::string_view gateway, std::string_view exchange, std::string_view symbol) {
    return 8 + 3 * gateway.size() + 1 + exchange.size() + 1 + 3 * symbol.size();
}

/// `md.tick.<gateway>.<exchange>.<symbol>`; `out` has room for `tick_bound`.
inline char* tick(char* out, std::string_view gateway, std::string_view exchange, std::string_view symbol) {
    out = pack::bytes(out, "md.tick.");
    out = token(out, gateway);
    *out++ = '.';
    out = pack::bytes(out, exchange);
    *out++ = '.';
    return token(out, symbol);
}

}  // namespace subject

enum class Refusal { none, too_large, unencodable };

/// Makes NATS messages, `PUB <subject> <size>\r\n<payload>\r\n`. One thread at a time; keeps its memory.
class Framer {
public:
    /// The message of a tick, valid until the next call; empty when it is refused.
    std::string_view frame(const TickValues& tick, Refusal& refusal) {
        if (!begin(tick.gateway, tick.exchange, tick.symbol, encoded_bound(tick), refusal)) return {};
        return finish(static_cast<std::size_t>(encode(tick, payload_) - payload_), refusal);
    }

    /// The same around a payload that was encoded elsewhere.
    std::string_view frame(std::string_view gateway, std::string_view exchange, std::string_view symbol,
                           std::string_view payload, Refusal& refusal) {
        if (!begin(gateway, exchange, symbol, payload.size(), refusal)) return {};
        pack::bytes(payload_, payload);
        return finish(payload.size(), refusal);
    }

private:
    static constexpr std::size_t kDigits = 5;
    static_assert(kMaxPayload < 100000);

    bool begin(std::string_view gateway, std::string_view exchange, std::string_view symbol, std::size_t size,
               Refusal& refusal) {
        if (gateway.empty() || symbol.empty()) {
            refusal = Refusal::unencodable;
            return false;
        }
        // A subject longer than any server takes would only end the connection.
        if (size > 2 * kMaxPayload || gateway.size() + symbol.size() + exchange.size() > kMaxPayload) {
            refusal = Refusal::too_large;
            return false;
        }
        room(4 + subject::tick_bound(gateway, exchange, symbol) + 1 + kDigits + 2 + size + 2);
        char* at = pack::bytes(buffer_.get(), "PUB ");
        at = subject::tick(at, gateway, exchange, symbol);
        *at++ = ' ';
        head_ = static_cast<std::size_t>(at - buffer_.get());
        payload_ = at + kDigits + 2;
        return true;
    }

    std::string_view finish(std::size_t size, Refusal& refusal) {
        if (size > kMaxPayload) {
            refusal = Refusal::too_large;
            return {};
        }
        refusal = Refusal::none;
        char* at = payload_;
        *--at = '\n';
        *--at = '\r';
        auto rest = size;
        do *--at = static_cast<char>('0' + rest % 10);
        while (rest /= 10);
        const auto start = static_cast<std::size_t>(at - buffer_.get()) - head_;
        std::memmove(buffer_.get() + start, buffer_.get(), head_);
        pack::bytes(payload_ + size, "\r\n");
        return {buffer_.get() + start, static_cast<std::size_t>(payload_ - buffer_.get()) - start + size + 2};
    }

    void room(std::size_t size) {
        if (size <= capacity_) return;
        capacity_ = size * 2;
        buffer_.reset(new char[capacity_]);
    }

    std::unique_ptr<char[]> buffer_;
    std::size_t capacity_ = 0;
    std::size_t head_ = 0;
    char* payload_ = nullptr;
};

}  // namespace marketbus
