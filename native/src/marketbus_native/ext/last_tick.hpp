// The objects that an instrument's last tick was made of: what comes again is shared with the next one.
#pragma once

#include <cstring>
#include <string>

#include "../core/decode.hpp"
#include "tick_fields.hpp"

namespace marketbus::python {

/// What ticks read off the bus are made of, beside TickTypes.
class TickParents {
public:
    /// False, with an error set.
    bool load(PyObject* tick, PyObject* exchange, PyObject* flag) {
        if (!types.load(tick, exchange, flag)) return false;
        auto* type = types.tick();
        // As msgspec makes a Struct without gc: nothing in front of it, a pointer to each field behind its header.
        const auto size = static_cast<Py_ssize_t>(sizeof(PyObject) + kTickFields * sizeof(PyObject*));
        if (PyType_IS_GC(type) || type->tp_itemsize != 0 || type->tp_basicsize != size || type->tp_dictoffset != 0 ||
            type->tp_weaklistoffset != 0) {
            PyErr_SetString(PyExc_TypeError, "Tick is not laid out as this build expects: its size");
            return false;
        }
        exchanges = Ref(PyDict_New());
        Ref all(PyObject_GetIter(exchange));
        if (!exchanges || !all) return false;
        while (PyObject* next = PyIter_Next(all.get())) {
            Ref one(next);
            Ref value(PyObject_GetAttrString(one.get(), "value"));
            if (!value || PyDict_SetItem(exchanges.get(), value.get(), one.get()) < 0) return false;
        }
        return PyErr_Occurred() == nullptr;
    }

    TickTypes types;
    Ref exchanges;  // members of Exchange by their values
};

class LastTick {
public:
    /// Takes what the tick's texts and numbers are; false, with an error set, where they are no objects: the texts of
    /// the last good one stay.
    bool take(const TickParents& parents, const TickParts& parts) {
        return texts(parents, parts) && integers(parts) && numbers(parts);
    }

    /// Whether gateway, symbol and exchange stand there as they did in the last tick.
    bool same_head(const TickParts& parts) const { return head_ == parts.head; }

    /// The texts alone, as `take` does.
    bool texts(const TickParents& parents, const TickParts& parts) {
        if (!same_head(parts) || !fields_[kGateway]) {
            Ref gateway(unicode(parts.gateway)), symbol(unicode(parts.symbol)), exchange(unicode(parts.exchange));
            if (!gateway || !symbol || !exchange) return false;
            auto* member = PyDict_GetItemWithError(parents.exchanges.get(), exchange.get());
            if (member == nullptr) {
                if (!PyErr_Occurred()) PyErr_SetString(PyExc_ValueError, "an exchange that we do not know");
                return false;
            }
            fields_[kGateway] = std::move(gateway);
            fields_[kSymbol] = std::move(symbol);
            fields_[kExchange] = Ref::share(member);
            head_ = parts.head;
        }
        if (name_ != parts.name || !fields_[kName]) {
            Ref name(unicode(parts.name));
            if (!name) return false;
            fields_[kName] = std::move(name);
            name_ = parts.name;
        }
        return true;
    }

    PyObject* symbol() const { return fields_[kSymbol].get(); }

    /// A Tick of what was taken last; nullptr with an error set.
    PyObject* make(const TickTypes& types) const {
        auto* tick = PyObject_New(PyObject, types.tick());
        if (tick == nullptr) return nullptr;
        for (int at = 0; at < kTickFields; ++at) types.field(tick, at) = Py_NewRef(fields_[at].get());
        return tick;
    }

private:
    static PyObject* unicode(std::string_view text) {
        return PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), nullptr);
    }

    bool integers(const TickParts& parts) {
        for (int at = 0; at < kTickIntegers; ++at) {
            auto& field = fields_[kDatetime + at];
            if (field && integers_[at] == parts.integers[at]) continue;
            Ref made(PyLong_FromLongLong(parts.integers[at]));
            if (!made) return false;
            field = std::move(made);
            integers_[at] = parts.integers[at];
        }
        return true;
    }

    bool numbers(const TickParts& parts) {
        for (int at = 0; at < kTickNumbers; ++at) {
            // A number is compared by its bits: what is equal is no less than the same, -0.0 and NaN included.
            auto& field = fields_[number_field(at)];
            const bool absent = parts.absent >> at & 1;
            if (field && numbers_[at] == parts.numbers[at] && absent == (absent_ >> at & 1)) continue;
            Ref made(absent ? Py_NewRef(Py_None) : PyFloat_FromDouble(parts.number(at)));
            if (!made) return false;
            field = std::move(made);
            numbers_[at] = parts.numbers[at];
            absent_ = (absent_ & ~(std::uint64_t{1} << at)) | std::uint64_t{absent} << at;
        }
        return true;
    }

    static constexpr int number_field(int at) { return kVolume + at; }
    static_assert(kVolume + kTickNumbers == kExtra && kDatetime + kTickIntegers == kName);

    std::string head_, name_;
    std::array<std::int64_t, kTickIntegers> integers_{};
    std::array<std::uint64_t, kTickNumbers> numbers_{};
    std::uint64_t absent_ = 0;
    std::array<Ref, kTickFields> fields_ = none();

    static std::array<Ref, kTickFields> none() {
        std::array<Ref, kTickFields> fields;
        fields[kExtra] = Ref::share(Py_None);
        return fields;
    }
};

}  // namespace marketbus::python
