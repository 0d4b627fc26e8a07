//! The launcher on its own, for the tests of this crate.

fn main() {
    bowline_sandbox::init_main()
}
