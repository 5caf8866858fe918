// TickQueue: from a Tick to its bytes on a socket. Twin of marketbus/adapters/nats/tick_queue.py.
#include <atomic>
#include <memory>
#include <new>
#include <system_error>

#include "../core/encode.hpp"
#include "../core/signal.hpp"
#include "../core/sink.hpp"
#include "../core/writer.hpp"
#include "counts.hpp"
#include "tick_fields.hpp"
#include "types.hpp"

namespace marketbus::python {
namespace {

/// Everything but the Python part of a queue, so that what native code holds of it can outlive the object.
struct Core {
    Core(std::size_t max_bytes, std::int64_t max_age, std::vector<double> bounds)
        : backlog(max_bytes, max_age), delays(std::move(bounds)), writer(backlog, delays) {}

    void put(std::string_view frame, std::int64_t received) {
        if (!backlog.put(frame, received, monotonic())) return;
        // A socket given or taken away between the question and the call: who has the task next looks for himself.
        writer.attached() ? writer.wake() : waiting.raise();
    }

    Backlog backlog;
    Delays delays;
    Signal waiting;  // there is something to write, for a writer in Python
    Writer writer;
};

struct Sinking {
    Sink sink;
    std::shared_ptr<Core> core;
    std::mutex lock;
    Framer framer;
};

struct State {
    TickTypes types;
    Ref encode;
    Ref encoding_error;
    Framer framer;  // of all threads: between a frame and its use nothing of Python may run, which could change threads
    std::shared_ptr<Core> core;
};

struct Object {
    PyObject_HEAD
    State* state;
};

State& of(PyObject* self) { return *reinterpret_cast<Object*>(self)->state; }
Core& core(PyObject* self) { return *of(self).core; }

bool doubles(PyObject* sequence, std::vector<double>& out) {
    Ref fast(PySequence_Fast(sequence, "bounds is a sequence"));
    if (!fast) return false;
    for (Py_ssize_t at = 0; at < PySequence_Fast_GET_SIZE(fast.get()); ++at) {
        out.push_back(PyFloat_AsDouble(PySequence_Fast_GET_ITEM(fast.get(), at)));
        if (PyErr_Occurred()) return false;
    }
    return true;
}

PyObject* create(PyTypeObject* type, PyObject* arguments, PyObject* keywords) {
    static const char* names[] = {"tick", "exchange", "flag", "encode", "encoding_error",
                                  "max_bytes", "max_age", "bounds", nullptr};
    PyObject *tick, *exchange, *flag, *encode, *error, *bounds;
    Py_ssize_t max_bytes = 0;
    double max_age = 0.0;
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "OOOOOndO", const_cast<char**>(names), &tick, &exchange,
                                     &flag, &encode, &error, &max_bytes, &max_age, &bounds))
        return nullptr;
    std::vector<double> ranges;
    if (!doubles(bounds, ranges)) return nullptr;
    Ref self(type->tp_alloc(type, 0));
    if (!self) return nullptr;
    try {
        auto state = std::make_unique<State>();
        if (!state->types.load(tick, exchange, flag)) return nullptr;
        state->encode = Ref::share(encode);
        state->encoding_error = Ref::share(error);
        state->core = std::make_shared<Core>(static_cast<std::size_t>(max_bytes),
                                             static_cast<std::int64_t>(max_age * 1e9), std::move(ranges));
        reinterpret_cast<Object*>(self.get())->state = state.release();
    } catch (const std::system_error& failed) {
        PyErr_SetString(PyExc_OSError, failed.what());
        return nullptr;
    } catch (const std::bad_alloc&) {
        return PyErr_NoMemory();
    }
    return self.release();
}

void destroy(PyObject* self) {
    auto* type = Py_TYPE(self);
    delete reinterpret_cast<Object*>(self)->state;
    type->tp_free(self);
    Py_DECREF(type);
}

bool is_refusal(const State& state) {
    return PyErr_ExceptionMatches(PyExc_ValueError) || PyErr_ExceptionMatches(PyExc_TypeError) ||
           PyErr_ExceptionMatches(PyExc_OverflowError) || PyErr_ExceptionMatches(state.encoding_error.get());
}

