//! The launcher of boxes for this crate's own tests; the product has it as a hidden verb.
#![forbid(unsafe_code)]

fn main() {
    bowline_sandbox::init_main()
}
