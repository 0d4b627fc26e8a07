//! `images`: other names, tags and digests for container images.

use super::fail::{Fail, Outcome};
use super::fieldspec::{FieldSpec, Make, apply};
use super::file_parts::Image;
use super::node::{Content, Node, Scalar};
use super::resource::Resource;
use regex::Regex;

/// Sets one image everywhere.
pub(crate) fn run(resources: &mut [Resource], image: &Image, specs: &[FieldSpec]) -> Outcome<()> {
    let pattern = format!("^{}(:[a-zA-Z0-9_.{{}}-]*)?(@sha256:[a-zA-Z0-9_.{{}}-]*)?$", image.name);
    let pattern = Regex::new(&pattern).map_err(|error| {
        Fail::new(format!("the image name `{}` is no pattern", image.name)).note(error.to_string())
    })?;
    let update = |node: &mut Node| -> Outcome<()> {
        if node.is_null() {
            return Ok(());
        }
        let kind = node.kind_name();
        let Some(scalar) = node.as_scalar_mut() else {
            return Err(Fail::new(format!("an image is text, and here stands {kind}")));
        };
        if pattern.is_match(&scalar.text) {
            let text = changed(&scalar.text, image);
            scalar.replace(Scalar::unset(text));
        }
        Ok(())
    };
    for resource in resources {
        if resource.kind() == "CustomResourceDefinition" {
            continue;
        }
        let file = resource.file.clone();
        containers(&mut resource.node, &update).map_err(|fail| fail.at(&file, (1, 1)))?;
        for spec in specs {
            apply(resource, spec, Make::Nothing, &mut |node| update(node))?;
        }
    }
    Ok(())
}

/// Every `image` of every list called `containers` or `initContainers`, however deep.
fn containers(node: &mut Node, update: &impl Fn(&mut Node) -> Outcome<()>) -> Outcome<()> {
    match &mut node.content {
        Content::Scalar(_) => Ok(()),
        Content::List(items) => items.iter_mut().try_for_each(|item| containers(item, update)),
        Content::Map(entries) => {
            for (key, value) in entries {
                containers(value, update)?;
                if key.text != "containers" && key.text != "initContainers" {
                    continue;
                }
                let Content::List(items) = &mut value.content else { continue };
                for item in items {
                    if !item.is_null() && !matches!(item.content, Content::Map(_)) {
                        let message = format!("a container is a mapping, not {}", item.kind_name());
                        return Err(Fail::new(message));
                    }
                    if let Some(image) = item.get_mut("image") {
                        update(image)?;
                    }
                }
            }
            Ok(())
        }
    }
}

fn changed(text: &str, image: &Image) -> String {
    let (name, mut tag, mut digest) = split(text);
    let mut result =
        if image.new_name.is_empty() { name.to_owned() } else { image.new_name.clone() };
    let suffixed;
    if !image.new_tag.is_empty() {
        tag = &image.new_tag;
        digest = &image.digest;
    } else if !image.digest.is_empty() {
        tag = "";
        digest = &image.digest;
    } else if !image.tag_suffix.is_empty() {
        suffixed = format!("{tag}{}", image.tag_suffix);
        tag = &suffixed;
        digest = "";
    }
    if !tag.is_empty() {
        result.push(':');
        result.push_str(tag);
    }
    if !digest.is_empty() {
        result.push('@');
        result.push_str(digest);
    }
    result
}

/// Name, tag and digest.
fn split(image: &str) -> (&str, &str, &str) {
    let from = image.find('/').unwrap_or(0);
    let digest = image[from..].find('@').map(|at| at + from);
    let colon = image[from..].find(':').map(|at| at + from);
    match (colon, digest) {
        (None, None) => (image, "", ""),
        (Some(colon), Some(digest)) if colon < digest => {
            (&image[..colon], &image[colon + 1..digest], &image[digest + 1..])
        }
        (_, Some(digest)) => (&image[..digest], "", &image[digest + 1..]),
        (Some(colon), None) => (&image[..colon], &image[colon + 1..], ""),
    }
}
