//! Gzip members (RFC 1952) by libdeflate.
//!
//! We write fixed members of [`WRITTEN_MEMBER_BYTES`] at level 6: the bytes depend on the
//! content and the library's version alone, never on threads or the machine.

use crate::{
    Error,
    limits::{MEMBER_BYTES_MAX, WRITTEN_MEMBER_BYTES},
};
use libdeflater::{CompressionLvl, Compressor, Crc, DecompressionError, Decompressor};
use std::io::BufRead as _;

/// The first bytes of every member that can occur: magic number and the method "deflate".
const MAGIC: [u8; 3] = [0x1f, 0x8b, 8];

/// Packs members.
pub(crate) struct Packer {
    compressor: Compressor,
    packed: Vec<u8>,
}

impl Packer {
    pub(crate) fn new() -> Self {
        let level = CompressionLvl::new(6).unwrap_or_default();
        Self { compressor: Compressor::new(level), packed: Vec::new() }
    }

    /// One member with at most [`WRITTEN_MEMBER_BYTES`] of content.
    pub(crate) fn member(&mut self, content: &[u8]) -> Result<&[u8], Error> {
        debug_assert!(content.len() <= WRITTEN_MEMBER_BYTES, "members are of a fixed size");
        let bound = self.compressor.gzip_compress_bound(content.len());
        self.packed.resize(bound, 0);
        let length = self.compressor.gzip_compress(content, &mut self.packed).map_err(|_| {
            Error::invalid("gzip member", "the library needs more room than it said")
        })?;
        Ok(&self.packed[..length])
    }
}

/// Unpacks members one after another.
pub(crate) struct Unpacker<'a> {
    rest: &'a [u8],
    decompressor: Decompressor,
    member: Vec<u8>,
    /// How much of the buffer is content, and how much of that was given out.
    length: usize,
    given: usize,
    member_bytes_max: usize,
    first: bool,
}

impl<'a> Unpacker<'a> {
    pub(crate) fn new(packed: &'a [u8]) -> Self {
        Self {
            rest: packed,
            decompressor: Decompressor::new(),
            member: Vec::new(),
            length: 0,
            given: 0,
            member_bytes_max: MEMBER_BYTES_MAX,
            first: true,
        }
    }

    /// Lowers the limit of a member's unpacked size.
    pub(crate) fn member_bytes_max(mut self, limit: u64) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        self.member_bytes_max = self.member_bytes_max.min(limit);
        self
    }

    /// The next bytes of content; 0 at the end.
    pub(crate) fn read(&mut self, into: &mut [u8]) -> Result<usize, Error> {
        while self.given == self.length {
            // An empty file is not a gzip file.
            if self.rest.is_empty() && !std::mem::take(&mut self.first) {
                return Ok(0);
            }
            self.next_member()?;
        }
        let count = into.len().min(self.length - self.given);
        into[..count].copy_from_slice(&self.member[self.given..self.given + count]);
        self.given += count;
        Ok(count)
    }

    fn next_member(&mut self) -> Result<(), Error> {
        self.first = false;
        if !self.rest.starts_with(&MAGIC) {
            return Err(broken("what should be a gzip member is none"));
        }
        (self.length, self.given) = (self.inflate()?, 0);
        let used = member_length(self.rest, &self.member[..self.length])
            .ok_or_else(|| broken("the end of a gzip member is missing"))?;
        self.rest = &self.rest[used..];
        Ok(())
    }

    /// Unpacks one member into the buffer and returns its length. Room grows with the content,
    /// up to the limit: the size that a file claims is not believed.
    fn inflate(&mut self) -> Result<usize, Error> {
        let claimed = self.rest.last_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes));
        // Deflate cannot pack tighter than 1032 to 1.
        let possible = self.rest.len().saturating_mul(1032);
        let hint = (claimed as usize).min(possible).max(WRITTEN_MEMBER_BYTES);
        let mut room = hint.min(self.member_bytes_max);
        loop {
            self.member.resize(self.member.len().max(room), 0);
            let into = &mut self.member[..room];
            match self.decompressor.gzip_decompress(self.rest, into) {
                Ok(length) => return Ok(length),
                Err(DecompressionError::BadData) => {
                    return Err(broken("a gzip member is damaged"));
                }
                Err(DecompressionError::InsufficientSpace) if room < self.member_bytes_max => {
                    room = room.saturating_mul(2).min(self.member_bytes_max);
                }
                Err(DecompressionError::InsufficientSpace) => {
                    return Err(Error::TooLarge {
                        what: "a gzip member, unpacked,".to_owned(),
                        limit: self.member_bytes_max as u64,
                        unit: "bytes",
                    });
                }
            }
        }
    }
}

