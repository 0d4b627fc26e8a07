//! Making a layer: entries in, one blob out.

pub use crate::tar_write::{EntryKind, Sink, TarEntry, TarWriter};

use crate::{
    Descriptor, Error,
    gzip::Packer,
    image::CREATED_SECONDS,
    limits::{LAYER_BYTES_MAX, NAME_BYTES_MAX, PATH_BYTES_MAX, WRITTEN_MEMBER_BYTES},
    media_type,
};
use bowline_host::files;
use bowline_model::Digest;
use bowline_store::{BlobWriter, Hasher, Store};
use std::{collections::BTreeMap, io::Read, path::PathBuf};

/// A stored layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Of the blob as stored.
    pub digest: Digest,
    /// Of the archive before compression.
    pub diff_id: Digest,
    /// Of the blob as stored, in bytes.
    pub size: u64,
    /// How it is stored.
    pub media_type: String,
}

impl Layer {
    /// Its pointer in a manifest.
    #[must_use]
    pub fn descriptor(&self) -> Descriptor {
        Descriptor::new(&self.media_type, self.digest.clone(), self.size)
    }
}

/// Where a file's content comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// From memory.
    Bytes(Vec<u8>),
    /// From a file, read when the layer is written.
    File(PathBuf),
}

/// Owner and group by number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Owner {
    /// User.
    pub uid: u32,
    /// Group.
    pub gid: u32,
}

#[derive(Clone, Debug)]
enum Kind {
    File(Content),
    Dir,
    Symlink(String),
    HardLink(String),
}

#[derive(Clone, Debug)]
struct Entry {
    kind: Kind,
    mode: u32,
    owner: Owner,
}

/// Collects the entries of a layer. The order in which they come does not matter: they are
/// written sorted by the bytes of their paths, all with the same time. A path that comes again
/// replaces the earlier entry.
#[derive(Clone, Debug)]
pub struct LayerBuilder {
    entries: BTreeMap<String, Entry>,
    modified: u64,
}

impl Default for LayerBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl LayerBuilder {
    /// No entries; times are 1980-01-01T00:00:00Z.
    #[must_use]
    pub fn new() -> Self {
        Self { entries: BTreeMap::new(), modified: CREATED_SECONDS }
    }

    /// Sets the time of all entries, in seconds since 1970.
    #[must_use]
    pub fn modified(mut self, seconds: u64) -> Self {
        self.modified = seconds;
        self
    }

    /// Whether there are no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether there is an entry with this path.
    #[must_use]
    pub fn contains(&self, path: &str) -> bool {
        self.entries.contains_key(path)
    }

    /// Adds a file. Paths are relative to the image's root and have neither `.`, `..` nor
    /// empty names.
    ///
    /// # Errors
    /// [`Error::Path`].
    pub fn file(
        &mut self,
        path: &str,
        content: Content,
        mode: u32,
        owner: Owner,
    ) -> Result<(), Error> {
        self.add(path, Entry { kind: Kind::File(content), mode, owner })
    }

    /// Adds a folder. Only those that the step makes: an entry for a folder that is there
    /// sets its mode anew.
    ///
    /// # Errors
    /// [`Error::Path`].
    pub fn dir(&mut self, path: &str, mode: u32, owner: Owner) -> Result<(), Error> {
        self.add(path, Entry { kind: Kind::Dir, mode, owner })
    }

    /// Adds a symbolic link with the text `target`.
    ///
    /// # Errors
    /// [`Error::Path`].
    pub fn symlink(&mut self, path: &str, target: &str, owner: Owner) -> Result<(), Error> {
        let kind = Kind::Symlink(target.to_owned());
        self.add(path, Entry { kind, mode: 0o777, owner })
    }

    /// Adds a second name of the file `existing`, which is in this layer and must sort before
    /// `path`. Mode and owner are those of the file: some readers set them from the link.
    ///
    /// # Errors
    /// [`Error::Path`].
    pub fn hard_link(&mut self, path: &str, existing: &str) -> Result<(), Error> {
        if existing >= path {
            let reason = "a hard link must sort behind the file that it names";
            return Err(Error::Path { path: path.to_owned(), reason });
        }
        let kind = Kind::HardLink(existing.to_owned());
        self.add(path, Entry { kind, mode: 0, owner: Owner::default() })
    }

    /// Notes that `path` of the layers below is gone.
    ///
    /// # Errors
    /// [`Error::Path`].
    pub fn whiteout(&mut self, path: &str) -> Result<(), Error> {
        check_path(path)?;
        let (folder, name) = path.rsplit_once('/').map_or(("", path), |(f, n)| (f, n));
        self.marker(folder, &format!(".wh.{name}"))
    }

    /// Notes that all that the layers below have in the folder `path` is gone.
    ///
    /// # Errors
    /// [`Error::Path`].
    pub fn opaque(&mut self, path: &str) -> Result<(), Error> {
        check_path(path)?;
        self.marker(path, ".wh..wh..opq")
    }

    fn marker(&mut self, folder: &str, name: &str) -> Result<(), Error> {
        let path = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
        let kind = Kind::File(Content::Bytes(Vec::new()));
        if path.len() > PATH_BYTES_MAX {
            return Err(Error::Path { path, reason: "it is longer than 4096 bytes" });
        }
        self.entries.insert(path, Entry { kind, mode: 0, owner: Owner::default() });
        Ok(())
    }

