//! `encryptAES` and `decryptAES`: AES-256 in CBC mode, with the vector before the text.

use super::args::{Result, S, string, text};
use super::base::BASE_64;
use super::random::Stream;
use crate::tmpl::{Call, CallError, Function, Value};
use ::aes::Aes256;
use ::aes::cipher::{Block, BlockModeDecrypt as _, BlockModeEncrypt as _, KeyIvInit as _};

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("encryptAES", &[S, S], S, encrypt),
    Function::new("decryptAES", &[S, S], S, decrypt),
];

const BLOCK: usize = 16;

/// The password cut or filled with zeros.
fn key(password: &[u8]) -> [u8; 32] {
    let mut key = [0; 32];
    let length = password.len().min(32);
    key[..length].copy_from_slice(&password[..length]);
    key
}

fn blocks(bytes: &[u8]) -> Vec<Block<Aes256>> {
    let block = |part: &[u8]| {
        let mut block = Block::<Aes256>::default();
        block.copy_from_slice(part);
        block
    };
    bytes.chunks_exact(BLOCK).map(block).collect()
}

fn encrypt(call: &mut Call<'_>, args: &[Value]) -> Result {
    let mut plain = text(&args[1]).to_vec();
    if plain.is_empty() {
        return string("");
    }
    let padding = BLOCK - plain.len() % BLOCK;
    plain.resize(plain.len() + padding, padding as u8);
    let mut vector = [0; BLOCK];
    vector.copy_from_slice(&Stream::of(call)?.take(BLOCK));
    let mut mode = cbc::Encryptor::<Aes256>::new(&key(text(&args[0])).into(), &vector.into());
    let mut out = vector.to_vec();
    let mut blocks = blocks(&plain);
    mode.encrypt_blocks(&mut blocks);
    blocks.iter().for_each(|block| out.extend_from_slice(block));
    string(BASE_64.encode(&out))
}

fn decrypt(_: &mut Call<'_>, args: &[Value]) -> Result {
    if text(&args[1]).is_empty() {
        return string("");
    }
    let crypt = BASE_64.decode(text(&args[1])).map_err(CallError::new)?;
    let Some((vector, crypt)) = crypt.split_first_chunk::<BLOCK>() else {
        let message = format!(
            "runtime error: slice bounds out of range [:16] with capacity {}",
            // Go's decoder makes room for whole groups of four digits.
            text(&args[1]).len() / 4 * 3
        );
        return Err(CallError::new(message));
    };
    if !crypt.len().is_multiple_of(BLOCK) {
        return Err(CallError::new("crypto/cipher: input not full blocks"));
    }
    let mut mode = cbc::Decryptor::<Aes256>::new(&key(text(&args[0])).into(), &(*vector).into());
    let mut blocks = blocks(crypt);
    mode.decrypt_blocks(&mut blocks);
    let plain: Vec<u8> = blocks.iter().flat_map(|block| block.iter().copied()).collect();
    let Some(padding) = plain.last().map(|padding| usize::from(*padding)) else {
        return Err(CallError::new("runtime error: index out of range [-1]"));
    };
    match plain.len().checked_sub(padding) {
        Some(length) => string(&plain[..length]),
        None => {
            let end = plain.len() as i64 - padding as i64;
            Err(CallError::new(format!("runtime error: slice bounds out of range [:{end}]")))
        }
    }
}