/// How many bytes of `packed` the member with this `content` takes. The library does not say;
/// the trailer (CRC-32 and size) at the end of the input or before the next member does. A
/// member made to look shorter than it is changes what comes out, and so the diff id, which is
/// compared in the end.
fn member_length(packed: &[u8], content: &[u8]) -> Option<usize> {
    let mut crc = Crc::new();
    crc.update(content);
    #[expect(clippy::cast_possible_truncation, reason = "RFC 1952: the size modulo 2^32")]
    let size = content.len() as u32;
    let mut trailer = [0; 8];
    trailer[..4].copy_from_slice(&crc.sum().to_le_bytes());
    trailer[4..].copy_from_slice(&size.to_le_bytes());
    boundary(packed, &trailer).or_else(|| packed.ends_with(&trailer).then_some(packed.len()))
}

/// The end of the first trailer that another member follows.
fn boundary(packed: &[u8], trailer: &[u8; 8]) -> Option<usize> {
    let mut rest = packed;
    loop {
        // Skips behind the next byte that may begin the trailer; quick, also in debug builds.
        let skipped = rest.skip_until(trailer[0]).ok()?;
        if skipped == 0 {
            return None;
        }
        let start = packed.len() - rest.len() - 1;
        let end = start + trailer.len();
        if packed[start..].starts_with(trailer) && packed[end..].starts_with(&MAGIC) {
            return Some(end);
        }
    }
}

fn broken(reason: &str) -> Error {
    Error::Archive { offset: 0, reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::{Packer, Unpacker};
    use crate::{Error, limits::WRITTEN_MEMBER_BYTES};

    fn packed(content: &[u8]) -> Vec<u8> {
        let mut packer = Packer::new();
        let members = content.chunks(WRITTEN_MEMBER_BYTES);
        members.flat_map(|member| packer.member(member).unwrap().to_vec()).collect()
    }

    fn unpacked(mut unpacker: Unpacker<'_>) -> Result<Vec<u8>, Error> {
        let (mut content, mut buffer) = (Vec::new(), vec![0; 300_000]);
        loop {
            match unpacker.read(&mut buffer)? {
                0 => return Ok(content),
                count => content.extend_from_slice(&buffer[..count]),
            }
        }
    }

    #[test]
    fn members_come_back_whole_also_when_they_are_all_alike() {
        let mut random = bowline_host::random::Seeded::new(5);
        let noise: Vec<u8> =
            (0..WRITTEN_MEMBER_BYTES + 7).map(|_| random.next_u64().to_le_bytes()[0]).collect();
        for content in [vec![0; 3 * WRITTEN_MEMBER_BYTES], noise, b"small".to_vec(), vec![]] {
            let mut packed = packed(&content);
            if content.is_empty() {
                packed = Packer::new().member(b"").unwrap().to_vec();
            }
            assert_eq!(unpacked(Unpacker::new(&packed)).unwrap(), content);
        }
    }

    #[test]
    fn a_bomb_stops_at_the_limit_and_damage_is_an_error() {
        let mut packer = Packer::new();
        let bomb = packer.member(&vec![0; WRITTEN_MEMBER_BYTES]).unwrap().to_vec();
        let result = unpacked(Unpacker::new(&bomb).member_bytes_max(1000));
        assert!(matches!(result, Err(Error::TooLarge { limit: 1000, .. })), "{result:?}");
        let mut cases = vec![vec![], b"not gzip at all, but long enough".to_vec()];
        cases.push(bomb[..bomb.len() - 3].to_vec());
        let mut tail = bomb.clone();
        tail.extend_from_slice(b"garbage");
        cases.push(tail);
        for case in cases {
            let result = unpacked(Unpacker::new(&case));
            assert!(matches!(result, Err(Error::Archive { .. })), "{result:?}");
        }
    }
}
