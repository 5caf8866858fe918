// The module marketbus_native._native.
#include "types.hpp"

namespace {

int fill(PyObject* module) {
    using namespace marketbus::python;
    return add_backlog(module) && add_tick_queue(module) && add_reader(module) && add_tick_reader(module) &&
                   add_vnpy_ticks(module)
               ? 0
               : -1;
}

PyModuleDef_Slot slots[] = {{Py_mod_exec, reinterpret_cast<void*>(fill)}, {0, nullptr}};

PyModuleDef definition = {PyModuleDef_HEAD_INIT, "marketbus_native._native", nullptr, 0, nullptr, slots,
                          nullptr, nullptr, nullptr};

}  // namespace

PyMODINIT_FUNC PyInit__native() { return PyModuleDef_Init(&definition); }
