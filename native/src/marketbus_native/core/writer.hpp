// Writes a backlog to one connected socket, in a thread of its own that knows nothing of Python.
//
// Whoever dialled (marketbus/adapters/nats/native_lane.py) goes on reading the connection and keeps it alive; what it has
// to say (PING, PONG, CONNECT) comes through `control`, so that it never falls into the middle of a message.
#pragma once

#include <poll.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "backlog.hpp"
#include "delays.hpp"
#include "signal.hpp"

namespace marketbus {

inline std::int64_t clock_ns(clockid_t clock) {
    timespec now{};
    clock_gettime(clock, &now);
    return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

/// Monotonic ns, as Python's time.monotonic.
inline std::int64_t monotonic() { return clock_ns(CLOCK_MONOTONIC); }

class Writer {
public:
    Writer(Backlog& backlog, Delays& delays) : backlog_(backlog), delays_(delays) {}

    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    ~Writer() { stop(); }

    /// Take over a connected socket; it is closed here. What was given before is dropped.
    void attach(int socket) {
        {
            std::lock_guard guard(lock_);
            drop_socket();
            given_ = socket;
            attached_ = true;
            control_.clear();
            if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
        }
        wake();
    }

    /// Let go of the socket: nothing more is written, whatever was half out stays so.
    void detach() {
        {
            std::lock_guard guard(lock_);
            drop_socket();
        }
        wake();
    }

    /// Whole protocol commands, to be written before the next ticks; false without a connection.
    bool control(std::string_view commands) {
        {
            std::lock_guard guard(lock_);
            if (!attached_) return false;
            control_.append(commands);
        }
        wake();
        return true;
    }

    /// Ticks may be sent until then, monotonic ns: asked before each batch, so a thaw after a freeze cannot overstep.
    void allow_until(std::int64_t deadline) {
        const bool was = monotonic() < allowed_until_.exchange(deadline);
        if (!was) wake();
    }

    /// From a producer, when `Backlog::put` says so.
    void wake() { wake_.raise(); }

    bool attached() const { return attached_; }

    /// Whether all that had come has been written; ask after `Backlog::size`, which falls first.
    bool idle() const { return idle_; }

    /// Since when one batch has been under way, monotonic ns; 0: none is.
    std::int64_t writing_since() const { return writing_since_; }

    /// errno of the write that ended the connection last; 0: none did.
    int error() const { return error_; }

    /// Batches written and messages in them.
    std::uint64_t batches() const { return batches_; }
    std::uint64_t messages() const { return messages_; }

    /// End the thread; what waits is not written. Safe to call twice.
    void stop() {
        {
            std::lock_guard guard(lock_);
            stopping_ = true;
            drop_socket();
        }
        wake();
        if (thread_.joinable()) thread_.join();
        if (given_ >= 0) close(std::exchange(given_, -1));
        stopping_ = false;
    }

private:
    /// Between two writes of a steady stream: fewer, larger reads for the server, and no wait for a lone tick.
    static constexpr std::int64_t kBreath = 100'000;
    static constexpr int kLook = 20;  // ms between looks at a gate that is shut

    // Under the lock. The thread alone closes a socket that it has, or its number could be another's meanwhile.
    void drop_socket() {
        attached_ = false;
        if (given_ >= 0) close(std::exchange(given_, -1));
        if (socket_ >= 0) shutdown(socket_, SHUT_RDWR);
        dropped_ = true;
    }

    void run() {
        pthread_setname_np(pthread_self(), "marketbus-write");
        prctl(PR_SET_TIMERSLACK, 1000UL);
        std::string commands;
        Chunk chunk;
        while (next(commands)) {
            idle_ = false;
            if (socket_ < 0) {
                wait(-1);
            } else if (!commands.empty()) {
                if (!send_all(commands)) lose();
                commands.clear();
            } else if (const auto now = monotonic(); now >= allowed_until_) {
                wait(kLook);
            } else if (backlog_.take(chunk, now)) {
                write_chunk(chunk, now);
            } else {
                backlog_.because(Cause::slow_bus);
                idle_ = true;
                wait(-1);
            }
        }
        std::lock_guard guard(lock_);
        if (socket_ >= 0) close(std::exchange(socket_, -1));
    }

    /// What happened since; false at the end.
    bool next(std::string& commands) {
        std::lock_guard guard(lock_);
        if (dropped_) {
            if (socket_ >= 0) close(socket_);
            socket_ = -1;
            dropped_ = false;
        }
        if (given_ >= 0) socket_ = std::exchange(given_, -1);
        commands.clear();
        commands.swap(control_);
        return !stopping_;
    }

    void write_chunk(const Chunk& chunk, std::int64_t now) {
        writing_since_ = now;
        const bool written = send_all(chunk.bytes());
        writing_since_ = 0;
        if (!written) {
            // Some of it may have arrived; it is not sent again.
            backlog_.count(Cause::disconnected, chunk.count());
            lose();
            return;
        }
        batches_ += 1;
        messages_ += chunk.count();
        if (chunk.received) delays_.add(clock_ns(CLOCK_REALTIME) - chunk.received);
        const auto rest = kBreath - (monotonic() - now);
        if (rest > 0 && backlog_.size() != 0) {
            const timespec pause{0, static_cast<long>(rest)};
            nanosleep(&pause, nullptr);
        }
    }

    bool send_all(std::string_view data) {
        while (!data.empty()) {
            const auto sent = send(socket_, data.data(), data.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
            if (sent >= 0) {
                data.remove_prefix(static_cast<std::size_t>(sent));
            } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
                pollfd ready{socket_, POLLOUT, 0};
                poll(&ready, 1, 1000);  // `shutdown` ends it at once
            } else if (errno != EINTR) {
                error_ = errno;
                return false;
            }
        }
        return true;
    }

    void lose() {
        std::lock_guard guard(lock_);
        if (dropped_) return;  // we were told to
        drop_socket();
        backlog_.because(Cause::disconnected);
    }

    void wait(int milliseconds) {
        pollfd ready{wake_.fd(), POLLIN, 0};
        if (poll(&ready, 1, milliseconds) > 0) wake_.lower();
    }

    Backlog& backlog_;
    Delays& delays_;
    Signal wake_;
    std::mutex lock_;  // of the next five
    int given_ = -1;
    int socket_ = -1;  // written by the thread only, under the lock
    bool dropped_ = false;
    bool stopping_ = false;
    std::string control_;
    std::atomic<bool> attached_{false};
    std::atomic<bool> idle_{false};
    std::atomic<std::int64_t> allowed_until_{0};
    std::atomic<std::int64_t> writing_since_{0};
    std::atomic<int> error_{0};
    std::atomic<std::uint64_t> batches_{0};
    std::atomic<std::uint64_t> messages_{0};
    std::thread thread_;
};

}  // namespace marketbus
