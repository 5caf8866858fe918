// VnpyTicks: from a vnpy TickData to a numbered message, in the thread that brings it. Twin of what
// marketbus/gateways/vnpy/gateway.py does with a tick, and of marketbus/application/market_data.py.
//
// What it has not seen before (an instrument, an hour, a type) it asks Python for, so every rule is written once.
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <unordered_map>

#include "../core/ticks.hpp"
#include "../core/writer.hpp"
#include "counts.hpp"
#include "tick_fields.hpp"
#include "types.hpp"
#include "vnpy_fields.hpp"

namespace marketbus::python {
namespace {

/// A symbol and an exchange as vnpy's objects: exchanges are compared by what they are, symbols by their text.
struct Key {
    PyObject* symbol;
    PyObject* exchange;

    bool operator==(const Key& other) const {
        return exchange == other.exchange &&
               (symbol == other.symbol || PyUnicode_Compare(symbol, other.symbol) == 0);
    }
};

struct Hash {
    std::size_t operator()(const Key& key) const {
        return static_cast<std::size_t>(PyObject_Hash(key.symbol)) ^ std::hash<PyObject*>{}(key.exchange);
    }
};

struct Slot {
    Ref symbol, exchange, name;
    Ticks::Instrument* instrument = nullptr;
    std::int64_t start = 0, end = 0;    // ticks of these times, ns UTC,
    std::int64_t since = 0, until = 0;  // at these market times, have the same
    std::int64_t trading_day = 0, flags = 0;
};

struct State {
    Ref capsule;  // keeps the sink
    TickTypes types;
    VnpyFields fields;
    Zones zones;
    std::unique_ptr<Ticks> ticks;
    std::unordered_map<Key, Slot, Hash> slots;
};

struct Object {
    PyObject_HEAD
    State* state;
    PyObject* ask;
};

State& of(PyObject* self) { return *reinterpret_cast<Object*>(self)->state; }

std::int64_t wall_clock() { return clock_ns(CLOCK_REALTIME); }

PyObject* create(PyTypeObject* type, PyObject* arguments, PyObject* keywords) {
    static const char* names[] = {"sink", "gateway", "epoch", "tick", "exchange", "flag",
                                  "zones", "bounds", "ask", nullptr};
    PyObject *capsule, *tick, *exchange, *flag, *zones, *bounds, *ask;
    const char* gateway = nullptr;
    long long epoch = 0;
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "OsLOOOOOO", const_cast<char**>(names), &capsule, &gateway,
                                     &epoch, &tick, &exchange, &flag, &zones, &bounds, &ask))
        return nullptr;
    const Sink* sink = nullptr;
    if (capsule != Py_None) {
        sink = static_cast<Sink*>(PyCapsule_GetPointer(capsule, kSinkName));
        if (sink == nullptr) return nullptr;
    }
    Bounds ranges{};
    Ref given(PySequence_Tuple(bounds));
    if (!given) return nullptr;
    if (PyTuple_GET_SIZE(given.get()) != static_cast<Py_ssize_t>(ranges.size())) {
        PyErr_Format(PyExc_ValueError, "%zu bounds are expected", ranges.size());
        return nullptr;
    }
    for (std::size_t at = 0; at < ranges.size(); ++at) {
        ranges[at] = PyFloat_AsDouble(PyTuple_GET_ITEM(given.get(), static_cast<Py_ssize_t>(at)));
        if (PyErr_Occurred()) return nullptr;
    }
    Ref self(type->tp_alloc(type, 0));
    if (!self) return nullptr;
    try {
        auto state = std::make_unique<State>();
        if (!state->types.load(tick, exchange, flag) || !state->fields.load() || !state->zones.load(zones))
            return nullptr;
        state->capsule = Ref::share(capsule);
        state->ticks = std::make_unique<Ticks>(gateway, epoch, sink, ranges);
        auto* object = reinterpret_cast<Object*>(self.get());
        object->state = state.release();
        object->ask = Py_NewRef(ask);
    } catch (const std::bad_alloc&) {
        return PyErr_NoMemory();
    }
    return self.release();
}

int traverse(PyObject* self, visitproc visit, void* arg) {
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(reinterpret_cast<Object*>(self)->ask);
    return 0;
}

int clear(PyObject* self) {
    Py_CLEAR(reinterpret_cast<Object*>(self)->ask);
    return 0;
}

void destroy(PyObject* self) {
    auto* type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    clear(self);
    delete reinterpret_cast<Object*>(self)->state;
    type->tp_free(self);
    Py_DECREF(type);
}

