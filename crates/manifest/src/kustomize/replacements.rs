//! `replacements`: a field of one resource copied into fields of others.

use super::fail::{Fail, Outcome};
use super::fieldspec::split_brackets;
use super::file::Kustomization;
use super::file_parts::{FieldOptions, Replacement, Selector, Source, Target};
use super::id::ResId;
use super::node::{Content, Node, Scalar};
use super::path::{self, Make};
use super::read::Reader;
use super::resource::Resource;
use super::selector::{Index, matches, parse};
use super::tree::Loader;

/// Carries out all replacements of one kustomization.
pub(crate) fn run(
    loader: &Loader<'_>,
    kustomization: &Kustomization,
    resources: &mut [Resource],
) -> Outcome<()> {
    let file = &kustomization.file;
    let mut index = None;
    for replacement in &kustomization.replacements {
        let at = |fail: Box<Fail>| fail.at(file, replacement.at);
        let Some(path) = &replacement.path else {
            apply(resources, &mut index, replacement, file).map_err(at)?;
            continue;
        };
        if replacement.source.is_some() || !replacement.targets.is_empty() {
            return Err(at(Fail::new("a replacement has a `path` or stands inline, not both")));
        }
        let (full, text) = loader.text(&path.text).map_err(at)?;
        let documents = bowline_yaml::parse_documents(text, &super::read::limits())
            .map_err(|error| Fail::yaml(&error, &full))?;
        let Some(root) = documents.first() else { continue };
        let reader = Reader { file: &full };
        for item in root.as_sequence().unwrap_or(std::slice::from_ref(root)) {
            let replacement = Replacement::read(reader, item)?;
            apply(resources, &mut index, &replacement, &full)
                .map_err(|fail| fail.at(&full, replacement.at))?;
        }
    }
    Ok(())
}

/// Ids as a replacement compares them: the current one first, without the rule for kinds that
/// have no namespace.
fn ids(resource: &Resource) -> Vec<ResId> {
    std::iter::once(resource.id()).chain(resource.previous_ids()).collect()
}

fn apply(
    resources: &mut [Resource],
    index: &mut Option<Index>,
    replacement: &Replacement,
    file: &str,
) -> Outcome<()> {
    let has_source = replacement.source.is_some() || replacement.source_value.is_some();
    if !has_source || replacement.targets.is_empty() {
        return Err(Fail::new("a replacement needs a `source` and at least one target"));
    }
    let value = match (&replacement.source, &replacement.source_value) {
        (Some(_), Some(_)) => {
            return Err(Fail::new("`source` and `sourceValue` cannot stand together"));
        }
        (_, Some(text)) => Node::scalar(Scalar::unset(text.as_str())),
        (Some(source), None) => {
            let known = index.get_or_insert_with(|| Index::of(resources));
            source_value(resources, known, source).map_err(|fail| fail.at(file, source.at))?
        }
        (None, None) => return Ok(()),
    };
    for target in &replacement.targets {
        let known = index.get_or_insert_with(|| Index::of(resources));
        copy(resources, known, &value, target).map_err(|fail| fail.at(file, target.at))?;
        let renames = target.field_paths.is_empty()
            || target.field_paths.iter().any(|spot| {
                ["metadata", "kind", "apiVersion"].iter().any(|name| spot.text.starts_with(name))
            });
        if renames {
            *index = None;
        }
    }
    Ok(())
}

fn source_value(resources: &[Resource], index: &Index, source: &Source) -> Outcome<Node> {
    let candidates = match source.id.name.as_str() {
        "" => (0..resources.len()).collect(),
        name => index.by_name.get(name).cloned().unwrap_or_default(),
    };
    let mut found = candidates
        .into_iter()
        .filter(|at| ids(&resources[*at]).iter().any(|id| id.is_selected_by(&source.id)));
    let Some(at) = found.next() else {
        return Err(Fail::new(format!("no resource is the source {}", source.id.text())));
    };
    if found.next().is_some() {
        let message = format!("several resources could be the source {}", source.id.text());
        return Err(Fail::new(message));
    }
    let field_path =
        if source.field_path.is_empty() { "metadata.name" } else { &source.field_path };
    let value = path::lookup(&resources[at].node, &split_brackets(field_path, '.'))?;
    let Some(value) = value.filter(|value| !value.is_empty()) else {
        let message = format!("the source {} has no field `{field_path}`", source.id.text());
        return Err(Fail::new(message));
    };
    let mut value = value.clone();
    if !source.options.delimiter.is_empty() {
        let Some(scalar) = value.as_scalar_mut() else {
            return Err(Fail::new("a `delimiter` needs a scalar in the source"));
        };
        let part = scalar.text.split(source.options.delimiter.as_str());
        let part = usize::try_from(source.options.index).ok().and_then(|at| part.clone().nth(at));
        let Some(part) = part else {
            let message =
                format!("the index {} lies outside of `{}`", source.options.index, scalar.text);
            return Err(Fail::new(message));
        };
        scalar.text = part.to_owned();
    }
    Ok(value)
}

