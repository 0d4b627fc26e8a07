//! Strategic merge of lists whose items are known by keys, or by themselves.

use super::fail::Outcome;
use super::merge::{Directive, Merged, PATCH, adopt, is_list_directive, merge, unknown, word};
use super::node::{Content, Node, Scalar};
use super::openapi::{Schema, Schemas};

/// An item of the list that is being made.
enum Item {
    /// The target's item at this place.
    Old(usize),
    New(Node),
}

/// Merges `patch` into the list `target`.
pub(crate) fn merge_list(
    schemas: &Schemas,
    target: &mut Vec<Node>,
    patch: Option<&Node>,
    schema: &Schema,
) -> Outcome<Merged> {
    let mut changes: Vec<&Node> = Vec::new();
    if let Some(items) = patch.and_then(Node::items) {
        let directive = items.iter().find(|item| item.get(PATCH).is_some());
        let directive = directive.filter(|item| item.entries().len() == 1);
        let mut order = Directive::Merge;
        if let Some(value) = directive.and_then(|item| item.get(PATCH)) {
            order = word(value).ok_or_else(|| unknown(value))?;
        }
        match order {
            Directive::Delete => return Ok(Merged::Gone),
            Directive::Replace => {
                let rest = items.iter().filter(|item| !is_list_directive(item)).cloned();
                let content = Content::List(rest.collect());
                let rest = Node { content, at: (0, 0) };
                let adopted = adopt(schemas, &rest, Some(schema))?;
                return Ok(adopted.map_or(Merged::Gone, Merged::New));
            }
            Directive::Merge => {
                changes.extend(items.iter().filter(|item| !is_list_directive(item)));
            }
        }
    }
    if schema.keys.is_empty() {
        merge_plain(target, &changes);
    } else {
        merge_keyed(schemas, target, &changes, schema)?;
    }
    Ok(Merged::Kept)
}

/// Items that are known by their own text: the patch's first, then what is left.
fn merge_plain(target: &mut Vec<Node>, changes: &[&Node]) {
    let mut merged: Vec<Node> = Vec::with_capacity(target.len() + changes.len());
    for item in changes.iter().copied().chain(target.iter()) {
        if !item.is_null() && !merged.iter().any(|known| known.text() == item.text()) {
            merged.push(item.clone());
        }
    }
    *target = merged;
}

type Values = Vec<String>;

fn key_values(item: &Node, keys: &[String]) -> Values {
    let text = |key: &String| match item.get(key) {
        Some(value) if !value.is_empty() => value.text().to_owned(),
        _ => String::new(),
    };
    keys.iter().map(text).collect()
}

fn merge_keyed(
    schemas: &Schemas,
    target: &mut Vec<Node>,
    changes: &[&Node],
    schema: &Schema,
) -> Outcome<()> {
    let keys = &schema.keys;
    let mut all: Vec<Values> = Vec::new();
    for item in changes.iter().copied().chain(target.iter()) {
        let values = key_values(item, keys);
        if !all.contains(&values) {
            all.push(values);
        }
    }
    if keys.len() > 1 {
        unify(&mut all);
    }
    let elements = schemas.elements(schema);
    let mut old: Vec<Option<Node>> = std::mem::take(target).into_iter().map(Some).collect();
    let mut items: Vec<Item> = Vec::new();
    let mut valid_keys = keys.clone();
    for values in &all {
        let (some_keys, some_values) = valid(&all, values, keys);
        let (own_keys, own_values) =
            valid(std::slice::from_ref(&some_values), &some_values, &some_keys);
        valid_keys = some_keys;
        let mine = |item: &Node| is_match(item, &own_keys, &own_values);
        let at = old.iter().position(|item| item.as_ref().is_some_and(&mine));
        let change = changes.iter().copied().find(|item| mine(item));
        let mut item = merge_item(schemas, &mut old, at, change, elements)?;
        let is_gone = match &item {
            None => true,
            Some(Item::Old(at)) => {
                old[*at].as_ref().is_none_or(|item| item.is_null() || item.is_empty_map())
            }
            Some(Item::New(item)) => item.is_null() || item.is_empty_map(),
        };
        if is_gone {
            remove_old(&mut old, &valid_keys, &some_values);
            continue;
        }
        let node = match &mut item {
            Some(Item::Old(at)) => old[*at].as_mut(),
            Some(Item::New(node)) => Some(node),
            None => None,
        };
        if let Some(node) = node {
            for (key, value) in valid_keys.iter().zip(&some_values) {
                if node.get(key).is_none() && !value.is_empty() {
                    node.put(key, Node::scalar(Scalar::unset(value.as_str())));
                }
            }
        }
        set_item(&mut items, &old, item, &valid_keys, &some_values);
    }
    append_old(&mut items, &old, &valid_keys);
    *target = items
        .into_iter()
        .filter_map(|item| match item {
            Item::Old(at) => old[at].take(),
            Item::New(node) => Some(node),
        })
        .collect();
    Ok(())
}

