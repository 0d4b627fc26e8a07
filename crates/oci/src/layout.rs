//! OCI image layouts: an image as a folder that other tools read and write.

use crate::{
    Descriptor, Error, Index,
    image::{self, Image, json, parse},
    limits::{CONFIG_BYTES_MAX, LAYER_BYTES_MAX, MANIFEST_BYTES_MAX},
    media_type,
};
use bowline_host::files;
use bowline_model::Digest;
use bowline_store::Store;
use std::{collections::BTreeMap, path::Path};

/// The name of an image in a layout's index.
const REFERENCE: &str = "org.opencontainers.image.ref.name";

/// Writes the image into the folder `folder` as an OCI layout with this one image. The same
/// image gives the same bytes.
///
/// # Errors
/// Those of [`image::read`], and [`Error::Files`].
pub fn export(store: &Store, digest: &Digest, folder: &Path) -> Result<(), Error> {
    export_named(store, digest, folder, None)
}

/// As [`export`], with the name under which other tools find the image (`v1.4.2`).
///
/// # Errors
/// As [`export`].
pub fn export_named(
    store: &Store,
    digest: &Digest,
    folder: &Path,
    name: Option<&str>,
) -> Result<(), Error> {
    let image = image::read(store, digest)?;
    let blobs = folder.join("blobs/sha256");
    files::create_dirs(&blobs)?;
    let config = &image.manifest.config;
    for layer in &image.manifest.layers {
        copy(store, layer, LAYER_BYTES_MAX, &blobs)?;
    }
    copy(store, config, CONFIG_BYTES_MAX, &blobs)?;
    let size = store.size(&image.digest)?;
    let kind = if image.manifest.media_type.is_empty() {
        media_type::MANIFEST
    } else {
        &image.manifest.media_type
    };
    let mut descriptor = Descriptor::new(kind, image.digest.clone(), size);
    copy(store, &descriptor, MANIFEST_BYTES_MAX, &blobs)?;
    descriptor.platform = Some(image.config.platform());
    if let Some(name) = name {
        descriptor.annotations.insert(REFERENCE.to_owned(), name.to_owned());
    }
    let index = Index {
        schema_version: 2,
        media_type: media_type::INDEX.to_owned(),
        manifests: vec![descriptor],
        annotations: BTreeMap::new(),
    };
    files::write_atomic(folder.join("oci-layout"), br#"{"imageLayoutVersion":"1.0.0"}"#)?;
    // Last: a layout whose index is there is whole.
    Ok(files::write_atomic(folder.join("index.json"), &json(&index)?)?)
}

/// Takes the image of an OCI layout into the store: the one called `name`, or the only one.
/// Every blob is checked for size and digest.
///
/// # Errors
/// [`Error::Invalid`], [`Error::Unsupported`], [`Error::Files`], [`Error::Store`].
pub fn import(store: &Store, folder: &Path, name: Option<&str>) -> Result<Image, Error> {
    let read = |path: &str, max| files::read_beneath(folder, path, max);
    let version: Version = parse(&read("oci-layout", 1000)?, "oci-layout")?;
    if !version.image_layout_version.starts_with("1.") {
        let what = format!("image layout version `{}`", version.image_layout_version);
        return Err(Error::Unsupported { what });
    }
    let index: Index = parse(&read("index.json", MANIFEST_BYTES_MAX)?, "index.json")?;
    let called = |descriptor: &&Descriptor| match name {
        Some(name) => descriptor.annotations.get(REFERENCE).is_some_and(|found| found == name),
        None => index.manifests.len() == 1,
    };
    let descriptor = index.manifests.iter().find(called).ok_or_else(|| {
        let reason = match name {
            Some(name) => format!("it has no image called `{name}`"),
            None => format!("it has {} images; name one", index.manifests.len()),
        };
        Error::invalid("index.json", reason)
    })?;
    let digest = take(store, folder, descriptor, MANIFEST_BYTES_MAX)?;
    // An index inside: its images must be in the store before one is chosen.
    if matches!(&*descriptor.media_type, media_type::INDEX | media_type::DOCKER_INDEX) {
        let bytes = store.get(&digest, MANIFEST_BYTES_MAX)?;
        let inner: Index = parse(&bytes, "the inner index")?;
        for manifest in &inner.manifests {
            // Layouts may leave out images of other systems.
            if files::exists(folder.join("blobs/sha256").join(manifest.digest.hex())) {
                take_manifest(store, folder, manifest)?;
            }
        }
    } else {
        take_manifest(store, folder, descriptor)?;
    }
    image::read(store, &digest)
}

fn take_manifest(store: &Store, folder: &Path, descriptor: &Descriptor) -> Result<(), Error> {
    let digest = take(store, folder, descriptor, MANIFEST_BYTES_MAX)?;
    let bytes = store.get(&digest, MANIFEST_BYTES_MAX)?;
    let manifest: crate::Manifest = parse(&bytes, &format!("manifest `{digest}`"))?;
    take(store, folder, &manifest.config, CONFIG_BYTES_MAX)?;
    for layer in &manifest.layers {
        take(store, folder, layer, LAYER_BYTES_MAX)?;
    }
    Ok(())
}

fn take(
    store: &Store,
    folder: &Path,
    descriptor: &Descriptor,
    bytes_max: u64,
) -> Result<Digest, Error> {
    let what = format!("blob `{}`", descriptor.digest);
    if descriptor.size > bytes_max {
        return Err(Error::TooLarge { what, limit: bytes_max, unit: "bytes" });
    }
    let path = format!("blobs/sha256/{}", descriptor.digest.hex());
    let source = files::open_beneath(folder, &path)?;
    // One byte more than it may have, so that a longer file is noticed.
    let source = std::io::Read::take(source, descriptor.size.saturating_add(1));
    let (digest, size) = store.put_reader(source, folder.join(&path))?;
    if digest != descriptor.digest || size != descriptor.size {
        let reason = format!("its content is `{digest}` with {size} bytes");
        return Err(Error::invalid(what, reason));
    }
    Ok(digest)
}

fn copy(store: &Store, descriptor: &Descriptor, bytes_max: u64, blobs: &Path) -> Result<(), Error> {
    let to = blobs.join(descriptor.digest.hex());
    if matches!(files::metadata(&to), Ok(found) if found.size == descriptor.size) {
        return Ok(());
    }
    Ok(files::write_atomic(&to, &image::get(store, descriptor, bytes_max)?)?)
}

#[derive(serde::Deserialize)]
struct Version {
    #[serde(rename = "imageLayoutVersion")]
    image_layout_version: String,
}
