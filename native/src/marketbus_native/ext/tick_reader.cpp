// TickReader: the expected ticks of one line, from payload to consumer. Twin of marketbus/client/line.py.
//
// Whatever is not the very next tick of an instrument, in the form that publishers of ours write, is left to the twin:
// snapshots, gaps, other epochs, unknown instruments, hostile bytes.
#include "tick_reader.hpp"

#include <ctime>
#include <memory>
#include <unordered_map>

#include "last_tick.hpp"
#include "types.hpp"

namespace marketbus::python {
namespace {

/// An instrument of the line, by its subject.
struct Place {
    std::string subject;
    Ref track;  // None: not wanted
    LastTick last;
    bool ours = false;  // whether the last head carries the symbol that the subject promises
};

struct State {
    TickParents parents;
    Ref track, tracks, receive, emit, stats, arrived;
    Py_ssize_t symbol = 0, epoch = 0, seq = 0, next = 0;  // places in a Track
    std::int64_t refuse = 0, every = 0;
    long long counted = 0;
    std::unordered_map<std::string_view, std::unique_ptr<Place>> places;

    PyObject*& slot(PyObject* track, Py_ssize_t offset) const {
        return *reinterpret_cast<PyObject**>(reinterpret_cast<char*>(track) + offset);
    }

    /// Those that a cycle can go through. A Track and what ticks are made of know nobody.
    Ref* links[5] = {&tracks, &receive, &emit, &stats, &arrived};

    bool place_of_slot(const char* name, Py_ssize_t& out) {
        Ref descriptor(PyObject_GetAttrString(track.get(), name));
        if (!descriptor) return false;
        if (!Py_IS_TYPE(descriptor.get(), &PyMemberDescr_Type)) {
            PyErr_Format(PyExc_TypeError, "Track is not laid out as this build expects: %s", name);
            return false;
        }
        out = reinterpret_cast<PyMemberDescrObject*>(descriptor.get())->d_member->offset;
        return true;
    }

