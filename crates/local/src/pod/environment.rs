//! A container's environment and arguments, with `$(NAME)` expanded as Kubernetes does.

use crate::limits::MASKED_BYTES_MIN;
use serde_json::Value;
use std::collections::BTreeMap;

/// ConfigMaps and Secrets that a pod names, read beforehand; `None`: not there.
#[derive(Default)]
pub struct Sources {
    /// `data` of ConfigMaps as text.
    pub config_maps: BTreeMap<String, Option<BTreeMap<String, Vec<u8>>>>,
    /// `data` of Secrets, decoded.
    pub secrets: BTreeMap<String, Option<BTreeMap<String, Vec<u8>>>>,
}

impl Sources {
    /// What the pod's log must never hold: each value of a Secret that is text and not so short
    /// that common words would vanish with it.
    pub fn masked(&self) -> Vec<String> {
        let values = self.secrets.values().flatten().flat_map(BTreeMap::values);
        values
            .filter_map(|value| String::from_utf8(value.clone()).ok())
            .filter(|value| value.trim().len() >= MASKED_BYTES_MIN)
            .collect()
    }
}

/// Builds the environment: the image's own, then `envFrom`, then `env`; later ones win.
///
/// # Errors
/// A sentence naming the ConfigMap, Secret or key that is missing and not optional.
pub fn build(
    pod: &Value,
    image: &[String],
    sources: &Sources,
) -> Result<Vec<(String, String)>, String> {
    let container = &pod["spec"]["containers"][0];
    let mut variables = Variables::default();
    for pair in image {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        variables.set(name, value.to_owned());
    }
    for source in container["envFrom"].as_array().into_iter().flatten() {
        let prefix = source["prefix"].as_str().unwrap_or_default();
        let (kind, reference, all) = match source.get("configMapRef") {
            Some(reference) if !reference.is_null() => {
                ("ConfigMap", reference, &sources.config_maps)
            }
            _ => ("Secret", &source["secretRef"], &sources.secrets),
        };
        let name = reference["name"].as_str().unwrap_or_default();
        match all.get(name).and_then(Option::as_ref) {
            Some(data) => {
                for (key, value) in data {
                    variables.set(&format!("{prefix}{key}"), text(kind, name, key, value)?);
                }
            }
            None if reference["optional"] == true => {}
            None => return Err(format!("{kind} `{name}` does not exist")),
        }
    }
    for variable in container["env"].as_array().into_iter().flatten() {
        let name = variable["name"].as_str().unwrap_or_default();
        let from = &variable["valueFrom"];
        if from.is_object() {
            if let Some(value) = value_from(pod, from, sources)? {
                variables.set(name, value);
            }
        } else {
            let value = variable["value"].as_str().unwrap_or_default();
            let value = expand(value, |name| variables.get(name));
            variables.set(name, value);
        }
    }
    Ok(variables.0)
}

#[derive(Default)]
struct Variables(Vec<(String, String)>);

impl Variables {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn set(&mut self, name: &str, value: String) {
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }
}

fn text(kind: &str, name: &str, key: &str, value: &[u8]) -> Result<String, String> {
    let wrong = || format!("key `{key}` of {kind} `{name}` is no text for an environment");
    let text = String::from_utf8(value.to_vec()).map_err(|_| wrong())?;
    if text.contains('\0') { Err(wrong()) } else { Ok(text) }
}

fn value_from(pod: &Value, from: &Value, sources: &Sources) -> Result<Option<String>, String> {
    if let Some(path) = from["fieldRef"]["fieldPath"].as_str() {
        return Ok(Some(field(pod, path)));
    }
    let (kind, reference, all) = match from.get("configMapKeyRef") {
        Some(reference) if !reference.is_null() => ("ConfigMap", reference, &sources.config_maps),
        _ => ("Secret", &from["secretKeyRef"], &sources.secrets),
    };
    let name = reference["name"].as_str().unwrap_or_default();
    let key = reference["key"].as_str().unwrap_or_default();
    let data = all.get(name).and_then(Option::as_ref);
    match data.and_then(|data| data.get(key)) {
        Some(value) => text(kind, name, key, value).map(Some),
        None if reference["optional"] == true => Ok(None),
        None if data.is_none() => Err(format!("{kind} `{name}` does not exist")),
        None => Err(format!("{kind} `{name}` has no key `{key}`")),
    }
}

/// A field of the pod itself; admission has checked the path.
fn field(pod: &Value, path: &str) -> String {
    let metadata = &pod["metadata"];
    for map in ["labels", "annotations"] {
        let key = path
            .strip_prefix(&format!("metadata.{map}['"))
            .and_then(|rest| rest.strip_suffix("']"));
        if let Some(key) = key {
            return metadata[map][key].as_str().unwrap_or_default().to_owned();
        }
    }
    let name = path.strip_prefix("metadata.").unwrap_or_default();
    metadata[name].as_str().unwrap_or_default().to_owned()
}

