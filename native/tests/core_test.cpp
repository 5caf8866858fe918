// The core under the sanitizers: producers, a writer and an unkind peer at once; payloads there and back.
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cassert>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "decode.hpp"
#include "encode.hpp"
#include "split.hpp"
#include "writer.hpp"

#undef assert
#define assert(true_) ((true_) ? void() : (std::fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #true_), std::abort()))

using namespace marketbus;

namespace {

struct Pair {
    int ours = -1, theirs = -1;
    Pair() {
        int both[2];
        assert(socketpair(AF_UNIX, SOCK_STREAM, 0, both) == 0);
        ours = both[0];
        theirs = both[1];
    }
};

/// Reads until the end or `most` bytes; counts whole messages.
std::string drain(int socket, std::size_t most) {
    std::string all;
    char buffer[65536];
    while (all.size() < most) {
        const auto got = read(socket, buffer, sizeof buffer);
        if (got <= 0) break;
        all.append(buffer, static_cast<std::size_t>(got));
    }
    close(socket);
    return all;
}

std::string frame(int thread, std::int64_t seq) {
    TickValues tick;
    const auto symbol = "rb" + std::to_string(thread);
    tick.gateway = "core-test";
    tick.symbol = symbol;
    tick.exchange = "SHFE";
    tick.seq = seq;
    tick.limit_up = 1.5;
    Framer framer;
    auto refusal = Refusal::none;
    return std::string(framer.frame(tick, refusal));
}

/// Every message that was put is either written or counted, whatever happens to connections.
void concurrency() {
    constexpr int kThreads = 3, kTicks = 3000;
    Backlog backlog(200'000, 2'000'000'000, 16'384);
    Delays delays({0.001, 0.01, 0.1});
    Writer writer(backlog, delays);
    writer.allow_until(INT64_MAX);
    std::atomic<bool> done{false};
    std::vector<std::thread> producers, readers;
    for (int thread = 0; thread < kThreads; ++thread) {
        producers.emplace_back([&, thread] {
            for (int seq = 1; seq <= kTicks; ++seq)
                if (backlog.put(frame(thread, seq), clock_ns(CLOCK_REALTIME), monotonic())) writer.wake();
        });
    }
    std::thread looker([&] {
        while (!done) {
            backlog.size();
            delays.take();
            writer.control("PING\r\n");
            writer.writing_since();
            backlog.count(Cause::too_large, 0);
            std::this_thread::yield();
        }
    });
    for (int connection = 0; connection < 20; ++connection) {
        Pair pair;
        writer.attach(pair.ours);
        readers.emplace_back(drain, pair.theirs, static_cast<std::size_t>(connection % 4) * 40'000);
        std::this_thread::sleep_for(std::chrono::milliseconds(3));
        if (connection % 3 == 0) writer.detach();
        if (connection % 5 == 0) {
            writer.allow_until(0);
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
            writer.allow_until(INT64_MAX);
        }
    }
    for (auto& one : producers) one.join();
    Pair last;
    writer.attach(last.ours);
    std::thread reader(drain, last.theirs, SIZE_MAX);
    for (int look = 0; look < 5000 && !(backlog.size() == 0 && writer.idle()); ++look)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    assert(backlog.size() == 0);
    done = true;
    looker.join();
    writer.stop();
    reader.join();
    for (auto& one : readers) one.join();
    std::uint64_t given_up = 0;
    for (auto each : backlog.drops()) given_up += each;
    assert(writer.messages() + given_up == static_cast<std::uint64_t>(kThreads) * kTicks);
    std::printf("concurrency: %llu written, %llu given up\n", static_cast<unsigned long long>(writer.messages()),
                static_cast<unsigned long long>(given_up));
}

/// What went over one whole connection is the messages, in order, and commands only between them.
void whole() {
    Backlog backlog(1 << 22, 60'000'000'000, 4096);
    Delays delays({0.1});
    Writer writer(backlog, delays);
    Pair pair;
    std::string heard;
    std::thread reader([&] { heard = drain(pair.theirs, SIZE_MAX); });
    writer.allow_until(INT64_MAX);
    writer.attach(pair.ours);
    std::string expected;
    for (int seq = 1; seq <= 5000; ++seq) {
        const auto one = frame(0, seq);
        expected += one;
        if (backlog.put(one, 1, monotonic())) writer.wake();
        if (seq % 50 == 0) assert(writer.control("PING\r\n"));
    }
    while (!(backlog.size() == 0 && writer.idle())) std::this_thread::yield();
    writer.stop();
    reader.join();
    std::string ticks;
    for (std::size_t at = 0; at < heard.size();) {
        if (heard.compare(at, 6, "PING\r\n") == 0) {
            at += 6;
            continue;
        }
        const auto line = heard.find("\r\n", at);
        assert(heard.compare(at, 4, "PUB ") == 0 && line != std::string::npos);
        const auto end = line + 2 + std::stoul(heard.substr(heard.rfind(' ', line), line)) + 2;
        ticks += heard.substr(at, end - at);
        at = end;
    }
    assert(ticks == expected);
    std::printf("whole: %zu bytes in order\n", ticks.size());
}

/// Every width of number and text comes back; a payload that is short of a byte, has one more or another one, is none.
void there_and_back() {
    std::mt19937_64 random(1);
    int wrong = 0;
    for (int round = 0; round < 20'000; ++round) {
        const auto bits = [&] { return static_cast<std::int64_t>(random() >> (random() & 63)); };
        const std::string name(random() % (round % 100 == 0 ? 70'000 : 40), 'n'), symbol(random() % 300, 's');
        TickValues tick;
        tick.gateway = "g";
        tick.symbol = symbol;
        tick.exchange = "SHFE";
        tick.name = name;
        tick.datetime = -bits();
        tick.epoch = bits();
        tick.flags = bits() & 255;
        tick.volume = static_cast<double>(bits());
        if (random() & 1) tick.limit_down = -1.5;
        if (random() & 1) tick.average_price = 0.25;
        std::string payload(encoded_bound(tick), 0);
        payload.resize(static_cast<std::size_t>(encode(tick, payload.data()) - payload.data()));
        TickParts parts;
        const bool good = decode(payload, parts);
        assert(good == (payload.size() <= kMaxPayload));
        if (!good) continue;
        assert(parts.symbol == symbol && parts.name == name && parts.exchange == "SHFE");
        assert(parts.integers[0] == tick.datetime && parts.epoch() == tick.epoch && parts.flags() == tick.flags);
        assert(parts.number(0) == tick.volume);
        assert((parts.absent >> 6 & 1) == !tick.limit_down && (!tick.limit_down || parts.number(6) == -1.5));
        assert((parts.absent >> 34 & 1) == !tick.average_price && (!tick.average_price || parts.number(34) == 0.25));
        assert(!decode(payload + '\0', parts));
        assert(!decode(payload.substr(0, random() % payload.size()), parts));
        payload[random() % payload.size()] ^= static_cast<char>(1 + random() % 255);
        wrong += !decode(payload, parts);
    }
    assert(wrong > 1000);
    std::printf("there and back: %d of 20000 spoilt payloads refused\n", wrong);
}

}  // namespace

int main() {
    there_and_back();
    whole();
    for (int round = 0; round < 3; ++round) concurrency();
    return 0;
}
