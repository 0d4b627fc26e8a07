//! `vars`: `$(NAME)` in known fields, replaced by a field of a resource.

use super::accumulate::Gathered;
use super::fail::{Fail, Outcome};
use super::fieldspec::{Make, apply, split_brackets};
use super::file_parts::Variable;
use super::id::effective;
use super::node::{Content, Node, Scalar, Tag};
use super::path;
use std::collections::HashMap;

/// Notes which resources the variables of one kustomization read.
pub(crate) fn register(gathered: &mut Gathered, variables: &[Variable]) -> Outcome<()> {
    for variable in variables {
        let wanted = &variable.target;
        let cluster = wanted.gvk.is_cluster_scoped();
        let mut found = Vec::new();
        for (at, resource) in gathered.resources.iter().enumerate() {
            let fits = resource.all_ids().iter().any(|id| {
                id.name == wanted.name
                    && id.gvk == wanted.gvk
                    && (wanted.namespace.is_empty()
                        || cluster
                        || id.namespace == effective(&wanted.namespace))
            });
            if fits {
                found.push(at);
            }
        }
        match found[..] {
            [at] => gathered.resources[at].variables.push(variable.name.clone()),
            [] => {}
            _ => {
                let message = format!("several resources match the variable `{}`", variable.name);
                return Err(Fail::new(message).at(&variable.file, variable.at));
            }
        }
    }
    merge(&mut gathered.variables, variables.to_vec())
}

/// Adds variables; a name can stand only once.
pub(crate) fn merge(known: &mut Vec<Variable>, new: Vec<Variable>) -> Outcome<()> {
    for variable in new {
        if let Some(old) = known.iter().find(|old| old.name == variable.name) {
            let same = old.target == variable.target && old.field_path == variable.field_path;
            if same {
                continue;
            }
            let message = format!("the variable `{}` is defined twice", variable.name);
            return Err(Fail::new(message).at(&variable.file, variable.at));
        }
        known.push(variable);
    }
    Ok(())
}

/// Replaces all variables.
pub(crate) fn resolve(gathered: &mut Gathered) -> Outcome<()> {
    if gathered.variables.is_empty() {
        return Ok(());
    }
    let mut values: HashMap<String, Scalar> = HashMap::new();
    for variable in &gathered.variables {
        let mut owners = gathered.resources.iter().filter(|r| r.variables.contains(&variable.name));
        let at = |message: String| Fail::new(message).at(&variable.file, variable.at);
        let Some(owner) = owners.next() else {
            let message = format!("no resource matches the variable `{}`", variable.name);
            return Err(at(message));
        };
        let parts: Vec<String> = split_brackets(&variable.field_path, '.')
            .into_iter()
            .flat_map(|part| split_index(&part))
            .collect();
        let found = path::lookup(&owner.node, &parts)?;
        let Some(found) = found else {
            let message = format!("`{}` is not in the variable's object", variable.field_path);
            return Err(at(message));
        };
        if let Some(scalar) = found.as_scalar() {
            values.insert(variable.name.clone(), scalar.clone());
        }
    }
    for resource in &mut gathered.resources {
        for spec in &gathered.config.var_reference {
            apply(resource, spec, Make::Nothing, &mut |node| update(node, &values))?;
        }
    }
    Ok(())
}

/// `ports[0]` as two parts.
fn split_index(part: &str) -> Vec<String> {
    if let Some((name, index)) = part.strip_suffix(']').and_then(|part| part.rsplit_once('['))
        && !index.is_empty()
        && index.bytes().all(|byte| byte.is_ascii_digit())
    {
        let name = (!name.is_empty()).then(|| name.to_owned());
        return name.into_iter().chain([index.to_owned()]).collect();
    }
    vec![part.to_owned()]
}

fn update(node: &mut Node, values: &HashMap<String, Scalar>) -> Outcome<()> {
    if node.is_null() {
        return Ok(());
    }
    match &mut node.content {
        Content::Scalar(scalar) => expand(scalar, values),
        Content::Map(entries) => {
            for (_, value) in entries {
                if let Some(scalar) = value.as_scalar_mut() {
                    expand(scalar, values);
                }
            }
        }
        Content::List(items) => {
            for item in items {
                match item.as_scalar_mut() {
                    Some(scalar) if scalar.is_text() => expand(scalar, values),
                    _ => return Err(Fail::new("a variable's list must hold texts only")),
                }
            }
        }
    }
    Ok(())
}

fn expand(scalar: &mut Scalar, values: &HashMap<String, Scalar>) {
    if !scalar.is_text() {
        return;
    }
    let input = std::mem::take(&mut scalar.text);
    scalar.quoted = false;
    scalar.tag = Tag::Str;
    let whole = input.strip_prefix("$(").and_then(|rest| rest.strip_suffix(')'));
    if let Some(value) = whole.and_then(|name| values.get(name)) {
        scalar.text.clone_from(&value.text);
        scalar.tag = if value.is_text() { Tag::Str } else { value.tag };
        return;
    }
    let mut rest = input.as_str();
    while let Some(at) = rest.find('$') {
        scalar.text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            scalar.text.push('$');
            rest = after;
        } else if let Some((name, after)) =
            rest.strip_prefix('(').and_then(|inner| inner.split_once(')'))
        {
            match values.get(name) {
                Some(value) => scalar.text.push_str(&value.text),
                None => {
                    scalar.text.push_str("$(");
                    scalar.text.push_str(name);
                    scalar.text.push(')');
                }
            }
            rest = after;
        } else {
            scalar.text.push('$');
        }
    }
    scalar.text.push_str(rest);
}
