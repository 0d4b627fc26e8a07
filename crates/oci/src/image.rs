//! Images in the store: writing and reading manifest and configuration.

use crate::{
    Descriptor, Error, ImageConfig, Index, Layer, Manifest,
    limits::{CONFIG_BYTES_MAX, LAYERS_MAX, MANIFEST_BYTES_MAX},
    media_type, native_architecture,
};
use bowline_model::Digest;
use bowline_store::Store;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// The time that images and files get unless an epoch is chosen: the earliest that zip takes.
/// A constant, because the time of a commit would give equal content another digest.
pub const CREATED: &str = "1980-01-01T00:00:00Z";

/// [`CREATED`] in seconds since 1970.
pub const CREATED_SECONDS: u64 = 315_532_800;

/// An image that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// The digest of the manifest.
    pub digest: Digest,
    /// The manifest.
    pub manifest: Manifest,
    /// The configuration.
    pub config: ImageConfig,
}

impl Image {
    /// The layers, the lowest first, with their diff ids.
    #[must_use]
    pub fn layers(&self) -> Vec<Layer> {
        let pairs = self.manifest.layers.iter().zip(&self.config.rootfs.diff_ids);
        pairs
            .map(|(layer, diff_id)| Layer {
                digest: layer.digest.clone(),
                diff_id: diff_id.clone(),
                size: layer.size,
                media_type: layer.media_type.clone(),
            })
            .collect()
    }
}

/// Writes configuration and manifest of an image whose `layers` are in the store, the lowest
/// first; returns the manifest's digest. The layers decide `rootfs`; a missing `created` is
/// [`CREATED`].
///
/// # Errors
/// [`Error::Invalid`] when there is a history and its steps do not match the layers,
/// [`Error::TooLarge`], [`Error::Store`].
pub fn write(store: &Store, config: &ImageConfig, layers: &[Layer]) -> Result<Digest, Error> {
    let mut config = config.clone();
    config.created.get_or_insert_with(|| CREATED.to_owned());
    config.rootfs.kind = "layers".to_owned();
    config.rootfs.diff_ids = layers.iter().map(|layer| layer.diff_id.clone()).collect();
    check_layers(&config, layers.len(), "the new image")?;
    for layer in layers {
        let found = store.size(&layer.digest)?;
        if found != layer.size {
            let reason = format!("it has {found} bytes, not {}", layer.size);
            return Err(Error::invalid(format!("layer `{}`", layer.digest), reason));
        }
    }
    let config_bytes = json(&config)?;
    let config_digest = store.put(&config_bytes)?;
    let config_size = config_bytes.len() as u64;
    let manifest = Manifest {
        schema_version: 2,
        media_type: media_type::MANIFEST.to_owned(),
        artifact_type: None,
        config: Descriptor::new(media_type::CONFIG, config_digest, config_size),
        layers: layers.iter().map(Layer::descriptor).collect(),
        subject: None,
        annotations: BTreeMap::new(),
    };
    Ok(store.put(&json(&manifest)?)?)
}

/// Reads the image with this manifest digest. Of an index the image for Linux on this
/// machine's processor is taken. The layers themselves are not read.
///
/// # Errors
/// [`Error::Invalid`], [`Error::Unsupported`], [`Error::TooLarge`], [`Error::Store`].
pub fn read(store: &Store, digest: &Digest) -> Result<Image, Error> {
    let bytes = store.get(digest, MANIFEST_BYTES_MAX)?;
    let what = format!("manifest `{digest}`");
    let kind: Kind = parse(&bytes, &what)?;
    let named = kind.media_type.as_deref();
    let is_index = match named {
        Some(media_type::INDEX | media_type::DOCKER_INDEX) => true,
        Some(media_type::MANIFEST | media_type::DOCKER_MANIFEST) => false,
        // The field is optional in OCI documents.
        None if kind.schema_version == 2 => kind.manifests.is_some(),
        None => {
            let what = format!("schema {} of {what}", kind.schema_version);
            return Err(Error::Unsupported { what });
        }
        Some(other) => return Err(Error::Unsupported { what: format!("media type `{other}`") }),
    };
    if is_index && kind.manifests.is_some() && kind.config.is_none() && kind.layers.is_none() {
        let index: Index = parse(&bytes, &what)?;
        let chosen = choose(&index, &what)?;
        let inner = get(store, &chosen, MANIFEST_BYTES_MAX)?;
        let manifest = parse(&inner, &format!("manifest `{}`", chosen.digest))?;
        return finish(store, chosen.digest, manifest);
    }
    if is_index || kind.manifests.is_some() {
        // A document that is both could be read differently by two programs (CVE-2021-41190).
        return Err(Error::invalid(what, "it is index and manifest at once"));
    }
    finish(store, digest.clone(), parse(&bytes, &what)?)
}

