// The objects that an instrument's last tick is made of: what comes again is there already.
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

/// An instrument's last tick, and its fields as they stood in their payload.
///
/// Where nobody has kept the tick, or a price of it, there is nobody under whose hands it could change: the same object
/// serves again. Else a new one is made, and what is as it was is shared.
class LastTick {
public:
    /// Whether gateway, symbol and exchange stand there as they did in the last tick.
    bool same_head(const TickParts& parts) const { return gateway_ && head_ == parts.head; }

    /// Takes the texts alone; false, with an error set, where they are none.
    bool texts(const TickParents& parents, const TickParts& parts) {
        if (!same_head(parts)) {
            Ref gateway(unicode(parts.gateway)), symbol(unicode(parts.symbol)), exchange(unicode(parts.exchange));
            if (!gateway || !symbol || !exchange) return false;
            auto* member = PyDict_GetItemWithError(parents.exchanges.get(), exchange.get());
            if (member == nullptr) {
                if (!PyErr_Occurred()) PyErr_SetString(PyExc_ValueError, "an exchange that we do not know");
                return false;
            }
            gateway_ = std::move(gateway);
            symbol_ = std::move(symbol);
            exchange_ = Ref::share(member);
            head_ = parts.head;
            whole_ = false;
        }
        if (!called_ || name_ != parts.name) {
            Ref name(unicode(parts.name));
            if (!name) return false;
            called_ = std::move(name);
            name_ = parts.name;
            whole_ = false;
        }
        return true;
    }

    PyObject* symbol() const { return symbol_.get(); }

    /// A Tick of the parts, whose texts were taken; nullptr with an error set.
    PyObject* make(const TickParents& parents, const TickParts& parts) {
        if (!alone(parents.types)) return nullptr;
        const bool whole = std::exchange(whole_, false);
        if (!whole) {
            PyObject* texts[] = {gateway_.get(), symbol_.get(), exchange_.get(), called_.get()};
            const int places[] = {kGateway, kSymbol, kExchange, kName};
            for (int at = 0; at < 4; ++at) put(field(parents, places[at]), Py_NewRef(texts[at]));
        }
        for (int at = 0; at < kTickIntegers; ++at) {
            if (whole && integers_[at] == parts.integers[at]) continue;
            integers_[at] = parts.integers[at];
            if (!put(field(parents, kDatetime + at), PyLong_FromLongLong(integers_[at]))) return nullptr;
        }
        // By their bits: what is equal is no less than the same, -0.0 and NaN included.
        const auto absent = std::exchange(absent_, parts.absent) ^ parts.absent;
        for (int at = 0; at < kTickNumbers; ++at) {
            if (whole && numbers_[at] == parts.numbers[at] && !(absent >> at & 1)) continue;
            numbers_[at] = parts.numbers[at];
            auto*& place = field(parents, kVolume + at);
            if (parts.absent >> at & 1) {
                put(place, Py_NewRef(Py_None));
            } else if (PyFloat_CheckExact(place) && Py_REFCNT(place) == 1) {
                reinterpret_cast<PyFloatObject*>(place)->ob_fval = parts.number(at);
            } else if (!put(place, PyFloat_FromDouble(parts.number(at)))) {
                return nullptr;
            }
        }
        whole_ = true;
        return Py_NewRef(tick_.get());
    }

private:
    static_assert(kVolume + kTickNumbers == kExtra && kDatetime + kTickIntegers == kName);

    static PyObject* unicode(std::string_view text) {
        return PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), nullptr);
    }

    static bool put(PyObject*& place, PyObject* made) {
        if (made == nullptr) return false;
        Py_SETREF(place, made);
        return true;
    }

    PyObject*& field(const TickParents& parents, int at) { return parents.types.field(tick_.get(), at); }

    /// Sees to a tick that nobody else has, made of what the last one was made of.
    bool alone(const TickTypes& types) {
        if (tick_ && Py_REFCNT(tick_.get()) == 1) return true;
        auto* made = PyObject_New(PyObject, types.tick());
        if (made == nullptr) return false;
        for (int at = 0; at < kTickFields; ++at)
            types.field(made, at) = Py_NewRef(tick_ ? types.field(tick_.get(), at) : Py_None);
        tick_ = Ref(made);
        return true;
    }

    std::string head_, name_;
    Ref gateway_, symbol_, exchange_, called_;
    std::array<std::int64_t, kTickIntegers> integers_{};
    std::array<std::uint64_t, kTickNumbers> numbers_{};
    std::uint64_t absent_ = 0;
    Ref tick_;
    bool whole_ = false;  // whether the tick carries all that is remembered here
};

}  // namespace marketbus::python
