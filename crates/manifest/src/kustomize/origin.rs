//! Where a resource comes from, for `buildMetadata`.

use super::resource::Resource;

pub(crate) const ORIGIN: &str = "config.kubernetes.io/origin";
pub(crate) const TRANSFORMATIONS: &str = "alpha.config.kubernetes.io/transformations";

/// A path from the folder that is built.
#[derive(Clone, Debug, Default)]
pub(crate) struct Origin {
    path: String,
}

impl Origin {
    pub(crate) fn append(&self, path: &str) -> Origin {
        Origin { path: clean(&format!("{}/{path}", self.path)) }
    }

    /// The annotation of a resource from a file.
    pub(crate) fn text(&self) -> String {
        format!("path: {}\n", self.path)
    }

    /// The annotation of what a field of a kustomization made or changed.
    pub(crate) fn configured(&self, file_name: &str, kind: &str) -> String {
        let file = self.append(file_name).path;
        format!("configuredIn: {file}\nconfiguredBy:\n  apiVersion: builtin\n  kind: {kind}\n")
    }
}

/// Go's `filepath.Join`.
fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Adds one transformation to the notes of every resource.
pub(crate) fn add_transformation(resources: &mut [Resource], text: &str) {
    let mut item = String::new();
    for (at, line) in text.lines().enumerate() {
        item.push_str(if at == 0 { "- " } else { "  " });
        item.push_str(line);
        item.push('\n');
    }
    for resource in resources {
        if resource.annotation(ORIGIN).is_none() {
            resource.set_annotation(ORIGIN, Some(text));
        } else {
            let mut all = resource.annotation(TRANSFORMATIONS).unwrap_or_default().to_owned();
            all.push_str(&item);
            resource.set_annotation(TRANSFORMATIONS, Some(&all));
        }
    }
}
