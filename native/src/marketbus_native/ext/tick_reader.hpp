// What reader.cpp needs of a TickReader.
#pragma once

#include "python.hpp"

namespace marketbus::python {

bool is_tick_reader(PyObject* object);

/// A message for a TickReader; false with the error set that its consumer raised.
bool take_message(PyObject* reader, std::string_view subject, std::string_view payload);

/// Adds the ticks that it handed over to the feed's counter; false with an error set.
bool count_ticks(PyObject* reader);

/// Calls what takes subject and payload, false with an error set.
inline bool hand_over(PyObject* receive, std::string_view subject, std::string_view payload) {
    Ref name(PyUnicode_DecodeASCII(subject.data(), static_cast<Py_ssize_t>(subject.size()), nullptr));
    Ref bytes(PyBytes_FromStringAndSize(payload.data(), static_cast<Py_ssize_t>(payload.size())));
    if (!name || !bytes) return false;
    PyObject* arguments[] = {name.get(), bytes.get()};
    return static_cast<bool>(Ref(PyObject_Vectorcall(receive, arguments, 2, nullptr)));
}

}  // namespace marketbus::python
