//! `configMapGenerator` and `secretGenerator`, and the hash that ends the names of what they make.

use super::fail::{Fail, Outcome};
use super::file::{Kustomization, Spot};
use super::file_parts::{Generator, GeneratorOptions};
use super::node::{Content, Node, Scalar, Tag};
use super::origin::{ORIGIN, Origin};
use super::resource::{Behavior, Resource};
use super::tree::Loader;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Makes the objects of one kustomization.
pub(crate) fn run(
    loader: &Loader<'_>,
    kustomization: &Kustomization,
    origin: Option<&Origin>,
) -> Outcome<Vec<Resource>> {
    let file: Arc<str> = Arc::from(kustomization.file.as_str());
    let mut made = Vec::new();
    for (kind, list) in
        [("ConfigMap", &kustomization.config_maps), ("Secret", &kustomization.secrets)]
    {
        for generator in list {
            let mut options = generator.options.clone();
            if let Some(all) = &kustomization.generator_options {
                options = options.over(all);
            }
            let mut resource = make(loader, &file, kind, generator, &options)
                .map_err(|fail| fail.at(&file, generator.at))?;
            if let Some(origin) = origin
                && resource.annotation(ORIGIN).is_none()
            {
                let text = origin.configured(&kustomization.file_name, &format!("{kind}Generator"));
                resource.set_annotation(ORIGIN, Some(&text));
            }
            made.push(resource);
        }
    }
    Ok(made)
}

fn make(
    loader: &Loader<'_>,
    file: &Arc<str>,
    kind: &str,
    generator: &Generator,
    options: &GeneratorOptions,
) -> Outcome<Resource> {
    if generator.name.is_empty() {
        return Err(Fail::new("a generated object must have a name"));
    }
    let mut node = Node { at: generator.at, ..Node::map() };
    node.put("apiVersion", Node::string("v1"));
    node.put("kind", Node::string(kind));
    let meta = node.map_at("metadata");
    meta.put("name", Node::scalar(Scalar::unset(generator.name.as_str())));
    if !generator.namespace.is_empty() {
        meta.put("namespace", Node::scalar(Scalar::unset(generator.namespace.as_str())));
    }
    let is_secret = kind == "Secret";
    if is_secret {
        let kind = if generator.secret_type.is_empty() { "Opaque" } else { &generator.secret_type };
        node.put("type", Node::string(kind));
        node.map_at("data");
    }
    for (key, value) in pairs(loader, generator)? {
        let (field, text) = match String::from_utf8(value) {
            Ok(text) if !is_secret => ("data", text),
            Ok(text) => ("data", base64_lines(text.as_bytes())),
            Err(error) if is_secret => ("data", base64_lines(error.as_bytes())),
            Err(error) => ("binaryData", base64_lines(error.as_bytes())),
        };
        node.map_at(field).put(&key, Node::string(text));
    }
    for (field, texts) in [("labels", &options.labels), ("annotations", &options.annotations)] {
        for (key, value) in texts {
            node.map_at("metadata").map_at(field).put(key, Node::string(value.as_str()));
        }
    }
    if options.immutable {
        let scalar = Scalar { text: "true".into(), tag: Tag::Bool, quoted: false };
        node.put("immutable", Node::scalar(scalar));
    }
    let mut resource = Resource::new(node, file.clone());
    resource.needs_hash = !options.disable_hash;
    resource.behavior = match generator.behavior {
        Behavior::Unspecified => Behavior::Create,
        other => other,
    };
    Ok(resource)
}