fn copy(resources: &mut [Resource], index: &Index, value: &Node, target: &Target) -> Outcome<()> {
    let Some(select) = &target.select else {
        return Err(Fail::new("a target must say what it selects"));
    };
    let demands =
        |selector: &Selector| Ok((parse(&selector.annotations)?, parse(&selector.labels)?));
    let wanted: (Vec<_>, Vec<_>) = demands(select)?;
    let rejects = target.reject.iter().map(demands).collect::<Outcome<Vec<_>>>()?;
    let candidates = match select.id.name.as_str() {
        "" => (0..resources.len()).collect(),
        name => index.by_name.get(name).cloned().unwrap_or_default(),
    };
    for at in candidates {
        let resource = &resources[at];
        let fits = |(annotations, labels): &(Vec<_>, Vec<_>)| {
            matches(annotations, resource, "annotations") && matches(labels, resource, "labels")
        };
        let rejected = target.reject.iter().zip(&rejects).any(|(reject, demands)| {
            let by_texts = !reject.annotations.is_empty() || !reject.labels.is_empty();
            by_texts && fits(demands)
        });
        if !fits(&wanted) || rejected {
            continue;
        }
        let ids = ids(resource);
        let named_out = target.reject.iter().any(|reject| {
            !reject.id.is_empty() && ids.iter().any(|id| id.is_selected_by(&reject.id))
        });
        if named_out || !ids.iter().any(|id| id.is_selected_by(&select.id)) {
            continue;
        }
        let note = format!("in {}", resource.id().text());
        write(&mut resources[at].node, value, target).map_err(|fail| fail.note(note))?;
    }
    Ok(())
}

fn write(node: &mut Node, value: &Node, target: &Target) -> Outcome<()> {
    let default = [super::file::Spot { text: "metadata.name".into(), at: target.at }];
    let paths = if target.field_paths.is_empty() { &default[..] } else { &target.field_paths[..] };
    for spot in paths {
        let make = match (&value.content, target.options.create) {
            (_, false) => Make::Nothing,
            (Content::Scalar(_), true) => Make::Scalar,
            (Content::List(_), true) => Make::List,
            (Content::Map(_), true) => Make::Map,
        };
        let mut count = 0;
        let parts = split_brackets(&spot.text, '.');
        path::each(node, &parts, make, &mut |place| {
            count += 1;
            set(place, value, &target.options)
        })?;
        if count == 0 {
            let message = format!("the target has no field `{}`", spot.text);
            let fail = Fail::new(message);
            return Err(if target.options.create {
                fail
            } else {
                fail.help("write `options: {create: true}` to make it")
            });
        }
    }
    Ok(())
}

fn set(place: &mut Node, value: &Node, options: &FieldOptions) -> Outcome<()> {
    let mut value = value.clone();
    if !options.delimiter.is_empty() {
        let Some(old) = place.as_scalar() else {
            return Err(Fail::new("a `delimiter` needs a scalar in the target"));
        };
        let mut parts: Vec<&str> = old.text.split(options.delimiter.as_str()).collect();
        let new = value.text().to_owned();
        match usize::try_from(options.index) {
            Err(_) => parts.insert(0, &new),
            Ok(at) if at >= parts.len() => parts.push(&new),
            Ok(at) => parts[at] = &new,
        }
        let text = parts.join(&options.delimiter);
        match value.as_scalar_mut() {
            Some(scalar) => scalar.text = text,
            None => value = Node::scalar(Scalar::unset(text)),
        }
    }
    match place.as_scalar_mut() {
        Some(scalar) => value.text().clone_into(&mut scalar.text),
        None => place.content = value.content,
    }
    Ok(())
}
