// Market data of one line of the CTP family: our own SPI on the vendor's library, and its C ABI for direct/library.py.
#include <dlfcn.h>

#include <cstdio>
#include <cstring>
#include <exception>
#include <string_view>

#include "ThostFtdcMdApi.h"
#include "layout.hpp"

#include "events.hpp"
#include "fixed_text.hpp"
#include "line.hpp"

namespace {

using namespace marketbus::ctp;
using Record = CThostFtdcDepthMarketDataField;
using Info = CThostFtdcRspInfoField;

class Md final : public CThostFtdcMdSpi {
public:
    explicit Md(const LineOptions &options) : line(options) {}

    ~Md() {
        if (!api_) return;
        api_->RegisterSpi(nullptr);  // waits for a callback in flight
        api_->Release();
    }

    Line<Record> line;
    Events events;

    /// Null, or why not.
    const char *open(const char *library, const char *factory, const char *flow, int production) {
        void *loaded = dlopen(library, RTLD_NOW | RTLD_LOCAL);
        if (!loaded) return dlerror();
        void *create = dlsym(loaded, factory);
        if (!create) return dlerror();
#ifdef MARKETBUS_SOPT
        (void)production;
        api_ = reinterpret_cast<CThostFtdcMdApi *(*)(const char *, bool, bool)>(create)(flow, false, false);
#else
        using Create = CThostFtdcMdApi *(*)(const char *, bool, bool, bool);
        api_ = reinterpret_cast<Create>(create)(flow, false, false, production != 0);
#endif
        if (!api_) return "the library made no API";
        api_->RegisterSpi(this);
        return nullptr;
    }

    void add_front(char *address) { api_->RegisterFront(address); }
    void start() { api_->Init(); }

    int log_in(const char *broker, const char *user, const char *password, int request) {
        CThostFtdcReqUserLoginField login{};
        std::snprintf(login.BrokerID, sizeof login.BrokerID, "%s", broker);
        std::snprintf(login.UserID, sizeof login.UserID, "%s", user);
        std::snprintf(login.Password, sizeof login.Password, "%s", password);
        return api_->ReqUserLogin(&login, request);
    }

    int subscribe(char *symbol) { return api_->SubscribeMarketData(&symbol, 1); }
    int unsubscribe(char *symbol) { return api_->UnSubscribeMarketData(&symbol, 1); }

    void OnRtnDepthMarketData(Record *record) override {
        const auto received = wall_clock();
        if (!record) return;
        try {
            line.take(*record, received);
        } catch (const std::exception &error) {
            failed(error.what());
        }
    }

    void OnFrontConnected() override { said(Said::front_connected); }

    void OnFrontDisconnected(int reason) override {
        Event event{};
        event.said = Said::front_disconnected;
        event.reason = reason;
        put(event);
    }

    void OnRspUserLogin(CThostFtdcRspUserLoginField *login, Info *info, int request, bool last) override {
        Event event = answered(Said::login, info, request, last);
        if (login) {
            event.has_data = 1;
            copy_text(event.text, login->TradingDay);
        }
        put(event);
    }

    void OnRspError(Info *info, int request, bool last) override { put(answered(Said::error, info, request, last)); }

    void OnRspSubMarketData(CThostFtdcSpecificInstrumentField *instrument, Info *info, int request,
                            bool last) override {
        Event event = answered(Said::subscribed, info, request, last);
        if (instrument) {
            event.has_data = 1;
            copy_text(event.text, instrument->InstrumentID);
        }
        put(event);
    }

private:
    static Event answered(Said said, const Info *info, int request, bool last) {
        Event event{};
        event.said = said;
        event.request = request;
        event.last = last;
        if (info) {
            event.has_error = 1;
            event.error_id = info->ErrorID;
            copy_text(event.words, info->ErrorMsg);
        }
        return event;
    }

    void said(Said what) {
        Event event{};
        event.said = what;
        put(event);
    }

    void failed(const char *what) {
        Event event{};
        event.said = Said::failed;
        std::snprintf(event.text, sizeof event.text, "%s", what);
        put(event);
    }

    void put(const Event &event) {
        try {
            events.put(event);
        } catch (const std::exception &) {  // out of memory: nothing may be thrown into the SDK
        }
    }

    CThostFtdcMdApi *api_ = nullptr;
};

}  // namespace

#define EXPORT extern "C" __attribute__((visibility("default")))

EXPORT int marketbus_md_record_bytes() { return sizeof(Record); }
EXPORT int marketbus_md_question_bytes() { return sizeof(Question); }
EXPORT int marketbus_md_answer_bytes() { return sizeof(Answer); }
EXPORT int marketbus_md_options_bytes() { return sizeof(LineOptions); }
EXPORT int marketbus_md_event_bytes() { return sizeof(Event); }
EXPORT int marketbus_md_counters_bytes() { return sizeof(Counters); }

EXPORT void *marketbus_md_new(const LineOptions *options) { return new Md(*options); }
EXPORT void marketbus_md_delete(void *md) { delete static_cast<Md *>(md); }

EXPORT const char *marketbus_md_open(void *md, const char *library, const char *factory, const char *flow,
                                     int production) {
    return static_cast<Md *>(md)->open(library, factory, flow, production);
}
EXPORT void marketbus_md_add_front(void *md, char *address) { static_cast<Md *>(md)->add_front(address); }
EXPORT void marketbus_md_start(void *md) { static_cast<Md *>(md)->start(); }
EXPORT int marketbus_md_log_in(void *md, const char *broker, const char *user, const char *password, int request) {
    return static_cast<Md *>(md)->log_in(broker, user, password, request);
}
EXPORT int marketbus_md_subscribe(void *md, char *symbol) { return static_cast<Md *>(md)->subscribe(symbol); }
EXPORT int marketbus_md_unsubscribe(void *md, char *symbol) { return static_cast<Md *>(md)->unsubscribe(symbol); }
EXPORT int marketbus_md_next(void *md, Event *event, int milliseconds) {
    return static_cast<Md *>(md)->events.next(*event, milliseconds);
}

EXPORT int marketbus_md_take(void *md, const void *record, std::int64_t received, std::int64_t now) {
    Record copy;
    std::memcpy(&copy, record, sizeof copy);
    return static_cast<Md *>(md)->line.take(copy, received, now);
}
EXPORT void marketbus_md_forget(void *md, const char *symbol, std::size_t size) {
    static_cast<Md *>(md)->line.forget({symbol, size});
}
EXPORT void marketbus_md_expect_repeat(void *md, const char *instrument, std::size_t size, std::int64_t until) {
    static_cast<Md *>(md)->line.expect_repeat({instrument, size}, until);
}
EXPORT void marketbus_md_counters(void *md, Counters *counters) {
    *counters = static_cast<Md *>(md)->line.counters();
}
EXPORT std::int64_t marketbus_md_seq(void *md, const char *instrument, std::size_t size) {
    return static_cast<Md *>(md)->line.seq({instrument, size});
}
EXPORT std::size_t marketbus_md_last(void *md, const char *instrument, std::size_t size, char *out, std::size_t room) {
    return static_cast<Md *>(md)->line.last({instrument, size}, out, room);
}
EXPORT std::size_t marketbus_md_instruments(void *md) { return static_cast<Md *>(md)->line.instruments(); }
EXPORT std::size_t marketbus_md_last_of(void *md, std::size_t n, char *out, std::size_t room) {
    return static_cast<Md *>(md)->line.last(n, out, room);
}
