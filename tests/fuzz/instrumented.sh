#!/bin/sh
# Cargo's RUSTC_WORKSPACE_WRAPPER: compiles what is ours with counters of coverage, which the stable compiler has by its
# passes; sanitizers and a standard library with counters are nightly's. Dependencies stay as the tests have them.
for argument; do
    case $argument in
    # Programs of the build, and the planner's component, are not linked with what counts.
    build_script_* | *wasm32*) exec "$@" ;;
    esac
done
exec "$@" --cfg fuzzing -Ccodegen-units=1 -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares
