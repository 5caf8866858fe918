// The parts of the extension, each in its own file.
#pragma once

#include "python.hpp"

namespace marketbus::python {

/// Each adds what it has to the module; false with an error set.
bool add_backlog(PyObject* module);
bool add_tick_queue(PyObject* module);
bool add_reader(PyObject* module);
bool add_tick_reader(PyObject* module);
bool add_vnpy_ticks(PyObject* module);

}  // namespace marketbus::python
