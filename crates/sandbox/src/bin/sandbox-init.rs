//! The launcher on its own, for tests of this and other crates.

fn main() {
    bowline_sandbox::init_main()
}
