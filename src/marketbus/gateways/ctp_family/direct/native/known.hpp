// Dates and trading hours that Python has answered before.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "answer.hpp"

namespace marketbus::ctp {

/// TradingDay and ActionDay as the record has them, without what may stand behind their NUL.
struct DateKey {
    std::array<char, 19> bytes{};

    DateKey(const char *trading_day, const char *action_day, Part part) {
        strncpy_bounded(bytes.data(), trading_day);
        strncpy_bounded(bytes.data() + 9, action_day);
        bytes[18] = static_cast<char>(part);
    }

    bool operator==(const DateKey &other) const { return bytes == other.bytes; }

private:
    static void strncpy_bounded(char *to, const char *from) {
        for (int at = 0; at < 9 && from[at]; ++at) to[at] = from[at];
    }
};

class Dates {
public:
    struct Date {
        DateKey key;
        std::int64_t midnight;
        std::int64_t trading_day;
    };

    const Date *find(std::int32_t exchange, const DateKey &key) const {
        if (static_cast<std::size_t>(exchange) >= exchanges_.size()) return nullptr;
        for (const auto &each : exchanges_[static_cast<std::size_t>(exchange)])
            if (each.key == key) return &each;
        return nullptr;
    }

    void keep(std::int32_t exchange, const Date &date) {
        const auto at = static_cast<std::size_t>(exchange);
        if (at >= exchanges_.size()) exchanges_.resize(at + 1);
        auto &dates = exchanges_[at];
        for (auto &each : dates) {
            if (each.key == date.key) {
                each = date;
                return;
            }
        }
        if (dates.size() >= kMost) dates.clear();  // a venue that sends more is hostile
        dates.insert(dates.begin(), date);
    }

private:
    static constexpr std::size_t kMost = 16;
    std::vector<std::vector<Date>> exchanges_;
};

class Hours {
public:
    const Stretch *find(std::int32_t product, std::int64_t instant) const {
        if (static_cast<std::size_t>(product) >= products_.size()) return nullptr;
        for (const auto &each : products_[static_cast<std::size_t>(product)])
            if (each.start <= instant && instant < each.end) return &each;
        return nullptr;
    }

    void keep(std::int32_t product, const Stretch *stretches, std::int32_t count) {
        if (count <= 0) return;
        const auto at = static_cast<std::size_t>(product);
        if (at >= products_.size()) products_.resize(at + 1);
        products_[at].assign(stretches, stretches + count);
    }

private:
    std::vector<std::vector<Stretch>> products_;
};

}  // namespace marketbus::ctp
