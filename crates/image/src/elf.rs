//! Whether a program wants a dynamic linker, and which one (ELF, System V ABI chapter 5).

use std::io::{self, Read, Seek, SeekFrom};

/// The type of a program header that names the interpreter.
const INTERPRETER: u32 = 3;
/// The longest path of an interpreter, in bytes.
const PATH_BYTES_MAX: u64 = 4_096;
/// The most program headers that are looked at.
const HEADERS_MAX: u16 = 64;

/// The dynamic linker that the 64-bit little-endian ELF file asks for; `None` for a static
/// program and for everything else.
pub(crate) fn interpreter(file: &mut (impl Read + Seek)) -> io::Result<Option<String>> {
    let mut header = [0_u8; 64];
    if file.read_exact(&mut header).is_err() {
        return Ok(None);
    }
    if !header.starts_with(b"\x7fELF") || header[4] != 2 || header[5] != 1 {
        return Ok(None);
    }
    let (table, size, count) = (number(&header, 32, 8), number(&header, 54, 2), short(&header, 56));
    for index in 0..u64::from(count.min(HEADERS_MAX)) {
        let mut entry = [0_u8; 56];
        file.seek(SeekFrom::Start(table.saturating_add(index * size)))?;
        if file.read_exact(&mut entry).is_err() {
            return Ok(None);
        }
        if number(&entry, 0, 4) == u64::from(INTERPRETER) {
            let (offset, length) = (number(&entry, 8, 8), number(&entry, 32, 8));
            file.seek(SeekFrom::Start(offset))?;
            let mut path = Vec::new();
            file.by_ref().take(length.min(PATH_BYTES_MAX)).read_to_end(&mut path)?;
            let path = String::from_utf8_lossy(&path).trim_end_matches('\0').to_owned();
            return Ok(Some(path));
        }
    }
    Ok(None)
}

fn number(bytes: &[u8], at: usize, length: usize) -> u64 {
    bytes[at..at + length].iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

fn short(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

#[cfg(test)]
mod tests {
    use super::interpreter;
    use std::io::Cursor;

    #[test]
    fn only_a_dynamic_program_has_an_interpreter() {
        let mut elf = vec![0_u8; 200];
        elf[..6].copy_from_slice(b"\x7fELF\x02\x01");
        elf[32] = 64;
        elf[54] = 56;
        elf[56] = 1;
        elf[64] = 3;
        elf[64 + 8] = 130;
        elf[64 + 32] = 8;
        elf[130..138].copy_from_slice(b"/lib/ld\0");
        let ask = |bytes: &[u8]| interpreter(&mut Cursor::new(bytes)).expect("memory");
        assert_eq!(ask(&elf).as_deref(), Some("/lib/ld"));
        elf[64] = 1;
        assert_eq!(ask(&elf), None);
        assert_eq!(ask(b"#!/bin/sh\n"), None);
        assert_eq!(ask(&elf[..70]), None);
    }
}
