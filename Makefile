# What a newcomer types. Everything else is `cargo xtask`.
.PHONY: demo test bench install clean

# The whole path of a commit on this machine: good, better, bad and crashing releases.
demo: prerequisites
	cargo build --release --package bowline
	target/release/bowline demo $(DEMO_FLAGS)

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
