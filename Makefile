# tokenshim: `make help` says what there is.

PREFIX ?= /usr/local
DESTDIR ?=
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
BINDIR ?= $(PREFIX)/bin
DATADIR ?= $(PREFIX)/share
DOCDIR ?= $(DATADIR)/doc/tokenshim
# What is installed.
BUILT ?= target/release
CARGO ?= cargo
# End-to-end tests at the same time: more than cores, for they wait more than they compute.
JOBS ?= 4

# A sanitizer needs a target that is named: then build scripts and macros do without it.
SANITIZED ?= $(shell uname -m)-unknown-linux-gnu

# A toolchain in the user's own folder goes before the distribution's.
export PATH := $(HOME)/.cargo/bin:$(PATH)

.DEFAULT_GOAL := help
.PHONY: help demo test soak peer-tests clients memory bench fuzz fleet profiles configuration manual header check advisories build install package package-test dependencies fmt clippy doc licences

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 15

demo: ## installs what is missing, builds, and shows a DSN signing in with a token
	@scripts/install-dependencies demo
	@$(CARGO) build --locked
	@python3 scripts/demo.py

test: dependencies ## installs what is missing, builds, and runs the tests of every change
	$(CARGO) build --locked
	$(CARGO) test --locked
	.venv/bin/pytest -q tests/e2e -n $(JOBS)

soak: dependencies ## builds, and lets 100,000 connects fail, which must leave memory as it was
	$(CARGO) build --locked --release
	CONNECTS=100000 TOKENSHIM_TARGET=target/release .venv/bin/pytest -q tests/e2e/test_failed_connects.py -n $(JOBS)

# WHICH="odbc-api mariadb" runs the rows of the table with these words only.
peer-tests: ## installs what is missing, and runs other projects' test suites with and without tokenshim
	scripts/install-dependencies peers
	$(CARGO) build --locked
	PYTHONPATH=tests:tests/e2e .venv/bin/python -u -m peers $(WHICH)

clients: ## installs many real clients, and shows that each does the same through tokenshim
	scripts/install-dependencies clients
	$(CARGO) build --locked
	PYTHONPATH=tests:tests/e2e python3 -m clients

