"""Builds the extension; everything else stands in pyproject.toml."""

import os
from pathlib import Path

from setuptools import Extension, setup

flags = os.environ.get("MARKETBUS_NATIVE_FLAGS", "-O2 -g0").split()
setup(
    ext_modules=[
        Extension(
            "marketbus_native._native",
            [
                "src/marketbus_native/ext/backlog.cpp",
                "src/marketbus_native/ext/module.cpp",
                "src/marketbus_native/ext/reader.cpp",
                "src/marketbus_native/ext/tick_queue.cpp",
                "src/marketbus_native/ext/tick_reader.cpp",
                "src/marketbus_native/ext/vnpy_ticks.cpp",
            ],
            extra_compile_args=[
                "-std=c++17",
                "-Wall",
                "-Wextra",
                "-Wno-missing-field-initializers",
                "-fvisibility=hidden",
                *flags,
            ],
            extra_link_args=flags,
            depends=[str(header) for header in sorted(Path("src").rglob("*.hpp"))],
            language="c++",
        )
    ]
)
