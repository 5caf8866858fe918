// Where the fields of marketbus.domain.tick.Tick lie in its objects, and a Tick as TickValues.
#pragma once

#include <array>
#include <cstring>

#include "../core/tick.hpp"
#include "python.hpp"

namespace marketbus::python {

inline constexpr std::array<const char*, kTickFields> kNames{
    "gateway", "symbol", "exchange", "datetime", "received", "epoch", "seq", "trading_day", "flags", "name", "volume",
    "turnover", "open_interest", "last_price", "last_volume", "limit_up", "limit_down", "open_price", "high_price",
    "low_price", "pre_close", "bid_price_1", "bid_price_2", "bid_price_3", "bid_price_4", "bid_price_5", "ask_price_1",
    "ask_price_2", "ask_price_3", "ask_price_4", "ask_price_5", "bid_volume_1", "bid_volume_2", "bid_volume_3",
    "bid_volume_4", "bid_volume_5", "ask_volume_1", "ask_volume_2", "ask_volume_3", "ask_volume_4", "ask_volume_5",
    "pre_settlement", "settlement_price", "pre_open_interest", "average_price", "extra"};

/// Places in kNames.
enum Field {
    kGateway, kSymbol, kExchange, kDatetime, kReceived, kEpoch, kSeq, kTradingDay, kFlags, kName, kVolume, kTurnover,
    kOpenInterest, kLastPrice, kLastVolume, kLimitUp, kLimitDown, kOpenPrice, kHighPrice, kLowPrice, kPreClose,
    kBidPrice1, kBidVolume1 = kBidPrice1 + 10, kPreSettlement = kBidVolume1 + 10, kSettlementPrice, kPreOpenInterest,
    kAveragePrice, kExtra
};
static_assert(kExtra == kTickFields - 1);

/// The Python types that a tick is made of.
class TickTypes {
public:
    /// False, with an error set, when `tick` is not the class that this was written for.
    bool load(PyObject* tick, PyObject* exchange, PyObject* flag) {
        if (!PyType_Check(tick) || !PyType_Check(exchange) || !PyType_Check(flag)) {
            PyErr_SetString(PyExc_TypeError, "Tick, Exchange and TickFlag are classes");
            return false;
        }
        Ref names(PyObject_GetAttrString(tick, "__struct_fields__"));
        if (!names) return false;
        if (!PyTuple_Check(names.get()) || PyTuple_GET_SIZE(names.get()) != kTickFields) return wrong("its fields");
        for (int at = 0; at < kTickFields; ++at) {
            if (PyUnicode_CompareWithASCIIString(PyTuple_GET_ITEM(names.get(), at), kNames[at]) != 0)
                return wrong(kNames[at]);
            Ref descriptor(PyObject_GetAttrString(tick, kNames[at]));
            if (!descriptor) return false;
            if (!Py_IS_TYPE(descriptor.get(), &PyMemberDescr_Type)) return wrong(kNames[at]);
            offsets_[at] = reinterpret_cast<PyMemberDescrObject*>(descriptor.get())->d_member->offset;
        }
        tick_ = Ref::share(tick);
        exchange_ = Ref::share(exchange);
        flag_ = Ref::share(flag);
        return true;
    }

    PyTypeObject* tick() const { return reinterpret_cast<PyTypeObject*>(tick_.get()); }
    PyTypeObject* exchange() const { return reinterpret_cast<PyTypeObject*>(exchange_.get()); }
    PyTypeObject* flag() const { return reinterpret_cast<PyTypeObject*>(flag_.get()); }

    /// A field of a Tick, borrowed.
    PyObject*& field(PyObject* tick, int at) const {
        return *reinterpret_cast<PyObject**>(reinterpret_cast<char*>(tick) + offsets_[at]);
    }

    /// Takes a Tick whose fields have the very types that they are declared with; false, without an error, for any
    /// other, which msgspec must encode. `extra` is left to the caller.
    bool read(PyObject* tick, TickValues& out) const {
        if (Py_TYPE(tick) != this->tick()) return false;
        for (int at = 0; at < kTickFields; ++at)
            if (field(tick, at) == nullptr) return false;
        auto* exchange = field(tick, kExchange);
        if (!text(field(tick, kGateway), out.gateway) || !text(field(tick, kSymbol), out.symbol) ||
            !text(field(tick, kName), out.name))
            return false;
        if (Py_TYPE(exchange) != this->exchange() || !utf8(exchange, out.exchange)) return clear();
        std::int64_t* integers[] = {&out.datetime, &out.received, &out.epoch, &out.seq, &out.trading_day, &out.flags};
        for (int at = kDatetime; at <= kFlags; ++at) {
            auto* value = field(tick, at);
            if (!PyLong_CheckExact(value) && Py_TYPE(value) != flag()) return false;
            int overflow = 0;
            *integers[at - kDatetime] = PyLong_AsLongLongAndOverflow(value, &overflow);
            if (overflow != 0) return false;
        }
        double* totals[] = {&out.volume, &out.turnover, &out.open_interest, &out.last_price, &out.last_volume};
        for (int at = kVolume; at <= kLastVolume; ++at)
            if (!number(field(tick, at), *totals[at - kVolume])) return false;
        std::optional<double>* statistics[] = {&out.limit_up,   &out.limit_down, &out.open_price,
                                               &out.high_price, &out.low_price,  &out.pre_close};
        for (int at = kLimitUp; at <= kPreClose; ++at)
            if (!number(field(tick, at), *statistics[at - kLimitUp])) return false;
        double* book = &out.bid_price_1;
        static_assert(offsetof(TickValues, ask_volume_5) == offsetof(TickValues, bid_price_1) + 19 * sizeof(double));
        for (int at = kBidPrice1; at < kPreSettlement; ++at)
            if (!number(field(tick, at), book[at - kBidPrice1])) return false;
        std::optional<double>* rest[] = {&out.pre_settlement, &out.settlement_price, &out.pre_open_interest,
                                         &out.average_price};
        for (int at = kPreSettlement; at <= kAveragePrice; ++at)
            if (!number(field(tick, at), *rest[at - kPreSettlement])) return false;
        return true;
    }

private:
    static bool wrong(const char* what) {
        PyErr_Format(PyExc_TypeError, "Tick is not laid out as this build expects: %s", what);
        return false;
    }

    static bool clear() {
        PyErr_Clear();
        return false;
    }

    static bool text(PyObject* value, std::string_view& out) {
        if (!PyUnicode_CheckExact(value)) return false;
        return utf8(value, out) || clear();
    }

    static bool number(PyObject* value, double& out) {
        if (!PyFloat_CheckExact(value)) return false;
        out = PyFloat_AS_DOUBLE(value);
        return true;
    }

    static bool number(PyObject* value, std::optional<double>& out) {
        if (value == Py_None) {
            out.reset();
            return true;
        }
        double plain = 0.0;
        if (!number(value, plain)) return false;
        out = plain;
        return true;
    }

    Ref tick_;
    Ref exchange_;
    Ref flag_;
    std::array<Py_ssize_t, kTickFields> offsets_{};
};

}  // namespace marketbus::python
