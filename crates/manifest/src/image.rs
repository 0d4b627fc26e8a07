//! The image enters by name: every container that runs it gets the digest that was built.

use crate::{Resource, codes, limits::NAMES_SHOWN_MAX};
use bowline_diag::{Diagnose, Diagnostic, nearest};
use bowline_model::Digest;
use serde_json::Value;
use std::collections::BTreeSet;

/// Keys whose lists hold containers, in whatever kind they stand.
const CONTAINER_LISTS: [&str; 3] = ["containers", "initContainers", "ephemeralContainers"];

/// One container whose image was set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageSet {
    /// `Rollout/shop`.
    pub resource: String,
    /// The JSON pointer of the `image` field.
    pub pointer: String,
    /// What stood there.
    pub before: String,
    /// What stands there now: name and digest.
    pub after: String,
}

/// No container runs the image.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no container runs the image `{image}`, so what was built would not be deployed")]
pub struct ImageError {
    /// The name that was looked for.
    pub image: String,
    /// The names that the containers have.
    pub seen: Vec<String>,
}

impl Diagnose for ImageError {
    fn diagnose(&self) -> Vec<Diagnostic> {
        let mut diagnostic = Diagnostic::error(codes::IMAGE.id, self.to_string());
        for name in self.seen.iter().take(NAMES_SHOWN_MAX) {
            diagnostic = diagnostic.note(format!("a container runs `{name}`"));
        }
        if self.seen.is_empty() {
            diagnostic = diagnostic.note("no object has a container with an image");
        }
        let near = nearest(&self.image, self.seen.iter().map(String::as_str));
        let only = if self.seen.len() == 1 { self.seen.first().map(String::as_str) } else { None };
        let help = match near.or(only) {
            Some(name) => format!("set `image: {name}` in `bowline.yaml`"),
            None => format!("name the container's image `{}` in the manifests", self.image),
        };
        vec![diagnostic.help(help)]
    }
}

/// The repository name of an image reference: without tag and digest, with its registry.
///
/// ```
/// use bowline_manifest::image_name;
/// assert_eq!(image_name("hub.test:5000/team/shop:v1@sha256:00"), "hub.test:5000/team/shop");
/// assert_eq!(image_name("shop"), "shop");
/// ```
#[must_use]
pub fn image_name(reference: &str) -> &str {
    let name = reference.split_once('@').map_or(reference, |(name, _)| name);
    // A colon before the last slash belongs to a port.
    match name.rsplit_once(':') {
        Some((before, tag)) if !tag.contains('/') => before,
        Some(_) | None => name,
    }
}

/// Sets the image of every container whose image has exactly the repository name of `image` to
/// that name with `digest`.
///
/// # Errors
/// [`ImageError`] when there is none: a release that would not deploy what was built is refused.
pub fn set_image(
    resources: &mut [Resource],
    image: &str,
    digest: &Digest,
) -> Result<Vec<ImageSet>, ImageError> {
    let image = image_name(image.trim());
    let mut walk = Walk { image, digest, seen: BTreeSet::new(), set: Vec::new() };
    for resource in resources {
        let title = resource.title();
        walk.value(&title, &mut resource.value, &mut String::new());
    }
    if walk.set.is_empty() {
        let seen = walk.seen.into_iter().collect();
        return Err(ImageError { image: image.to_owned(), seen });
    }
    Ok(walk.set)
}

struct Walk<'a> {
    image: &'a str,
    digest: &'a Digest,
    seen: BTreeSet<String>,
    set: Vec<ImageSet>,
}

impl Walk<'_> {
    /// Recursion is as deep as the reader's `depth_max` allows.
    fn value(&mut self, title: &str, value: &mut Value, pointer: &mut String) {
        let length = pointer.len();
        match value {
            Value::Object(fields) => {
                for (key, value) in fields {
                    pointer.push('/');
                    pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
                    if CONTAINER_LISTS.contains(&key.as_str()) {
                        self.containers(title, value, pointer);
                    }
                    self.value(title, value, pointer);
                    pointer.truncate(length);
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    pointer.push_str(&format!("/{index}"));
                    self.value(title, item, pointer);
                    pointer.truncate(length);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn containers(&mut self, title: &str, value: &mut Value, pointer: &str) {
        let Some(containers) = value.as_array_mut() else { return };
        for (index, container) in containers.iter_mut().enumerate() {
            let Some(Value::String(reference)) = container.get_mut("image") else { continue };
            let name = image_name(reference).to_owned();
            if name == self.image {
                let after = format!("{name}@{}", self.digest);
                let before = std::mem::replace(reference, after.clone());
                let pointer = format!("{pointer}/{index}/image");
                self.set.push(ImageSet { resource: title.to_owned(), pointer, before, after });
            }
            self.seen.insert(name);
        }
    }
}
