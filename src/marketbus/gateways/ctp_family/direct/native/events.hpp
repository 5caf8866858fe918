// What the SDK says besides ticks, on its way to Python's thread: the SDK's own never waits for it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>

namespace marketbus::ctp {

enum class Said : std::int32_t { front_connected = 1, front_disconnected, login, error, subscribed, failed };

/// Mirrored in direct/library.py.
struct Event {
    Said said;
    std::int32_t reason;  // of a lost front
    std::int32_t has_data;
    std::int32_t has_error;
    std::int32_t error_id;
    std::int32_t request;
    std::int32_t last;
    char text[96];   // TradingDay, InstrumentID, or what failed
    char words[96];  // ErrorMsg
};

class Events {
public:
    void put(const Event &event) {
        {
            std::lock_guard<std::mutex> hold(lock_);
            events_.push_back(event);
        }
        there_.notify_one();
    }

    /// Waits for the next; false after `milliseconds` without one.
    bool next(Event &event, int milliseconds) {
        std::unique_lock<std::mutex> hold(lock_);
        if (!there_.wait_for(hold, std::chrono::milliseconds(milliseconds), [this] { return !events_.empty(); }))
            return false;
        event = events_.front();
        events_.pop_front();
        return true;
    }

private:
    std::mutex lock_;
    std::condition_variable there_;
    std::deque<Event> events_;
};

}  // namespace marketbus::ctp