void publish(State& state, Ticks::Instrument& instrument, TickValues& tick) {
    state.ticks->publish(instrument, tick, wall_clock);
}

/// The tick of an instrument whose marks are known; false when Python has to be asked.
bool take_known(State& state, PyObject* data, std::int64_t received) {
    Ref dict(PyObject_GenericGetDict(data, nullptr));
    if (!dict) {
        PyErr_Clear();
        return false;
    }
    VnpyValues values;
    if (!state.fields.find(dict.get(), values)) return false;
    auto *symbol = values[kVnpySymbol], *name = values[kVnpyName];
    if (!PyUnicode_CheckExact(symbol) || !PyUnicode_CheckExact(name)) return false;
    const auto found = state.slots.find({symbol, values[kVnpyExchange]});
    if (found == state.slots.end()) return false;
    auto& slot = found->second;
    std::int64_t instant = 0;
    if (!state.zones.instant(values[kVnpyDatetime], instant)) return false;
    if (instant < slot.start || instant >= slot.end || received < slot.since || received > slot.until) return false;
    TickValues tick = slot.instrument->last;
    tick.flags = slot.flags;
    if (!vnpy_figures(values, tick)) return false;
    if (name != slot.name.get()) {
        std::string_view text;
        if (!utf8(name, text)) {
            PyErr_Clear();
            return false;
        }
        Ticks::rename(*slot.instrument, text);
        slot.name = Ref::share(name);
        tick.name = slot.instrument->last.name;
    }
    tick.datetime = instant;
    tick.received = received;
    tick.trading_day = slot.trading_day;
    publish(state, *slot.instrument, tick);
    return true;
}

/// As Python says; false with an error set.
bool take_asked(PyObject* self, PyObject* data, std::int64_t received) {
    auto& state = of(self);
    Ref ask = Ref::share(reinterpret_cast<Object*>(self)->ask);
    if (!ask) return true;  // on its way out
    Ref stamp(PyLong_FromLongLong(received));
    if (!stamp) return false;
    PyObject* arguments[] = {data, stamp.get()};
    Ref answer(PyObject_Vectorcall(ask.get(), arguments, 2, nullptr));
    if (!answer) return false;
    if (answer.get() == Py_None) return true;
    PyObject *given = nullptr, *symbol = nullptr, *exchange = nullptr;
    long long start = 0, end = 0, since = 0, until = 0, trading_day = 0, flags = 0;
    if (!PyArg_ParseTuple(answer.get(), "OOO(LLLLLL)", &given, &symbol, &exchange, &start, &end, &since, &until,
                          &trading_day, &flags))
        return false;
    TickValues tick;
    if (!PyUnicode_CheckExact(symbol) || !state.types.read(given, tick)) {
        PyErr_SetString(PyExc_TypeError, "ask gives a Tick whose fields are what they are declared to be");
        return false;
    }
    auto& instrument = state.ticks->instrument(tick.symbol, tick.exchange, tick.name);
    auto& slot = state.slots[{symbol, exchange}];
    if (!slot.symbol) {
        // The key's objects live as long as the slot.
        slot.symbol = Ref::share(symbol);
        slot.exchange = Ref::share(exchange);
    }
    slot.name = Ref();
    slot.instrument = &instrument;
    slot.start = start;
    slot.end = end;
    slot.since = since;
    slot.until = until;
    slot.trading_day = trading_day;
    slot.flags = flags;
    const auto& last = instrument.last;
    tick.gateway = last.gateway;  // its texts must outlive Python's objects
    tick.symbol = last.symbol;
    tick.exchange = last.exchange;
    tick.name = last.name;
    tick.epoch = last.epoch;
    tick.seq = last.seq;
    publish(state, instrument, tick);
    return true;
}

PyObject* take(PyObject* self, PyObject* data, std::int64_t received) {
    try {
        if (!take_known(of(self), data, received) && !take_asked(self, data, received)) return nullptr;
    } catch (const std::bad_alloc&) {
        return PyErr_NoMemory();
    }
    Py_RETURN_NONE;
}

PyObject* take_now(PyObject* self, PyObject* data) { return take(self, data, wall_clock()); }

PyObject* take_at(PyObject* self, PyObject* arguments) {
    PyObject* data = nullptr;
    long long received = 0;
    if (!PyArg_ParseTuple(arguments, "OL", &data, &received)) return nullptr;
    return take(self, data, received);
}

