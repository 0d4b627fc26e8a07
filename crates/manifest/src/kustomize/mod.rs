//! Kustomize: a tree of files in, the text that `kubectl kustomize` prints out.
//!
//! ```
//! use bowline_manifest::kustomize::{FileTree, build};
//! let file = |path: &str, text: &str| (path.to_owned(), text.as_bytes().to_vec());
//! let tree = FileTree::new([
//!     file("app/kustomization.yaml", "resources: [a.yaml]\nnamePrefix: dev-\n"),
//!     file("app/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"),
//! ]);
//! let text = build(&tree, "app").expect("the overlay is well-formed");
//! assert_eq!(text, "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: dev-a\n");
//! ```
//!
//! Every step is linear in the number of resources: they are found by hash of the ids that they
//! have and had. Absent on purpose: files, network, programs (plugins are refused by name).

mod accumulate;
mod config;
mod fail;
mod fieldspec;
mod file;
mod file_parts;
mod generators;
mod id;
mod images;
mod json_patch;
mod load;
mod merge;
mod merge_list;
mod name_reference;
mod node;
mod openapi;
mod origin;
mod patches;
mod path;
mod read;
mod replacements;
mod resource;
mod selector;
mod sort;
mod time;
mod transform;
mod tree;
mod vars;

pub use tree::FileTree;

use accumulate::{Build, Gathered, accumulate};
use bowline_diag::Diagnostic;
use bowline_yaml::go::{Layout, marshal};
use fail::{Fail, Outcome};
use fieldspec::FieldSpec;
use openapi::Schemas;
use origin::{ORIGIN, Origin, TRANSFORMATIONS};
use tree::Loader;

/// What `managedByLabel` writes: the version whose output this is.
const MANAGED_BY: &str = "kustomize-v5.7.1";

/// Whether a folder holds a kustomization.
#[must_use]
pub fn is_kustomization(tree: &FileTree, directory: &str) -> bool {
    file::is_kustomization(tree, directory)
}

/// The objects of the kustomization in `directory`, as one YAML text.
///
/// # Errors
/// What is wrong, with file, line and column; nothing is rendered then.
pub fn build(tree: &FileTree, directory: &str) -> Result<String, Vec<Diagnostic>> {
    let root = tree::join("", directory).unwrap_or_default();
    run(tree, root).map_err(|fail| {
        let text_of =
            |file: &str| tree.get(file).map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        vec![fail.diagnostic(text_of)]
    })
}

fn run(tree: &FileTree, root: String) -> Outcome<String> {
    let loader = Loader::new(tree, root);
    let kustomization = file::load(&loader)?;
    let wants = |name: &str| kustomization.build_metadata.iter().any(|known| known == name);
    let mut build = Build {
        schemas: Schemas::start(&loader, &kustomization)?,
        track_origin: !kustomization.build_metadata.is_empty(),
        transformations: wants("transformerAnnotations"),
    };
    let mut gathered = Gathered::default();
    accumulate(&mut build, &loader, &kustomization, &Origin::default(), &mut gathered, 0)?;
    generators::add_hashes(&mut gathered.resources)?;
    name_reference::run(&mut gathered.resources, &gathered.config)?;
    vars::resolve(&mut gathered)?;
    let mut resources = gathered.resources;
    resources.retain(|resource| {
        let local = resource.annotation("config.kubernetes.io/local-config");
        local.is_none_or(|value| value == "false")
    });
    sort::sort(&mut resources, &kustomization.order.clone().unwrap_or_else(sort::Order::legacy));
    if wants("managedByLabel") {
        let pairs = [("app.kubernetes.io/managed-by".to_owned(), MANAGED_BY.to_owned())];
        let path = "metadata/labels".to_owned();
        let specs = [FieldSpec { path, create: true, ..FieldSpec::default() }];
        transform::entries(&mut resources, &pairs.into_iter().collect(), &specs)?;
    }
    let mut text = String::new();
    for (at, resource) in resources.iter_mut().enumerate() {
        resource.drop_notes();
        if !wants("originAnnotations") {
            resource.set_annotation(ORIGIN, None);
        }
        if !wants("transformerAnnotations") {
            resource.set_annotation(TRANSFORMATIONS, None);
        }
        if at > 0 {
            text.push_str("---\n");
        }
        let json = resource.node.to_json(&resource.file)?;
        let unprintable = || {
            Fail::new("the object holds a character that YAML cannot carry")
                .at(&resource.file, resource.node.at)
        };
        text.push_str(&marshal(&json, Layout::MARSHAL_V2).ok_or_else(unprintable)?);
    }
    Ok(text)
}
