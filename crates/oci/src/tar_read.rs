//! Reading a tar archive that somebody else made: ustar, PAX, GNU long names.
//!
//! Everything that could be read in two ways is refused: a PAX size that contradicts the
//! header (RUSTSEC-2025-0111), sparse files, a checksum that does not fit.

use crate::{
    Error,
    limits::{PATH_BYTES_MAX, PAX_BYTES_MAX},
    tar_write::BLOCK,
};

/// The largest size that the header's octal field holds.
const OCTAL_11_MAX: u64 = 0o777_7777_7777;

/// Where an archive's bytes come from.
pub(crate) trait Source {
    /// Fills the beginning of `into`; 0 at the end.
    fn read(&mut self, into: &mut [u8]) -> Result<usize, Error>;
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    HardLink,
    Symlink,
    CharacterDevice,
    BlockDevice,
    Dir,
    Pipe,
}

/// One entry of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// As the archive has it.
    pub path: String,
    pub kind: Kind,
    /// Of links: the target's text.
    pub link: String,
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    /// Seconds since 1970; earlier times read as 0.
    pub modified: i64,
    /// Bytes of content.
    pub size: u64,
    /// Names of extended attributes.
    pub attributes: Vec<String>,
}

/// What PAX and GNU headers say about the entry behind them.
#[derive(Default)]
struct Overrides {
    path: Option<String>,
    link: Option<String>,
    size: Option<u64>,
    uid: Option<u64>,
    gid: Option<u64>,
    modified: Option<i64>,
    attributes: Vec<String>,
}

/// Reads entries in order.
pub(crate) struct TarReader<S> {
    source: S,
    offset: u64,
    /// Content of the current entry that was not read yet, and the zeros behind it.
    left: u64,
    padding: u64,
}

impl<S: Source> TarReader<S> {
    pub(crate) fn new(source: S) -> Self {
        Self { source, offset: 0, left: 0, padding: 0 }
    }

    /// The next entry; `None` at the end. What was not read of the last one is skipped.
    pub(crate) fn next_entry(&mut self) -> Result<Option<Entry>, Error> {
        self.skip()?;
        let mut overrides = Overrides::default();
        let mut pending = false;
        loop {
            let Some(block) = self.header()? else {
                return if pending {
                    Err(self.broken("it ends behind an extended header"))
                } else {
                    Ok(None)
                };
            };
            let size = self.number(&block[124..136], "size")?;
            match block[156] {
                b'x' => overrides.pax(&self.extension(size)?).map_err(|e| self.broken(&e))?,
                // Comments are common (`git archive`); fields that change later entries are
                // not, and would make the same entry mean two things.
                b'g' => {
                    let mut global = Overrides::default();
                    global.pax(&self.extension(size)?).map_err(|e| self.broken(&e))?;
                    if global.changes_entries() {
                        return Err(self.broken("a global header sets fields of all entries"));
                    }
                    continue;
                }
                b'L' => overrides.path = Some(self.long_name(size)?),
                b'K' => overrides.link = Some(self.long_name(size)?),
                _ => return self.entry(&block, size, overrides).map(Some),
            }
            pending = true;
        }
    }

    /// The next bytes of the current entry's content; 0 at its end.
    pub(crate) fn read(&mut self, into: &mut [u8]) -> Result<usize, Error> {
        let want = usize::try_from(self.left).unwrap_or(usize::MAX).min(into.len());
        if want == 0 {
            return Ok(0);
        }
        let count = self.source.read(&mut into[..want])?;
        if count == 0 {
            return Err(self.broken("it ends in the middle of an entry"));
        }
        self.left -= count as u64;
        self.offset += count as u64;
        Ok(count)
    }

    /// Reads to the end of the source, for its digest; gives it back.
    pub(crate) fn finish(mut self) -> Result<S, Error> {
        let mut buffer = vec![0; 64 << 10];
        while self.source.read(&mut buffer)? > 0 {}
        Ok(self.source)
    }

    fn skip(&mut self) -> Result<(), Error> {
        let mut buffer = vec![0; 64 << 10];
        while self.read(&mut buffer)? > 0 {}
        let padding = usize::try_from(std::mem::take(&mut self.padding)).unwrap_or(0);
        self.exactly(&mut buffer[..padding])
    }

    fn exactly(&mut self, into: &mut [u8]) -> Result<(), Error> {
        let mut filled = 0;
        while filled < into.len() {
            let count = self.source.read(&mut into[filled..])?;
            if count == 0 {
                return Err(self.broken("it ends in the middle of an entry"));
            }
            filled += count;
            self.offset += count as u64;
        }
        Ok(())
    }