fn merge_item(
    schemas: &Schemas,
    old: &mut [Option<Node>],
    at: Option<usize>,
    change: Option<&Node>,
    schema: Option<&Schema>,
) -> Outcome<Option<Item>> {
    let place = at.and_then(|at| Some((at, old[at].as_mut()?)));
    Ok(match (place, change) {
        (Some((at, node)), change) => match merge(schemas, node, change, schema)? {
            Merged::Kept => Some(Item::Old(at)),
            Merged::New(node) => Some(Item::New(node)),
            Merged::Gone => None,
        },
        (None, Some(change)) => adopt(schemas, change, schema)?.map(Item::New),
        (None, None) => None,
    })
}

/// Values that agree in one key and of which each lacks what the other has are the same item.
fn unify(all: &mut [Values]) {
    for i in 0..all.len() {
        for j in 0..all.len() {
            if let Some(values) = unified(&all[i], &all[j]) {
                all[i].clone_from(&values);
                all[j] = values;
            }
        }
    }
}

fn unified(left: &Values, right: &Values) -> Option<Values> {
    let mut agrees = false;
    let mut result = Vec::with_capacity(left.len());
    for (left, right) in left.iter().zip(right) {
        if left == right {
            agrees = true;
        } else if !left.is_empty() && !right.is_empty() {
            return None;
        }
        result.push(if left.is_empty() { right.clone() } else { left.clone() });
    }
    agrees.then_some(result)
}

/// The keys that any item has, and the values for them.
fn valid(all: &[Values], values: &Values, keys: &[String]) -> (Vec<String>, Values) {
    let used: Vec<bool> = (0..keys.len())
        .map(|at| all.iter().any(|values| values.get(at).is_some_and(|value| !value.is_empty())))
        .collect();
    if !used.contains(&true) {
        return (keys.to_vec(), values.clone());
    }
    let keys = keys.iter().zip(&used).filter(|(_, used)| **used).map(|(key, _)| key.clone());
    let values = values.iter().zip(&used);
    let values = values.filter(|(value, used)| !value.is_empty() || **used);
    (keys.collect(), values.map(|(value, _)| value.clone()).collect())
}

/// Whether a mapping has these values; an empty one only asks for the field.
fn is_match(item: &Node, keys: &[String], values: &[String]) -> bool {
    matches!(item.content, Content::Map(_))
        && keys.iter().enumerate().all(|(at, key)| match (item.get(key), values.get(at)) {
            // Without a value of its own, the key before it decides.
            (_, None) => at > 0,
            (Some(found), Some(value)) => value.is_empty() || found.text() == value,
            (None, Some(_)) => false,
        })
}

fn remove_old(old: &mut [Option<Node>], keys: &[String], values: &[String]) {
    for place in old {
        let drop = place.as_ref().is_some_and(|item| {
            item.is_null() || item.is_empty_map() || is_match(item, keys, values)
        });
        if drop {
            *place = None;
        }
    }
}

/// kyaml's `ElementSetter`: replaces the item with these values, or adds it at the end;
/// without an item it removes.
fn set_item(
    items: &mut Vec<Item>,
    old: &[Option<Node>],
    item: Option<Item>,
    keys: &[String],
    values: &[String],
) {
    let mut item = item;
    let removes = item.is_none();
    let mut found = None;
    let mut at = 0;
    items.retain_mut(|known| {
        let node = match known {
            Item::Old(at) => old[*at].as_ref(),
            Item::New(node) => Some(&*node),
        };
        let Some(node) = node.filter(|node| !node.is_null() && !node.is_empty_map()) else {
            return false;
        };
        let by_map = values.first().is_some_and(|value| !value.is_empty());
        let keep = if by_map && !matches!(node.content, Content::Map(_)) {
            true
        } else if !values.is_empty() && is_match(node, keys, values) {
            found.get_or_insert(at);
            !removes
        } else {
            !values.is_empty()
        };
        at += usize::from(keep);
        keep
    });
    if let Some(item) = item.take() {
        match found {
            Some(at) => items[at] = item,
            None => items.push(item),
        }
    }
}

/// The target's own items keep their order after those of the patch.
fn append_old(items: &mut Vec<Item>, old: &[Option<Node>], keys: &[String]) {
    for (at, node) in old.iter().enumerate() {
        let Some(node) = node else { continue };
        let mut values = Vec::new();
        for key in keys {
            match node.get(key) {
                Some(value) => values.push(value.text().to_owned()),
                None => items.push(Item::Old(at)),
            }
        }
        if keys.len() > 1 {
            set_item(items, old, None, keys, &values);
        }
        set_item(items, old, Some(Item::Old(at)), keys, &values);
    }
}
