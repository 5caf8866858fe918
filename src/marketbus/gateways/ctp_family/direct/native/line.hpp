// One line's ticks: placed in time, translated, numbered, encoded and handed over in the SDK's thread.
//
// The twin of ctp_family/translate.py, domain/exchange_time.py and application/market_data.py. Its lock is never held
// while Python is asked, so no thread that holds Python's lock can wait for one that waits for it.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "answer.hpp"
#include "encode.hpp"
#include "fixed_text.hpp"
#include "known.hpp"
#include "market_clock.hpp"
#include "sink.hpp"
#include "ticks.hpp"
#include "values.hpp"

namespace marketbus::ctp {

/// Figures since the beginning. Mirrored in direct/library.py.
struct Counters {
    std::int64_t count;
    std::int64_t repeats;
    std::int64_t last_received;  // ns UTC; 0 before the first tick
    std::int64_t asked;          // how often Python was asked
    std::int64_t from_venue[kRanges];
    double from_venue_total;  // seconds
};

/// Fills the answer; takes as long as Python needs.
using Ask = void (*)(const Question *question, Answer *answer);

struct LineOptions {
    const char *gateway;
    std::int64_t epoch;
    std::int32_t flags;  // of every tick
    Ask ask;
    const Sink *sink;  // null: ticks are numbered and kept, and go nowhere
    MarketClock::Announced announced;
    double bounds[kRanges - 1];  // domain.histogram.SECONDS
};

template <typename Record>
class Line {
public:
    explicit Line(const LineOptions &options)
        : flags_(options.flags),
          ask_(options.ask),
          clock_(options.announced),
          ticks_(options.gateway, options.epoch, options.sink, bounds(options)) {}

    /// One record of the SDK's thread; whether it became a tick (or repeated one).
    bool take(const Record &raw, std::int64_t received) { return take(raw, received, clock_.now()); }

    bool take(const Record &raw, std::int64_t received, std::int64_t now) {
        std::unique_lock<std::mutex> hold(lock_);
        Placed placed;
        Slot *slot = find(raw);
        if (!slot || !place(raw, *slot, now, placed)) {
            const auto generation = generation_;
            ++asked_;
            hold.unlock();
            Answer answer{};
            const auto asked = question(raw, now);
            ask_(&asked, &answer);
            hold.lock();
            if (!answer.taken) return false;
            slot = &learn(raw, answer, generation == generation_);
            placed = {answer.instant, answer.trading_day, answer.flags};
        }
        publish(raw, *slot, placed, received);
        return true;
    }

    /// The facts of a symbol have changed.
    void forget(std::string_view symbol) {
        std::lock_guard<std::mutex> hold(lock_);
        ++generation_;
        if (auto found = slots_.find(symbol); found != slots_.end()) found->second->fresh = false;
    }

    void expect_repeat(std::string_view vt_symbol, std::int64_t until) {
        std::lock_guard<std::mutex> hold(lock_);
        ticks_.expect_repeat(vt_symbol, until);
    }

    Counters counters() {
        std::lock_guard<std::mutex> hold(lock_);
        const auto &now = ticks_.counters();
        Counters counters{now.count, now.repeats, now.last_received, asked_, {}, now.from_venue_total};
        std::copy(now.from_venue.begin(), now.from_venue.end(), counters.from_venue);
        return counters;
    }

    std::int64_t seq(std::string_view vt_symbol) {
        std::lock_guard<std::mutex> hold(lock_);
        const auto *last = ticks_.last(vt_symbol);
        return last ? last->seq : 0;
    }

    /// Encodes an instrument's newest tick; gives its size, 0 when there is none.
    std::size_t last(std::string_view vt_symbol, char *out, std::size_t room) {
        std::lock_guard<std::mutex> hold(lock_);
        const auto *last = ticks_.last(vt_symbol);
        return last ? copy(*last, out, room) : 0;
    }

    /// How many instruments were heard of.
    std::size_t instruments() {
        std::lock_guard<std::mutex> hold(lock_);
        return ticks_.instruments().size();
    }

    /// As `last`, of the n-th of them.
    std::size_t last(std::size_t n, char *out, std::size_t room) {
        std::lock_guard<std::mutex> hold(lock_);
        const auto &known = ticks_.instruments();
        return n < known.size() ? copy(known[n]->last, out, room) : 0;
    }

private:
    struct Slot {
        std::string id;  // InstrumentID as the venue writes it
        bool fresh = false;
        double average_divisor = 0.0;
        std::int32_t exchange_id = 0, product_id = 0;
        std::int64_t traded_on = 0;  // trading day of `traded`
        double traded = 0.0;
        Ticks::Instrument *instrument = nullptr;
    };

