//! `kustomization.yaml`, read with places.

use super::config::field_specs;
use super::fail::{Fail, Outcome};
use super::fieldspec::FieldSpec;
use super::file_parts::{
    Generator, GeneratorOptions, Image, Label, Patch, Replacement, Replica, Variable,
    build_metadata, sort_order,
};
use super::node::place;
use super::read::{Reader, limits};
use super::sort::Order;
use super::tree::{Loader, join};
use bowline_yaml::Node;
use std::collections::BTreeMap;

/// A text and where it stands.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spot {
    pub(crate) text: String,
    pub(crate) at: (u32, u32),
}

/// One kustomization or component.
#[derive(Debug, Default)]
pub(crate) struct Kustomization {
    pub(crate) file: String,
    pub(crate) file_name: String,
    pub(crate) is_component: bool,
    pub(crate) resources: Vec<Spot>,
    pub(crate) components: Vec<Spot>,
    pub(crate) configurations: Vec<Spot>,
    pub(crate) crds: Vec<Spot>,
    pub(crate) openapi: BTreeMap<String, String>,
    pub(crate) name_prefix: String,
    pub(crate) name_suffix: String,
    pub(crate) namespace: String,
    pub(crate) common_labels: BTreeMap<String, String>,
    pub(crate) labels: Vec<Label>,
    pub(crate) common_annotations: BTreeMap<String, String>,
    pub(crate) patches_strategic: Vec<Spot>,
    pub(crate) patches_json: Vec<Patch>,
    pub(crate) patches: Vec<Patch>,
    pub(crate) images: Vec<Image>,
    pub(crate) replicas: Vec<Replica>,
    pub(crate) replacements: Vec<Replacement>,
    pub(crate) config_maps: Vec<Generator>,
    pub(crate) secrets: Vec<Generator>,
    pub(crate) generator_options: Option<GeneratorOptions>,
    pub(crate) order: Option<Order>,
    pub(crate) build_metadata: Vec<String>,
    pub(crate) variables: Vec<Variable>,
}

const NAMES: &[&str] = &["kustomization.yaml", "kustomization.yml", "Kustomization"];

const FIELDS: &[&str] = &[
    "apiVersion",
    "kind",
    "metadata",
    "openapi",
    "namePrefix",
    "nameSuffix",
    "namespace",
    "commonLabels",
    "labels",
    "commonAnnotations",
    "patchesStrategicMerge",
    "patchesJson6902",
    "patches",
    "images",
    "imageTags",
    "replacements",
    "replicas",
    "vars",
    "sortOptions",
    "resources",
    "components",
    "crds",
    "bases",
    "configMapGenerator",
    "secretGenerator",
    "helmGlobals",
    "helmCharts",
    "helmChartInflationGenerator",
    "generatorOptions",
    "configurations",
    "generators",
    "transformers",
    "validators",
    "buildMetadata",
];

/// Whether a folder holds a kustomization.
pub(crate) fn is_kustomization(tree: &super::FileTree, directory: &str) -> bool {
    NAMES.iter().filter_map(|name| join(directory, name)).any(|path| tree.get(&path).is_some())
}

/// Reads the kustomization of the loader's folder.
pub(crate) fn load(loader: &Loader<'_>) -> Outcome<Kustomization> {
    let found: Vec<&str> =
        NAMES.iter().copied().filter(|name| loader.bytes(name).is_ok()).collect();
    let folder = if loader.root.is_empty() { "." } else { &loader.root };
    let name = match found[..] {
        [name] => name,
        [] => {
            return Err(Fail::new(format!("the folder `{folder}` has no `kustomization.yaml`")));
        }
        _ => {
            let message = format!("the folder `{folder}` has several kustomizations");
            return Err(Fail::new(message).note(found.join(", ")).help("keep one of them"));
        }
    };
    let (path, text) = loader.text(name)?;
    let documents = bowline_yaml::parse_documents(text, &limits())
        .map_err(|error| Fail::yaml(&error, &path))?;
    let mut kustomization = Kustomization {
        file: path.clone(),
        file_name: name.to_owned(),
        ..Kustomization::default()
    };
    let reader = Reader { file: &path };
    let empty = || Fail::new("the kustomization is empty").at(&path, (1, 1));
    let root = documents.first().ok_or_else(empty)?;
    let fields = reader.fields(root, FIELDS)?;
    let mut is_empty = true;
    let (mut kind, mut version) = (Spot::default(), Spot::default());
    let mut late = Vec::new();
    for (name, node) in fields {
        match name {
            "kind" => kind = spot(reader, node)?,
            "apiVersion" => version = spot(reader, node)?,
            _ if reader.is_null(node) => {}
            "bases" | "imageTags" => {
                is_empty = false;
                late.push((name, node));
            }
            _ => {
                is_empty &= node.as_str() == Some("");
                kustomization.read(reader, name, node)?;
            }
        }
    }
    for (name, node) in late {
        kustomization.read(reader, name, node)?;
    }
    if is_empty {
        return Err(empty());
    }
    kustomization.is_component = kind.text == "Component";
    check_kind(&path, &kind, &version)?;
    Ok(kustomization)
}

