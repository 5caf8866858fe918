// libFuzzer: bytes off the bus into splitter and decoder; the same bytes as a tick's texts and numbers into encoder and
// framer, and out of them again.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "backlog.hpp"
#include "decode.hpp"
#include "encode.hpp"
#include "split.hpp"

using namespace marketbus;

namespace {

void check(bool holds) {
    if (!holds) std::abort();
}

void splitting(std::string_view data) {
    Message message;
    for (std::size_t at = 0; split::next(data, at, message); at = message.end) {
        check(message.end > at && message.end <= data.size());
        check(message.payload.size() + 2 <= message.end - at);
        check(!message.subject.empty() && message.subject.find_first_of(" \r\n") == std::string_view::npos);
    }
}

/// Whatever is taken lies within the bytes, and is written again as it was read, if it was the shortest form.
void decoding(std::string_view data) {
    TickParts parts;
    if (!decode(data, parts)) return;
    const auto within = [&](std::string_view text) {
        return text.data() >= data.data() && text.data() + text.size() <= data.data() + data.size();
    };
    check(within(parts.gateway) && within(parts.symbol) && within(parts.exchange) && within(parts.name));
    std::string again(data.size() + 64, 0);
    char* out = pack::bytes(again.data(), unpack::kBegin);
    for (auto text : {parts.gateway, parts.symbol, parts.exchange}) out = pack::text(out, text);
    check(static_cast<std::size_t>(out - again.data()) <= data.size());
    for (auto value : parts.integers) out = pack::integer(out, value);
    out = pack::text(out, parts.name);
    for (int at = 0; at < kTickNumbers; ++at)
        out = parts.absent >> at & 1 ? pack::number(out, std::nullopt) : pack::number(out, parts.number(at));
    out = pack::tagged(out, 0xc0, 0, 0);
    const auto size = static_cast<std::size_t>(out - again.data());
    check(size < data.size() || again.compare(0, size, data) == 0);
}

void encoding(std::string_view data) {
    TickValues tick;
    const auto third = data.size() / 3;
    tick.gateway = data.substr(0, third % 300);
    tick.symbol = data.substr(third, third);
    tick.exchange = "SHFE";
    tick.name = data.substr(2 * third);
    if (data.size() >= 16) {
        std::memcpy(&tick.datetime, data.data(), 8);
        std::memcpy(&tick.last_price, data.data() + 8, 8);
        tick.epoch = tick.datetime >> (data[3] & 63);
        if (data[0] & 1) tick.limit_up = tick.last_price;
    }
    Framer framer;
    auto refusal = Refusal::none;
    const auto frame = framer.frame(tick, refusal);
    check(frame.empty() == (refusal != Refusal::none));
    if (frame.empty()) return;
    check(frame.substr(frame.size() - 2) == "\r\n");
    // What we write, as a server hands it on, is what we read.
    const auto key = key_of(frame);
    const auto line = frame.find("\r\n");
    std::string message = "MSG " + std::string(key.substr(4)) + "7 " + std::string(frame.substr(key.size()));
    Message read;
    check(line != std::string_view::npos);
    if (key.size() < 4000) {
        check(split::next(message, 0, read) && read.sid == 7 && read.end == message.size());
        check(read.payload == frame.substr(line + 2, frame.size() - line - 4));
    }
    decoding(frame.substr(line + 2, frame.size() - line - 4));
    TickParts parts;
    check(decode(frame.substr(line + 2, frame.size() - line - 4), parts));
    check(parts.gateway == tick.gateway && parts.symbol == tick.symbol && parts.name == tick.name);
    check(parts.epoch() == tick.epoch && parts.integers[0] == tick.datetime && !(parts.absent & 1));
    Backlog backlog(1000, 1000, 100);
    Chunk chunk;
    for (std::int64_t now = 0; now < 4; ++now) backlog.put(frame, now, now * 500);
    backlog.take(chunk, 1500);
    check(chunk.bytes().substr(0, frame.size()) == frame);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view data{reinterpret_cast<const char*>(bytes), size};
    splitting(data);
    splitting("MSG " + std::string(data));
    decoding(data);
    decoding(std::string(unpack::kBegin) + std::string(data));
    encoding(data);
    return 0;
}