    /// A header block; `None` at a zero block or at the end of the source.
    fn header(&mut self) -> Result<Option<[u8; BLOCK]>, Error> {
        let mut block = [0; BLOCK];
        let mut filled = 0;
        while filled < BLOCK {
            let count = self.source.read(&mut block[filled..])?;
            if count == 0 && filled == 0 {
                return Ok(None);
            }
            if count == 0 {
                return Err(self.broken("it ends in the middle of a header"));
            }
            filled += count;
            self.offset += count as u64;
        }
        if block == [0; BLOCK] {
            return Ok(None);
        }
        let said = self.number(&block[148..156], "checksum")?;
        let sum = |value: fn(u8) -> i64| -> i64 {
            let bytes = block.iter().enumerate();
            bytes.map(|(at, b)| value(if (148..156).contains(&at) { b' ' } else { *b })).sum()
        };
        let unsigned = sum(i64::from);
        let signed = sum(|byte| i64::from(byte.cast_signed()));
        if i64::try_from(said).is_ok_and(|said| said == unsigned || said == signed) {
            return Ok(Some(block));
        }
        Err(self.broken("the checksum of a header does not fit"))
    }

    fn entry(
        &mut self,
        block: &[u8; BLOCK],
        size: u64,
        overrides: Overrides,
    ) -> Result<Entry, Error> {
        let path = match overrides.path {
            // The header's own name is cut then, perhaps in the middle of a character.
            Some(path) => path,
            None => self.name(block)?,
        };
        let kind = match block[156] {
            // Before POSIX a folder was a file whose name ends in a slash.
            0 | b'0' | b'7' if path.ends_with('/') && size == 0 => Kind::Dir,
            0 | b'0' | b'7' => Kind::File,
            b'1' => Kind::HardLink,
            b'2' => Kind::Symlink,
            b'3' => Kind::CharacterDevice,
            b'4' => Kind::BlockDevice,
            b'5' => Kind::Dir,
            b'6' => Kind::Pipe,
            b'S' => return Err(Error::Unsupported { what: "a sparse file in a layer".to_owned() }),
            other => {
                let what = format!("entry type `{}` in a layer", other.escape_ascii());
                return Err(Error::Unsupported { what });
            }
        };
        if let Some(said) = overrides.size
            && said != size
            && (said <= OCTAL_11_MAX || size != 0)
        {
            return Err(self.broken("an extended header contradicts the size in the header"));
        }
        let size = overrides.size.unwrap_or(size);
        if size != 0 && kind != Kind::File {
            return Err(self.broken("an entry that is no file has content"));
        }
        (self.left, self.padding) = (size, size.wrapping_neg() % BLOCK as u64);
        let modified = match overrides.modified {
            Some(modified) => modified,
            None => i64::try_from(self.number(&block[136..148], "time")?).unwrap_or(0),
        };
        let owner = |number: Option<u64>, field: &[u8], what| -> Result<u32, Error> {
            let number = number.map_or_else(|| self.number(field, what), Ok)?;
            u32::try_from(number).map_err(|_| self.broken("an owner is no 32-bit number"))
        };
        let link = match overrides.link {
            Some(link) => link,
            None => self.text(&block[157..257], "link")?,
        };
        let mode = self.number(&block[100..108], "mode")?;
        Ok(Entry {
            kind,
            mode: u32::try_from(mode & 0o7777).unwrap_or(0),
            uid: owner(overrides.uid, &block[108..116], "uid")?,
            gid: owner(overrides.gid, &block[116..124], "gid")?,
            modified: modified.max(0),
            size,
            path: self.checked(path)?,
            link: self.checked(link)?,
            attributes: overrides.attributes,
        })
    }

    /// The path in the header; only POSIX headers have a prefix.
    fn name(&self, block: &[u8; BLOCK]) -> Result<String, Error> {
        let name = self.text(&block[..100], "name")?;
        if &block[257..263] != b"ustar\0" {
            return Ok(name);
        }
        let prefix = self.text(&block[345..500], "prefix")?;
        Ok(if prefix.is_empty() { name } else { format!("{prefix}/{name}") })
    }

    fn extension(&mut self, size: u64) -> Result<Vec<u8>, Error> {
        if size > PAX_BYTES_MAX {
            let what = "an extended header in a layer".to_owned();
            return Err(Error::TooLarge { what, limit: PAX_BYTES_MAX, unit: "bytes" });
        }
        let mut content = vec![0; usize::try_from(size).unwrap_or(0)];
        self.exactly(&mut content)?;
        let padding = usize::try_from(size.wrapping_neg() % BLOCK as u64).unwrap_or(0);
        self.exactly(&mut [0; BLOCK][..padding])?;
        Ok(content)
    }

