# The front door. Each target installs, builds and fetches what it needs and starts at once when all is there.
# Options: GPU=cuda|metal|vulkan|hip  CPU=native|portable  MODEL=default|small (make demo)  PREFIX=/usr/local  DESTDIR=  BIFORGET_CACHE=  CMAKE_ARGS=
.POSIX:
.SUFFIXES:
.DEFAULT_GOAL := build

GPU ?=
# Not from the environment, where some systems keep the name of the processor as CPU.
CPU = native
BIFORGET_CPU = $(CPU)
PREFIX ?= /usr/local
MODEL = default
CMAKE_ARGS ?=
export GPU BIFORGET_CPU CMAKE_ARGS

.PHONY: build
build: ## the program, at build/biforget; CPU=portable: for any processor of its architecture
	@scripts/setup build
	@scripts/build release --target biforget

.PHONY: quick
quick: build ## the whole way in about a minute: forget set, unlearning, before and after (tiny model, fetches 190 MB)
	@scripts/demo small

.PHONY: demo
demo: build ## a forget set for "Harry Potter" from the default model (fetches 1.2 GB); MODEL=small: make quick
	@scripts/demo $(MODEL)

.PHONY: test
test: ## build and run the tests (fetches the small models)
	@scripts/setup test
	@scripts/build release
	@scripts/fetch_models test embedder
	@scripts/run_tests release

.PHONY: coverage
coverage: ## which lines of src/ the tests run, room by room (GCC; build/coverage; COVERAGE_MIN=90 fails below)
	@scripts/setup test
	@scripts/build coverage
	@BIFORGET=build/coverage/biforget scripts/fetch_models test embedder
	@scripts/coverage

.PHONY: test-portable
test-portable: ## run a portable build on emulated processors (minutes; build/portable)
	@scripts/setup portable
	@BIFORGET_CPU=portable scripts/build portable
	@tests/portable/run.sh build/portable

.PHONY: bench
bench: build ## measure this machine against llama.cpp's own benchmark
	@scripts/fetch_models test embedder
	@scripts/bench

.PHONY: bench-unlearn
bench-unlearn: build ## time a step of training beside PyTorch's (PYTHON: one with torch, transformers and gguf)
	@scripts/fetch_models test embedder
	@$(or $(PYTHON),python3) bench/unlearn.py

.PHONY: bench-parity
bench-parity: build ## compare whole evaluations with other programs' (bench/parity/run says what it needs)
	@scripts/fetch_models test
	@bench/parity/run

.PHONY: bench-forgetting
bench-forgetting: build ## forget one village of an invented world, and count what is left of it and of the others (hours)
	@scripts/fetch_models test embedder
	@bench/forgetting/run $(or $(OUT),build/bench-forgetting)

.PHONY: bench-kill
bench-kill: build ## kill -9 a run at 30 moments, resume, compare the bytes
	@scripts/fetch_models test embedder
	@bench/kill30.sh

.PHONY: bench-vllm
bench-vllm: build ## run against a real vLLM on this machine's CPU (installs 3.5 GB), beside the embedded engine
	@scripts/fetch_models test embedder
	@$(or $(PYTHON),python3) bench/vllm.py build/biforget "$$(build/biforget models --path smollm2-135m-instruct)" --out bench/results/vllm.txt

.PHONY: models
models: build ## fetch the default models only
	@scripts/fetch_models default embedder

.PHONY: install
install: ## install under DESTDIR/PREFIX: the program, manual pages, completions
	@test -x build/biforget || $(MAKE) build # not always: sudo has another cache and would build all again
	@DESTDIR="$(DESTDIR)" cmake --install build --prefix "$(PREFIX)"

.PHONY: docs
docs: build ## write the manual pages and the completions
	@scripts/docs

.PHONY: setup
setup: ## install the packages that building and testing need
	@scripts/setup test

.PHONY: ci
ci: ## everything that has to pass before a merge
	@.ci/run

.PHONY: format
format: ## lay out the sources
	@scripts/lint format

.PHONY: tidy
tidy: ## clang-tidy and the layout check
	@scripts/lint check

.PHONY: clean
clean: ## remove build/; models and llama.cpp stay in the cache
	rm -rf build

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' Makefile | expand -t 24