/// Keys and values, first those of `envs`, then `literals`, then `files`.
fn pairs(loader: &Loader<'_>, generator: &Generator) -> Outcome<BTreeMap<String, Vec<u8>>> {
    let mut pairs = BTreeMap::new();
    let mut add = |key: String, value: Vec<u8>, spot: &Spot| {
        let message = format!("the key `{key}` of `{}` is set twice", generator.name);
        match pairs.insert(key, value) {
            Some(_) => Err(Fail::new(message).note(format!("in `{}`", spot.text))),
            None => Ok(()),
        }
    };
    for spot in &generator.envs {
        let (path, text) = loader.text(&spot.text)?;
        for (at, line) in text.lines().enumerate() {
            let line = if at == 0 { line.trim_start_matches('\u{feff}') } else { line };
            let line = line.trim_start();
            let (key, value) = line.split_once('=').unwrap_or((line, ""));
            if line.starts_with('#') || key.is_empty() {
                continue;
            }
            let place = (u32::try_from(at + 1).unwrap_or(u32::MAX), 1);
            add(key.to_owned(), value.into(), spot).map_err(|fail| fail.at(&path, place))?;
        }
    }
    for spot in &generator.literals {
        let Some((key, value)) = spot.text.split_once('=').filter(|(key, _)| !key.is_empty())
        else {
            return Err(Fail::new(format!("the literal `{}` is not `key=value`", spot.text)));
        };
        add(key.to_owned(), without_quotes(value).into(), spot)?;
    }
    for spot in &generator.files {
        let (key, path) = file_source(&spot.text)?;
        let (_, bytes) = loader.bytes(path)?;
        add(key.to_owned(), bytes.to_vec(), spot)?;
    }
    Ok(pairs)
}

fn without_quotes(text: &str) -> &str {
    for quote in ['"', '\''] {
        if text.len() >= 2
            && let Some(inner) = text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote))
        {
            return inner;
        }
    }
    text
}

/// `path` or `key=path`.
fn file_source(source: &str) -> Outcome<(&str, &str)> {
    match source.split('=').collect::<Vec<_>>()[..] {
        [path] => Ok((path.trim_end_matches('/').rsplit('/').next().unwrap_or(path), path)),
        ["", _] => Err(Fail::new(format!("the file source `{source}` has no key"))),
        [_, ""] => Err(Fail::new(format!("the file source `{source}` has no path"))),
        [key, path] => Ok((key, path)),
        _ => Err(Fail::new(format!("the file source `{source}` has more than one `=`"))),
    }
}

/// Base 64, in lines of 70 characters when there is more than one.
pub(crate) fn base64_lines(bytes: &[u8]) -> String {
    const LINE: usize = 70;
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len() * 4 / 3 + 4);
    for part in bytes.chunks(3) {
        let at = |index: usize| u32::from(part.get(index).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for digit in 0..4 {
            if digit <= part.len() {
                text.push(char::from(DIGITS[(bits >> (18 - 6 * digit)) as usize & 63]));
            } else {
                text.push('=');
            }
        }
    }
    if text.len() < LINE {
        return text;
    }
    let mut lines = String::with_capacity(text.len() + text.len() / LINE + 1);
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(LINE));
        lines.push_str(line);
        lines.push('\n');
        rest = after;
    }
    lines
}

/// `behavior: replace`: the new object under the name, labels and notes of the old one.
pub(crate) fn replace(old: &Resource, mut new: Resource) -> Resource {
    for field in ["labels", "annotations"] {
        let mut texts: BTreeMap<String, String> = old.texts(field).into_iter().collect();
        texts.extend(new.texts(field));
        new.set_texts(field, texts.into_iter().collect());
    }
    new.set_name(old.name());
    new.set_namespace(old.namespace());
    new.needs_hash &= old.needs_hash;
    new.behavior = old.behavior;
    new.previous.clone_from(&old.previous);
    new.prefixes.clone_from(&old.prefixes);
    new.suffixes.clone_from(&old.suffixes);
    new.variables.clone_from(&old.variables);
    new
}

