//! Unpacking an image into one folder.
//!
//! Nothing that an image says can reach outside that folder: the kernel resolves every path
//! inside it, files are always created anew and never written through, and the sizes, counts
//! and digests are checked while it happens. When anything is refused nothing is left.

mod apply;

use crate::{
    Descriptor, Error, gzip,
    image::{self, Image},
    limits::{ENTRIES_MAX, LAYER_BYTES_MAX, UNPACKED_BYTES_MAX},
    media_type, tar_read,
};
use apply::Applier;
use bowline_host::files;
use bowline_model::Digest;
use bowline_store::{Hasher, Store, TreeSlot, digest_of};
use std::path::{Path, PathBuf};

/// The most notes that are kept about one image.
const NOTES_MAX: usize = 100;

/// How much an image may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Unpacked bytes with headers, all layers together.
    pub unpacked_bytes_max: u64,
    /// Entries, all layers together.
    pub entries_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { unpacked_bytes_max: UNPACKED_BYTES_MAX, entries_max: ENTRIES_MAX }
    }
}

/// The image's unpacked root: one folder with all layers applied, in the list form that an
/// overlay mount takes. It is made once per content and then only looked up; treat it as
/// read-only. Blocks: use a blocking task in async code.
///
/// As root, owners are those of the image; otherwise all files belong to this user, and setuid
/// bits are left out. [`notes`] says what else could not be kept.
///
/// # Errors
/// [`Error::Refused`], [`Error::Archive`], [`Error::DiffId`], [`Error::TooLarge`],
/// [`Error::Unsupported`], [`Error::Invalid`], [`Error::Store`], [`Error::Files`].
pub fn rootfs(store: &Store, manifest: &Digest) -> Result<Vec<PathBuf>, Error> {
    rootfs_limited(store, manifest, Limits::default())
}

/// As [`rootfs`], with other limits.
///
/// # Errors
/// As [`rootfs`].
pub fn rootfs_limited(
    store: &Store,
    manifest: &Digest,
    limits: Limits,
) -> Result<Vec<PathBuf>, Error> {
    let image = image::read(store, manifest)?;
    let path = slot(store, &image)?.make(|folder| unpack(store, &image, folder, limits))?;
    Ok(vec![path.join("rootfs")])
}

/// What could not be kept when the image was unpacked, a sentence each; empty before
/// [`rootfs`] and when all could be kept.
///
/// # Errors
/// Those of [`image::read`], [`Error::Files`].
pub fn notes(store: &Store, manifest: &Digest) -> Result<Vec<String>, Error> {
    let image = image::read(store, manifest)?;
    match files::read_text(slot(store, &image)?.path().join("notes"), 1 << 20) {
        Ok(text) => Ok(text.lines().map(str::to_owned).collect()),
        Err(error) if error.is_not_found() => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

/// The key of the tree that [`rootfs`] makes, or will make.
///
/// # Errors
/// Those of [`image::read`].
pub fn tree_key(store: &Store, manifest: &Digest) -> Result<String, Error> {
    Ok(key_of(&image::read(store, manifest)?))
}

fn slot(store: &Store, image: &Image) -> Result<TreeSlot, Error> {
    Ok(store.tree_dir(&key_of(image))?)
}

/// The tree's key names the content (the chain id), not the image: images that differ in their
/// configuration alone share it. Root and others unpack differently.
fn key_of(image: &Image) -> String {
    let chain = match chain_id(&image.config.rootfs.diff_ids) {
        Some(chain) => chain.hex().to_owned(),
        None => "empty".to_owned(),
    };
    let who = if files::is_root() { "root" } else { "user" };
    format!("rootfs-1-{who}-{chain}")
}

/// The chain id of a stack of layers (OCI image specification, "Layer ChainID").
fn chain_id(diff_ids: &[Digest]) -> Option<Digest> {
    diff_ids.iter().fold(None, |chain, diff_id| match chain {
        None => Some(diff_id.clone()),
        Some(below) => Some(digest_of(format!("{below} {diff_id}").as_bytes())),
    })
}

fn unpack(store: &Store, image: &Image, folder: &Path, limits: Limits) -> Result<(), Error> {
    let root = folder.join("rootfs");
    files::create_dirs(&root)?;
    files::set_mode(&root, 0o755)?;
    let mut applier = Applier::new(files::Root::open(&root)?, limits.entries_max);
    let mut bytes_left = limits.unpacked_bytes_max;
    for (layer, diff_id) in image.manifest.layers.iter().zip(&image.config.rootfs.diff_ids) {
        let packed = image::get(store, layer, LAYER_BYTES_MAX)?;
        let source = LayerSource::new(&packed, layer, bytes_left, limits)?;
        let source = applier.layer(tar_read::TarReader::new(source))?;
        bytes_left = source.bytes_left;
        let found = source.hasher.finish();
        if found != *diff_id {
            return Err(Error::DiffId { expected: diff_id.clone(), found });
        }
    }
    let mut notes = applier.finish()?;
    if notes.len() > NOTES_MAX {
        let more = notes.len() - NOTES_MAX;
        notes.truncate(NOTES_MAX);
        notes.push(format!("and {more} more"));
    }
    Ok(files::write(folder.join("notes"), notes.join("\n").as_bytes())?)
}

/// The unpacked bytes of a layer, counted and digested on the way.
struct LayerSource<'a> {
    content: Content<'a>,
    hasher: Hasher,
    bytes_left: u64,
    limit: u64,
}

enum Content<'a> {
    Plain(&'a [u8]),
    Gzip(gzip::Unpacker<'a>),
}

impl<'a> LayerSource<'a> {
    fn new(
        packed: &'a [u8],
        layer: &Descriptor,
        bytes_left: u64,
        limits: Limits,
    ) -> Result<Self, Error> {
        let content = match &*layer.media_type {
            media_type::LAYER_TAR => Content::Plain(packed),
            media_type::LAYER_GZIP | media_type::DOCKER_LAYER_GZIP => {
                // One more than is left, so that the count below decides.
                let room = bytes_left.saturating_add(1);
                Content::Gzip(gzip::Unpacker::new(packed).member_bytes_max(room))
            }
            other => {
                return Err(Error::Unsupported { what: format!("a layer of type `{other}`") });
            }
        };
        let limit = limits.unpacked_bytes_max;
        Ok(Self { content, hasher: Hasher::new(), bytes_left, limit })
    }
}

impl tar_read::Source for LayerSource<'_> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, Error> {
        let count = match &mut self.content {
            Content::Gzip(unpacker) => unpacker.read(into)?,
            Content::Plain(rest) => {
                let count = rest.len().min(into.len());
                into[..count].copy_from_slice(&rest[..count]);
                *rest = &rest[count..];
                count
            }
        };
        self.bytes_left = self.bytes_left.checked_sub(count as u64).ok_or(Error::TooLarge {
            what: "the image, unpacked,".to_owned(),
            limit: self.limit,
            unit: "bytes",
        })?;
        self.hasher.update(&into[..count]);
        Ok(count)
    }
}
