// A line's ticks: numbered, the newest of each instrument kept, handed over. Twin of application/market_data.py.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "encode.hpp"
#include "sink.hpp"
#include "tick.hpp"

namespace marketbus {

inline constexpr int kRanges = 18;
using Bounds = std::array<double, kRanges - 1>;  // domain.histogram.SECONDS

/// Its user takes care that one thread at a time is in it.
class Ticks {
public:
    struct Instrument {
        std::string vt_symbol, symbol, exchange, name;
        TickValues last;  // its texts are these
    };

    struct Counters {
        std::int64_t count = 0;
        std::int64_t repeats = 0;
        std::int64_t last_received = 0;  // ns UTC; 0 before the first tick
        std::array<std::int64_t, kRanges> from_venue{};
        double from_venue_total = 0.0;  // seconds
    };

    /// `sink`: null: ticks are numbered and kept, and go nowhere.
    Ticks(std::string gateway, std::int64_t epoch, const Sink* sink, const Bounds& bounds)
        : gateway_(std::move(gateway)), epoch_(epoch), sink_(sink), bounds_(bounds) {}

    /// The instrument, from now on under this name.
    Instrument& instrument(std::string_view symbol, std::string_view exchange, std::string_view name) {
        const auto vt_symbol = std::string(symbol) + "." + std::string(exchange);
        auto found = instruments_.find(vt_symbol);
        if (found == instruments_.end()) {
            auto made = std::make_unique<Instrument>();
            made->vt_symbol = vt_symbol;
            made->symbol = symbol;
            made->exchange = exchange;
            made->last.gateway = gateway_;
            made->last.symbol = made->symbol;
            made->last.exchange = made->exchange;
            made->last.epoch = epoch_;
            order_.push_back(made.get());
            const std::string_view key = made->vt_symbol;
            found = instruments_.emplace(key, std::move(made)).first;
        }
        rename(*found->second, name);
        return *found->second;
    }

    static void rename(Instrument& instrument, std::string_view name) {
        if (instrument.name != name) instrument.name = name;
        instrument.last.name = instrument.name;
    }

    /// Takes the instrument's next tick, made from a copy of `last`. `now` gives the market's time, ns UTC.
    template <typename Now>
    void publish(Instrument& instrument, TickValues& tick, Now&& now) {
        if (!expected_.empty() && repeats(instrument, tick)) {
            ++counters_.repeats;
            return;
        }
        ++tick.seq;
        instrument.last = tick;
        ++counters_.count;
        counters_.last_received = tick.received;
        if (!((tick.seq & kSampled) || (tick.flags & (kOutOfSession | kSnapshot)))) measure(now() - tick.datetime);
        if (sink_) sink_->tick(sink_->self, tick);
    }

    /// Until then, ns UTC, an unchanged snapshot only answers us.
    void expect_repeat(std::string_view vt_symbol, std::int64_t until) { expected_[std::string(vt_symbol)] = until; }

    const Counters& counters() const { return counters_; }

    /// The newest tick; null when there is none.
    const TickValues* last(std::string_view vt_symbol) const {
        const auto found = instruments_.find(vt_symbol);
        return found == instruments_.end() || !found->second->last.seq ? nullptr : &found->second->last;
    }

    /// In the order they were first heard of; those without a tick too.
    const std::vector<Instrument*>& instruments() const { return order_; }

private:
    static constexpr std::int64_t kSampled = 7;  // application.market_data.SAMPLED

    bool repeats(const Instrument& instrument, const TickValues& tick) {
        const auto found = expected_.find(instrument.vt_symbol);
        if (found == expected_.end()) return false;
        if (tick.received > found->second) {
            expected_.erase(found);
            return false;
        }
        const auto& last = instrument.last;
        return last.seq && last.datetime == tick.datetime && last.volume == tick.volume;
    }

    void measure(std::int64_t delay) {
        const double seconds = static_cast<double>(delay) / 1e9;
        const auto range = std::lower_bound(bounds_.begin(), bounds_.end(), seconds) - bounds_.begin();
        ++counters_.from_venue[static_cast<std::size_t>(range)];
        counters_.from_venue_total += std::max(0.0, seconds);
    }

    const std::string gateway_;
    const std::int64_t epoch_;
    const Sink* const sink_;
    const Bounds bounds_;
    std::unordered_map<std::string_view, std::unique_ptr<Instrument>> instruments_;  // by vt_symbol
    std::vector<Instrument*> order_;
    std::unordered_map<std::string, std::int64_t> expected_;
    Counters counters_;
};

}  // namespace marketbus