    struct Placed {
        std::int64_t instant = 0;
        std::int64_t trading_day = 0;
        std::int64_t flags = 0;
    };

    static std::string_view id(const Record &raw) {
        return {raw.InstrumentID, strnlen(raw.InstrumentID, sizeof raw.InstrumentID)};
    }

    static Question question(const Record &raw, std::int64_t now) {
        Question question{};
        copy_text(question.instrument, raw.InstrumentID);
        copy_text(question.trading_day, raw.TradingDay);
        copy_text(question.action_day, raw.ActionDay);
        copy_text(question.update_time, raw.UpdateTime);
        question.millisec = raw.UpdateMillisec;
        question.volume = raw.Volume;
        question.market_now = now;
        return question;
    }

    Slot *find(const Record &raw) {
        const auto found = slots_.find(id(raw));
        return found == slots_.end() ? nullptr : found->second.get();
    }

    /// False when Python has to be asked.
    bool place(const Record &raw, const Slot &slot, std::int64_t now, Placed &placed) const {
        if (!slot.fresh || raw.Volume < 0 || raw.UpdateMillisec < 0 || raw.UpdateMillisec > 999) return false;
        const int second = second_of_day(raw.UpdateTime);
        if (second < 0) return false;
        const auto *date = dates_.find(slot.exchange_id, DateKey(raw.TradingDay, raw.ActionDay, part_of(second)));
        if (!date) return false;
        const auto moment = date->midnight + second * kSecond;
        if (moment > now + kAhead || moment < now - kAhead) return false;
        const auto instant = moment + raw.UpdateMillisec * std::int64_t{1'000'000};
        const auto *stretch = hours_.find(slot.product_id, instant);
        if (!stretch) return false;
        const auto flags = stretch->end + kLate < now ? stretch->flags_when_over : stretch->flags;
        placed = {instant, date->trading_day, flags_ | flags};
        return true;
    }

    Slot &learn(const Record &raw, const Answer &answer, bool fresh) {
        auto *slot = find(raw);
        if (!slot) {
            auto made = std::make_unique<Slot>();
            made->id = id(raw);
            slot = made.get();
            slots_.emplace(slot->id, std::move(made));
        }
        slot->fresh = fresh;
        slot->average_divisor = answer.average_divisor;
        slot->exchange_id = answer.exchange_id;
        slot->product_id = answer.product_id;
        slot->instrument = &ticks_.instrument(answer.symbol, answer.exchange, answer.name);
        const int second = second_of_day(raw.UpdateTime);
        if (answer.keeps && second >= 0) {
            const DateKey key(raw.TradingDay, raw.ActionDay, part_of(second));
            dates_.keep(answer.exchange_id, {key, answer.midnight, answer.trading_day});
        }
        hours_.keep(answer.product_id, answer.stretch, std::min(answer.stretches, kStretches));
        return *slot;
    }

    void publish(const Record &raw, Slot &slot, const Placed &placed, std::int64_t received) {
        auto &instrument = *slot.instrument;
        TickValues tick = instrument.last;
        tick.datetime = placed.instant;
        tick.received = received;
        tick.trading_day = placed.trading_day;
        tick.flags = placed.flags;
        figures(raw, slot.average_divisor, tick);
        tick.last_volume = slot.traded_on == tick.trading_day ? std::max(tick.volume - slot.traded, 0.0) : 0.0;
        slot.traded_on = tick.trading_day;
        slot.traded = tick.volume;
        ticks_.publish(instrument, tick, [this] { return clock_.now(); });
    }

    static std::size_t copy(const TickValues &tick, char *out, std::size_t room) {
        return tick.seq && encoded_bound(tick) <= room ? static_cast<std::size_t>(encode(tick, out) - out) : 0;
    }

    static Bounds bounds(const LineOptions &options) {
        Bounds bounds{};
        std::copy(std::begin(options.bounds), std::end(options.bounds), bounds.begin());
        return bounds;
    }

    const std::int64_t flags_;
    const Ask ask_;
    MarketClock clock_;
    std::mutex lock_;
    std::int64_t generation_ = 0;
    std::unordered_map<std::string_view, std::unique_ptr<Slot>> slots_;  // by Slot::id
    Ticks ticks_;
    std::int64_t asked_ = 0;
    Dates dates_;
    Hours hours_;
};

}  // namespace marketbus::ctp
