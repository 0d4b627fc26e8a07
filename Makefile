# What a newcomer types. Everything else is `cargo xtask`.
.PHONY: demo test bench install clean

# Where Go's own installer puts it; a shell's profile names it, an empty home has none.
export PATH := $(PATH):/usr/local/go/bin

# The whole path of a commit on this machine: good, better, bad and crashing releases.
demo: prerequisites
	cargo build --release --package bowline
	@cargo run --quiet --release --package bowline -- demo $(DEMO_FLAGS)

test: prerequisites
	cargo xtask ci

bench: prerequisites
	cargo xtask bench main-job

# Into ~/.cargo/bin.
install: prerequisites
	cargo install --path crates/bowline --locked

.PHONY: prerequisites
prerequisites:
	@sh xtask/prerequisites.sh
