// read: what one read of a connection brought, message by message to whoever takes it at once.
#include "../core/split.hpp"
#include "tick_reader.hpp"
#include "types.hpp"

namespace marketbus::python {
namespace {

/// From a message to its `Direct`, for the length of one read: nats-py makes a subscription with its callback and
/// leaves it there.
class Route {
public:
    Route(PyObject* subs, PyObject* direct) : subs_(subs), direct_(direct) {}

    /// Whether the subscription takes its messages at once; false with an error set, or without.
    bool find(std::uint64_t sid) {
        if (!key_ || sid != sid_) {
            key_ = Ref(PyLong_FromUnsignedLongLong(sid));
            if (!key_) return false;
            sid_ = sid;
        }
        auto* sub = PyDict_GetItemWithError(subs_, key_.get());  // each time: who was called may have ended it
        if (sub == nullptr) return false;
        if (sub == sub_.get()) return static_cast<bool>(receive_);
        if (!count()) return false;
        sub_ = Ref::share(sub);
        receive_ = Ref();
        Ref callback(PyObject_GetAttrString(sub_.get(), "_cb"));
        if (!callback || !Py_IS_TYPE(callback.get(), reinterpret_cast<PyTypeObject*>(direct_))) return false;
        receive_ = Ref(PyObject_GetAttrString(callback.get(), "receive"));
        native_ = receive_ && is_tick_reader(receive_.get());
        return static_cast<bool>(receive_);
    }

    /// False with the error set that the callback raised.
    bool take(const Message& message) const {
        return native_ ? take_message(receive_.get(), message.subject, message.payload)
                       : hand_over(receive_.get(), message.subject, message.payload);
    }

    bool count() const { return !receive_ || !native_ || count_ticks(receive_.get()); }

private:
    PyObject *subs_, *direct_;
    Ref key_, sub_, receive_;
    std::uint64_t sid_ = 0;
    bool native_ = false;
};

/// The exception that is set, with its trace.
Ref raised() {
#if PY_VERSION_HEX >= 0x030c0000
    return Ref(PyErr_GetRaisedException());
#else
    PyObject *type = nullptr, *value = nullptr, *trace = nullptr;
    PyErr_Fetch(&type, &value, &trace);
    PyErr_NormalizeException(&type, &value, &trace);
    if (trace != nullptr) PyException_SetTraceback(value, trace);
    Py_XDECREF(type);
    Py_XDECREF(trace);
    return Ref(value);
#endif
}

PyObject* read(PyObject*, PyObject* const* arguments, Py_ssize_t count) {
    if (count != 4 || !PyDict_CheckExact(arguments[0]) || !PyBytes_CheckExact(arguments[1]) ||
        !PyType_Check(arguments[3])) {
        PyErr_SetString(PyExc_TypeError, "read(subscriptions, bytes, start, direct)");
        return nullptr;
    }
    const auto start = PyLong_AsSsize_t(arguments[2]);
    if (start < 0) {
        if (!PyErr_Occurred()) PyErr_SetString(PyExc_ValueError, "start is negative");
        return nullptr;
    }
    const auto subs = Ref::share(arguments[0]), bytes = Ref::share(arguments[1]);
    const auto data = bytes_of(bytes.get());
    Route route(subs.get(), arguments[3]);
    Message message;
    auto at = static_cast<std::size_t>(start);
    Py_ssize_t taken = 0;
    Ref error;
    while (split::next(data, at, message) && route.find(message.sid)) {
        at = message.end;
        ++taken;
        if (route.take(message)) continue;
        if (!PyErr_ExceptionMatches(PyExc_Exception)) return nullptr;
        error = raised();
        break;
    }
    if (PyErr_Occurred() || !route.count()) return nullptr;
    return Py_BuildValue("(nnO)", static_cast<Py_ssize_t>(at), taken, error ? error.get() : Py_None);
}

PyMethodDef functions[] = {
    {"read", method(read), METH_FASTCALL,
     "Hand the messages at data[start:] over; where the next command begins, how many, and what the last one raised."},
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace

bool add_reader(PyObject* module) { return PyModule_AddFunctions(module, functions) == 0; }

}  // namespace marketbus::python
