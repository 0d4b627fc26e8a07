//! The files of a small gzipped archive, in memory: charts.

use crate::Error;
use crate::gzip::Unpacker;
use crate::tar_read::{Kind, Source, TarReader};

struct Unpacked<'a>(Unpacker<'a>);

impl Source for Unpacked<'_> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, Error> {
        self.0.read(into)
    }
}

/// Gives every file of a `.tar.gz` to `take`, which may refuse it by its size before it is read:
/// path, size, then the content.
///
/// # Errors
/// The archive is broken, or holds links, devices or pipes; or `allows` or `take` refuse.
pub fn files<E: From<Error>>(
    packed: &[u8],
    bytes_max: u64,
    mut allows: impl FnMut(&str, u64) -> Result<(), E>,
    mut take: impl FnMut(&str, &[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let unpacker = Unpacker::new(packed).member_bytes_max(bytes_max);
    let mut reader = TarReader::new(Unpacked(unpacker));
    while let Some(entry) = reader.next_entry()? {
        match entry.kind {
            Kind::Dir => continue,
            Kind::File => {}
            _ => {
                let reason = "it is neither a file nor a folder".to_owned();
                return Err(Error::Refused { path: entry.path, reason }.into());
            }
        }
        allows(&entry.path, entry.size)?;
        let mut content = vec![0; usize::try_from(entry.size).unwrap_or(0)];
        let mut filled = 0;
        while filled < content.len() {
            match reader.read(&mut content[filled..])? {
                0 => break,
                count => filled += count,
            }
        }
        take(&entry.path, &content)?;
    }
    Ok(())
}