/// The message of a tick that msgspec encodes. Empty without an error: refused.
std::string_view frame_any(State& state, PyObject* tick, Refusal& refusal) {
    refusal = Refusal::unencodable;
    Ref payload(PyObject_CallOneArg(state.encode.get(), tick));
    if (!payload) return {};
    if (!PyBytes_Check(payload.get())) {
        PyErr_SetString(PyExc_TypeError, "encode gives bytes");
        return {};
    }
    std::string_view names[3];
    Ref texts[3];
    for (int at = 0; at < 3; ++at) {
        texts[at] = Ref(PyObject_GetAttrString(tick, kNames[at]));
        if (!texts[at]) return {};
        if (!PyUnicode_Check(texts[at].get())) return {};
        if (!utf8(texts[at].get(), names[at])) return {};
    }
    return state.framer.frame(names[kGateway], names[kExchange], names[kSymbol], bytes_of(payload.get()), refusal);
}

std::string_view frame_of(State& state, PyObject* tick, std::int64_t& received, Refusal& refusal) {
    TickValues values;
    if (state.types.read(tick, values)) {
        received = values.received;
        auto* extra = state.types.field(tick, kExtra);
        if (extra == Py_None) return state.framer.frame(values, refusal);
        if (PyDict_CheckExact(extra)) {
            refusal = Refusal::unencodable;
            Ref map(PyObject_CallOneArg(state.encode.get(), extra));
            if (!map) return {};
            if (PyBytes_Check(map.get())) {
                values.extra = bytes_of(map.get());
                return state.framer.frame(values, refusal);
            }
        }
    }
    Ref stamp(PyObject_GetAttrString(tick, "received"));
    received = stamp && PyLong_Check(stamp.get()) ? PyLong_AsLongLong(stamp.get()) : 0;
    PyErr_Clear();
    return frame_any(state, tick, refusal);
}

PyObject* put(PyObject* self, PyObject* tick) {
    auto& state = of(self);
    std::int64_t received = 0;
    auto refusal = Refusal::none;
    const auto frame = frame_of(state, tick, received, refusal);
    if (!frame.empty()) {
        state.core->put(frame, received);
        Py_RETURN_FALSE;
    }
    if (PyErr_Occurred()) {
        if (!is_refusal(state)) return nullptr;
        PyErr_Clear();
    }
    state.core->backlog.count(refusal == Refusal::too_large ? Cause::too_large : Cause::unencodable);
    Py_RETURN_FALSE;
}

PyObject* frame(PyObject* self, PyObject* tick) {
    std::int64_t received = 0;
    auto refusal = Refusal::none;
    const auto frame = frame_of(of(self), tick, received, refusal);
    if (!frame.empty()) return PyBytes_FromStringAndSize(frame.data(), static_cast<Py_ssize_t>(frame.size()));
    if (!PyErr_Occurred())
        PyErr_SetString(PyExc_ValueError, refusal == Refusal::too_large ? "too_large" : "unencodable");
    return nullptr;
}

PyObject* take(PyObject* self, PyObject*) {
    Chunk chunk;
    if (!core(self).backlog.take(chunk, monotonic())) Py_RETURN_NONE;
    return chunk_tuple(chunk);
}

PyObject* signal(PyObject* self, PyObject*) { return PyLong_FromLong(core(self).waiting.fd()); }

PyObject* conflate(PyObject* self, PyObject*) {
    core(self).backlog.conflate();
    Py_RETURN_NONE;
}

PyObject* because(PyObject* self, PyObject* cause) {
    Cause known;
    if (!cause_of(cause, known)) return nullptr;
    core(self).backlog.because(known);
    Py_RETURN_NONE;
}

PyObject* count(PyObject* self, PyObject* arguments) {
    PyObject* cause = nullptr;
    Py_ssize_t ticks = 1;
    Cause known;
    if (!PyArg_ParseTuple(arguments, "O|n", &cause, &ticks) || !cause_of(cause, known)) return nullptr;
    core(self).backlog.count(known, static_cast<std::uint64_t>(ticks));
    Py_RETURN_NONE;
}

