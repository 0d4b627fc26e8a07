//! The entries of the lists in a `kustomization.yaml`.

use super::fail::Outcome;
use super::fieldspec::FieldSpec;
use super::file::{Spot, label_fields, spot};
use super::id::{Gvk, ResId};
use super::node::place;
use super::read::Reader;
use super::resource::Behavior;
use super::sort::Order;
use bowline_yaml::Node;
use std::collections::BTreeMap;

/// An entry of `labels`.
#[derive(Debug, Default)]
pub(crate) struct Label {
    pub(crate) pairs: BTreeMap<String, String>,
    pub(crate) include_selectors: bool,
    pub(crate) include_templates: bool,
    pub(crate) fields: Vec<FieldSpec>,
    pub(crate) at: (u32, u32),
}

impl Label {
    pub(crate) fn read(reader: Reader<'_>, node: &Node) -> Outcome<Self> {
        let mut label = Self { at: place(node), ..Self::default() };
        let known = &["pairs", "includeSelectors", "includeTemplates", "fields"];
        for (name, value) in reader.fields(node, known)? {
            match name {
                "pairs" => label.pairs = reader.text_map(value)?,
                "includeSelectors" => label.include_selectors = reader.flag(value)?,
                "includeTemplates" => label.include_templates = reader.flag(value)?,
                _ => label.fields = label_fields(reader, value)?,
            }
        }
        Ok(label)
    }
}

/// Which resources a patch or replacement means; in patches the parts are regular expressions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selector {
    pub(crate) id: ResId,
    pub(crate) annotations: String,
    pub(crate) labels: String,
}

impl Selector {
    pub(crate) fn read(reader: Reader<'_>, node: &Node) -> Outcome<Self> {
        let mut selector = Self::default();
        let known = &[
            "group",
            "version",
            "kind",
            "name",
            "namespace",
            "annotationSelector",
            "labelSelector",
        ];
        for (name, value) in reader.fields(node, known)? {
            match name {
                "annotationSelector" => selector.annotations = reader.text(value)?,
                "labelSelector" => selector.labels = reader.text(value)?,
                _ => set_id(&mut selector.id, name, reader.text(value)?),
            }
        }
        Ok(selector)
    }
}

fn set_id(id: &mut ResId, name: &str, text: String) {
    match name {
        "group" => id.gvk.group = text,
        "version" => id.gvk.version = text,
        "kind" => id.gvk.kind = text,
        "name" => id.name = text,
        _ => id.namespace = text,
    }
}

/// An entry of `patches` or `patchesJson6902`.
#[derive(Debug, Default)]
pub(crate) struct Patch {
    pub(crate) path: Option<Spot>,
    pub(crate) patch: Option<Spot>,
    pub(crate) target: Option<Selector>,
    pub(crate) options: BTreeMap<String, bool>,
    pub(crate) at: (u32, u32),
}

impl Patch {
    pub(crate) fn read(reader: Reader<'_>, node: &Node) -> Outcome<Self> {
        let mut patch = Self { at: place(node), ..Self::default() };
        for (name, value) in reader.fields(node, &["path", "patch", "target", "options"])? {
            match name {
                _ if reader.is_null(value) => {}
                "path" => patch.path = Some(spot(reader, value)?).filter(|s| !s.text.is_empty()),
                "patch" => patch.patch = Some(spot(reader, value)?).filter(|s| !s.text.is_empty()),
                "target" => patch.target = Some(Selector::read(reader, value)?),
                _ => patch.options = reader.flag_map(value)?,
            }
        }
        Ok(patch)
    }
}

/// An entry of `images`.
#[derive(Debug, Default)]
pub(crate) struct Image {
    pub(crate) name: String,
    pub(crate) new_name: String,
    pub(crate) tag_suffix: String,
    pub(crate) new_tag: String,
    pub(crate) digest: String,
    pub(crate) at: (u32, u32),
}

impl Image {
    pub(crate) fn read(reader: Reader<'_>, node: &Node) -> Outcome<Self> {
        let mut image = Self { at: place(node), ..Self::default() };
        let known = &["name", "newName", "tagSuffix", "newTag", "digest"];
        for (name, value) in reader.fields(node, known)? {
            let text = reader.text(value)?;
            match name {
                "name" => image.name = text,
                "newName" => image.new_name = text,
                "tagSuffix" => image.tag_suffix = text,
                "newTag" => image.new_tag = text,
                _ => image.digest = text,
            }
        }
        Ok(image)
    }
}

/// An entry of `replicas`.
#[derive(Debug, Default)]
pub(crate) struct Replica {
    pub(crate) name: String,
    pub(crate) count: i64,
    pub(crate) at: (u32, u32),
}

impl Replica {
    pub(crate) fn read(reader: Reader<'_>, node: &Node) -> Outcome<Self> {
        let mut replica = Self { at: place(node), ..Self::default() };
        for (name, value) in reader.fields(node, &["name", "count"])? {
            match name {
                "name" => replica.name = reader.text(value)?,
                _ => replica.count = reader.integer(value)?,
            }
        }
        Ok(replica)
    }
}