    fn long_name(&mut self, size: u64) -> Result<String, Error> {
        let content = self.extension(size)?;
        self.text(&content, "long name")
    }

    fn checked(&self, path: String) -> Result<String, Error> {
        if path.len() > PATH_BYTES_MAX {
            return Err(self.broken("a path is longer than 4096 bytes"));
        }
        if path.contains('\0') {
            return Err(self.broken("a path holds a zero byte"));
        }
        Ok(path)
    }

    /// The text of a field up to its first zero byte.
    fn text(&self, field: &[u8], what: &str) -> Result<String, Error> {
        let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
        let text = str::from_utf8(&field[..end]);
        text.map(str::to_owned).map_err(|_| self.broken(&format!("a {what} is not UTF-8")))
    }

    /// An octal number, or GNU's binary form with the first bit set.
    fn number(&self, field: &[u8], what: &str) -> Result<u64, Error> {
        let wrong = || self.broken(&format!("a {what} is not a number"));
        if field[0] & 0x80 != 0 {
            if field[0] == 0xff {
                // Negative; only times before 1970 are.
                return if what == "time" { Ok(0) } else { Err(wrong()) };
            }
            let first = u64::from(field[0] & 0x7f);
            return field[1..].iter().try_fold(first, |number, byte| {
                number.checked_mul(256).map(|n| n | u64::from(*byte)).ok_or_else(wrong)
            });
        }
        let digits = field.iter().skip_while(|b| **b == b' ');
        let mut digits = digits.take_while(|b| **b != 0 && **b != b' ');
        digits
            .try_fold(0u64, |number, digit| match digit {
                b'0'..=b'7' => number.checked_mul(8).map(|n| n + u64::from(digit - b'0')),
                _ => None,
            })
            .ok_or_else(wrong)
    }

    fn broken(&self, reason: &str) -> Error {
        Error::Archive { offset: self.offset, reason: reason.to_owned() }
    }
}

impl Overrides {
    /// Reads `<length> <key>=<value>\n` records.
    fn pax(&mut self, mut records: &[u8]) -> Result<(), String> {
        while !records.is_empty() {
            let (key, value, rest) = pax_record(records).ok_or("a PAX record is malformed")?;
            records = rest;
            let number = || value.parse::<u64>().map_err(|_| format!("PAX `{key}` is no number"));
            match key {
                "path" => self.path = Some(value.to_owned()),
                "linkpath" => self.link = Some(value.to_owned()),
                "size" => self.size = Some(number()?),
                "uid" => self.uid = Some(number()?),
                "gid" => self.gid = Some(number()?),
                "mtime" => self.modified = Some(seconds(value).ok_or("PAX `mtime` is no time")?),
                "hdrcharset" if value != "ISO-IR 10646 2000 UTF-8" => {
                    return Err("names are not in UTF-8".to_owned());
                }
                _ if key.starts_with("GNU.sparse.") => {
                    return Err("a sparse file is not supported".to_owned());
                }
                _ => {
                    if let Some(name) = key.strip_prefix("SCHILY.xattr.") {
                        self.attributes.push(name.to_owned());
                    }
                    // Others (`atime`, `comment`, names of users) say nothing that we keep.
                }
            }
        }
        Ok(())
    }

    fn changes_entries(&self) -> bool {
        let texts = self.path.is_some() || self.link.is_some();
        let numbers = self.size.is_some() || self.uid.is_some() || self.gid.is_some();
        texts || numbers || self.modified.is_some() || !self.attributes.is_empty()
    }
}

/// Key, value and the records behind. A value that is not UTF-8 (an extended attribute) reads
/// as empty: of those only the names are kept.
fn pax_record(records: &[u8]) -> Option<(&str, &str, &[u8])> {
    let space = records.iter().take(20).position(|byte| *byte == b' ')?;
    let length: usize = str::from_utf8(&records[..space]).ok()?.parse().ok()?;
    let record = records.get(space + 1..length)?.strip_suffix(b"\n")?;
    let equals = record.iter().position(|byte| *byte == b'=')?;
    let key = str::from_utf8(&record[..equals]).ok()?;
    let value = match str::from_utf8(&record[equals + 1..]) {
        Ok(value) => value,
        Err(_) if key.starts_with("SCHILY.xattr.") || key.starts_with("LIBARCHIVE.") => "",
        Err(_) => return None,
    };
    Some((key, value, &records[length..]))
}

/// Whole seconds of a decimal number with a sign and a fraction.
fn seconds(value: &str) -> Option<i64> {
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    fraction.bytes().all(|byte| byte.is_ascii_digit()).then_some(())?;
    whole.parse().ok()
}
