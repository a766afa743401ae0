# SPDX-License-Identifier: MIT
# The front door. Each target first installs what it needs and the machine lacks.

JOBS ?= $(shell nproc)
export CMAKE_BUILD_PARALLEL_LEVEL ?= $(JOBS)
export CTEST_PARALLEL_LEVEL ?= $(JOBS)

# Used when present, never needed. The second line lets it keep what uses a precompiled header.
ifneq ($(shell command -v ccache),)
export CMAKE_CXX_COMPILER_LAUNCHER ?= ccache
export CCACHE_SLOPPINESS ?= pch_defines,time_macros
endif

.PHONY: help demo test check check-rest bench bench-build bench-instructions bench-growth \
	bench-docs format clean

help:
	@echo 'make demo    build the echo server, drive it for five seconds, print what it did'
	@echo 'make test    build everything and run the tests (build/dev)'
	@echo 'make check   make test and all else that CI runs: packaging, sanitizers, clang, format'
	@echo 'make bench   measure eventp beside other libraries, twelve minutes; GROUP="a b": only those'
	@echo 'make bench-instructions   count instructions per event'
	@echo 'make bench-growth         check that operations cost the same beside 10 000 others'
	@echo 'make bench-docs           docs/benchmarks.md from what was measured last'
	@echo 'make format  format every source in place'
	@echo 'make clean   remove build/'
	@echo 'Parts of make check: tools/check.sh [$(shell tools/check.sh --list)]'

demo:
	@tools/install_deps.sh build
	cmake --preset release
	cmake --build --preset release --target eventp.examples.demo
	tools/demo.sh build/release

test:
	@tools/install_deps.sh build test
	cmake --workflow --preset dev

check: test check-rest

check-rest:
	@tools/install_deps.sh build test check bench
	tools/check.sh

bench-build:
	@tools/install_deps.sh build bench
	cmake --workflow --preset bench

bench: bench-build
	tools/bench.py build/bench $(GROUP) $(addprefix --peer ,$(PEER)) $(addprefix --n ,$(N))

bench-instructions: bench-build
	tools/bench_instructions.py build/bench

bench-growth: bench-build
	tools/bench_growth.py build/bench

bench-docs:
	tools/bench_docs.py build/bench

format:
	@tools/install_deps.sh format
	tools/format.sh

clean:
	rm -rf build
