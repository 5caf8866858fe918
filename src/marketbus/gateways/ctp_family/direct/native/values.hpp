// The figures of a depth record as those of a tick: the arithmetic of ctp_family/translate.py.
#pragma once

#include <cstdint>
#include <optional>

#include "tick.hpp"

namespace marketbus::ctp {

/// No price or turnover comes near; NaN, infinities and DBL_MAX fail it.
inline bool sane(double value) { return -1e15 < value && value < 1e15; }

inline std::optional<double> price(double value) { return sane(value) ? std::optional<double>(value) : std::nullopt; }

/// A level exists if and only if its volume is positive and its price is a price.
inline void level(double raw_price, int raw_volume, double &price, double &volume) {
    const bool there = raw_volume > 0 && sane(raw_price);
    price = there ? raw_price : 0.0;
    volume = there ? static_cast<double>(raw_volume) : 0.0;
}

/// Everything but texts, times, numbers and last_volume. `Record` is either SDK's CThostFtdcDepthMarketDataField.
template <typename Record>
void figures(const Record &raw, double average_divisor, TickValues &tick) {
    if (sane(raw.LastPrice)) {
        tick.last_price = raw.LastPrice;
    } else {
        tick.last_price = 0.0;
        tick.flags |= kNoLast;
    }
    tick.volume = raw.Volume;
    tick.turnover = sane(raw.Turnover) ? raw.Turnover : 0.0;
    tick.open_interest = sane(raw.OpenInterest) ? raw.OpenInterest : 0.0;
    tick.limit_up = price(raw.UpperLimitPrice);
    tick.limit_down = price(raw.LowerLimitPrice);
    tick.open_price = price(raw.OpenPrice);
    tick.high_price = price(raw.HighestPrice);
    tick.low_price = price(raw.LowestPrice);
    tick.pre_close = price(raw.PreClosePrice);
    level(raw.BidPrice1, raw.BidVolume1, tick.bid_price_1, tick.bid_volume_1);
    level(raw.BidPrice2, raw.BidVolume2, tick.bid_price_2, tick.bid_volume_2);
    level(raw.BidPrice3, raw.BidVolume3, tick.bid_price_3, tick.bid_volume_3);
    level(raw.BidPrice4, raw.BidVolume4, tick.bid_price_4, tick.bid_volume_4);
    level(raw.BidPrice5, raw.BidVolume5, tick.bid_price_5, tick.bid_volume_5);
    level(raw.AskPrice1, raw.AskVolume1, tick.ask_price_1, tick.ask_volume_1);
    level(raw.AskPrice2, raw.AskVolume2, tick.ask_price_2, tick.ask_volume_2);
    level(raw.AskPrice3, raw.AskVolume3, tick.ask_price_3, tick.ask_volume_3);
    level(raw.AskPrice4, raw.AskVolume4, tick.ask_price_4, tick.ask_volume_4);
    level(raw.AskPrice5, raw.AskVolume5, tick.ask_price_5, tick.ask_volume_5);
    if (tick.bid_volume_1 > 0 && tick.ask_volume_1 > 0 && tick.bid_price_1 >= tick.ask_price_1) tick.flags |= kCrossed;
    tick.pre_settlement = price(raw.PreSettlementPrice);
    tick.settlement_price = price(raw.SettlementPrice);
    tick.pre_open_interest = price(raw.PreOpenInterest);
    tick.average_price.reset();
    if (average_divisor != 0.0 && sane(raw.AveragePrice)) tick.average_price = raw.AveragePrice / average_divisor;
}

}  // namespace marketbus::ctp
