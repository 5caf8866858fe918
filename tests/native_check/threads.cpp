// The SDK's thread beside those that look, forget and ask; TSan judges, and the counts at the end.
#include <atomic>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "ThostFtdcMdApi.h"
#include "layout.hpp"

#include "events.hpp"
#include "line.hpp"

using namespace marketbus;
using namespace marketbus::ctp;
using Record = CThostFtdcDepthMarketDataField;

namespace {

constexpr std::int64_t kMidnight = 1'795'104'000'000'000'000;  // 2026-11-20 in Shanghai
constexpr int kTicks = 200'000, kInstruments = 50;
std::atomic<std::uint64_t> handed_over{0};
thread_local std::string symbol;

void ask(const Question *question, Answer *answer) {
    symbol = question->instrument;
    answer->taken = answer->keeps = 1;
    answer->symbol = symbol.c_str();
    answer->exchange = "SHFE";
    answer->name = "name";
    answer->average_divisor = 10;
    answer->instant = kMidnight + second_of_day(question->update_time) * kSecond;
    answer->midnight = kMidnight;
    answer->trading_day = 20261120;
    answer->stretches = 1;
    answer->stretch[0] = {kMidnight, kMidnight + 86'400 * kSecond, 0, 1};
}

bool take(void *, const TickValues &tick) {
    handed_over += tick.seq > 0;
    return false;
}

}  // namespace

int main() {
    const Sink sink{nullptr, take, [](void *, Cause, std::uint64_t) {}};
    LineOptions options{"ctp", 7, 128, ask, &sink, nullptr, {}};
    for (int i = 0; i < kRanges - 1; ++i) options.bounds[i] = i;
    Line<Record> line(options);
    Events events;
    std::atomic<bool> going{true};
    std::thread sdk([&] {
        for (int i = 0; i < kTicks; ++i) {
            Record record{};
            std::snprintf(record.InstrumentID, sizeof record.InstrumentID, "rb%d", i % kInstruments);
            std::snprintf(record.TradingDay, sizeof record.TradingDay, "20261120");
            std::snprintf(record.ActionDay, sizeof record.ActionDay, "20261120");
            std::snprintf(record.UpdateTime, sizeof record.UpdateTime, "09:30:%02d", i % 60);
            record.Volume = i;
            line.take(record, i, kMidnight + 34'230 * kSecond);
            if (i % 100 == 0) events.put(Event{});
        }
        going = false;
    });
    std::vector<std::thread> others;
    for (int number = 0; number < 2; ++number) {
        others.emplace_back([&] {
            std::vector<char> room(4096);
            for (int i = 0; going; ++i) {
                const auto id = "rb" + std::to_string(i % kInstruments), name = id + ".SHFE";
                line.forget(id);
                line.expect_repeat(name, 1);
                line.seq(name);
                line.last(name, room.data(), room.size());
                line.last(static_cast<std::size_t>(i % kInstruments), room.data(), room.size());
                line.counters();
                Event event;
                events.next(event, 0);
            }
        });
    }
    sdk.join();
    for (auto &other : others) other.join();
    const auto counters = line.counters();
    std::printf("threads: %lld ticks, %lld questions\n", static_cast<long long>(counters.count),
                static_cast<long long>(counters.asked));
    return counters.count + counters.repeats == kTicks && handed_over == static_cast<std::uint64_t>(counters.count) ? 0 : 1;
}
