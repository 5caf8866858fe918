#!/usr/bin/env bash
# The accelerator's core under ASan + UBSan and TSan, the extension under ASan, and a fuzz run where clang is there:
# scripts/native_test.sh [SECONDS of fuzzing]
set -euo pipefail
cd "$(dirname "$0")/.."
out=native/build/tests
mkdir -p "$out"
flags=(-std=c++17 -g -O1 -fno-omit-frame-pointer -Wall -Wextra -pthread -Inative/src/marketbus_native/core)

echo "== core under ASan and UBSan" >&2
g++ "${flags[@]}" -fsanitize=address,undefined -fno-sanitize-recover=all native/tests/core_test.cpp -o "$out/asan"
"$out/asan"
echo "== core under TSan" >&2
g++ "${flags[@]}" -fsanitize=thread native/tests/core_test.cpp -o "$out/tsan"
setarch -R "$out/tsan" # its shadow memory does not fit every layout of the address space

echo "== extension under ASan and UBSan" >&2
python=$(realpath -s .venv/bin/python)
lib=$(realpath "$out")/lib
(
    cd native
    MARKETBUS_NATIVE_FLAGS="-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all" \
        "$python" setup.py -q build_ext --force --build-lib "$lib" --build-temp "$lib/../temp" 2>/dev/null
)
cp native/src/marketbus_native/__init__.py "$lib/marketbus_native/"
ASAN_OPTIONS=detect_leaks=0 LD_PRELOAD=$(gcc -print-file-name=libasan.so):$(gcc -print-file-name=libstdc++.so.6) \
    PYTHONPATH=$PWD/src:$lib "$python" -m pytest -q -p no:cacheprovider \
    tests/unit/adapters/test_nats_native_twins.py tests/unit/client/test_batch_parser.py \
    tests/unit/client/test_tick_reader.py tests/unit/adapters/test_nats_tick_publisher.py \
    tests/unit/adapters/test_nats_tls_ticks.py tests/unit/gateways/test_vnpy_past_python.py -k "not frozen"

clang=$(compgen -c clang++ | sort -V | tail -1 || true)
if [ -z "$clang" ]; then
    echo "== no clang++: apt-get install clang, to fuzz" >&2
    exit 0
fi
echo "== fuzz" >&2
"$clang" "${flags[@]}" -O2 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all native/tests/fuzz.cpp -o "$out/fuzz"
mkdir -p "$out/corpus"
printf 'MSG md.tick.a.SHFE.b 7 3\r\nabc\r\nPING\r\n' > "$out/corpus/seed"
"$out/fuzz" -max_total_time="${1:-60}" -max_len=4096 -print_final_stats=1 "$out/corpus" 2>&1 | tail -12
