//! A tar archive whose bytes depend on its content alone (POSIX.1-2017 pax, ustar headers).
//!
//! PAX headers only where a field does not fit; no user and group names, no access and change
//! times; two zero blocks at the end and no padding behind them.

use crate::{Error, limits::PATH_BYTES_MAX};
use std::io::Read;

/// The unit of a tar archive.
pub(crate) const BLOCK: usize = 512;

/// The largest number in the twelve-byte octal fields.
const OCTAL_11_MAX: u64 = 0o777_7777_7777;
/// The largest number in the eight-byte octal fields.
const OCTAL_7_MAX: u64 = 0o777_7777;

/// Where the archive's bytes go.
pub trait Sink {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// Whatever the place says.
    fn write(&mut self, bytes: &[u8]) -> Result<(), Error>;
}

impl Sink for Vec<u8> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.extend_from_slice(bytes);
        Ok(())
    }
}

/// What an entry is, besides its path and owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind<'a> {
    /// A regular file of this many bytes.
    File {
        /// Bytes of content that follow.
        size: u64,
    },
    /// A folder.
    Dir,
    /// A symbolic link with this text.
    Symlink {
        /// The text.
        target: &'a str,
    },
    /// A second name of a file that stands earlier in the archive.
    HardLink {
        /// The file's path in the archive.
        existing: &'a str,
    },
}

/// The header of one entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TarEntry<'a> {
    /// The path, relative, without a slash at its end.
    pub path: &'a str,
    /// What it is.
    pub kind: EntryKind<'a>,
    /// Permission bits (`0o7777`).
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Seconds since 1970, not negative.
    pub modified: u64,
}

/// Writes entries in the order in which they come.
#[derive(Debug)]
pub struct TarWriter<S> {
    sink: S,
}

impl<S: Sink> TarWriter<S> {
    /// An archive into `sink`.
    pub fn new(sink: S) -> Self {
        Self { sink }
    }

    /// Adds an entry; `content` is read for files only and must have the size of the header.
    ///
    /// # Errors
    /// [`Error::Changed`] when there is less or more content, [`Error::Path`], and those of
    /// the sink.
    pub fn append(&mut self, entry: &TarEntry<'_>, content: &mut dyn Read) -> Result<(), Error> {
        let records = pax_records(entry)?;
        if !records.is_empty() {
            self.pax(entry, records.as_bytes())?;
        }
        self.sink.write(&header(entry))?;
        if let EntryKind::File { size } = entry.kind {
            self.content(entry.path, size, content)?;
        }
        Ok(())
    }

    /// Ends the archive with its two zero blocks and gives the sink back.
    ///
    /// # Errors
    /// Those of the sink.
    pub fn finish(mut self) -> Result<S, Error> {
        self.sink.write(&[0; 2 * BLOCK])?;
        Ok(self.sink)
    }

    fn content(&mut self, path: &str, size: u64, content: &mut dyn Read) -> Result<(), Error> {
        let changed = |_| Error::Changed(path.to_owned());
        let mut buffer = vec![0; 256 << 10];
        let mut left = size;
        while left > 0 {
            let want = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
            let count = content.read(&mut buffer[..want]).map_err(changed)?;
            if count == 0 {
                return Err(Error::Changed(path.to_owned()));
            }
            self.sink.write(&buffer[..count])?;
            left -= count as u64;
        }
        if content.read(&mut buffer[..1]).map_err(changed)? != 0 {
            return Err(Error::Changed(path.to_owned()));
        }
        self.padding(size)
    }

    fn padding(&mut self, size: u64) -> Result<(), Error> {
        let over = usize::try_from(size % BLOCK as u64).unwrap_or(0);
        if over == 0 { Ok(()) } else { self.sink.write(&[0; BLOCK][over..]) }
    }

    fn pax(&mut self, entry: &TarEntry<'_>, records: &[u8]) -> Result<(), Error> {
        let name = entry.path.rsplit('/').next().unwrap_or(entry.path);
        let name = format!("PaxHeaders.0/{name}");
        let mut block = [0; BLOCK];
        field(&mut block, 0, 100, cut(&name, 100).as_bytes());
        numbers(&mut block, 0o644, 0, 0, records.len() as u64, entry.modified);
        finish_header(&mut block, b'x');
        self.sink.write(&block)?;
        self.sink.write(records)?;
        self.padding(records.len() as u64)
    }
}

fn header(entry: &TarEntry<'_>) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    let name = stored_name(entry);
    match split(&name) {
        Some((prefix, rest)) => {
            field(&mut block, 0, 100, rest.as_bytes());
            field(&mut block, 345, 155, prefix.as_bytes());
        }
        None => field(&mut block, 0, 100, cut(&name, 100).as_bytes()),
    }
    let (flag, link, size) = match entry.kind {
        EntryKind::File { size } => (b'0', "", size),
        EntryKind::HardLink { existing } => (b'1', existing, 0),
        EntryKind::Symlink { target } => (b'2', target, 0),
        EntryKind::Dir => (b'5', "", 0),
    };
    field(&mut block, 157, 100, cut(link, 100).as_bytes());
    numbers(&mut block, entry.mode, entry.uid, entry.gid, size, entry.modified);
    finish_header(&mut block, flag);
    block
}

/// Folders end in a slash.
fn stored_name(entry: &TarEntry<'_>) -> String {
    let slash = if entry.kind == EntryKind::Dir { "/" } else { "" };
    format!("{}{slash}", entry.path)
}

