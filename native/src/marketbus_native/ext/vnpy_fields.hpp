// The fields of a vnpy TickData, read where they lie. Twin of marketbus/vnpy_types/market.py: tick_from_vnpy.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include <datetime.h>

#include "../core/tick.hpp"
#include "python.hpp"

namespace marketbus::python {

/// In the order of TickValues.
inline constexpr std::array<const char*, 35> kVnpyNames{
    "symbol", "exchange", "datetime", "name", "volume", "turnover", "open_interest", "last_price", "last_volume",
    "limit_up", "limit_down", "open_price", "high_price", "low_price", "pre_close", "bid_price_1", "bid_price_2",
    "bid_price_3", "bid_price_4", "bid_price_5", "ask_price_1", "ask_price_2", "ask_price_3", "ask_price_4",
    "ask_price_5", "bid_volume_1", "bid_volume_2", "bid_volume_3", "bid_volume_4", "bid_volume_5", "ask_volume_1",
    "ask_volume_2", "ask_volume_3", "ask_volume_4", "ask_volume_5"};

/// Places in kVnpyNames.
enum VnpyField {
    kVnpySymbol, kVnpyExchange, kVnpyDatetime, kVnpyName, kVnpyNumbers, kVnpyStatistics = kVnpyNumbers + 5,
    kVnpyBook = kVnpyStatistics + 6, kVnpyFields = kVnpyBook + 20
};
static_assert(kVnpyFields == kVnpyNames.size());

using VnpyValues = std::array<PyObject*, kVnpyFields>;  // borrowed

/// Finds the fields in an object's dict. TickData sets them in one order, so a walk finds them without any lookup.
class VnpyFields {
public:
    bool load() {
        for (std::size_t at = 0; at < names_.size(); ++at) {
            names_[at] = Ref(PyUnicode_InternFromString(kVnpyNames[at]));
            if (!names_[at]) return false;
        }
        return true;
    }

    /// False, without an error, when one is missing.
    bool find(PyObject* dict, VnpyValues& out) {
        Py_ssize_t place = 0;
        PyObject *key = nullptr, *value = nullptr;
        std::size_t found = 0;
        for (const auto& expected : order_) {
            if (!PyDict_Next(dict, &place, &key, &value) || key != expected.key) return look_up(dict, out);
            if (expected.field >= 0) {
                out[static_cast<std::size_t>(expected.field)] = value;
                ++found;
            }
        }
        return found == out.size() || look_up(dict, out);
    }

private:
    struct Place {
        PyObject* key;  // one of names_, or any other, which is only compared
        int field;
    };

    bool look_up(PyObject* dict, VnpyValues& out) {
        order_.clear();
        for (std::size_t at = 0; at < out.size(); ++at) {
            out[at] = PyDict_GetItemWithError(dict, names_[at].get());
            if (out[at] == nullptr) {
                PyErr_Clear();
                return false;
            }
        }
        learn(dict);
        return true;
    }

    void learn(PyObject* dict) {
        Py_ssize_t place = 0;
        PyObject *key = nullptr, *value = nullptr;
        while (PyDict_Next(dict, &place, &key, &value)) {
            int field = -1;
            for (std::size_t at = 0; at < names_.size(); ++at)
                if (names_[at].get() == key) field = static_cast<int>(at);
            order_.push_back({key, field});
        }
    }

    std::array<Ref, kVnpyFields> names_;
    std::vector<Place> order_;
};

/// Zones whose offset from UTC has not changed since 1992.
class Zones {
public:
    /// `given`: pairs of a tzinfo (None for a naive time) and its offset in seconds.
    bool load(PyObject* given) {
        Ref fast(PySequence_Fast(given, "zones is a sequence"));
        if (!fast) return false;
        for (Py_ssize_t at = 0; at < PySequence_Fast_GET_SIZE(fast.get()); ++at) {
            PyObject* zone = nullptr;
            int offset = 0;
            if (!PyArg_ParseTuple(PySequence_Fast_GET_ITEM(fast.get(), at), "Oi", &zone, &offset)) return false;
            known_.push_back({Ref::share(zone), offset});
        }
        return true;
    }