    /// nullptr: the line does not know it yet.
    Place* find(std::string_view subject) {
        const auto known = places.find(subject);
        if (known != places.end()) return known->second.get();
        Ref name(PyUnicode_DecodeASCII(subject.data(), static_cast<Py_ssize_t>(subject.size()), nullptr));
        auto* found = name ? PyDict_GetItemWithError(tracks.get(), name.get()) : nullptr;
        if (found == nullptr) PyErr_Clear();
        if (found == nullptr || (found != Py_None && Py_TYPE(found) != reinterpret_cast<PyTypeObject*>(track.get())))
            return nullptr;
        auto place = std::make_unique<Place>();
        place->subject = subject;
        place->track = Ref::share(found);
        auto* made = place.get();
        places.emplace(made->subject, std::move(place));
        return made;
    }
};

struct Object {
    PyObject_HEAD
    State* state;
};

State& of(PyObject* self) { return *reinterpret_cast<Object*>(self)->state; }

bool is(PyObject* object, std::int64_t value) {
    if (object == nullptr || !PyLong_CheckExact(object)) return false;
    int overflow = 0;
    return PyLong_AsLongLongAndOverflow(object, &overflow) == value && overflow == 0;
}

PyObject* seconds_since(std::int64_t received) {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    const auto ns = static_cast<__int128>(now.tv_sec) * 1'000'000'000 + now.tv_nsec - received;
    return PyFloat_FromDouble(static_cast<double>(ns) / 1e9);
}

enum class Outcome { done, raised, not_ours };

/// Nothing has changed where it is not ours.
Outcome take(State& state, std::string_view subject, std::string_view payload) {
    TickParts parts;
    if (!state.emit || !decode(payload, parts) || parts.seq() == INT64_MAX) return Outcome::not_ours;
    auto* place = state.find(subject);
    if (place == nullptr) return Outcome::not_ours;
    auto* track = place->track.get();
    const bool wanted = track != Py_None;
    if (wanted && (!is(state.slot(track, state.next), parts.seq()) ||
                   !is(state.slot(track, state.epoch), parts.epoch())))
        return Outcome::not_ours;
    if (!place->last.same_head(parts)) place->ours = false;
    if (!place->last.texts(state.parents, parts)) {
        PyErr_Clear();  // msgspec and the twin find the words for it
        return Outcome::not_ours;
    }
    if (!wanted) return Outcome::done;
    if (!place->ours) {
        auto* symbol = state.slot(track, state.symbol);
        if (symbol == nullptr || !PyUnicode_Check(symbol) || PyUnicode_Compare(symbol, place->last.symbol()) != 0)
            return Outcome::not_ours;
        place->ours = true;
    }
    Ref tick(place->last.make(state.parents, parts)), next(PyLong_FromLongLong(parts.seq() + 1));
    if (!tick || !next) {
        PyErr_Clear();
        return Outcome::not_ours;
    }
    Py_XSETREF(state.slot(track, state.seq), Py_NewRef(state.parents.types.field(tick.get(), kSeq)));
    Py_XSETREF(state.slot(track, state.next), next.release());
    if (parts.flags() & state.refuse) return Outcome::done;
    ++state.counted;
    if ((parts.seq() & state.every) == 0) {
        Ref delay(seconds_since(parts.received()));
        Ref told(delay ? PyObject_CallOneArg(state.arrived.get(), delay.get()) : nullptr);
        if (!told) return Outcome::raised;
    }
    const Ref told(PyObject_CallOneArg(state.emit.get(), tick.get()));
    return told ? Outcome::done : Outcome::raised;
}

PyObject* create(PyTypeObject* type, PyObject* arguments, PyObject* names) {
    static const char* keywords[] = {"tick", "exchange", "flag",  "track",   "tracks", "receive",
                                     "emit", "stats",    "arrived", "refuse", "every",  nullptr};
    PyObject *tick = nullptr, *exchange = nullptr, *flag = nullptr, *track = nullptr, *tracks = nullptr;
    PyObject *receive = nullptr, *emit = nullptr, *stats = nullptr, *arrived = nullptr;
    long long refuse = 0, every = 0;
    if (!PyArg_ParseTupleAndKeywords(arguments, names, "OOOO!O!OOOOLL", const_cast<char**>(keywords), &tick, &exchange,
                                     &flag, &PyType_Type, &track, &PyDict_Type, &tracks, &receive, &emit, &stats,
                                     &arrived, &refuse, &every))
        return nullptr;
    Ref self(type->tp_alloc(type, 0));
    if (!self) return nullptr;
    auto* state = reinterpret_cast<Object*>(self.get())->state = new State();
    state->track = Ref::share(track);
    state->tracks = Ref::share(tracks);
    state->receive = Ref::share(receive);
    state->emit = Ref::share(emit);
    state->stats = Ref::share(stats);
    state->arrived = Ref::share(arrived);
    state->refuse = refuse;
    state->every = every;
    if (!state->parents.load(tick, exchange, flag) || !state->place_of_slot("symbol", state->symbol) ||
        !state->place_of_slot("epoch", state->epoch) || !state->place_of_slot("seq", state->seq) ||
        !state->place_of_slot("next", state->next))
        return nullptr;
    return self.release();
}

int traverse(PyObject* self, visitproc visit, void* arg) {
    Py_VISIT(Py_TYPE(self));
    if (auto* state = reinterpret_cast<Object*>(self)->state)
        for (auto* link : state->links) Py_VISIT(link->get());
    return 0;
}

int clear(PyObject* self) {
    if (auto* state = reinterpret_cast<Object*>(self)->state)
        for (auto* link : state->links) *link = Ref();
    return 0;
}

void destroy(PyObject* self) {
    PyObject_GC_UnTrack(self);
    auto* type = Py_TYPE(self);
    delete reinterpret_cast<Object*>(self)->state;
    type->tp_free(self);
    Py_DECREF(type);
}

PyObject* call(PyObject* self, PyObject* arguments, PyObject* names) {
    const auto receive = Ref::share(of(self).receive.get());
    if (receive) return PyObject_Call(receive.get(), arguments, names);
    PyErr_SetString(PyExc_RuntimeError, "the line is gone");
    return nullptr;
}

PyType_Slot slots[] = {{Py_tp_new, reinterpret_cast<void*>(create)},
                       {Py_tp_dealloc, reinterpret_cast<void*>(destroy)},
                       {Py_tp_traverse, reinterpret_cast<void*>(traverse)},
                       {Py_tp_clear, reinterpret_cast<void*>(clear)},
                       {Py_tp_call, reinterpret_cast<void*>(call)},
                       {0, nullptr}};

PyType_Spec spec = {"marketbus_native._native.TickReader", sizeof(Object), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
                    slots};

}  // namespace

bool is_tick_reader(PyObject* object) { return Py_TYPE(object)->tp_call == call; }

bool take_message(PyObject* self, std::string_view subject, std::string_view payload) {
    auto& state = of(self);
    switch (take(state, subject, payload)) {
        case Outcome::done: return true;
        case Outcome::raised: return false;
        case Outcome::not_ours: break;
    }
    const auto receive = Ref::share(state.receive.get());
    return !receive || (count_ticks(self) && hand_over(receive.get(), subject, payload));
}

bool count_ticks(PyObject* self) {
    auto& state = of(self);
    if (state.counted == 0 || !state.stats) return true;
    Ref before(PyObject_GetAttrString(state.stats.get(), "ticks"));
    Ref more(PyLong_FromLongLong(std::exchange(state.counted, 0)));
    Ref after(before && more ? PyNumber_Add(before.get(), more.get()) : nullptr);
    return after && PyObject_SetAttrString(state.stats.get(), "ticks", after.get()) == 0;
}

bool add_tick_reader(PyObject* module) {
    Ref type(PyType_FromModuleAndSpec(module, &spec, nullptr));
    return type && PyModule_AddType(module, reinterpret_cast<PyTypeObject*>(type.get())) == 0;
}

}  // namespace marketbus::python
