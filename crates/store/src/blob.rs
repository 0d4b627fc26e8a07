//! Blobs: files named by the digest of their content, as in an OCI image layout.

use crate::{
    Error, Hasher, TreeSlot, digest_of,
    limits::{BLOB_BYTES_MAX, COPY_CHUNK_BYTES},
};
use bowline_host::{files, random};
use bowline_model::Digest;
use std::{
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

/// The store of one user. Cheap to clone; any number of processes may use one at once.
#[derive(Clone, Debug)]
pub struct Store {
    root: Arc<Path>,
}

impl Store {
    /// Opens the store in the folder `root`; makes it when it is not there.
    ///
    /// # Errors
    /// [`Error::Files`].
    pub fn open(root: impl AsRef<Path>) -> Result<Self, Error> {
        let store = Self { root: root.as_ref().into() };
        for folder in ["blobs/sha256", "trees", "locks"] {
            files::create_dirs(store.root.join(folder))?;
        }
        Ok(store)
    }

    /// The store's folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where the blob lies or would lie: `blobs/sha256/<hex>`. Reading the file directly skips
    /// the check of its content.
    #[must_use]
    pub fn path(&self, digest: &Digest) -> PathBuf {
        self.blobs().join(digest.hex())
    }

    /// Whether the blob is there. Its content is checked when it is read.
    #[must_use]
    pub fn contains(&self, digest: &Digest) -> bool {
        files::exists(self.path(digest))
    }

    /// The blob's size in bytes.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::Files`].
    pub fn size(&self, digest: &Digest) -> Result<u64, Error> {
        let found = files::metadata(self.path(digest));
        found.map(|found| found.size).map_err(|error| missing(error, digest))
    }

    /// Stores `content`; durable when this returns. Storing what is there already is quick.
    ///
    /// # Errors
    /// [`Error::Files`], [`Error::TooLarge`].
    pub fn put(&self, content: &[u8]) -> Result<Digest, Error> {
        let digest = digest_of(content);
        if !self.has(&digest, content.len() as u64) {
            let mut writer = self.writer()?;
            writer.write(content)?;
            writer.finish()?;
        }
        Ok(digest)
    }

    /// Stores a copy of the file at `path`.
    ///
    /// # Errors
    /// [`Error::Files`], [`Error::TooLarge`].
    pub fn put_file(&self, path: impl AsRef<Path>) -> Result<Digest, Error> {
        let path = path.as_ref();
        let source = files::open_read(path)?;
        self.put_reader(source, path).map(|(digest, _)| digest)
    }

    /// Stores everything that `source` gives; `name` is used in error messages. Returns the
    /// digest and the size in bytes.
    ///
    /// # Errors
    /// [`Error::Files`], [`Error::TooLarge`].
    pub fn put_reader(
        &self,
        mut source: impl Read,
        name: impl AsRef<Path>,
    ) -> Result<(Digest, u64), Error> {
        let mut writer = self.writer()?;
        let mut buffer = vec![0; COPY_CHUNK_BYTES];
        loop {
            match source.read(&mut buffer) {
                Ok(0) => return writer.finish(),
                Ok(count) => writer.write(&buffer[..count])?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(read_error(name.as_ref(), error)),
            }
        }
    }

    /// Starts a blob whose content comes in pieces.
    ///
    /// # Errors
    /// [`Error::Files`].
    pub fn writer(&self) -> Result<BlobWriter, Error> {
        let file = files::AtomicFile::create(self.blobs(), 0o444)?;
        Ok(BlobWriter { store: self.clone(), file, hasher: Hasher::new(), bytes: 0 })
    }

    /// The blob's content; its digest is computed anew.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::TooLarge`] before anything is read, [`Error::Damaged`].
    pub fn get(&self, digest: &Digest, bytes_max: u64) -> Result<Vec<u8>, Error> {
        let bytes = self.size(digest)?;
        if bytes > bytes_max {
            return Err(Error::TooLarge { name: digest.to_string(), bytes, bytes_max });
        }
        let path = self.path(digest);
        let content = files::read(&path, bytes_max).map_err(|error| missing(error, digest))?;
        let found = digest_of(&content);
        if found == *digest {
            return Ok(content);
        }
        self.set_aside(digest)?;
        Err(Error::Damaged { expected: digest.clone(), found })
    }

    /// Reads the whole blob and compares its digest, without keeping it in memory.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::Damaged`], [`Error::Files`].
    pub fn check(&self, digest: &Digest) -> Result<(), Error> {
        let path = self.path(digest);
        let mut source = files::open_read(&path).map_err(|error| missing(error, digest))?;
        let (mut hasher, mut buffer) = (Hasher::new(), vec![0; COPY_CHUNK_BYTES]);
        loop {
            match source.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => hasher.update(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(read_error(&path, error)),
            }
        }
        let found = hasher.finish();
        if found == *digest {
            return Ok(());
        }
        self.set_aside(digest)?;
        Err(Error::Damaged { expected: digest.clone(), found })
    }

    /// The place of the tree with this key: letters, digits, `.`, `_` and `-`.
    ///
    /// # Errors
    /// [`Error::Key`].
    pub fn tree_dir(&self, key: &str) -> Result<TreeSlot, Error> {
        TreeSlot::new(&self.root, key)
    }

    pub(crate) fn blobs(&self) -> PathBuf {
        self.root.join("blobs/sha256")
    }

    /// Whether the blob is there with the right size. A damaged one is noticed when it is read.
    fn has(&self, digest: &Digest, bytes: u64) -> bool {
        matches!(self.size(digest), Ok(found) if found == bytes)
    }

    /// Moves a damaged blob out of the way; it is kept, for whoever looks for the cause.
    fn set_aside(&self, digest: &Digest) -> Result<(), Error> {
        let folder = self.root.join("corrupt");
        files::create_dirs(&folder)?;
        let to = folder.join(format!("{}.{}", digest.hex(), random::hex(4)));
        match files::rename(self.path(digest), to) {
            Err(error) if !error.is_not_found() => Err(error.into()),
            // Somebody else moved it first.
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

/// A blob being written. Dropped before [`BlobWriter::finish`], it leaves nothing behind.
#[derive(Debug)]
pub struct BlobWriter {
    store: Store,
    file: files::AtomicFile,
    hasher: Hasher,
    bytes: u64,
}

impl BlobWriter {
    /// Adds the next piece.
    ///
    /// # Errors
    /// [`Error::Files`], [`Error::TooLarge`].
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.bytes += bytes.len() as u64;
        if self.bytes > BLOB_BYTES_MAX {
            let name = "new blob".to_owned();
            return Err(Error::TooLarge { name, bytes: self.bytes, bytes_max: BLOB_BYTES_MAX });
        }
        self.hasher.update(bytes);
        self.file.write_all(bytes).map_err(|source| {
            let path = self.file.path().to_owned();
            Error::Files(files::Error { path, action: "write", source })
        })
    }

    /// Makes the blob durable under its digest; returns that and the size in bytes.
    ///
    /// # Errors
    /// [`Error::Files`].
    pub fn finish(self) -> Result<(Digest, u64), Error> {
        let digest = self.hasher.finish();
        if !self.store.has(&digest, self.bytes) {
            self.file.commit(self.store.path(&digest))?;
        }
        Ok((digest, self.bytes))
    }
}

fn missing(error: files::Error, digest: &Digest) -> Error {
    if error.is_not_found() { Error::Missing(digest.clone()) } else { Error::Files(error) }
}

fn read_error(path: &Path, source: io::Error) -> Error {
    Error::Files(files::Error { path: path.to_owned(), action: "read", source })
}
