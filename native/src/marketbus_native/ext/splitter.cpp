// Splitter: the messages at the front of what one read brought.
#include <array>
#include <functional>

#include "../core/split.hpp"
#include "types.hpp"

namespace marketbus::python {
namespace {

/// Subjects come again and again: the same str, whose hash is known, is handed out.
struct Subjects {
    std::array<PyObject*, 4096> known{};

    PyObject* get(std::string_view subject) {
        auto*& place = known[std::hash<std::string_view>{}(subject) % known.size()];
        if (place != nullptr) {
            const std::string_view text{static_cast<const char*>(PyUnicode_DATA(place)),
                                        static_cast<std::size_t>(PyUnicode_GET_LENGTH(place))};
            if (text == subject) return Py_NewRef(place);
        }
        auto* made = PyUnicode_DecodeASCII(subject.data(), static_cast<Py_ssize_t>(subject.size()), nullptr);
        if (made != nullptr) Py_XSETREF(place, Py_NewRef(made));
        return made;
    }

    ~Subjects() {
        for (auto* one : known) Py_XDECREF(one);
    }
};

struct Object {
    PyObject_HEAD
    Subjects* subjects;
};

PyObject* create(PyTypeObject* type, PyObject*, PyObject*) {
    Ref self(type->tp_alloc(type, 0));
    if (self) reinterpret_cast<Object*>(self.get())->subjects = new Subjects();
    return self.release();
}

void destroy(PyObject* self) {
    auto* type = Py_TYPE(self);
    delete reinterpret_cast<Object*>(self)->subjects;
    type->tp_free(self);
    Py_DECREF(type);
}

PyObject* split(PyObject* self, PyObject* const* arguments, Py_ssize_t count) {
    if (count != 2 || !PyBytes_CheckExact(arguments[0])) {
        PyErr_SetString(PyExc_TypeError, "split(bytes, start)");
        return nullptr;
    }
    const auto start = PyLong_AsSsize_t(arguments[1]);
    if (start < 0) {
        if (!PyErr_Occurred()) PyErr_SetString(PyExc_ValueError, "start is negative");
        return nullptr;
    }
    const auto data = bytes_of(arguments[0]);
    auto& subjects = *reinterpret_cast<Object*>(self)->subjects;
    Ref found(PyList_New(0));
    if (!found) return nullptr;
    Message message;
    for (auto at = static_cast<std::size_t>(start); marketbus::split::next(data, at, message); at = message.end) {
        Ref one(PyTuple_New(4));
        if (!one) return nullptr;
        auto* subject = subjects.get(message.subject);
        if (subject == nullptr) return nullptr;
        PyTuple_SET_ITEM(one.get(), 0, subject);
        auto* sid = PyLong_FromUnsignedLongLong(message.sid);
        if (sid == nullptr) return nullptr;
        PyTuple_SET_ITEM(one.get(), 1, sid);
        auto* payload =
            PyBytes_FromStringAndSize(message.payload.data(), static_cast<Py_ssize_t>(message.payload.size()));
        if (payload == nullptr) return nullptr;
        PyTuple_SET_ITEM(one.get(), 2, payload);
        auto* end = PyLong_FromSize_t(message.end);
        if (end == nullptr) return nullptr;
        PyTuple_SET_ITEM(one.get(), 3, end);
        PyObject_GC_UnTrack(one.get());  // texts, numbers and bytes: no cycle can go through it
        if (PyList_Append(found.get(), one.get()) < 0) return nullptr;
    }
    return found.release();
}

PyMethodDef methods[] = {
    {"split", method(split), METH_FASTCALL,
     "The messages at data[start:]: subject, sid, payload, where the next command begins; up to what is no plain MSG."},
    {nullptr, nullptr, 0, nullptr},
};

PyType_Slot slots[] = {{Py_tp_new, reinterpret_cast<void*>(create)},
                       {Py_tp_dealloc, reinterpret_cast<void*>(destroy)},
                       {Py_tp_methods, methods},
                       {0, nullptr}};

PyType_Spec spec = {"marketbus_native._native.Splitter", sizeof(Object), 0, Py_TPFLAGS_DEFAULT, slots};

}  // namespace

bool add_splitter(PyObject* module) {
    Ref type(PyType_FromModuleAndSpec(module, &spec, nullptr));
    return type && PyModule_AddType(module, reinterpret_cast<PyTypeObject*>(type.get())) == 0;
}

}  // namespace marketbus::python
