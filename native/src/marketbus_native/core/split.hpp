// Bytes off a NATS connection, split into messages. Twin of marketbus/client/batch_parser.py.
//
// Takes only what a server of ours writes: `MSG <subject> <sid> [reply] <size>\r\n`, single blanks, plain ASCII, plain
// digits. Whatever else comes, hostile bytes included, is left to the parser that this one stands in front of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace marketbus {

struct Message {
    std::string_view subject;
    std::uint64_t sid = 0;
    std::string_view payload;
    std::size_t end = 0;  // where the next command begins
};

namespace split {

inline constexpr std::size_t kLongestLine = 8192;

/// Plain digits, few enough not to overflow.
inline bool digits(std::string_view text, std::uint64_t& out) {
    if (text.empty() || text.size() > 18) return false;
    out = 0;
    for (char one : text) {
        if (one < '0' || one > '9') return false;
        out = out * 10 + static_cast<std::uint64_t>(one - '0');
    }
    return true;
}

/// The message that begins at `at`; false when it is not all here, or nothing for us.
inline bool next(std::string_view data, std::size_t at, Message& out) {
    if (at > data.size() || data.substr(at, 4) != "MSG ") return false;
    std::size_t starts[4] = {at + 4, 0, 0, 0};
    int words = 1;
    std::size_t place = at + 4;
    for (;; ++place) {
        if (place >= data.size() || place - at > kLongestLine) return false;
        const char one = data[place];
        if (one == ' ') {
            if (words == 4 || place == starts[words - 1]) return false;
            starts[words++] = place + 1;
        } else if (one < ' ' || one == 0x7f) {  // signed or not: beyond ASCII is refused below or here
            break;
        } else if (static_cast<unsigned char>(one) >= 0x80) {
            return false;
        }
    }
    if (words < 3 || place == starts[words - 1] || data.substr(place, 2) != "\r\n") return false;
    std::uint64_t size = 0;
    if (!digits(data.substr(starts[1], starts[2] - 1 - starts[1]), out.sid) ||
        !digits(data.substr(starts[words - 1], place - starts[words - 1]), size))
        return false;
    const auto begin = place + 2;
    if (size > data.size() || begin + size + 2 > data.size()) return false;
    out.subject = data.substr(starts[0], starts[1] - 1 - starts[0]);
    out.payload = data.substr(begin, static_cast<std::size_t>(size));
    out.end = begin + static_cast<std::size_t>(size) + 2;
    return true;
}

}  // namespace split
}  // namespace marketbus
