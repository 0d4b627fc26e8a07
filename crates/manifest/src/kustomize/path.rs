//! Field paths of replacements: `spec.template.spec.containers.[name=web].env.0.value`.

use super::fail::{Fail, Outcome};
use super::node::{Content, Node, Scalar, Tag};
use regex::Regex;

/// What is made where a path leads to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Make {
    Nothing,
    Scalar,
    List,
    Map,
}

fn bracket(part: &str) -> Option<(&str, &str)> {
    let inner = part.strip_prefix('[')?.strip_suffix(']')?;
    inner.split_once('=')
}

fn is_bracket(part: &str) -> bool {
    part.starts_with('[') && part.ends_with(']')
}

fn wrong(node: &Node, part: &str, wanted: &str) -> Box<Fail> {
    Fail::new(format!("`{part}` needs {wanted}, and {} stands there", node.kind_name()))
}

/// The one node that a path of a source leads to.
pub(crate) fn lookup<'n>(node: &'n Node, path: &[String]) -> Outcome<Option<&'n Node>> {
    let mut node = node;
    for part in path.iter().map(|part| part.trim()).filter(|part| !part.is_empty()) {
        if node.is_null() {
            return Ok(None);
        }
        let next = if let Ok(at) = part.parse::<i64>() {
            let Some(items) = node.items() else { return Err(wrong(node, part, "a list")) };
            usize::try_from(at).ok().and_then(|at| items.get(at))
        } else if part == "-" {
            let Some(items) = node.items() else { return Err(wrong(node, part, "a list")) };
            items.last()
        } else if part == "*" {
            return Err(Fail::new("a source cannot be a wildcard `*`"));
        } else if is_bracket(part) {
            let Some(items) = node.items() else { return Err(wrong(node, part, "a list")) };
            let Some((key, value)) = bracket(part) else {
                return Err(Fail::new(format!("`{part}` is not `[name=value]`")));
            };
            items.iter().find(|item| match key {
                "" => item.text() == value,
                key => item.get(key).is_some_and(|found| found.text() == value),
            })
        } else {
            if !matches!(node.content, Content::Map(_)) {
                return Err(wrong(node, part, "a mapping"));
            }
            node.get(part)
        };
        match next {
            Some(next) => node = next,
            None => return Ok(None),
        }
    }
    Ok(Some(node))
}

fn fresh(next: Option<&String>, make: Make) -> Node {
    let is_list = |part: &str| is_bracket(part) || part.parse::<u32>().is_ok();
    let content = match (next, make) {
        (Some(part), _) if is_list(part) => Content::List(Vec::new()),
        (Some(_), _) | (None, Make::Map) => Content::Map(Vec::new()),
        (None, Make::List) => Content::List(Vec::new()),
        (None, _) => {
            Content::Scalar(Scalar { text: String::new(), tag: Tag::Unset, quoted: false })
        }
    };
    Node { content, at: (0, 0) }
}

/// Calls `set` with every node that a path of a target leads to.
pub(crate) fn each(
    node: &mut Node,
    path: &[String],
    make: Make,
    set: &mut dyn FnMut(&mut Node) -> Outcome<()>,
) -> Outcome<()> {
    let Some(part) = path.first() else { return set(node) };
    let rest = &path[1..];
    if let Ok(at) = part.parse::<usize>() {
        let found = node.kind_name();
        let Content::List(items) = &mut node.content else {
            return Err(Fail::new(format!("`{part}` needs a list, and {found} stands there")));
        };
        if items.len() == at && make != Make::Nothing {
            items.push(fresh(rest.first(), make));
        }
        let count = items.len();
        return match items.get_mut(at) {
            Some(item) => each(item, rest, make, set),
            None => {
                Err(Fail::new(format!("the index {at} is asked for, and {count} items are there")))
            }
        };
    }
    if is_bracket(part) || part == "*" {
        return each_item(node, path, make, set);
    }
    if node.is_null() {
        return Ok(());
    }
    if !matches!(node.content, Content::Map(_)) {
        return Err(wrong(node, part, "a mapping"));
    }
    if node.get(part).is_none() {
        if make == Make::Nothing {
            return Ok(());
        }
        node.put(part, fresh(rest.first(), make));
    }
    match node.get_mut(part) {
        Some(field) => each(field, rest, make, set),
        None => Ok(()),
    }
}

fn each_item(
    node: &mut Node,
    path: &[String],
    make: Make,
    set: &mut dyn FnMut(&mut Node) -> Outcome<()>,
) -> Outcome<()> {
    let (part, rest) = (&path[0], &path[1..]);
    let found = node.kind_name();
    let Content::List(items) = &mut node.content else {
        return Err(Fail::new(format!("`{part}` needs a list, and {found} stands there")));
    };
    if part == "*" {
        return items.iter_mut().try_for_each(|item| each(item, rest, make, set));
    }
    let Some((key, pattern)) = bracket(part) else {
        return Err(Fail::new(format!("`{part}` is not `[name=value]`")));
    };
    let regex = Regex::new(pattern).map_err(|error| {
        Fail::new(format!("`{pattern}` is no regular expression")).note(error.to_string())
    })?;
    let shown = |scalar: &Scalar| {
        if scalar.quoted { format!("\"{}\"", scalar.text) } else { scalar.text.clone() }
    };
    let fits = |item: &Node| {
        let value = if key.is_empty() { Some(item) } else { item.get(key) };
        value.and_then(Node::as_scalar).is_some_and(|scalar| regex.is_match(&shown(scalar)))
    };
    let mut count = 0;
    for item in items.iter_mut() {
        if fits(item) {
            // An item by its own text ends the path.
            let rest = if key.is_empty() { &[] } else { rest };
            each(item, rest, make, &mut |place| {
                count += 1;
                set(place)
            })?;
        }
    }
    if count == 0 && make != Make::Nothing {
        let value = Node::scalar(Scalar::unset(pattern));
        let mut item = value.clone();
        if !key.is_empty() {
            item = Node::map();
            item.put(key, value);
        }
        let rest = if key.is_empty() { &[] } else { rest };
        each(&mut item, rest, make, set)?;
        items.push(item);
    }
    Ok(())
}
