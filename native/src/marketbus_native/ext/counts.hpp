// What a backlog and a writer tell, as Python objects.
#pragma once

#include "../core/backlog.hpp"
#include "python.hpp"

namespace marketbus::python {

/// False, with ValueError, for a cause that is none of ours.
inline bool cause_of(PyObject* name, Cause& out) {
    if (PyUnicode_Check(name)) {
        for (std::size_t at = 0; at < kCauses.size(); ++at) {
            if (PyUnicode_CompareWithASCIIString(name, kCauses[at]) == 0) {
                out = static_cast<Cause>(at);
                return true;
            }
        }
    }
    PyErr_Format(PyExc_ValueError, "%R is no cause of a drop", name);
    return false;
}

/// Those that happened.
inline PyObject* drops_dict(const std::array<std::uint64_t, kCauses.size()>& drops) {
    Ref all(PyDict_New());
    if (!all) return nullptr;
    for (std::size_t at = 0; at < drops.size(); ++at) {
        if (drops[at] == 0) continue;
        Ref count(PyLong_FromUnsignedLongLong(drops[at]));
        if (!count || PyDict_SetItemString(all.get(), kCauses[at], count.get()) < 0) return nullptr;
    }
    return all.release();
}

/// (bytes, messages, received, started)
inline PyObject* chunk_tuple(const Chunk& chunk) {
    const auto bytes = chunk.bytes();
    return Py_BuildValue("(y#nLL)", bytes.data(), static_cast<Py_ssize_t>(bytes.size()),
                         static_cast<Py_ssize_t>(chunk.count()), static_cast<long long>(chunk.received),
                         static_cast<long long>(chunk.started));
}

}  // namespace marketbus::python