PyObject* drops(PyObject* self, PyObject*) { return drops_dict(core(self).backlog.drops()); }

PyObject* buffered(PyObject* self, PyObject*) { return PyLong_FromSize_t(core(self).backlog.size()); }

PyObject* waited(PyObject* self, PyObject* ns) {
    const auto value = PyLong_AsLongLong(ns);
    if (value == -1 && PyErr_Occurred()) return nullptr;
    core(self).delays.add(value);
    Py_RETURN_NONE;
}

PyObject* window(PyObject* self, PyObject*) {
    const auto taken = core(self).delays.take();
    Ref sample(PyList_New(static_cast<Py_ssize_t>(taken.sample.size())));
    if (!sample) return nullptr;
    for (std::size_t at = 0; at < taken.sample.size(); ++at) {
        auto* value = PyFloat_FromDouble(taken.sample[at]);
        if (value == nullptr) return nullptr;
        PyList_SET_ITEM(sample.get(), static_cast<Py_ssize_t>(at), value);
    }
    return Py_BuildValue("(OKd)", sample.get(), static_cast<unsigned long long>(taken.count), taken.largest);
}

PyObject* delays(PyObject* self, PyObject*) {
    const auto now = core(self).delays.now();
    Ref counts(PyTuple_New(static_cast<Py_ssize_t>(now.counts.size())));
    if (!counts) return nullptr;
    for (std::size_t at = 0; at < now.counts.size(); ++at) {
        auto* value = PyLong_FromUnsignedLongLong(now.counts[at]);
        if (value == nullptr) return nullptr;
        PyTuple_SET_ITEM(counts.get(), static_cast<Py_ssize_t>(at), value);
    }
    return Py_BuildValue("(Od)", counts.get(), now.total);
}

PyObject* attach(PyObject* self, PyObject* socket) {
    const int given = static_cast<int>(PyLong_AsLong(socket));
    if (given == -1 && PyErr_Occurred()) return nullptr;
    try {
        core(self).writer.attach(given);
    } catch (const std::system_error& failed) {
        PyErr_SetString(PyExc_OSError, failed.what());
        return nullptr;
    }
    Py_RETURN_NONE;
}

PyObject* detach(PyObject* self, PyObject*) {
    core(self).writer.detach();
    Py_RETURN_NONE;
}

PyObject* control(PyObject* self, PyObject* commands) {
    if (!PyBytes_Check(commands)) {
        PyErr_SetString(PyExc_TypeError, "commands are bytes");
        return nullptr;
    }
    return PyBool_FromLong(core(self).writer.control(bytes_of(commands)));
}

PyObject* allow_until(PyObject* self, PyObject* deadline) {
    const double seconds = PyFloat_AsDouble(deadline);
    if (PyErr_Occurred()) return nullptr;
    core(self).writer.allow_until(seconds >= 9e9 ? INT64_MAX : static_cast<std::int64_t>(seconds * 1e9));
    Py_RETURN_NONE;
}

PyObject* attached(PyObject* self, PyObject*) { return PyBool_FromLong(core(self).writer.attached()); }

PyObject* caught_up(PyObject* self, PyObject*) {
    return PyBool_FromLong(core(self).backlog.size() == 0 && core(self).writer.idle());
}

PyObject* writing_since(PyObject* self, PyObject*) {
    const auto since = core(self).writer.writing_since();
    if (since == 0) Py_RETURN_NONE;
    return PyFloat_FromDouble(static_cast<double>(since) / 1e9);
}

PyObject* error(PyObject* self, PyObject*) { return PyLong_FromLong(core(self).writer.error()); }

PyObject* stop(PyObject* self, PyObject*) {
    core(self).writer.stop();
    Py_RETURN_NONE;
}

