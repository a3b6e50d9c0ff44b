# croon: `make run ARGS="~/Music"` plays, `make test` proves it. Both bring what they need.

CARGO ?= cargo
PREFIX ?= $(HOME)/.local
ARGS ?=

.PHONY: help setup build run test check bench install clean

help: ## what can be made
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: ## the C libraries and libtorch, once; later runs need no network
	@scripts/setup.sh

build: setup ## both programs, optimised
	$(CARGO) build --release --locked --bins

# Without a terminal croon says what to do instead and exits with 6, which make shows as "Error 6".
run: build ## play: make run ARGS="~/Music"
	@target/release/croon $(ARGS)

test: setup ## every test
	$(CARGO) test --locked

check: setup ## formatting, lints, documentation, and the player without libtorch
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --no-deps --document-private-items
	$(CARGO) clippy --locked --all-targets --no-default-features --features dbus -- -D warnings

bench: setup ## the benches behind docs/measured.md
	$(CARGO) bench --locked

# The engine finds libtorch where it was built, so this folder must stay.
install: build ## into ~/.local (PREFIX=...)
	install -Dm755 target/release/croon target/release/croon-separator -t $(PREFIX)/bin
	install -Dm644 models/*.toml models/*.safetensors models/*.LICENSE -t $(PREFIX)/share/croon/models

clean: ## remove what was built (libtorch stays; rm -r .libtorch for that)
	$(CARGO) clean
