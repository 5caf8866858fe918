#include "front.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>

namespace lab {
namespace {

constexpr size_t BUFFER_BYTES = 1 << 20;
constexpr size_t FRAME_MAX = BUFFER_BYTES / 2;
constexpr uint16_t FIRST_MESSAGE = 16;
constexpr int READ_FAILED = 0x1001;  // what the vendor library reports when the peer closes
constexpr int64_t QUERY_INTERVAL_NS = 1'000'000'000;

std::mutex clock_lock;
bool clock_known = false;
Clock clock_now;

size_t padded(size_t size) { return (size + 7) & ~size_t{7}; }

int64_t monotonic_ns() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

void hang() {
    for (;;) pause();
}

// Keep the address usable in messages that go to a terminal.
std::string printable(const char *text) {
    std::string out;
    for (size_t i = 0; text[i] && i < 80; i++) out += text[i] >= ' ' && text[i] < 127 ? text[i] : '?';
    return out;
}

}  // namespace

void Front::add(const char *text) {
    const char *rest = strncmp(text, "tcp://", 6) == 0 ? text + 6 : text;
    std::string host(rest);
    size_t colon = host.rfind(':');
    long port = colon == std::string::npos ? 0 : strtol(host.c_str() + colon + 1, nullptr, 10);
    if (colon != std::string::npos) host.resize(colon);
    if (host == "localhost") host = "127.0.0.1";
    in_addr parsed{};
    bool loopback = inet_pton(AF_INET, host.c_str(), &parsed) == 1 && (ntohl(parsed.s_addr) >> 24) == 127;
    if (!loopback || port < 1 || port > 65535) {
        // A real counter's address together with the simulated library is a mistake that must not reach the network.
        fprintf(stderr, "marketbus-lab: refused front %s: the simulated library connects to tcp://127.0.0.1:PORT only\n",
                printable(text).c_str());
        return;
    }
    addresses_.push_back({text, parsed.s_addr, htons(static_cast<uint16_t>(port))});
}

void Front::set_spi(void *spi) {
    spi_waiters_++;
    std::lock_guard<std::recursive_mutex> hold(spi_lock_);
    spi_waiters_--;
    spi_ = spi;
}

void Front::start() {
    std::lock_guard<std::mutex> hold(state_lock_);
    if (started_) return;
    started_ = true;
    thread_ = std::thread([this] {
        run();
        std::lock_guard<std::mutex> done(state_lock_);
        finished_ = true;
        state_.notify_all();
    });
}

int Front::join() {
    std::unique_lock<std::mutex> hold(state_lock_);
    state_.wait(hold, [this] { return !started_ || finished_; });
    return 0;
}

void Front::release() {
    stop_ = true;
    {
        std::lock_guard<std::mutex> hold(socket_lock_);
        if (socket_ >= 0) shutdown(socket_, SHUT_RDWR);
    }
    {
        std::lock_guard<std::mutex> hold(state_lock_);
        state_.notify_all();
    }
    if (!thread_.joinable()) return;
    if (thread_.get_id() == std::this_thread::get_id())
        thread_.detach();
    else
        thread_.join();
}

std::string Front::address() const {
    std::lock_guard<std::mutex> hold(socket_lock_);
    return current_;
}

void Front::set_trading_day(const char *day) { snprintf(trading_day_, sizeof trading_day_, "%s", day); }

void Front::subscribe_private(int resume) {
    resume_ = resume;
    if (resume != RESUME) return;
    // As the vendor library does: what was received survives the process, in a flow file.
    flow_file_ = open((flow_ + "Private.con").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (flow_file_ < 0 || pread(flow_file_, &topic_, sizeof topic_, 0) != sizeof topic_) topic_ = {};
}

void Front::send_topic() {
    if (resume_ < 0) return;
    topic_.resume = resume_;
    send(TOPIC, 0, &topic_, sizeof topic_);
}

void Front::received(uint32_t sequence) {
    // After the callback: what a crash in it took away comes again.
    topic_.sequence = sequence;
    memcpy(topic_.trading_day, trading_day_, sizeof topic_.trading_day);
    if (flow_file_ >= 0 && pwrite(flow_file_, &topic_, sizeof topic_, 0) < 0) perror("marketbus-lab: flow file");
}

void Front::run() {
    if (addresses_.empty()) return;
    while (!stop_) {
        int fd = connect_next();
        if (fd < 0) {
            wait_before_retry();
            continue;
        }
        send_topic();
        {
            std::lock_guard<std::recursive_mutex> hold(spi_lock_);
            if (spi_ && !stop_) connected_(spi_);
        }
        serve(fd);
        {
            std::lock_guard<std::mutex> hold(socket_lock_);
            socket_ = -1;
            close(fd);
        }
        if (stop_) break;
        {
            std::lock_guard<std::recursive_mutex> hold(spi_lock_);
            if (spi_) disconnected_(spi_, READ_FAILED);
        }
        wait_before_retry();
    }
}

int Front::connect_next() {
    const Address &target = addresses_[next_++ % addresses_.size()];
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    timeval limit{5, 0};  // bounds connect() on a full backlog and send() on a peer that stopped reading
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    int on = 1, receive = 4 << 20;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive, sizeof receive);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = target.host;
    to.sin_port = target.port;
    if (connect(fd, reinterpret_cast<sockaddr *>(&to), sizeof to) != 0) {
        close(fd);
        return -1;
    }
    std::lock_guard<std::mutex> hold(socket_lock_);
    if (stop_) {
        close(fd);
        return -1;
    }
    socket_ = fd;
    current_ = target.text;
    query_open_ = false;
    last_query_ns_ = 0;
    return fd;
}

void Front::wait_before_retry() {
    thread_local std::minstd_rand random{std::random_device{}()};
    auto delay = std::chrono::milliseconds(800 + random() % 400);
    std::unique_lock<std::mutex> hold(state_lock_);
    state_.wait_for(hold, delay, [this] { return stop_.load(); });
}

void Front::serve(int fd) {
    // One large aligned buffer for the life of the connection: no allocation per message.
    auto buffer = std::make_unique<std::max_align_t[]>(BUFFER_BYTES / sizeof(std::max_align_t));
    char *bytes = reinterpret_cast<char *>(buffer.get());
    size_t filled = 0;
    while (!stop_) {
        ssize_t got = recv(fd, bytes + filled, BUFFER_BYTES - filled, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return;
        filled += static_cast<size_t>(got);
        size_t used = consume(bytes, filled);
        if (used == SIZE_MAX) return;
        filled -= used;
        if (filled && used) memmove(bytes, bytes + used, filled);
    }
}

size_t Front::consume(char *buffer, size_t filled) {
    size_t at = 0;
    while (filled - at >= sizeof(Header) && !stop_) {
        const Header &header = *reinterpret_cast<const Header *>(buffer + at);
        if (header.size > FRAME_MAX) {
            fprintf(stderr, "marketbus-lab: a frame of %u bytes is not ours, closing\n", header.size);
            return SIZE_MAX;
        }
        size_t whole = sizeof(Header) + padded(header.size);
        if (filled - at < whole) break;
        const char *payload = buffer + at + sizeof(Header);
        const char *info = header.flags & INFO ? payload : nullptr;
        const char *data = header.flags & DATA ? payload + (info ? INFO_BYTES : 0) : nullptr;
        if (header.message < FIRST_MESSAGE) {
            own_message(header, data);
        } else {
            // RegisterSpi must get its turn during a flood: the mutex alone is not fair.
            while (spi_waiters_.load(std::memory_order_relaxed) > 0) sched_yield();
            std::lock_guard<std::recursive_mutex> hold(spi_lock_);
            dispatch_(*this, spi_, header, info, data);
            if (header.sequence) received(header.sequence);
        }
        at += whole;
    }
    return at;
}

void Front::own_message(const Header &header, const char *data) {
    if (header.message == CLOCK && data && header.size >= sizeof(Clock)) {
        std::lock_guard<std::mutex> hold(clock_lock);
        memcpy(&clock_now, data, sizeof(Clock));
        clock_known = true;
    } else if (header.message == CRASH) {
        signal(SIGSEGV, SIG_DFL);
        raise(SIGSEGV);
    } else if (header.message == HANG) {
        if (header.request)
            hang_calls_ = true;
        else {
            std::lock_guard<std::recursive_mutex> hold(spi_lock_);
            hang();
        }
    }
}

bool Front::write_all(const char *data, size_t size) {
    while (size) {
        ssize_t sent = ::send(socket_, data, size, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return false;
        data += sent;
        size -= static_cast<size_t>(sent);
    }
    return true;
}

int Front::send(uint16_t message, int32_t request, const void *data, size_t size) {
    if (hang_calls_) hang();
    std::lock_guard<std::mutex> hold(socket_lock_);
    if (socket_ < 0 || stop_) return -1;
    Header header{static_cast<uint32_t>(size), message, static_cast<uint16_t>(LAST | (size ? DATA : 0)), request, 0};
    out_.assign(sizeof header + padded(size), 0);
    memcpy(out_.data(), &header, sizeof header);
    if (size) memcpy(out_.data() + sizeof header, data, size);
    if (write_all(out_.data(), out_.size())) return 0;
    shutdown(socket_, SHUT_RDWR);  // half a frame may be out: the receiving thread reconnects
    return -1;
}

int Front::query(uint16_t message, int32_t request, const void *data, size_t size) {
    if (query_open_) return -2;
    int64_t now = monotonic_ns(), last = last_query_ns_;
    if (last && now - last < QUERY_INTERVAL_NS) return -3;
    query_open_ = true;  // before the send: the answer may come first
    int result = send(message, request, data, size);
    if (result == 0)
        last_query_ns_ = now;
    else
        query_open_ = false;
    return result;
}

int Front::send_names(uint16_t message, char **names, int count) {
    std::string joined;
    for (int i = 0; i < count; i++) joined.append(names[i]).push_back('\0');
    return send(message, count, joined.data(), joined.size());
}

}  // namespace lab

extern "C" __attribute__((visibility("default"))) int marketbus_lab_clock(long long *real_ns, long long *market_ns,
                                                                          double *rate) {
    std::lock_guard<std::mutex> hold(lab::clock_lock);
    if (!lab::clock_known) return 0;
    *real_ns = lab::clock_now.real_ns;
    *market_ns = lab::clock_now.market_ns;
    *rate = lab::clock_now.rate;
    return 1;
}