    /// ns UTC of a datetime; false when Python must say.
    bool instant(PyObject* moment, std::int64_t& out) const {
        if (!PyDateTime_CheckExact(moment)) return false;
        const int year = PyDateTime_GET_YEAR(moment);
        if (year < 1992 || year > 2200) return false;
        PyObject* zone = PyDateTime_DATE_GET_TZINFO(moment);
        for (const auto& each : known_) {
            if (each.zone.get() != zone) continue;
            const auto seconds = days(year, PyDateTime_GET_MONTH(moment), PyDateTime_GET_DAY(moment)) * 86400 +
                                 PyDateTime_DATE_GET_HOUR(moment) * 3600 + PyDateTime_DATE_GET_MINUTE(moment) * 60 +
                                 PyDateTime_DATE_GET_SECOND(moment) - each.offset;
            out = (seconds * 1'000'000 + PyDateTime_DATE_GET_MICROSECOND(moment)) * 1000;
            return true;
        }
        return false;
    }

private:
    struct Zone {
        Ref zone;
        int offset;
    };

    /// Since 1970-01-01 in the Gregorian calendar, from 1992 on.
    static std::int64_t days(int year, int month, int day) {
        const int y = month > 2 ? year : year - 1;
        const int of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;  // from March
        return std::int64_t{365} * y + y / 4 - y / 100 + y / 400 + of_year - 719468;
    }

    std::vector<Zone> known_;
};

/// A float or an int as float() gives it; false for what Python must look at.
inline bool plain_number(PyObject* value, double& out) {
    if (PyFloat_CheckExact(value)) {
        out = PyFloat_AS_DOUBLE(value);
        return true;
    }
    if (!PyLong_CheckExact(value)) return false;
    out = PyLong_AsDouble(value);
    if (out == -1.0 && PyErr_Occurred()) {
        PyErr_Clear();
        return false;
    }
    return true;
}

inline constexpr double kSane = 1e300;  // vnpy_types.market._SANE

inline bool sane(double value) { return -kSane < value && value < kSane; }

inline std::optional<double> present(double value) {
    return value != 0.0 && sane(value) ? std::optional<double>(value) : std::nullopt;
}

/// The figures of a tick, and what they say of it in its flags; false for what Python must look at or refuse.
inline bool vnpy_figures(const VnpyValues& values, TickValues& out) {
    std::array<double, kVnpyFields - kVnpyNumbers> numbers;
    for (std::size_t at = 0; at < numbers.size(); ++at)
        if (!plain_number(values[kVnpyNumbers + at], numbers[at])) return false;
    const double volume = numbers[0], last_price = numbers[3];
    if (last_price != last_price || !(volume >= 0.0 && volume < kSane)) return false;
    out.volume = volume;
    out.turnover = present(numbers[1]).value_or(0.0);
    out.open_interest = present(numbers[2]).value_or(0.0);
    const auto last = present(last_price);
    out.last_price = last.value_or(0.0);
    out.last_volume = present(numbers[4]).value_or(0.0);
    if (!last) out.flags |= kNoLast;
    std::optional<double>* statistics[] = {&out.limit_up,   &out.limit_down, &out.open_price,
                                           &out.high_price, &out.low_price,  &out.pre_close};
    for (std::size_t at = 0; at < 6; ++at) *statistics[at] = present(numbers[5 + at]);
    double* prices = &out.bid_price_1;
    double* volumes = &out.bid_volume_1;
    for (std::size_t at = 0; at < 10; ++at) {
        const double price = numbers[11 + at], size = numbers[21 + at];
        const bool there = size > 0.0 && size < kSane && sane(price);
        prices[at] = there ? price : 0.0;
        volumes[at] = there ? size : 0.0;
    }
    if (volumes[0] != 0.0 && volumes[5] != 0.0 && prices[0] >= prices[5]) out.flags |= kCrossed;
    return true;
}

}  // namespace marketbus::python
