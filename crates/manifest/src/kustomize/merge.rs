//! Strategic merge of a patch into a resource, as kyaml's `merge2` does it with lists that grow
//! at the front.

use super::fail::{Fail, Outcome};
use super::merge_list::merge_list;
use super::node::{Content, Node, Scalar};
use super::openapi::{Schema, Schemas};

/// What became of the value that a patch met.
pub(crate) enum Merged {
    /// It was changed in place, or not at all.
    Kept,
    /// This takes its place.
    New(Node),
    /// It goes.
    Gone,
}

/// What a `$patch` entry orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Directive {
    Merge,
    Replace,
    Delete,
}

/// Merges `patch` into `target`.
pub(crate) fn merge(
    schemas: &Schemas,
    target: &mut Node,
    patch: Option<&Node>,
    schema: Option<&Schema>,
) -> Outcome<Merged> {
    if target.is_null() {
        return match patch {
            None if target.text().is_empty() => Ok(Merged::Gone),
            None => Ok(Merged::Kept),
            Some(patch) => Ok(adopt(schemas, patch, schema)?.map_or(Merged::Gone, Merged::New)),
        };
    }
    if let Some(patch) = patch
        && patch.is_null()
    {
        return Ok(Merged::Gone);
    }
    let schema = schema
        .or_else(|| own_schema(schemas, Some(&*target)))
        .or_else(|| own_schema(schemas, patch));
    if let Some(patch) = patch
        && std::mem::discriminant(&patch.content) != std::mem::discriminant(&target.content)
    {
        let message =
            format!("the patch has {} where {} stands", patch.kind_name(), target.kind_name());
        return Err(Fail::new(message).note(format!("in line {} of the patch", patch.at.0)));
    }
    match &mut target.content {
        Content::Scalar(_) => Ok(match patch {
            Some(patch) => Merged::New(patch.clone()),
            None => Merged::Kept,
        }),
        Content::Map(_) => merge_map(schemas, target, patch, schema),
        Content::List(items) => match schema.filter(|schema| schema.is_merged_list()) {
            Some(schema) => merge_list(schemas, items, patch, schema),
            None => Ok(match patch {
                Some(patch) => Merged::New(patch.clone()),
                None => Merged::Kept,
            }),
        },
    }
}

/// What a patch adds where nothing stands: it is merged with itself, so that its directives and
/// nulls are carried out.
pub(crate) fn adopt(
    schemas: &Schemas,
    patch: &Node,
    schema: Option<&Schema>,
) -> Outcome<Option<Node>> {
    if patch.is_null() {
        return Ok(None);
    }
    let mut copy = patch.clone();
    strip(&mut copy);
    Ok(match merge(schemas, &mut copy, Some(patch), schema)? {
        Merged::Kept => Some(copy),
        Merged::New(node) => Some(node),
        Merged::Gone => None,
    })
}

/// Takes all directives away.
fn strip(node: &mut Node) {
    match &mut node.content {
        Content::Scalar(_) => {}
        Content::Map(entries) => {
            entries.retain(|(key, value)| key.text != PATCH || word(value).is_none());
            entries.iter_mut().for_each(|(_, value)| strip(value));
        }
        Content::List(items) => {
            items.retain(|item| !is_list_directive(item));
            items.iter_mut().for_each(strip);
        }
    }
}

pub(crate) const PATCH: &str = "$patch";

/// An item that holds nothing but a directive for its whole list.
pub(crate) fn is_list_directive(item: &Node) -> bool {
    item.entries().len() == 1 && item.get(PATCH).is_some_and(|value| word(value).is_some())
}

/// The directive that a `$patch` entry holds.
pub(crate) fn word(value: &Node) -> Option<Directive> {
    match value.text() {
        "delete" => Some(Directive::Delete),
        "replace" => Some(Directive::Replace),
        "merge" => Some(Directive::Merge),
        _ => None,
    }
}

pub(crate) fn unknown(value: &Node) -> Box<Fail> {
    let message = format!("`$patch: {}` is no directive", value.text());
    Fail::new(message).help("use `merge`, `replace` or `delete`")
}

/// A mapping with `apiVersion` and `kind` has the schema of its kind.
fn own_schema<'s>(schemas: &'s Schemas, node: Option<&Node>) -> Option<&'s Schema> {
    let node = node?;
    let text = |key: &str| node.get(key).map(Node::text).filter(|text| !text.is_empty());
    schemas.of_kind(text("apiVersion")?, text("kind")?)
}

fn merge_map(
    schemas: &Schemas,
    target: &mut Node,
    patch: Option<&Node>,
    schema: Option<&Schema>,
) -> Outcome<Merged> {
    let mut has_directive = false;
    if let Some(patch) = patch
        && let Some(value) = patch.get(PATCH)
    {
        has_directive = true;
        match word(value).ok_or_else(|| unknown(value))? {
            Directive::Merge => {}
            Directive::Delete => return Ok(Merged::Gone),
            Directive::Replace => {
                let mut rest = patch.clone();
                rest.remove(PATCH);
                let adopted = adopt(schemas, &rest, schema)?;
                return Ok(adopted.map_or(Merged::Gone, Merged::New));
            }
        }
    }
    let Some(entries) = target.entries_mut() else { return Ok(Merged::Kept) };
    let mut gone = Vec::new();
    for (at, (key, value)) in entries.iter_mut().enumerate() {
        let change = patch.and_then(|patch| patch.get(&key.text));
        let field = schema.and_then(|schema| schemas.field(schema, &key.text));
        match merge(schemas, value, change, field)? {
            Merged::Kept => {}
            Merged::Gone => gone.push(at),
            Merged::New(new) => put(value, new),
        }
    }
    let mut added = Vec::new();
    for (key, value) in patch.map(Node::entries).unwrap_or_default() {
        if (has_directive && key.text == PATCH)
            || entries.iter().any(|(known, _)| known.text == key.text)
            || added.iter().any(|(known, _): &(Scalar, Node)| known.text == key.text)
        {
            continue;
        }
        let field = schema.and_then(|schema| schemas.field(schema, &key.text));
        if let Some(value) = adopt(schemas, value, field)? {
            added.push((key.clone(), value));
        }
    }
    for at in gone.into_iter().rev() {
        entries.remove(at);
    }
    entries.extend(added);
    Ok(Merged::Kept)
}

/// A scalar that takes the place of another one keeps its quotes.
fn put(place: &mut Node, new: Node) {
    match (&mut place.content, new.content) {
        (Content::Scalar(old), Content::Scalar(new)) => old.replace(new),
        (content, Content::Scalar(mut new)) => {
            new.quoted = false;
            *content = Content::Scalar(new);
        }
        (content, new) => *content = new,
    }
}
