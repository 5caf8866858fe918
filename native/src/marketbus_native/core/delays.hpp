// How long ticks waited, with the rules of domain/histogram.py and adapters/nats/latency.py.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

namespace marketbus {

/// Thread-safe.
class Delays {
public:
    struct Window {
        std::vector<double> sample;  // microseconds, a uniform sample
        std::uint64_t count = 0;
        double largest = 0.0;
    };

    struct Counts {
        std::vector<std::uint64_t> counts;
        double total = 0.0;  // seconds
    };

    /// `bounds`: upper bounds of the ranges, seconds, ascending.
    explicit Delays(std::vector<double> bounds) : bounds_(std::move(bounds)) { counts_.counts.resize(bounds_.size() + 1); }

    void add(std::int64_t ns) {
        std::lock_guard guard(lock_);
        const double seconds = static_cast<double>(ns) / 1e9, micros = static_cast<double>(ns) / 1e3;
        const auto place = std::lower_bound(bounds_.begin(), bounds_.end(), seconds) - bounds_.begin();
        counts_.counts[static_cast<std::size_t>(place)] += 1;
        counts_.total += std::max(0.0, seconds);
        window_.count += 1;
        window_.largest = std::max(window_.largest, micros);
        if (window_.sample.size() < kKept) {
            window_.sample.push_back(micros);
        } else if (const auto at = random() % window_.count; at < kKept) {
            window_.sample[at] = micros;
        }
    }

    /// Since the last time.
    Window take() {
        std::lock_guard guard(lock_);
        return std::exchange(window_, {});
    }

    /// Since the beginning.
    Counts now() const {
        std::lock_guard guard(lock_);
        return counts_;
    }

private:
    static constexpr std::size_t kKept = 2048;

    std::uint64_t random() {  // xorshift64: a sample, no secret
        state_ ^= state_ << 13;
        state_ ^= state_ >> 7;
        state_ ^= state_ << 17;
        return state_;
    }

    mutable std::mutex lock_;
    std::vector<double> bounds_;
    Counts counts_;
    Window window_;
    std::uint64_t state_ = 0x9e3779b97f4a7c15;
};

}  // namespace marketbus