/// `behavior: merge`: as [`replace`], with the old object's keys beneath.
pub(crate) fn merge(old: &Resource, new: Resource) -> Resource {
    let origin = old.annotation(ORIGIN).map(str::to_owned);
    let mut new = replace(old, new);
    for field in ["data", "binaryData"] {
        let texts = |resource: &Resource| -> Vec<(String, String)> {
            let entries = resource.node.get(field).map(Node::entries).unwrap_or_default();
            entries.iter().map(|(key, v)| (key.text.clone(), v.text().to_owned())).collect()
        };
        let mut all: BTreeMap<String, String> = texts(old).into_iter().collect();
        all.extend(texts(&new));
        new.node.remove(field);
        if !all.is_empty() {
            let entries = all.into_iter().map(|(key, v)| (Scalar::unset(key), Node::string(v)));
            let content = Content::Map(entries.collect());
            new.node.put(field, Node { content, at: (0, 0) });
        }
    }
    if let Some(origin) = origin {
        new.set_annotation(ORIGIN, Some(&origin));
    }
    new
}

/// Ends the names of generated objects with the hash of what they hold.
pub(crate) fn add_hashes(resources: &mut [Resource]) -> Outcome<()> {
    for resource in resources.iter_mut().filter(|resource| resource.needs_hash) {
        let hash = hash(resource)?;
        resource.store_previous();
        let name = format!("{}-{hash}", resource.name());
        resource.set_name(&name);
    }
    Ok(())
}

fn hash(resource: &Resource) -> Outcome<String> {
    let field = |name: &str| -> Outcome<Option<Value>> {
        resource.node.get(name).map(|node| node.to_json(&resource.file)).transpose()
    };
    let or_empty = |value: Option<Value>| value.unwrap_or_else(|| Value::String(String::new()));
    let mut text = String::from("{");
    let mut put = |key: &str, value: &Value| {
        if text.len() > 1 {
            text.push(',');
        }
        go_json(&Value::String(key.to_owned()), &mut text);
        text.push(':');
        go_json(value, &mut text);
    };
    let kind = Value::String(resource.kind().to_owned());
    match resource.kind() {
        "ConfigMap" => {
            if let Some(binary) = field("binaryData")?.filter(Value::is_object) {
                put("binaryData", &binary);
            }
            put("data", &or_empty(field("data")?));
            put("kind", &kind);
            put("name", &Value::String(String::new()));
        }
        "Secret" => {
            put("data", &or_empty(field("data")?));
            put("kind", &kind);
            put("name", &Value::String(String::new()));
            if let Some(strings) = field("stringData")?.filter(Value::is_object) {
                put("stringData", &strings);
            }
            put("type", &or_empty(field("type")?));
        }
        other => {
            let message = format!("a hash of the content is not made for the kind `{other}`");
            return Err(Fail::refused(message).at(&resource.file, resource.node.at));
        }
    }
    text.push('}');
    let digest = Sha256::digest(text.as_bytes());
    let hex: String = digest.iter().take(5).map(|byte| format!("{byte:02x}")).collect();
    let letter = |digit: char| match digit {
        '0' => 'g',
        '1' => 'h',
        '3' => 'k',
        'a' => 'm',
        'e' => 't',
        other => other,
    };
    Ok(hex.chars().map(letter).collect())
}

/// JSON as Go's encoder writes it: keys sorted, HTML characters escaped.
fn go_json(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| key.as_str());
            out.push('{');
            for (at, (key, value)) in entries.into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                go_json(&Value::String(key.clone()), out);
                out.push(':');
                go_json(value, out);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                go_json(item, out);
            }
            out.push(']');
        }
        Value::String(text) => {
            for character in Value::String(text.clone()).to_string().chars() {
                match character {
                    '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                        out.push_str(&format!("\\u{:04x}", u32::from(character)));
                    }
                    other => out.push(other),
                }
            }
        }
        Value::Number(number) if number.is_f64() => {
            out.push_str(&bowline_yaml::go::json_float(number.as_f64().unwrap_or(0.0)));
        }
        other => out.push_str(&other.to_string()),
    }
}
