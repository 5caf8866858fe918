// Ticks on their way to the bus, with the rules of marketbus/adapters/nats/backlog.py: a bounded queue that, when the bus
// is behind, keeps the newest of each instrument. A message's instrument is its subject, so nothing else is stored of it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <iterator>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace marketbus {

enum class Cause { slow_bus, disconnected, too_large, unencodable };
inline constexpr std::array<const char*, 4> kCauses{"slow_bus", "disconnected", "too_large", "unencodable"};

/// `PUB <subject> ` of a message.
inline std::string_view key_of(std::string_view frame) {
    const auto space = frame.find(' ', 4);
    return frame.substr(0, space == std::string_view::npos ? frame.size() : space + 1);
}

/// Whole messages that are written at once. Grows, keeps its memory, never shrinks.
class Chunk {
public:
    std::int64_t started = 0;   // when its first message came, monotonic ns
    std::int64_t received = 0;  // of the tick that waited longest, ns UTC; 0 when unknown

    void clear(std::int64_t now, std::int64_t first_received) {
        started = now;
        received = first_received;
        data_.clear();
        sizes_.clear();
    }

    void append(std::string_view frame) {
        data_.append(frame);
        sizes_.push_back(static_cast<std::uint32_t>(frame.size()));
    }

    std::string_view bytes() const { return data_; }
    std::size_t size() const { return data_.size(); }
    std::size_t count() const { return sizes_.size(); }
    const std::vector<std::uint32_t>& sizes() const { return sizes_; }

private:
    std::string data_;
    std::vector<std::uint32_t> sizes_;
};

/// Thread-safe: `put` by those who have ticks, `take` by one writer. Every call is short; none waits for the bus.
class Backlog {
public:
    /// `max_age` in ns.
    Backlog(std::size_t max_bytes, std::int64_t max_age, std::size_t chunk_bytes = 512 * 1024)
        : max_bytes_(max_bytes), max_age_(max_age), chunk_bytes_(chunk_bytes) {}

    /// Takes a message; true when the writer is idle and must be woken. `now` in monotonic ns.
    bool put(std::string_view frame, std::int64_t received, std::int64_t now) {
        std::lock_guard guard(lock_);
        size_ += frame.size();
        if (conflating_) {
            replace(frame);
        } else {
            if (chunks_.empty() || !open_ || chunks_.back().size() > chunk_bytes_) {
                chunks_.push_back(spare());
                chunks_.back().clear(now, received);
                open_ = true;
            }
            chunks_.back().append(frame);
            if (size_ > max_bytes_) conflate_all();
        }
        return std::exchange(idle_, false);
    }

    /// The next messages to write; false, and idle from now on, when there are none. `chunk`'s memory is used again.
    bool take(Chunk& chunk, std::int64_t now) {
        std::lock_guard guard(lock_);
        if (!conflating_ && !chunks_.empty()) {
            if (now - chunks_.front().started <= max_age_) {
                std::swap(chunk, chunks_.front());
                keep(std::move(chunks_.front()));
                chunks_.pop_front();
                if (chunks_.empty()) open_ = false;
                size_ -= chunk.size();
                return true;
            }
            conflate_all();
        }
        if (conflating_) {
            take_newest(chunk);
            return true;
        }
        idle_ = true;
        return false;
    }

    /// Keep the newest message of each instrument only.
    void conflate() {
        std::lock_guard guard(lock_);
        if (!conflating_ && !chunks_.empty()) conflate_all();
    }

    /// Count ticks given up elsewhere.
    void count(Cause cause, std::uint64_t ticks = 1) {
        std::lock_guard guard(lock_);
        drops_[static_cast<std::size_t>(cause)] += ticks;
    }

    /// Why ticks are given up from now on.
    void because(Cause cause) {
        std::lock_guard guard(lock_);
        cause_ = cause;
    }

    Cause cause() const {
        std::lock_guard guard(lock_);
        return cause_;
    }

    /// Ticks given up, in the order of kCauses.
    std::array<std::uint64_t, kCauses.size()> drops() const {
        std::lock_guard guard(lock_);
        return drops_;
    }

    /// Bytes waiting.
    std::size_t size() const {
        std::lock_guard guard(lock_);
        return size_;
    }

private:
    using Newest = std::list<std::string>;

    static constexpr std::size_t kSpares = 2;

    Chunk spare() {
        if (spares_.empty()) return {};
        Chunk chunk = std::move(spares_.back());
        spares_.pop_back();
        return chunk;
    }

    void keep(Chunk&& chunk) {
        if (spares_.size() < kSpares) spares_.push_back(std::move(chunk));
    }

    void drop(std::uint64_t ticks) { drops_[static_cast<std::size_t>(cause_)] += ticks; }

    void conflate_all() {
        since_ = chunks_.front().started;
        conflating_ = true;
        open_ = false;
        size_ = 0;
        for (auto& chunk : chunks_) {
            std::size_t at = 0;
            for (auto size : chunk.sizes()) {
                size_ += size;
                replace(chunk.bytes().substr(at, size), false);
                at += size;
            }
        }
        chunks_.clear();
        spares_.clear();
        trim();
    }

    /// The newer one goes to the end.
    void replace(std::string_view frame, bool bounded = true) {
        const auto found = places_.find(key_of(frame));
        if (found != places_.end()) {
            const auto older = found->second;
            size_ -= older->size();
            places_.erase(found);  // its key lies in the message that goes
            newest_.erase(older);
            drop(1);
        }
        newest_.emplace_back(frame);
        places_.emplace(key_of(newest_.back()), std::prev(newest_.end()));
        if (bounded) trim();
    }

    /// More instruments than fit: those that have been silent longest give way.
    void trim() {
        while (size_ > max_bytes_ && newest_.size() > 1) {
            size_ -= newest_.front().size();
            pop_newest();
            drop(1);
        }
    }

    void pop_newest() {
        places_.erase(key_of(newest_.front()));
        newest_.pop_front();
    }

    void take_newest(Chunk& chunk) {
        chunk.clear(since_, 0);
        while (!newest_.empty() && chunk.size() <= chunk_bytes_) {
            chunk.append(newest_.front());
            pop_newest();
        }
        size_ -= chunk.size();
        if (newest_.empty()) conflating_ = false;
    }

    const std::size_t max_bytes_;
    const std::int64_t max_age_;
    const std::size_t chunk_bytes_;
    mutable std::mutex lock_;
    std::deque<Chunk> chunks_;
    std::vector<Chunk> spares_;
    bool open_ = false;
    bool conflating_ = false;
    bool idle_ = true;
    Newest newest_;
    std::unordered_map<std::string_view, Newest::iterator> places_;
    std::int64_t since_ = 0;
    std::size_t size_ = 0;
    Cause cause_ = Cause::slow_bus;
    std::array<std::uint64_t, kCauses.size()> drops_{};
};

}  // namespace marketbus
