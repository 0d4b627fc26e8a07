//! Field specifications: which field of which kind a transformer touches.

use super::fail::{Fail, Outcome};
use super::id::{Gvk, split_api_version};
use super::node::{Content, Node, Scalar, Tag};
use super::resource::Resource;

/// One field of some kinds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FieldSpec {
    pub(crate) gvk: Gvk,
    pub(crate) path: String,
    pub(crate) create: bool,
}

/// What is made where `create` finds nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Make {
    Nothing,
    Map,
    Scalar,
}

/// Adds `new` unless a specification covers it.
pub(crate) fn merge_one(specs: &mut Vec<FieldSpec>, new: &FieldSpec) -> Outcome<()> {
    let covers = |old: &&FieldSpec| old.gvk.is_selected(&new.gvk) && old.path == new.path;
    match specs.iter().find(covers) {
        Some(old) if old.create != new.create => {
            let message =
                format!("two specifications of the field `{}` differ in `create`", new.path);
            Err(Fail::new(message))
        }
        Some(_) => Ok(()),
        None => {
            specs.push(new.clone());
            Ok(())
        }
    }
}

pub(crate) fn merge_all(specs: &mut Vec<FieldSpec>, new: &[FieldSpec]) -> Outcome<()> {
    new.iter().try_for_each(|spec| merge_one(specs, spec))
}

/// Splits at `delimiter`; a backslash before it keeps it.
pub(crate) fn split_path(path: &str, delimiter: char) -> Vec<String> {
    let mut parts = path.split(delimiter).collect::<Vec<_>>();
    if parts.len() > 1 && parts[0].is_empty() {
        parts.remove(0);
    }
    let mut result: Vec<String> = Vec::with_capacity(parts.len());
    for part in parts {
        match result.last_mut() {
            Some(last) if last.ends_with('\\') => {
                last.pop();
                last.push(delimiter);
                last.push_str(part);
            }
            _ => result.push(part.to_owned()),
        }
    }
    result
}

/// As [`split_path`], and a bracket with the delimiter inside stays whole.
pub(crate) fn split_brackets(path: &str, delimiter: char) -> Vec<String> {
    let parts = split_path(path, delimiter);
    let mut result = Vec::with_capacity(parts.len());
    let mut parts = parts.into_iter();
    while let Some(part) = parts.next() {
        if !part.starts_with('[') || part.ends_with(']') {
            result.push(part);
            continue;
        }
        let mut whole = part;
        for more in parts.by_ref() {
            whole.push(delimiter);
            whole.push_str(&more);
            if more.ends_with(']') {
                break;
            }
        }
        if whole.contains('=') {
            result.push(whole);
        } else {
            result.push(whole.trim_matches(['[', ']']).to_owned());
        }
    }
    result
}

type Setter<'s> = dyn FnMut(&mut Node) -> Outcome<()> + 's;

/// Calls `set` with every node that `spec` names in `resource`, if it is of its kind.
pub(crate) fn apply(
    resource: &mut Resource,
    spec: &FieldSpec,
    make: Make,
    set: &mut Setter<'_>,
) -> Outcome<()> {
    // Asked for every field of every resource, so nothing is copied for the answer.
    let (group, version) = split_api_version(resource.api_version());
    let fits = |mine: &str, wanted: &str| wanted.is_empty() || mine == wanted;
    if !fits(resource.kind(), &spec.gvk.kind)
        || !fits(group, &spec.gvk.group)
        || !fits(version, &spec.gvk.version)
    {
        return Ok(());
    }
    let path = split_path(&spec.path, '/');
    let make = if spec.create { make } else { Make::Nothing };
    walk(&mut resource.node, &path, make, set).map_err(|fail| {
        let id = resource.id().text();
        let note = format!("considering field '{}' of object {id}", spec.path);
        fail.at(&resource.file, (1, 1)).note(note)
    })
}

fn walk(node: &mut Node, path: &[String], make: Make, set: &mut Setter<'_>) -> Outcome<()> {
    if path.is_empty() {
        return set(node);
    }
    if node.is_null() {
        return Ok(());
    }
    match &mut node.content {
        Content::List(items) => items.iter_mut().try_for_each(|item| walk(item, path, make, set)),
        Content::Map(_) => walk_map(node, path, make, set),
        Content::Scalar(_) => Err(Fail::new(format!(
            "the field `{}` lies in a scalar; a mapping or list must stand there",
            path[0]
        ))),
    }
}

fn walk_map(node: &mut Node, path: &[String], make: Make, set: &mut Setter<'_>) -> Outcome<()> {
    let (name, is_list) = match path[0].strip_suffix("[]") {
        Some(name) => (name, true),
        None => (path[0].as_str(), false),
    };
    if name.is_empty() {
        return Err(Fail::new("a field specification has an empty field name"));
    }
    let fresh = match make {
        _ if is_list => None,
        Make::Nothing => None,
        Make::Scalar if path.len() == 1 => {
            Some(Node::scalar(Scalar { text: String::new(), tag: Tag::Unset, quoted: false }))
        }
        Make::Map | Make::Scalar => Some(Node::map()),
    };
    if node.get(name).is_none() {
        match &fresh {
            Some(fresh) => node.put(name, fresh.clone()),
            None => return Ok(()),
        }
    }
    let Some(field) = node.get_mut(name) else { return Ok(()) };
    if field.is_null() {
        if is_list {
            field.content = Content::List(Vec::new());
        } else if let Some(fresh) = fresh {
            field.content = fresh.content;
        }
    }
    walk(field, &path[1..], make, set)
}

/// Sets a scalar; a list or mapping there is an error.
pub(crate) fn set_scalar(node: &mut Node, value: Scalar) -> Outcome<()> {
    match node.as_scalar_mut() {
        Some(scalar) => {
            scalar.replace(value);
            Ok(())
        }
        None => Err(Fail::new(format!("a scalar is set where {} stands", node.kind_name()))),
    }
}

/// Sets an entry of a mapping; anything else there is an error.
pub(crate) fn set_entry(node: &mut Node, key: &str, value: &str) -> Outcome<()> {
    if node.is_null() {
        return Ok(());
    }
    if !matches!(node.content, Content::Map(_)) {
        return Err(Fail::new(format!("`{key}` is set where {} stands", node.kind_name())));
    }
    node.set(key, Scalar::string(value));
    Ok(())
}
