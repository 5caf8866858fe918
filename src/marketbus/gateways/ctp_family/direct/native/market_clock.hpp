// The market's time: the real one, or what a simulated counter has announced (gateways/ctp_family/sdk.py: LabClock).
#pragma once

#include <cstdint>
#include <ctime>

namespace marketbus::ctp {

inline std::int64_t wall_clock() {
    timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

class MarketClock {
public:
    using Announced = int (*)(long long *real, long long *market, double *rate);

    /// `announced`: the simulated library's; null for a real venue.
    explicit MarketClock(Announced announced) : announced_(announced) {}

    std::int64_t now() {
        const auto now = wall_clock();
        if (!announced_) return now;
        if (!known_ || now - looked_ > kRefresh) look(now);
        return market_ + static_cast<std::int64_t>(static_cast<double>(now - real_) * rate_);
    }

private:
    static constexpr std::int64_t kRefresh = 10'000'000;

    void look(std::int64_t now) {
        long long real = 0, market = 0;
        double rate = 1.0;
        if (!announced_(&real, &market, &rate)) return;
        real_ = real;
        market_ = market;
        rate_ = rate;
        looked_ = now;
        known_ = true;
    }

    Announced announced_;
    bool known_ = false;
    std::int64_t looked_ = 0, real_ = 0, market_ = 0;
    double rate_ = 1.0;
};

}  // namespace marketbus::ctp