/// `options` of a replacement's source or target.
#[derive(Clone, Debug, Default)]
pub(crate) struct FieldOptions {
    pub(crate) delimiter: String,
    pub(crate) index: i64,
    pub(crate) create: bool,
}

impl FieldOptions {
    fn read(reader: Reader<'_>, node: &Node) -> Outcome<Self> {
        let mut options = Self::default();
        for (name, value) in reader.fields(node, &["delimiter", "index", "encoding", "create"])? {
            match name {
                "delimiter" => options.delimiter = reader.text(value)?,
                "index" => options.index = reader.integer(value)?,
                "create" => options.create = reader.flag(value)?,
                _ => {
                    reader.text(value)?;
                }
            }
        }
        Ok(options)
    }
}

/// `source` of a replacement.
#[derive(Clone, Debug, Default)]
pub(crate) struct Source {
    pub(crate) id: ResId,
    pub(crate) field_path: String,
    pub(crate) options: FieldOptions,
    pub(crate) at: (u32, u32),
}

/// One of the `targets` of a replacement.
#[derive(Clone, Debug, Default)]
pub(crate) struct Target {
    pub(crate) select: Option<Selector>,
    pub(crate) reject: Vec<Selector>,
    pub(crate) field_paths: Vec<Spot>,
    pub(crate) options: FieldOptions,
    pub(crate) at: (u32, u32),
}

/// An entry of `replacements`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Replacement {
    pub(crate) path: Option<Spot>,
    pub(crate) source: Option<Source>,
    pub(crate) source_value: Option<String>,
    pub(crate) targets: Vec<Target>,
    pub(crate) at: (u32, u32),
}

impl Replacement {
    pub(crate) fn read(reader: Reader<'_>, node: &Node) -> Outcome<Self> {
        let mut replacement = Self { at: place(node), ..Self::default() };
        for (name, value) in reader.fields(node, &["source", "targets", "sourceValue", "path"])? {
            match name {
                _ if reader.is_null(value) => {}
                "source" => replacement.source = Some(read_source(reader, value)?),
                "sourceValue" => replacement.source_value = Some(reader.text(value)?),
                "path" => replacement.path = Some(spot(reader, value)?),
                _ => {
                    let items = reader.list(value)?.iter();
                    replacement.targets =
                        items.map(|item| read_target(reader, item)).collect::<Outcome<_>>()?;
                }
            }
        }
        Ok(replacement)
    }
}

fn read_source(reader: Reader<'_>, node: &Node) -> Outcome<Source> {
    let mut source = Source { at: place(node), ..Source::default() };
    let known = &["group", "version", "kind", "name", "namespace", "fieldPath", "options"];
    for (name, value) in reader.fields(node, known)? {
        match name {
            "fieldPath" => source.field_path = reader.text(value)?,
            "options" => source.options = FieldOptions::read(reader, value)?,
            _ => set_id(&mut source.id, name, reader.text(value)?),
        }
    }
    Ok(source)
}

fn read_target(reader: Reader<'_>, node: &Node) -> Outcome<Target> {
    let mut target = Target { at: place(node), ..Target::default() };
    for (name, value) in reader.fields(node, &["select", "reject", "fieldPaths", "options"])? {
        match name {
            _ if reader.is_null(value) => {}
            "select" => target.select = Some(Selector::read(reader, value)?),
            "reject" => {
                let items = reader.list(value)?.iter();
                target.reject =
                    items.map(|item| Selector::read(reader, item)).collect::<Outcome<_>>()?;
            }
            "fieldPaths" => {
                let items = reader.list(value)?.iter();
                target.field_paths =
                    items.map(|item| spot(reader, item)).collect::<Outcome<_>>()?;
            }
            _ => target.options = FieldOptions::read(reader, value)?,
        }
    }
    Ok(target)
}

/// `generatorOptions`, or `options` of one generator.
#[derive(Clone, Debug, Default)]
pub(crate) struct GeneratorOptions {
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) annotations: BTreeMap<String, String>,
    pub(crate) disable_hash: bool,
    pub(crate) immutable: bool,
}

impl GeneratorOptions {
    pub(crate) fn read(reader: Reader<'_>, node: &Node) -> Outcome<Self> {
        let mut options = Self::default();
        let known = &["labels", "annotations", "disableNameSuffixHash", "immutable"];
        for (name, value) in reader.fields(node, known)? {
            match name {
                "labels" => options.labels = reader.text_map(value)?,
                "annotations" => options.annotations = reader.text_map(value)?,
                "immutable" => options.immutable = reader.flag(value)?,
                _ => options.disable_hash = reader.flag(value)?,
            }
        }
        Ok(options)
    }