    fn add(&mut self, path: &str, entry: Entry) -> Result<(), Error> {
        check_path(path)?;
        self.entries.insert(path.to_owned(), entry);
        Ok(())
    }

    /// Writes the layer: tar, sorted, with gzip. The same entries give the same bytes.
    ///
    /// # Errors
    /// [`Error::Changed`], [`Error::Files`], [`Error::Store`], [`Error::TooLarge`].
    pub fn write(&self, store: &Store) -> Result<Layer, Error> {
        let mut tar = TarWriter::new(LayerSink::new(store)?);
        for (path, entry) in &self.entries {
            let (mut content, kind) = entry.open(path)?;
            let (mode, Owner { uid, gid }) = match &entry.kind {
                Kind::HardLink(existing) => self.file_facts(path, existing)?,
                Kind::File(_) | Kind::Dir | Kind::Symlink(_) => (entry.mode, entry.owner),
            };
            let modified = self.modified;
            tar.append(&TarEntry { path, kind, mode, uid, gid, modified }, &mut *content)?;
        }
        tar.finish()?.finish()
    }

    fn file_facts(&self, path: &str, existing: &str) -> Result<(u32, Owner), Error> {
        match self.entries.get(existing) {
            Some(Entry { kind: Kind::File(_), mode, owner }) => Ok((*mode, *owner)),
            Some(_) | None => {
                let reason = "a hard link needs a file of the same layer";
                Err(Error::Path { path: path.to_owned(), reason })
            }
        }
    }
}

impl Entry {
    fn open(&self, path: &str) -> Result<(Box<dyn Read + '_>, EntryKind<'_>), Error> {
        let nothing = || Box::new(std::io::empty());
        Ok(match &self.kind {
            Kind::Dir => (nothing(), EntryKind::Dir),
            Kind::Symlink(target) => (nothing(), EntryKind::Symlink { target }),
            Kind::HardLink(existing) => (nothing(), EntryKind::HardLink { existing }),
            Kind::File(Content::Bytes(bytes)) => {
                (Box::new(bytes.as_slice()), EntryKind::File { size: bytes.len() as u64 })
            }
            Kind::File(Content::File(source)) => {
                let size = files::metadata_followed(source)?.size;
                if size > LAYER_BYTES_MAX {
                    let what = format!("`{path}`");
                    return Err(Error::TooLarge { what, limit: LAYER_BYTES_MAX, unit: "bytes" });
                }
                (Box::new(files::open_read(source)?), EntryKind::File { size })
            }
        })
    }
}

fn check_path(path: &str) -> Result<(), Error> {
    let name_is_wrong = |name: &str| name.is_empty() || name == "." || name == "..";
    let reason = if path.len() > PATH_BYTES_MAX {
        "it is longer than 4096 bytes"
    } else if path.contains('\0') {
        "it holds a zero byte"
    } else if path.split('/').any(name_is_wrong) {
        "it must be relative, without empty names, `.` and `..`"
    } else if path.split('/').any(|name| name.len() > NAME_BYTES_MAX) {
        "one of its names is longer than 255 bytes"
    } else if path.split('/').any(|name| name.starts_with(".wh.")) {
        "names that begin with `.wh.` say in a layer that something is gone"
    } else {
        return Ok(());
    };
    Err(Error::Path { path: path.chars().take(200).collect(), reason })
}

/// Digests, packs in members of a fixed size, digests again, stores.
struct LayerSink {
    member: Vec<u8>,
    packer: Packer,
    diff_id: Hasher,
    blob: BlobWriter,
    packed_bytes: u64,
}

impl LayerSink {
    fn new(store: &Store) -> Result<Self, Error> {
        Ok(Self {
            member: Vec::with_capacity(WRITTEN_MEMBER_BYTES),
            packer: Packer::new(),
            diff_id: Hasher::new(),
            blob: store.writer()?,
            packed_bytes: 0,
        })
    }

    fn flush(&mut self) -> Result<(), Error> {
        let packed = self.packer.member(&self.member)?;
        self.packed_bytes += packed.len() as u64;
        if self.packed_bytes > LAYER_BYTES_MAX {
            let what = "the layer".to_owned();
            return Err(Error::TooLarge { what, limit: LAYER_BYTES_MAX, unit: "bytes" });
        }
        self.blob.write(packed)?;
        self.member.clear();
        Ok(())
    }

    fn finish(mut self) -> Result<Layer, Error> {
        if !self.member.is_empty() {
            self.flush()?;
        }
        let (digest, size) = self.blob.finish()?;
        let media_type = media_type::LAYER_GZIP.to_owned();
        Ok(Layer { digest, diff_id: self.diff_id.finish(), size, media_type })
    }
}

impl Sink for LayerSink {
    fn write(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        self.diff_id.update(bytes);
        while !bytes.is_empty() {
            let room = WRITTEN_MEMBER_BYTES - self.member.len();
            let (now, later) = bytes.split_at(bytes.len().min(room));
            self.member.extend_from_slice(now);
            bytes = later;
            if self.member.len() == WRITTEN_MEMBER_BYTES {
                self.flush()?;
            }
        }
        Ok(())
    }
}
