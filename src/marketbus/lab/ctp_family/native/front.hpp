// One connection of one API instance to the lab: registered fronts, one receiving and calling thread, framed sends.
// Knows nothing of CTP's messages; the generated stubs give it a dispatcher and use send().
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace lab {

// On the wire, host byte order (same machine by contract): this header, then, as the flags say, the RspInfo struct and
// the message's struct, each as it lies in memory. A frame is padded to a multiple of 8, so both stay aligned.
struct Header {
    uint32_t size;     // bytes of payload, padding not counted
    uint16_t message;  // below FIRST_MESSAGE: the lab's own; else a request's or callback's number
    uint16_t flags;
    int32_t request;
    uint32_t sequence;  // place in the trading day's private flow, from 1; 0: not of it
};
static_assert(sizeof(Header) == 16, "the server packs 16 bytes");

enum Flag : uint16_t { LAST = 1, INFO = 2, DATA = 4 };
enum Own : uint16_t { CLOCK = 1, CRASH = 2, HANG = 3, TOPIC = 4 };

struct Clock {
    int64_t real_ns;
    int64_t market_ns;
    double rate;
};

// Sent when a connection is made, if the private flow was subscribed: how, and what came of it up to now.
struct Topic {
    int32_t resume;  // THOST_TE_RESUME_TYPE
    uint32_t sequence;
    char trading_day[8];
};
constexpr int RESUME = 1;

// Rounded size of the RspInfo struct; the stubs assert it.
constexpr size_t INFO_BYTES = 88;

class Front;
using Connected = void (*)(void *spi);
using Disconnected = void (*)(void *spi, int reason);
// Calls one callback of the SPI, if there is one.
using Dispatch = void (*)(Front &front, void *spi, const Header &header, const char *info, const char *data);

class Front {
   public:
    Front(Connected connected, Disconnected disconnected, Dispatch dispatch)
        : connected_(connected), disconnected_(disconnected), dispatch_(dispatch) {}

    void add(const char *address);
    void set_spi(void *spi);
    void start();
    int join();
    void release();

    // 0, or -1 when there is no connection.
    int send(uint16_t message, int32_t request, const void *data, size_t size);
    // The same under the counter's query flow control: -2 while a query is unanswered, -3 within a second of the last.
    int query(uint16_t message, int32_t request, const void *data, size_t size);
    int send_names(uint16_t message, char **names, int count);

    // The folder and prefix of flow files, as the factory got it; before start().
    void set_flow(const char *path) { flow_ = path ? path : ""; }
    void subscribe_private(int resume);

    void answered() { query_open_ = false; }
    void set_trading_day(const char *day);
    const char *trading_day() const { return trading_day_; }
    std::string address() const;

   private:
    void run();
    int connect_next();
    void serve(int socket);
    size_t consume(char *buffer, size_t filled);
    void own_message(const Header &header, const char *data);
    void wait_before_retry();
    void send_topic();
    void received(uint32_t sequence);
    bool write_all(const char *data, size_t size);

    struct Address {
        std::string text;
        uint32_t host;
        uint16_t port;
    };

    Connected connected_;
    Disconnected disconnected_;
    Dispatch dispatch_;
    std::vector<Address> addresses_;
    size_t next_ = 0;
    std::string current_;

    std::atomic<bool> stop_{false};
    std::atomic<bool> hang_calls_{false};
    std::atomic<int> spi_waiters_{0};
    std::recursive_mutex spi_lock_;  // recursive: a callback may call RegisterSpi
    void *spi_ = nullptr;

    mutable std::mutex socket_lock_;
    int socket_ = -1;
    std::vector<char> out_;

    std::atomic<bool> query_open_{false};
    std::atomic<int64_t> last_query_ns_{0};

    std::mutex state_lock_;
    std::condition_variable state_;
    bool started_ = false;
    bool finished_ = false;
    std::thread thread_;
    char trading_day_[9] = {};

    std::string flow_;
    int resume_ = -1;
    Topic topic_{};
    int flow_file_ = -1;
};

}  // namespace lab