memory: dependencies ## installs what is missing, and tells all stories of tests/c under valgrind and AddressSanitizer
	@ls "$$(rustc --print sysroot)"/lib/rustlib/$(SANITIZED)/lib/*asan*.a >/dev/null 2>&1 || \
		{ echo 'this Rust has no AddressSanitizer runtime (Debian'"'"'s own has none): please use one of rustup' >&2; exit 1; }
	$(CARGO) build --locked
	TOKENSHIM_ALL_STORIES=yes .venv/bin/pytest -q tests/e2e/test_valgrind.py -n $(JOBS)
	RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zsanitizer=address \
		$(CARGO) build --locked --target $(SANITIZED) --target-dir target/sanitized
	install -D -t target/sanitized/libraries target/sanitized/$(SANITIZED)/debug/libtokenshim.so target/debug/libtokenshim_driver.so target/debug/tokenshim
	TOKENSHIM_TARGET=target/sanitized/libraries .venv/bin/pytest -q tests/e2e/memory/sanitized.py -n $(JOBS)

bench: dependencies ## installs what is missing, and measures tokenshim beside its absence
	$(CARGO) build --locked --release
	PYTHONPATH=tests/e2e .venv/bin/python -m benches

# Random input in ever new amounts, until the time is over: the tests that `make test` runs with less.
SECONDS ?= 3600
fuzz: dependencies ## builds, and puts random strings, files, replies and output to the readers for an hour, or SECONDS
	$(CARGO) test --locked --no-run --test any_input --test driver_manager
	end=$$(($$(date +%s) + $(SECONDS))); rounds=0; while [ $$(date +%s) -lt $$end ]; do \
		TOKENSHIM_CASES=$${CASES:-2000} $(CARGO) test --quiet --locked --test any_input --test driver_manager || exit 1; rounds=$$((rounds + 1)); \
	done; echo "$$rounds rounds of $${CASES:-2000} of each, and nothing found"

fleet: ## builds, and writes docs/fleet.md: what 10,000 programs that start together ask of a provider
	@mkdir -p target
	$(CARGO) run --locked --example fleet >target/fleet.md
	cp target/fleet.md docs/fleet.md

profiles: ## builds, and writes docs/profiles.md: how each driver takes a token, and how sure that is
	@mkdir -p target
	$(CARGO) run --locked --example profiles >target/profiles.md
	cp target/profiles.md docs/profiles.md

configuration: ## builds, and writes docs/configuration.md: every key, from the table and odbcinst.ini.example
	@mkdir -p target
	$(CARGO) run --locked --example configuration >target/configuration.md
	cp target/configuration.md docs/configuration.md

manual: ## builds, and writes the command's man pages, completions and docs/command.md
	$(CARGO) run --locked --example manual

header: ## builds, and writes include/tokenshim.h and docs/c-api.md anew, which the build holds against src/capi
	TOKENSHIM_WRITE_HEADER=yes $(CARGO) check --locked --package tokenshim --lib

check: dependencies fmt clippy doc licences ## installs what is missing, and checks formatting, lints, documentation, and the crates' licences

dependencies:
	scripts/install-dependencies test

fmt:
	$(CARGO) fmt --all --check

clippy:
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings

# These libraries have readers, not users: their documentation may speak of what is private.
doc:
	RUSTDOCFLAGS='-D warnings -A rustdoc::private-intra-doc-links' \
		$(CARGO) doc --locked --workspace --no-deps --document-private-items

# cargo-deny, which is built here once: licences, crates that must not get in, and where all come from. It looks at the crates of every target.
DENY = target/tools/bin/cargo-deny
DENY_VERSION = 0.20.2

licences: $(DENY)
	$(CARGO) fetch --locked --quiet
	$(DENY) --offline --locked check licenses bans sources

# The list of RustSec's is fetched from where it is kept.
advisories: $(DENY) ## checks that no crate has a known weakness
	$(DENY) --locked check advisories

$(DENY):
	$(CARGO) install --quiet --locked --root target/tools --version $(DENY_VERSION) cargo-deny

build: ## installs what is missing, and builds the two libraries and the command
	scripts/install-dependencies build
	$(CARGO) build --locked --release

# The driver library finds the core one folder up. Copies for further real drivers belong beside it.
install: ## copies the libraries, the command, the C header, its pkg-config file and the pages to $(DESTDIR)$(PREFIX), after make build
	@test -f '$(BUILT)/libtokenshim_driver.so' || { echo 'please run `make build` first' >&2; exit 1; }
	install -d '$(DESTDIR)$(LIBDIR)/tokenshim' '$(DESTDIR)$(LIBDIR)/pkgconfig' '$(DESTDIR)$(INCLUDEDIR)'
	install -m 755 '$(BUILT)/libtokenshim.so' '$(DESTDIR)$(LIBDIR)/libtokenshim.so.0'
	ln -sf libtokenshim.so.0 '$(DESTDIR)$(LIBDIR)/libtokenshim.so'
	install -m 755 '$(BUILT)/libtokenshim_driver.so' '$(DESTDIR)$(LIBDIR)/tokenshim/libtokenshim_driver.so'
	install -D -m 755 -t '$(DESTDIR)$(BINDIR)' '$(BUILT)/tokenshim'
	cd share && find . -type f -exec install -D -m 644 '{}' '$(abspath $(DESTDIR))$(DATADIR)/{}' \;
	install -m 644 include/tokenshim.h '$(DESTDIR)$(INCLUDEDIR)/tokenshim.h'
	install -d '$(DESTDIR)$(DOCDIR)/examples' '$(DESTDIR)$(DOCDIR)/docs/guides'
	install -m 644 README.md CHANGELOG.md odbcinst.ini.example LICENSE-APACHE LICENSE-MIT '$(DESTDIR)$(DOCDIR)'
	install -m 644 docs/*.md docs/*.svg '$(DESTDIR)$(DOCDIR)/docs'
	install -m 644 docs/guides/* '$(DESTDIR)$(DOCDIR)/docs/guides'
	install -m 644 examples/c/* '$(DESTDIR)$(DOCDIR)/examples'
	sed -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' -e 's|@VERSION@|$(VERSION)|' \
		tokenshim.pc.in >'$(DESTDIR)$(LIBDIR)/pkgconfig/tokenshim.pc'

# cargo-deb, which is built here once.
DEB = target/tools/bin/cargo-deb
DEB_VERSION = 3.8.0
VERSION = $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
MULTIARCH = $(shell $(CC) -print-multiarch)
ARCHIVE = tokenshim-$(VERSION)-$(MULTIARCH)

package: build $(DEB) ## builds, and makes target/package: a .deb, and a tar.gz to unpack in /usr/local
	rm -rf target/package
	$(MAKE) --no-print-directory install DESTDIR=target/package/root PREFIX=/usr LIBDIR=/usr/lib/$(MULTIARCH)
	$(DEB) deb --locked --no-build --no-strip --output target/package/
	$(MAKE) --no-print-directory install DESTDIR=target/package/archive PREFIX=/usr/local
	tar -C target/package/archive/usr --owner=0 --group=0 --numeric-owner --sort=name --transform 's|^local|$(ARCHIVE)|' \
		-czf target/package/$(ARCHIVE).tar.gz local

package-test: dependencies package ## makes the packages, and installs them in a clean system, where a program signs in
	scripts/install-dependencies package
	.venv/bin/pytest -q tests/package

$(DEB):
	$(CARGO) install --quiet --locked --root target/tools --version $(DEB_VERSION) cargo-deb
