// A flag that can be waited for with poll(2), or by an event loop.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

namespace marketbus {

/// Any thread may raise it, as often as it likes; nothing blocks.
class Signal {
public:
    /// Throws std::system_error: no more file descriptors.
    Signal() : fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
        if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
    }

    Signal(const Signal&) = delete;
    Signal& operator=(const Signal&) = delete;
    ~Signal() { close(fd_); }

    void raise() {
        const std::uint64_t one = 1;
        [[maybe_unused]] const auto written = write(fd_, &one, sizeof one);  // full: it is raised all the same
    }

    void lower() {
        std::uint64_t count = 0;
        [[maybe_unused]] const auto got = read(fd_, &count, sizeof count);
    }

    /// Readable while it is raised.
    int fd() const { return fd_; }

private:
    const int fd_;
};

}  // namespace marketbus