/// What does not fit into the header: path, link target, size, owner.
fn pax_records(entry: &TarEntry<'_>) -> Result<String, Error> {
    let mut records = String::new();
    let (link, size) = match entry.kind {
        EntryKind::File { size } => ("", size),
        EntryKind::HardLink { existing } => (existing, 0),
        EntryKind::Symlink { target } => (target, 0),
        EntryKind::Dir => ("", 0),
    };
    let name = stored_name(entry);
    if name.len() > PATH_BYTES_MAX || link.len() > PATH_BYTES_MAX {
        let path: String = name.chars().take(80).collect();
        return Err(Error::Path { path, reason: "it is longer than 4096 bytes" });
    }
    // Sorted by key, as a reader may expect nothing and a second writer must do the same.
    if u64::from(entry.gid) > OCTAL_7_MAX {
        record(&mut records, "gid", &entry.gid.to_string());
    }
    if link.len() > 100 {
        record(&mut records, "linkpath", link);
    }
    if split(&name).is_none() {
        record(&mut records, "path", &name);
    }
    if size > OCTAL_11_MAX {
        record(&mut records, "size", &size.to_string());
    }
    if u64::from(entry.uid) > OCTAL_7_MAX {
        record(&mut records, "uid", &entry.uid.to_string());
    }
    Ok(records)
}

/// `<length> <key>=<value>\n`, where the length counts itself.
fn record(records: &mut String, key: &str, value: &str) {
    let bare = key.len() + value.len() + 3;
    let mut length = bare + 1;
    while bare + length.to_string().len() != length {
        length = bare + length.to_string().len();
    }
    records.push_str(&format!("{length} {key}={value}\n"));
}

/// Splits a path for the ustar fields: prefix of at most 155 bytes, name of at most 100.
/// `None` when it does not fit.
fn split(path: &str) -> Option<(&str, &str)> {
    if path.len() <= 100 {
        return Some(("", path));
    }
    let slashes = path.bytes().enumerate().filter(|(_, byte)| *byte == b'/').map(|(at, _)| at);
    slashes
        .filter(|at| *at > 0 && *at <= 155)
        .map(|at| (&path[..at], &path[at + 1..]))
        .find(|(_, name)| !name.is_empty() && name.len() <= 100)
}

fn cut(text: &str, bytes_max: usize) -> &str {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn field(block: &mut [u8; BLOCK], at: usize, length: usize, bytes: &[u8]) {
    let count = bytes.len().min(length);
    block[at..at + count].copy_from_slice(&bytes[..count]);
}

/// A number that a PAX record replaces is written as zero, except the size: readers that do
/// not know PAX must not take the content for headers, and no file of that size is written.
fn numbers(block: &mut [u8; BLOCK], mode: u32, uid: u32, gid: u32, size: u64, modified: u64) {
    let small = |number: u64| if number > OCTAL_7_MAX { 0 } else { number };
    let large = |number: u64| if number > OCTAL_11_MAX { 0 } else { number };
    field(block, 100, 8, format!("{:07o}\0", mode & 0o7777).as_bytes());
    field(block, 108, 8, format!("{:07o}\0", small(u64::from(uid))).as_bytes());
    field(block, 116, 8, format!("{:07o}\0", small(u64::from(gid))).as_bytes());
    field(block, 124, 12, format!("{:011o}\0", large(size)).as_bytes());
    field(block, 136, 12, format!("{:011o}\0", large(modified)).as_bytes());
    field(block, 329, 8, b"0000000\0");
    field(block, 337, 8, b"0000000\0");
}

fn finish_header(block: &mut [u8; BLOCK], flag: u8) {
    block[156] = flag;
    field(block, 257, 8, b"ustar\x0000");
    field(block, 148, 8, b"        ");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    field(block, 148, 8, format!("{sum:06o}\0 ").as_bytes());
}

#[cfg(test)]
mod tests {
    use super::{EntryKind, TarEntry, TarWriter, record, split};
    use crate::Error;

    #[test]
    fn a_record_counts_its_own_length() {
        for (value, expected) in [("x", "10 path=x\n".len()), (&"y".repeat(92), 102)] {
            let mut records = String::new();
            record(&mut records, "path", value);
            let length: usize = records.split(' ').next().unwrap().parse().unwrap();
            assert_eq!(length, records.len(), "{records}");
            assert!(expected.abs_diff(length) <= 1);
        }
    }

    #[test]
    fn long_paths_are_split_where_the_header_has_room() {
        let (long, name) = ("d".repeat(150), "n".repeat(100));
        assert_eq!(split("short"), Some(("", "short")));
        assert_eq!(split(&format!("{long}/{name}")), Some((&*long, &*name)));
        assert_eq!(split(&format!("{long}/{name}x")), None);
        assert_eq!(split(&format!("{}/{name}", "d".repeat(156))), None);
    }

    #[test]
    fn content_that_is_not_as_long_as_its_header_says_is_an_error() {
        for (size, content) in [(4, "abc"), (2, "abc")] {
            let kind = EntryKind::File { size };
            let entry = TarEntry { path: "f", kind, mode: 0o644, uid: 0, gid: 0, modified: 0 };
            let mut writer = TarWriter::new(Vec::new());
            let result = writer.append(&entry, &mut content.as_bytes());
            assert!(matches!(result, Err(Error::Changed(path)) if path == "f"));
        }
    }
}
