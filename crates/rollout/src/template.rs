//! The canonical form of a pod template, its digest and its ten-letter hash.
//!
//! Argo's label matters, its hash function does not: what counts is that equal templates have
//! equal hashes, whatever the order in which their keys were written.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// The label by which a ReplicaSet's pods are told apart (Argo Rollouts).
pub const HASH_LABEL: &str = "rollouts-pod-template-hash";

/// Kubernetes' safe letters: no vowels, so no words; nothing that is read as another.
const LETTERS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
const HASH_LENGTH: usize = 10;

/// The hash of `template`, ten letters and digits: the value of [`HASH_LABEL`].
#[must_use]
pub fn hash(template: &Value) -> String {
    let sum = Sha256::digest(canonical(template).as_bytes());
    let mut number = sum.iter().take(16).fold(0u128, |n, byte| (n << 8) | u128::from(*byte));
    let mut text = String::with_capacity(HASH_LENGTH);
    for _ in 0..HASH_LENGTH {
        let index = usize::try_from(number % 27).expect("below 27");
        text.push(char::from(LETTERS[index]));
        number /= 27;
    }
    text
}

/// The digest of the canonical form of `template`.
#[must_use]
pub fn digest(template: &Value) -> bowline_model::Digest {
    bowline_model::Digest::from_sha256(Sha256::digest(canonical(template).as_bytes()).into())
}

/// JSON with sorted keys and without nulls, empty objects' meaning kept, the hash label of an
/// applied template left out (else a template read back would differ from itself).
fn canonical(template: &Value) -> String {
    let mut text = String::new();
    write(template, &mut text, &mut Vec::new());
    text
}

fn write(value: &Value, text: &mut String, path: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<(&String, &Value)> = map.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            text.push('{');
            for (key, entry) in entries {
                let labels = path.len() == 2 && path[0] == "metadata" && path[1] == "labels";
                if entry.is_null() || (labels && key == HASH_LABEL) {
                    continue;
                }
                text.push_str(&Value::String(key.clone()).to_string());
                text.push(':');
                path.push(key.clone());
                write(entry, text, path);
                path.pop();
                text.push(',');
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for item in items {
                path.push(String::new());
                write(item, text, path);
                path.pop();
                text.push(',');
            }
            text.push(']');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            text.push_str(&value.to_string());
        }
    }
}
