//! Resources from the text of a file.

use super::fail::{Fail, Outcome};
use super::node::Node;
use super::read::limits;
use super::resource::Resource;
use std::collections::VecDeque;
use std::sync::Arc;

/// All resources of a text; lists are taken apart.
pub(crate) fn resources(text: &str, file: &str) -> Outcome<Vec<Resource>> {
    let documents =
        bowline_yaml::parse_documents(text, &limits()).map_err(|error| Fail::yaml(&error, file))?;
    let single = documents.len() == 1;
    let mut queue = VecDeque::with_capacity(documents.len());
    for document in &documents {
        let node = Node::read(document, file)?;
        if node.is_null() {
            continue;
        }
        let kind = node.get("kind").map_or("", Node::text);
        if single && (kind == "List" || kind == "ResourceList") && node.get("items").is_some() {
            let items = node.get("items").and_then(Node::items).unwrap_or_default();
            queue.extend(items.iter().cloned());
        } else {
            queue.push_back(node);
        }
    }
    let file: Arc<str> = Arc::from(file);
    let mut resources = Vec::with_capacity(queue.len());
    while let Some(node) = queue.pop_front() {
        if node.is_empty() {
            continue;
        }
        validate(&node, &file)?;
        let is_list = node.get("kind").is_some_and(|kind| kind.text().ends_with("List"));
        match node.get("items").filter(|_| is_list) {
            None => resources.push(Resource::new(node, file.clone())),
            Some(items) if items.is_null() => {}
            Some(items) => match items.items() {
                Some(items) => queue.extend(items.iter().cloned()),
                None => return Err(items.fail(&file, "`items` must be a list")),
            },
        }
    }
    Ok(resources)
}

fn validate(node: &Node, file: &str) -> Outcome<()> {
    if !matches!(node.content, super::node::Content::Map(_)) {
        return Err(node.fail(file, "a resource is a mapping, and this is none"));
    }
    let kind = node.get("kind").map_or("", Node::text);
    if kind.is_empty() {
        return Err(node.fail(file, "the resource has no `kind`"));
    }
    let name = node.get("metadata").and_then(|meta| meta.get("name"));
    let name = name.filter(|name| !name.is_null()).map_or("", Node::text);
    if name.is_empty() && !kind.ends_with("List") {
        return Err(node.fail(file, "the resource has no `metadata.name`"));
    }
    Ok(())
}