    /// The options of one generator over those of all.
    pub(crate) fn over(mut self, all: &GeneratorOptions) -> Self {
        for (key, value) in &all.labels {
            self.labels.entry(key.clone()).or_insert_with(|| value.clone());
        }
        for (key, value) in &all.annotations {
            self.annotations.entry(key.clone()).or_insert_with(|| value.clone());
        }
        self.disable_hash |= all.disable_hash;
        self.immutable |= all.immutable;
        self
    }
}

/// An entry of `configMapGenerator` or `secretGenerator`.
#[derive(Debug, Default)]
pub(crate) struct Generator {
    pub(crate) name: String,
    pub(crate) namespace: String,
    pub(crate) behavior: Behavior,
    pub(crate) secret_type: String,
    pub(crate) literals: Vec<Spot>,
    pub(crate) files: Vec<Spot>,
    pub(crate) envs: Vec<Spot>,
    pub(crate) options: GeneratorOptions,
    pub(crate) at: (u32, u32),
}

impl Generator {
    pub(crate) fn read(reader: Reader<'_>, node: &Node) -> Outcome<Self> {
        let mut generator = Self { at: place(node), ..Self::default() };
        let mut env = None;
        let known = &[
            "name",
            "namespace",
            "behavior",
            "type",
            "literals",
            "files",
            "envs",
            "env",
            "options",
        ];
        let list = |value| -> Outcome<Vec<Spot>> {
            reader.list(value)?.iter().map(|item| spot(reader, item)).collect()
        };
        for (name, value) in reader.fields(node, known)? {
            match name {
                "name" => generator.name = reader.text(value)?,
                "namespace" => generator.namespace = reader.text(value)?,
                "type" => generator.secret_type = reader.text(value)?,
                "literals" => generator.literals = list(value)?,
                "files" => generator.files = list(value)?,
                "envs" => generator.envs = list(value)?,
                "env" => env = Some(spot(reader, value)?).filter(|spot| !spot.text.is_empty()),
                "options" => generator.options = GeneratorOptions::read(reader, value)?,
                _ => {
                    generator.behavior = match reader.text(value)?.as_str() {
                        "create" => Behavior::Create,
                        "replace" => Behavior::Replace,
                        "merge" => Behavior::Merge,
                        _ => Behavior::Unspecified,
                    };
                }
            }
        }
        generator.envs.extend(env);
        Ok(generator)
    }
}

/// An entry of `vars`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) target: ResId,
    pub(crate) field_path: String,
    pub(crate) at: (u32, u32),
    pub(crate) file: String,
}

impl Variable {
    pub(crate) fn read(reader: Reader<'_>, node: &Node) -> Outcome<Self> {
        let mut variable =
            Self { at: place(node), file: reader.file.to_owned(), ..Self::default() };
        let known = &["apiVersion", "group", "version", "kind", "name", "namespace"];
        for (name, value) in reader.fields(node, &["name", "objref", "fieldref"])? {
            match name {
                "name" => variable.name = reader.text(value)?,
                "objref" => {
                    for (name, value) in reader.fields(value, known)? {
                        let text = reader.text(value)?;
                        if name == "apiVersion" {
                            let (group, version) = super::id::split_api_version(&text);
                            let kind = std::mem::take(&mut variable.target.gvk.kind);
                            let (group, version) = (group.to_owned(), version.to_owned());
                            variable.target.gvk = Gvk { group, version, kind };
                        } else {
                            set_id(&mut variable.target, name, text);
                        }
                    }
                }
                _ => {
                    for (_, value) in reader.fields(value, &["fieldPath"])? {
                        variable.field_path = reader.text(value)?;
                    }
                }
            }
        }
        if variable.field_path.is_empty() {
            variable.field_path = "metadata.name".to_owned();
        }
        Ok(variable)
    }
}

/// `sortOptions`.
pub(crate) fn sort_order(reader: Reader<'_>, node: &Node) -> Outcome<Order> {
    let mut word = String::new();
    let mut lists = None;
    for (name, value) in reader.fields(node, &["order", "legacySortOptions"])? {
        match name {
            "order" => word = reader.text(value)?,
            _ if reader.is_null(value) => {}
            _ => {
                let (mut first, mut last) = (Vec::new(), Vec::new());
                for (name, value) in reader.fields(value, &["orderFirst", "orderLast"])? {
                    match name {
                        "orderFirst" => first = reader.texts(value)?,
                        _ => last = reader.texts(value)?,
                    }
                }
                lists = Some((first, last));
            }
        }
    }
    match (word.as_str(), lists) {
        ("legacy", None) => Ok(Order::legacy()),
        ("legacy", Some((first, last))) => Ok(Order::Legacy { first, last }),
        ("fifo", None) => Ok(Order::Fifo),
        ("fifo", Some(_)) => {
            Err(reader.fail(node, "`legacySortOptions` is set, and the order is `fifo`"))
        }
        _ => Err(reader.fail(node, "`sortOptions.order` must be `fifo` or `legacy`")),
    }
}

/// `buildMetadata`.
pub(crate) fn build_metadata(reader: Reader<'_>, node: &Node) -> Outcome<Vec<String>> {
    reader.texts(node)
}