/// Replaces `$(NAME)` by its value; `$$` is one `$`; an unknown name stays as it is.
pub fn expand<'a>(text: &str, value: impl Fn(&str) -> Option<&'a str>) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('$') {
        result.push_str(&rest[..start]);
        rest = &rest[start + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            result.push('$');
            rest = after;
            continue;
        }
        let named = rest.strip_prefix('(').and_then(|inner| inner.split_once(')'));
        match named {
            Some((name, after)) => {
                match value(name) {
                    Some(value) => result.push_str(value),
                    None => result.push_str(&format!("$({name})")),
                }
                rest = after;
            }
            None => result.push('$'),
        }
    }
    result.push_str(rest);
    result
}

/// The program and its arguments: `command` takes the place of ENTRYPOINT *and* CMD, `args`
/// that of CMD.
///
/// # Errors
/// A sentence when neither image nor pod name a program.
pub fn arguments(
    container: &Value,
    entrypoint: &[String],
    cmd: &[String],
    environment: &[(String, String)],
) -> Result<Vec<String>, String> {
    let list = |field: &str| -> Option<Vec<String>> {
        let items = container[field].as_array().filter(|items| !items.is_empty())?;
        Some(items.iter().map(|item| item.as_str().unwrap_or_default().to_owned()).collect())
    };
    let value = |name: &str| -> Option<&str> {
        environment.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    };
    let expanded = |words: Vec<String>| -> Vec<String> {
        words.iter().map(|word| expand(word, value)).collect()
    };
    let (command, args) = (list("command").map(expanded), list("args").map(expanded));
    let mut all: Vec<String> = match (&command, &args) {
        (Some(command), _) => command.clone(),
        (None, Some(_)) => entrypoint.to_vec(),
        (None, None) => entrypoint.iter().chain(cmd).cloned().collect(),
    };
    all.extend(args.unwrap_or_default());
    if all.is_empty() {
        return Err("neither the image nor the pod names a program to run".to_owned());
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::{Sources, arguments, build, expand};
    use serde_json::json;
    use std::collections::BTreeMap;

    fn sources() -> Sources {
        let data = BTreeMap::from([("key".to_owned(), b"value".to_vec())]);
        let config_maps = BTreeMap::from([("c".to_owned(), Some(data.clone()))]);
        let secrets = BTreeMap::from([("s".to_owned(), Some(data)), ("gone".to_owned(), None)]);
        Sources { config_maps, secrets }
    }

    #[test]
    fn later_sources_win_and_values_expand() {
        let pod = json!({
            "metadata": {"name": "web-1", "namespace": "shop", "labels": {"v": "2"}},
            "spec": {"containers": [{
                "envFrom": [
                    {"configMapRef": {"name": "c"}, "prefix": "C_"},
                    {"secretRef": {"name": "gone", "optional": true}},
                ],
                "env": [
                    {"name": "PORT", "value": "80"},
                    {"name": "URL", "value": "http://$(HOST):$(PORT)/$$(X)/$(NO)"},
                    {"name": "NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
                    {"name": "V", "valueFrom":
                        {"fieldRef": {"fieldPath": "metadata.labels['v']"}}},
                    {"name": "S", "valueFrom": {"secretKeyRef": {"name": "s", "key": "key"}}},
                    {"name": "O", "valueFrom":
                        {"secretKeyRef": {"name": "s", "key": "no", "optional": true}}},
                ],
            }]},
        });
        let image = ["HOST=h".to_owned(), "PORT=1".to_owned()];
        let built = build(&pod, &image, &sources()).expect("complete");
        let built: Vec<String> = built.iter().map(|(n, v)| format!("{n}={v}")).collect();
        let expected =
            "HOST=h PORT=80 C_key=value URL=http://h:80/$(X)/$(NO) NAME=web-1 V=2 S=value";
        assert_eq!(built.join(" "), expected);
    }

    #[test]
    fn a_missing_source_is_named() {
        for (variable, message) in [
            (json!({"secretKeyRef": {"name": "x", "key": "k"}}), "Secret `x` does not exist"),
            (json!({"configMapKeyRef": {"name": "c", "key": "k"}}), "ConfigMap `c` has no key `k`"),
        ] {
            let pod = json!({"spec": {"containers": [
                {"env": [{"name": "A", "valueFrom": variable}]}]}});
            assert_eq!(build(&pod, &[], &sources()), Err(message.to_owned()));
        }
    }

    #[test]
    fn command_and_args_replace_entry_point_and_cmd() {
        let words =
            |text: &str| -> Vec<String> { text.split_whitespace().map(str::to_owned).collect() };
        let environment = [("P".to_owned(), "1".to_owned())];
        for (container, expected) in [
            (json!({}), "e c"),
            (json!({"args": ["a", "$(P)"]}), "e a 1"),
            (json!({"command": ["x"]}), "x"),
            (json!({"command": ["x"], "args": ["a"]}), "x a"),
        ] {
            let found = arguments(&container, &words("e"), &words("c"), &environment);
            assert_eq!(found, Ok(words(expected)), "{container}");
        }
        assert!(arguments(&json!({}), &[], &[], &environment).is_err());
    }

    #[test]
    fn a_dollar_that_names_nothing_stays() {
        for (text, expected) in
            [("$", "$"), ("$(A", "$(A"), ("$$", "$"), ("a$(A)b", "a1b"), ("$A", "$A")]
        {
            assert_eq!(expand(text, |name| (name == "A").then_some("1")), expected, "{text}");
        }
    }
}