void release_sink(PyObject* capsule) {
    auto* sink = static_cast<Sink*>(PyCapsule_GetPointer(capsule, kSinkName));
    if (sink == nullptr) return PyErr_Clear();
    delete static_cast<Sinking*>(sink->self);
}

PyObject* sink(PyObject* self, PyObject*) {
    auto made = std::make_unique<Sinking>();
    made->core = of(self).core;
    made->sink.self = made.get();
    made->sink.tick = [](void* to, const TickValues& tick) {
        auto& sinking = *static_cast<Sinking*>(to);
        std::lock_guard guard(sinking.lock);
        auto refusal = Refusal::none;
        const auto frame = sinking.framer.frame(tick, refusal);
        if (!frame.empty())
            sinking.core->put(frame, tick.received);
        else
            sinking.core->backlog.count(refusal == Refusal::too_large ? Cause::too_large : Cause::unencodable);
        return false;
    };
    made->sink.count = [](void* to, Cause cause, std::uint64_t ticks) {
        static_cast<Sinking*>(to)->core->backlog.count(cause, ticks);
    };
    auto* capsule = PyCapsule_New(&made->sink, kSinkName, release_sink);
    if (capsule != nullptr) made.release();
    return capsule;
}

PyMethodDef methods[] = {
    {"put", put, METH_O, "Encode a tick now, send it soon; False: whoever writes is woken here."},
    {"frame", frame, METH_O, "The message of a tick. ValueError, and what msgspec raises, when it is refused."},
    {"take", take, METH_NOARGS, "For a Python writer: bytes, how many messages, received, started; or None."},
    {"signal", signal, METH_NOARGS, "An eventfd for a Python writer: readable once there is something to take again."},
    {"conflate", conflate, METH_NOARGS, "Keep the newest message of each instrument only."},
    {"because", because, METH_O, "Why ticks are given up from now on."},
    {"count", count, METH_VARARGS, "Count ticks given up elsewhere: cause, how many."},
    {"drops", drops, METH_NOARGS, "Ticks given up, by cause."},
    {"buffered", buffered, METH_NOARGS, "Bytes waiting."},
    {"waited", waited, METH_O, "A Python writer has written a batch whose oldest tick waited that long, ns."},
    {"window", window, METH_NOARGS, "Waits since the last call, microseconds: a sample, how many, the longest."},
    {"delays", delays, METH_NOARGS, "Waits since the beginning: how many within each of the bounds, their sum in seconds."},
    {"attach", attach, METH_O, "Write to this connected socket from now on; it is closed here."},
    {"detach", detach, METH_NOARGS, "Let go of the socket at once."},
    {"control", control, METH_O, "Write whole protocol commands before the next ticks; False without a socket."},
    {"allow_until", allow_until, METH_O, "Ticks may be sent until then, monotonic seconds."},
    {"attached", attached, METH_NOARGS, "Whether there is a socket to write to."},
    {"caught_up", caught_up, METH_NOARGS, "Whether everything has been written."},
    {"writing_since", writing_since, METH_NOARGS, "Since when one batch is under way, monotonic seconds; or None."},
    {"error", error, METH_NOARGS, "errno of the write that ended a connection last; 0: none did."},
    {"stop", stop, METH_NOARGS, "End the writer's thread."},
    {"sink", sink, METH_NOARGS, "A capsule of core/sink.hpp, for native code that has ticks."},
    {nullptr, nullptr, 0, nullptr},
};

PyType_Slot slots[] = {{Py_tp_new, reinterpret_cast<void*>(create)},
                       {Py_tp_dealloc, reinterpret_cast<void*>(destroy)},
                       {Py_tp_methods, methods},
                       {0, nullptr}};

PyType_Spec spec = {"marketbus_native._native.TickQueue", sizeof(Object), 0, Py_TPFLAGS_DEFAULT, slots};

}  // namespace

bool add_tick_queue(PyObject* module) {
    Ref type(PyType_FromModuleAndSpec(module, &spec, nullptr));
    return type && PyModule_AddType(module, reinterpret_cast<PyTypeObject*>(type.get())) == 0;
}

}  // namespace marketbus::python
