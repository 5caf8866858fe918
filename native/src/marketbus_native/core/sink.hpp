// Where native code that has ticks hands them over: what TickQueue.sink() in Python gives, in a capsule.
#pragma once

#include <cstdint>

#include "backlog.hpp"
#include "tick.hpp"

namespace marketbus {

inline constexpr const char* kSinkName = "marketbus_native.sink.1";  // a change of Sink or TickValues changes the number

/// Valid as long as its capsule. Any thread, without the GIL; nothing blocks.
struct Sink {
    void* self = nullptr;

    /// Encode now, send soon; whoever writes is woken. False, ever.
    bool (*tick)(void* self, const TickValues& tick) = nullptr;

    /// Count ticks that were given up before they came here.
    void (*count)(void* self, Cause cause, std::uint64_t ticks) = nullptr;
};

}  // namespace marketbus