/// The blob of a descriptor, checked for digest and size.
pub(crate) fn get(
    store: &Store,
    descriptor: &Descriptor,
    bytes_max: u64,
) -> Result<Vec<u8>, Error> {
    let bytes = store.get(&descriptor.digest, bytes_max)?;
    if bytes.len() as u64 != descriptor.size {
        let reason = format!("it has {} bytes, not {}", bytes.len(), descriptor.size);
        return Err(Error::invalid(format!("blob `{}`", descriptor.digest), reason));
    }
    Ok(bytes)
}

fn finish(store: &Store, digest: Digest, manifest: Manifest) -> Result<Image, Error> {
    let what = format!("image `{digest}`");
    if !matches!(&*manifest.config.media_type, media_type::CONFIG | media_type::DOCKER_CONFIG) {
        let what = format!("configuration `{}`", manifest.config.media_type);
        return Err(Error::Unsupported { what });
    }
    let bytes = get(store, &manifest.config, CONFIG_BYTES_MAX)?;
    let config: ImageConfig = parse(&bytes, &format!("configuration of {what}"))?;
    if config.os != "linux" {
        return Err(Error::Unsupported { what: format!("an image for `{}`", config.os) });
    }
    check_layers(&config, manifest.layers.len(), &what)?;
    Ok(Image { digest, manifest, config })
}

fn check_layers(config: &ImageConfig, layers: usize, what: &str) -> Result<(), Error> {
    let diff_ids = config.rootfs.diff_ids.len();
    if diff_ids != layers {
        let reason = format!("it has {layers} layers and {diff_ids} diff ids");
        return Err(Error::invalid(what, reason));
    }
    if layers > LAYERS_MAX {
        let limit = LAYERS_MAX as u64;
        return Err(Error::TooLarge { what: what.to_owned(), limit, unit: "layers" });
    }
    let steps = config.history.iter().filter(|step| !step.empty_layer).count();
    if !config.history.is_empty() && steps != layers {
        let reason = format!("its history has {steps} steps with layers, and it has {layers}");
        return Err(Error::invalid(what, reason));
    }
    Ok(())
}

fn choose(index: &Index, what: &str) -> Result<Descriptor, Error> {
    let architecture = native_architecture();
    let fits = |descriptor: &&Descriptor| {
        let platform = descriptor.platform.as_ref();
        platform.is_some_and(|p| p.os == "linux" && p.architecture == architecture)
    };
    // An index with one image needs no platform.
    let only = if let [one] = index.manifests.as_slice() { Some(one) } else { None };
    let only = only.filter(|one| one.platform.is_none());
    index
        .manifests
        .iter()
        .find(fits)
        .or(only)
        .cloned()
        .ok_or_else(|| Error::invalid(what, format!("it has no image for linux/{architecture}")))
}

/// Just enough to tell an index from a manifest.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kind {
    #[serde(default)]
    schema_version: u32,
    media_type: Option<String>,
    manifests: Option<serde::de::IgnoredAny>,
    config: Option<serde::de::IgnoredAny>,
    layers: Option<serde::de::IgnoredAny>,
}

pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8], what: &str) -> Result<T, Error> {
    serde_json::from_slice(bytes).map_err(|error| Error::invalid(what, error))
}

pub(crate) fn json<T: serde::Serialize>(value: &T) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(value).map_err(|error| Error::invalid("the new document", error))
}
