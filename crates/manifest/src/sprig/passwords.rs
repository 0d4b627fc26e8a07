//! Passwords: hashed for a server, or derived from a master password.

use super::args::{Result, S, string, text, utf8};
use super::host::host;
use super::random::Stream;
use crate::tmpl::{Call, CallError, Function, Type, Value};
use hmac::{KeyInit as _, Mac as _};

/// Go's `uint32` parameter has no type of its own here: the engine gives the `int`.
const COUNTER: Type = Type::Int;

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("bcrypt", &[S], S, |call, args| string(hashed(call, text(&args[0]))?)),
    Function::new("htpasswd", &[S, S], S, |call, args| {
        let user = utf8(&args[0]);
        if user.contains(':') {
            return string(format!("invalid username: {user}"));
        }
        let hash = hashed(call, text(&args[1]))?;
        string([text(&args[0]), b":", hash.as_bytes()].concat())
    }),
    Function::new("derivePassword", &[COUNTER, S, S, S, S], S, derive),
];

/// Go's default.
const COST: u32 = 10;
/// What bcrypt looks at.
const BCRYPT_BYTES_MAX: usize = 72;

fn hashed(call: &mut Call<'_>, password: &[u8]) -> std::result::Result<String, CallError> {
    if password.len() > BCRYPT_BYTES_MAX {
        return Ok("failed to encrypt string with bcrypt: bcrypt: password length exceeds 72 \
                   bytes"
            .to_owned());
    }
    host(call)?.count_password()?;
    let mut salt = [0; 16];
    salt.copy_from_slice(&Stream::of(call)?.take(16));
    let parts = bcrypt::hash_with_salt(password, COST, salt);
    let parts = parts.map_err(|error| CallError::new(error.to_string()))?;
    Ok(parts.format_for_version(bcrypt::Version::TwoA))
}

const SEED: &[u8] = b"com.lyndir.masterpassword";

fn templates(kind: &[u8]) -> Option<&'static [&'static str]> {
    Some(match kind {
        b"maximum" => &["anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"],
        b"long" => &[
            "CvcvnoCvcvCvcv",
            "CvcvCvcvnoCvcv",
            "CvcvCvcvCvcvno",
            "CvccnoCvcvCvcv",
            "CvccCvcvnoCvcv",
            "CvccCvcvCvcvno",
            "CvcvnoCvccCvcv",
            "CvcvCvccnoCvcv",
            "CvcvCvccCvcvno",
            "CvcvnoCvcvCvcc",
            "CvcvCvcvnoCvcc",
            "CvcvCvcvCvccno",
            "CvccnoCvccCvcv",
            "CvccCvccnoCvcv",
            "CvccCvccCvcvno",
            "CvcvnoCvccCvcc",
            "CvcvCvccnoCvcc",
            "CvcvCvccCvccno",
            "CvccnoCvcvCvcc",
            "CvccCvcvnoCvcc",
            "CvccCvcvCvccno",
        ],
        b"medium" => &["CvcnoCvc", "CvcCvcno"],
        b"short" => &["Cvcn"],
        b"basic" => &["aaanaaan", "aannaaan", "aaannaaa"],
        b"pin" => &["nnnn"],
        _ => return None,
    })
}

fn letters(class: u8) -> &'static [u8] {
    match class {
        b'V' => b"AEIOU",
        b'C' => b"BCDFGHJKLMNPQRSTVWXYZ",
        b'v' => b"aeiou",
        b'c' => b"bcdfghjklmnpqrstvwxyz",
        b'A' => b"AEIOUBCDFGHJKLMNPQRSTVWXYZ",
        b'a' => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz",
        b'n' => b"0123456789",
        b'o' => b"@&%?,=[]_:-+*$#!'^~;()/.",
        _ => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
    }
}

fn sized(text: &[u8]) -> Vec<u8> {
    [&(text.len() as u32).to_be_bytes()[..], text].concat()
}

fn derive(call: &mut Call<'_>, args: &[Value]) -> Result {
    let Some(templates) = templates(text(&args[1])) else {
        return string([b"cannot find password template ", text(&args[1])].concat());
    };
    host(call)?.count_password()?;
    let counter = super::args::int(&args[0]) as u32;
    let (password, user, site) = (text(&args[2]), text(&args[3]), text(&args[4]));
    let salt = [SEED, &sized(user)].concat();
    let mut key = [0; 64];
    let wrong = |error: &dyn std::fmt::Display| CallError::new(error.to_string());
    let cost = scrypt::Params::new(15, 8, 2).map_err(|error| wrong(&error))?;
    scrypt::scrypt(password, &salt, &cost, &mut key).map_err(|error| wrong(&error))?;
    let mut mac =
        hmac::Hmac::<sha2::Sha256>::new_from_slice(&key).map_err(|error| wrong(&error))?;
    mac.update(&[SEED, &sized(site), &counter.to_be_bytes()].concat());
    let seed = mac.finalize().into_bytes();
    let template = templates[usize::from(seed[0]) % templates.len()];
    let letter = |(at, class): (usize, u8)| {
        let letters = letters(class);
        letters[usize::from(seed[at + 1]) % letters.len()]
    };
    string(template.bytes().enumerate().map(letter).collect::<Vec<u8>>())
}
