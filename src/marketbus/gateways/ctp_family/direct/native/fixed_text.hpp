// Texts of the SDK's records: fixed fields that need not end in NUL.
#pragma once

#include <cstddef>
#include <cstring>

namespace marketbus::ctp {

template <std::size_t size, std::size_t room>
void copy_text(char (&to)[room], const char (&from)[size]) {
    static_assert(size <= room);
    const auto length = strnlen(from, size);
    std::memcpy(to, from, length);
    if (length < room) to[length] = '\0';
}

}  // namespace marketbus::ctp
