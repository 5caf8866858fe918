// What Python knows of a record and the core keeps: contract facts, dates, trading hours.
//
// Python is asked about what has not been seen before (marketbus.gateways.ctp_family.direct.answers); from then on the
// core does nothing but arithmetic. Its ctypes mirror is in direct/library.py.
#pragma once

#include <cstdint>

namespace marketbus::ctp {

inline constexpr std::int64_t kSecond = 1'000'000'000;
inline constexpr std::int64_t kAhead = 600 * kSecond;  // domain.exchange_time.AHEAD
inline constexpr std::int64_t kLate = 600 * kSecond;   // domain.market_calendar.LATE

/// The fields of a record that Python is asked about, as the venue wrote them.
struct Question {
    char instrument[96];
    char trading_day[16];
    char action_day[16];
    char update_time[16];
    std::int32_t millisec;
    std::int32_t volume;
    std::int64_t market_now;  // ns UTC
};

/// A time without a change of phase, ns UTC, `end` excluded, and the flags that it gives a tick.
struct Stretch {
    std::int64_t start;
    std::int64_t end;
    std::int32_t flags;
    std::int32_t flags_when_over;  // once the market's clock is more than kLate behind `end`
};

inline constexpr int kStretches = 16;

struct Answer {
    std::int32_t taken;  // 0: no tick; Python has counted why
    std::int32_t keeps;  // whether `midnight` and `trading_day` hold for this part of the day
    // UTF-8, valid until the callback is called again.
    const char *symbol;
    const char *exchange;
    const char *name;
    double average_divisor;  // 0: AveragePrice means nothing
    std::int64_t instant;
    std::int64_t midnight;  // 00:00 in Shanghai of the record's date, ns UTC
    std::int64_t trading_day;
    std::int32_t flags;  // of this tick, without CROSSED and NO_LAST
    std::int32_t exchange_id;
    std::int32_t product_id;
    std::int32_t stretches;
    Stretch stretch[kStretches];
};

/// The three parts of a day that a date holds for: until 06:00, until 18:00, and the evening (domain.calendar).
enum class Part : std::uint8_t { small_hours, day, evening };

inline Part part_of(int second_of_day) {
    if (second_of_day < 6 * 3600) return Part::small_hours;
    return second_of_day < 18 * 3600 ? Part::day : Part::evening;
}

/// `HH:MM:SS` in nine bytes as a second of the day; -1 for anything else, of which Python then knows what it is.
inline int second_of_day(const char *text) {
    for (int at : {0, 1, 3, 4, 6, 7})
        if (text[at] < '0' || text[at] > '9') return -1;
    if (text[2] != ':' || text[5] != ':' || text[8] != '\0') return -1;
    const auto two = [text](int at) { return (text[at] - '0') * 10 + (text[at + 1] - '0'); };
    const int hour = two(0), minute = two(3), second = two(6);
    if (hour > 23 || minute > 59 || second > 59) return -1;
    return (hour * 60 + minute) * 60 + second;
}

}  // namespace marketbus::ctp