PyObject* payload(const TickValues& tick) {
    Ref bytes(PyBytes_FromStringAndSize(nullptr, static_cast<Py_ssize_t>(encoded_bound(tick))));
    if (!bytes) return nullptr;
    char* begin = PyBytes_AS_STRING(bytes.get());
    const auto size = encode(tick, begin) - begin;
    auto* shrunk = bytes.release();
    if (_PyBytes_Resize(&shrunk, size) < 0) return nullptr;
    return shrunk;
}

const TickValues* find_last(PyObject* self, PyObject* vt_symbol, bool& failed) {
    std::string_view text;
    failed = !PyUnicode_Check(vt_symbol) || !utf8(vt_symbol, text);
    if (failed) {
        if (!PyErr_Occurred()) PyErr_SetString(PyExc_TypeError, "an instrument is a str");
        return nullptr;
    }
    return of(self).ticks->last(text);
}

PyObject* seq(PyObject* self, PyObject* vt_symbol) {
    bool failed = false;
    const auto* last = find_last(self, vt_symbol, failed);
    return failed ? nullptr : PyLong_FromLongLong(last ? last->seq : 0);
}

PyObject* last(PyObject* self, PyObject* vt_symbol) {
    bool failed = false;
    const auto* last = find_last(self, vt_symbol, failed);
    if (failed) return nullptr;
    return last ? payload(*last) : PyBytes_FromStringAndSize("", 0);
}

PyObject* newest(PyObject* self, PyObject*) {
    Ref found(PyList_New(0));
    if (!found) return nullptr;
    for (const auto* each : of(self).ticks->instruments()) {
        if (!each->last.seq) continue;
        Ref bytes(payload(each->last));
        if (!bytes || PyList_Append(found.get(), bytes.get()) < 0) return nullptr;
    }
    return found.release();
}

PyObject* expect_repeat(PyObject* self, PyObject* arguments) {
    const char* vt_symbol = nullptr;
    long long until = 0;
    if (!PyArg_ParseTuple(arguments, "sL", &vt_symbol, &until)) return nullptr;
    of(self).ticks->expect_repeat(vt_symbol, until);
    Py_RETURN_NONE;
}

PyObject* counters(PyObject* self, PyObject*) {
    const auto& now = of(self).ticks->counters();
    Ref ranges(PyTuple_New(static_cast<Py_ssize_t>(now.from_venue.size())));
    if (!ranges) return nullptr;
    for (std::size_t at = 0; at < now.from_venue.size(); ++at) {
        auto* value = PyLong_FromLongLong(now.from_venue[at]);
        if (value == nullptr) return nullptr;
        PyTuple_SET_ITEM(ranges.get(), static_cast<Py_ssize_t>(at), value);
    }
    return Py_BuildValue("(LLLOd)", static_cast<long long>(now.count), static_cast<long long>(now.repeats),
                         static_cast<long long>(now.last_received), ranges.get(), now.from_venue_total);
}

PyMethodDef methods[] = {
    {"take", take_now, METH_O, "A TickData, from any thread: number it, encode it, send it soon."},
    {"take_at", take_at, METH_VARARGS, "The same, received at that time, ns UTC."},
    {"seq", seq, METH_O, "Number of the newest tick of `rb2701.SHFE`; 0 without one."},
    {"last", last, METH_O, "Its payload, empty without one."},
    {"newest", newest, METH_NOARGS, "Payloads of the newest tick of each instrument."},
    {"expect_repeat", expect_repeat, METH_VARARGS, "An unchanged snapshot until then, ns UTC, is no tick."},
    {"counters", counters, METH_NOARGS, "Ticks, repeats, when the newest came; delays from the venue: ranges, their sum in seconds."},
    {nullptr, nullptr, 0, nullptr},
};

PyType_Slot slots[] = {{Py_tp_new, reinterpret_cast<void*>(create)},
                       {Py_tp_dealloc, reinterpret_cast<void*>(destroy)},
                       {Py_tp_traverse, reinterpret_cast<void*>(traverse)},
                       {Py_tp_clear, reinterpret_cast<void*>(clear)},
                       {Py_tp_methods, methods},
                       {0, nullptr}};

PyType_Spec spec = {"marketbus_native._native.VnpyTicks", sizeof(Object), 0,
                    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC, slots};

}  // namespace

bool add_vnpy_ticks(PyObject* module) {
    PyDateTime_IMPORT;
    if (PyDateTimeAPI == nullptr) return false;
    Ref type(PyType_FromModuleAndSpec(module, &spec, nullptr));
    return type && PyModule_AddType(module, reinterpret_cast<PyTypeObject*>(type.get())) == 0;
}

}  // namespace marketbus::python
