//! Digests in hexadecimal.

use super::args::{Result, S, string, text};
use crate::tmpl::Function;
use sha2::Digest as _;
use std::fmt::Write as _;

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("sha1sum", &[S], S, |_, args| hex(&sha1::Sha1::digest(text(&args[0])))),
    Function::new("sha256sum", &[S], S, |_, args| hex(&sha2::Sha256::digest(text(&args[0])))),
    Function::new("sha512sum", &[S], S, |_, args| hex(&sha2::Sha512::digest(text(&args[0])))),
    Function::new("adler32sum", &[S], S, |_, args| string(adler32(text(&args[0])).to_string())),
];

fn hex(bytes: &[u8]) -> Result {
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a text cannot fail.
        let _ = write!(out, "{byte:02x}");
    }
    string(out)
}

fn adler32(bytes: &[u8]) -> u32 {
    const PRIME: u32 = 65_521;
    let (mut low, mut high) = (1, 0);
    // So many bytes can be summed before 32 bits overflow.
    for part in bytes.chunks(5_552) {
        for byte in part {
            low += u32::from(*byte);
            high += low;
        }
        (low, high) = (low % PRIME, high % PRIME);
    }
    high << 16 | low
}
