//! `b64enc` and its kin. A text that cannot be read becomes the text of the error.

use super::args::{Result, S, string, text};
use super::base::{BASE_32, BASE_64};
use crate::tmpl::Function;

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("b64enc", &[S], S, |_, args| string(BASE_64.encode(text(&args[0])))),
    Function::new("b32enc", &[S], S, |_, args| string(BASE_32.encode(text(&args[0])))),
    Function::new("b64dec", &[S], S, |_, args| decoded(BASE_64.decode(text(&args[0])))),
    Function::new("b32dec", &[S], S, |_, args| decoded(BASE_32.decode(text(&args[0])))),
];

fn decoded(bytes: std::result::Result<Vec<u8>, String>) -> Result {
    match bytes {
        Ok(bytes) => string(bytes),
        Err(message) => string(message),
    }
}
