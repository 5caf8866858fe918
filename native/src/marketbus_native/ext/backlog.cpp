// Backlog: core/backlog.hpp with the time given by the caller, so that it can be held against its Python twin.
#include "../core/backlog.hpp"

#include "counts.hpp"
#include "types.hpp"

namespace marketbus::python {
namespace {

struct Object {
    PyObject_HEAD
    Backlog* backlog;
};

Backlog& of(PyObject* self) { return *reinterpret_cast<Object*>(self)->backlog; }

PyObject* create(PyTypeObject* type, PyObject* arguments, PyObject*) {
    Py_ssize_t max_bytes = 0, chunk_bytes = 0;
    long long max_age = 0;
    if (!PyArg_ParseTuple(arguments, "nLn", &max_bytes, &max_age, &chunk_bytes)) return nullptr;
    Ref self(type->tp_alloc(type, 0));
    if (!self) return nullptr;
    reinterpret_cast<Object*>(self.get())->backlog =
        new Backlog(static_cast<std::size_t>(max_bytes), max_age, static_cast<std::size_t>(chunk_bytes));
    return self.release();
}

void destroy(PyObject* self) {
    auto* type = Py_TYPE(self);
    delete reinterpret_cast<Object*>(self)->backlog;
    type->tp_free(self);
    Py_DECREF(type);
}

PyObject* put(PyObject* self, PyObject* arguments) {
    const char* data = nullptr;
    Py_ssize_t size = 0;
    long long received = 0, now = 0;
    if (!PyArg_ParseTuple(arguments, "y#LL", &data, &size, &received, &now)) return nullptr;
    return PyBool_FromLong(of(self).put({data, static_cast<std::size_t>(size)}, received, now));
}

PyObject* take(PyObject* self, PyObject* now) {
    const auto when = PyLong_AsLongLong(now);
    if (when == -1 && PyErr_Occurred()) return nullptr;
    Chunk chunk;
    if (!of(self).take(chunk, when)) Py_RETURN_NONE;
    return chunk_tuple(chunk);
}

PyObject* conflate(PyObject* self, PyObject*) {
    of(self).conflate();
    Py_RETURN_NONE;
}

PyObject* because(PyObject* self, PyObject* cause) {
    Cause known;
    if (!cause_of(cause, known)) return nullptr;
    of(self).because(known);
    Py_RETURN_NONE;
}

PyObject* drops(PyObject* self, PyObject*) { return drops_dict(of(self).drops()); }

PyObject* size(PyObject* self, PyObject*) { return PyLong_FromSize_t(of(self).size()); }

PyMethodDef methods[] = {
    {"put", put, METH_VARARGS, "Take a message (bytes, received ns UTC, monotonic ns); whether the writer must be woken."},
    {"take", take, METH_O, "The next messages: bytes, how many, received, when the first came; or None."},
    {"conflate", conflate, METH_NOARGS, "Keep the newest message of each instrument only."},
    {"because", because, METH_O, "Why ticks are given up from now on."},
    {"drops", drops, METH_NOARGS, "Ticks given up, by cause."},
    {"size", size, METH_NOARGS, "Bytes waiting."},
    {nullptr, nullptr, 0, nullptr},
};

PyType_Slot slots[] = {{Py_tp_new, reinterpret_cast<void*>(create)},
                       {Py_tp_dealloc, reinterpret_cast<void*>(destroy)},
                       {Py_tp_methods, methods},
                       {0, nullptr}};

PyType_Spec spec = {"marketbus_native._native.Backlog", sizeof(Object), 0, Py_TPFLAGS_DEFAULT, slots};

}  // namespace

bool add_backlog(PyObject* module) {
    Ref type(PyType_FromModuleAndSpec(module, &spec, nullptr));
    return type && PyModule_AddType(module, reinterpret_cast<PyTypeObject*>(type.get())) == 0;
}

}  // namespace marketbus::python
