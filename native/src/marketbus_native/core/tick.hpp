// A tick as marketbus.domain.tick.Tick, field by field, without Python.
//
// Nothing is owned: texts and `extra` must outlive the call that takes the values. Texts are valid UTF-8.
// Units are Tick's: times in ns UTC, prices in the contract's currency, volumes in lots, trading_day as yyyymmdd.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace marketbus {

inline constexpr std::string_view kTickTag = "tick/1";
inline constexpr int kTickFields = 46;

enum Flag : std::int64_t { kOutOfSession = 1, kCrossed = 8, kSnapshot = 16, kNoLast = 64 };  // domain.tick.TickFlag

struct TickValues {
    std::string_view gateway;
    std::string_view symbol;
    std::string_view exchange;  // vnpy's name of it, such as SHFE
    std::int64_t datetime = 0;
    std::int64_t received = 0;
    std::int64_t epoch = 0;
    std::int64_t seq = 0;
    std::int64_t trading_day = 0;
    std::int64_t flags = 0;
    std::string_view name;
    double volume = 0.0;
    double turnover = 0.0;
    double open_interest = 0.0;
    double last_price = 0.0;
    double last_volume = 0.0;
    std::optional<double> limit_up;
    std::optional<double> limit_down;
    std::optional<double> open_price;
    std::optional<double> high_price;
    std::optional<double> low_price;
    std::optional<double> pre_close;
    double bid_price_1 = 0.0, bid_price_2 = 0.0, bid_price_3 = 0.0, bid_price_4 = 0.0, bid_price_5 = 0.0;
    double ask_price_1 = 0.0, ask_price_2 = 0.0, ask_price_3 = 0.0, ask_price_4 = 0.0, ask_price_5 = 0.0;
    double bid_volume_1 = 0.0, bid_volume_2 = 0.0, bid_volume_3 = 0.0, bid_volume_4 = 0.0, bid_volume_5 = 0.0;
    double ask_volume_1 = 0.0, ask_volume_2 = 0.0, ask_volume_3 = 0.0, ask_volume_4 = 0.0, ask_volume_5 = 0.0;
    std::optional<double> pre_settlement;
    std::optional<double> settlement_price;
    std::optional<double> pre_open_interest;
    std::optional<double> average_price;
    std::string_view extra;  // a MessagePack map; empty for nil
};

}  // namespace marketbus