fn check_kind(file: &str, kind: &Spot, version: &Spot) -> Outcome<()> {
    let wanted = match kind.text.as_str() {
        "" | "Kustomization" => "kustomize.config.k8s.io/v1beta1",
        "Component" => "kustomize.config.k8s.io/v1alpha1",
        _ => {
            let message = "`kind` must be `Kustomization` or `Component`";
            return Err(Fail::new(message).at(file, kind.at));
        }
    };
    if !version.text.is_empty() && version.text != wanted {
        return Err(Fail::new(format!("`apiVersion` must be `{wanted}`")).at(file, version.at));
    }
    Ok(())
}

pub(crate) fn spot(reader: Reader<'_>, node: &Node) -> Outcome<Spot> {
    Ok(Spot { text: reader.text(node)?, at: place(node) })
}

fn spots(reader: Reader<'_>, node: &Node) -> Outcome<Vec<Spot>> {
    reader.list(node)?.iter().map(|item| spot(reader, item)).collect()
}

impl Kustomization {
    fn read(&mut self, reader: Reader<'_>, name: &str, node: &Node) -> Outcome<()> {
        match name {
            "openapi" => self.openapi = reader.text_map(node)?,
            "namePrefix" => self.name_prefix = reader.text(node)?,
            "nameSuffix" => self.name_suffix = reader.text(node)?,
            "namespace" => self.namespace = reader.text(node)?,
            "commonLabels" => self.common_labels = reader.text_map(node)?,
            "commonAnnotations" => self.common_annotations = reader.text_map(node)?,
            "resources" => self.resources = spots(reader, node)?,
            "bases" => self.resources.extend(spots(reader, node)?),
            "components" => self.components = spots(reader, node)?,
            "configurations" => self.configurations = spots(reader, node)?,
            "crds" => self.crds = spots(reader, node)?,
            "patchesStrategicMerge" => self.patches_strategic = spots(reader, node)?,
            "labels" => self.labels = items(reader, node, Label::read)?,
            "patchesJson6902" => self.patches_json = items(reader, node, Patch::read)?,
            "patches" => self.patches = items(reader, node, Patch::read)?,
            "images" => self.images = items(reader, node, Image::read)?,
            "imageTags" => self.images.extend(items(reader, node, Image::read)?),
            "replicas" => self.replicas = items(reader, node, Replica::read)?,
            "replacements" => self.replacements = items(reader, node, Replacement::read)?,
            "configMapGenerator" => self.config_maps = items(reader, node, Generator::read)?,
            "secretGenerator" => self.secrets = items(reader, node, Generator::read)?,
            "generatorOptions" => {
                self.generator_options = Some(GeneratorOptions::read(reader, node)?);
            }
            "sortOptions" => self.order = Some(sort_order(reader, node)?),
            "buildMetadata" => self.build_metadata = build_metadata(reader, node)?,
            "vars" => self.variables = items(reader, node, Variable::read)?,
            "metadata" => {}
            _ => refuse(reader, name, node)?,
        }
        Ok(())
    }
}

fn items<'a, T>(
    reader: Reader<'a>,
    node: &'a Node,
    read: fn(Reader<'a>, &'a Node) -> Outcome<T>,
) -> Outcome<Vec<T>> {
    reader.list(node)?.iter().map(|item| read(reader, item)).collect()
}

/// What Kustomize would start a program or fetch a chart for.
fn refuse(reader: Reader<'_>, name: &str, node: &Node) -> Outcome<()> {
    let is_empty = node.as_sequence().is_some_and(<[Node]>::is_empty)
        || node.as_mapping().is_some_and(<[(Node, Node)]>::is_empty);
    if is_empty {
        return Ok(());
    }
    let (consequence, help) = match name {
        "helmCharts" | "helmGlobals" | "helmChartInflationGenerator" => (
            "without it the objects of the chart would be missing, so nothing is rendered",
            "render the chart beside the overlay, or commit its rendered output",
        ),
        "generators" => (
            "without it the generated objects would be missing, so nothing is rendered",
            "use `configMapGenerator` or `secretGenerator`, or commit what it generates",
        ),
        "transformers" => (
            "without it the objects would stay as they are, so nothing is rendered",
            "use the fields of the kustomization for the same change",
        ),
        _ => (
            "without it nothing would check the objects, so nothing is rendered",
            "remove the field, and check the rendered objects with a gate",
        ),
    };
    let what = format!("`{name}` is not carried out");
    Err(Fail::refused(what).at(reader.file, place(node)).note(consequence).help(help))
}

/// Fields of `labels`.
pub(crate) fn label_fields(reader: Reader<'_>, node: &Node) -> Outcome<Vec<FieldSpec>> {
    field_specs(reader, node)
}
