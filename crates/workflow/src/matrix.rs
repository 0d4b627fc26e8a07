//! A matrix to its combinations, exactly as GitHub's documentation and builder have it.

use crate::expr::{Object, Value, is_equal};
use crate::limits::MATRIX_JOBS_MAX;

/// Why a matrix yields no jobs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct MatrixError(pub String);

fn refuse<T>(message: impl Into<String>) -> Result<T, MatrixError> {
    Err(MatrixError(message.into()))
}

/// The combinations of an evaluated `matrix`, the first key changing slowest, then those that
/// `include` adds.
///
/// # Errors
/// A matrix without lists, an empty list, an `exclude` of an unknown key, nothing left, or more
/// combinations than the limit.
pub fn expand(matrix: &Value) -> Result<Vec<Object>, MatrixError> {
    let Value::Object(matrix) = matrix else {
        return refuse(format!("the matrix is {}, not a mapping", matrix.kind()));
    };
    let (mut vectors, mut include, mut exclude) = (Vec::new(), Vec::new(), Vec::new());
    for (key, value) in matrix.entries() {
        let Value::Array(items) = value else {
            return refuse(format!("`{key}` of the matrix is {}, not a list", value.kind()));
        };
        match key.to_lowercase().as_str() {
            "include" => include = entries(items, "include")?,
            "exclude" => exclude = entries(items, "exclude")?,
            _ if items.is_empty() => {
                return refuse(format!("`{key}` of the matrix is empty"));
            }
            _ => vectors.push((key, items.as_slice())),
        }
    }
    if vectors.is_empty() && include.is_empty() {
        return refuse("the matrix has neither a list nor an `include`");
    }
    let mut combinations = product(&vectors)?;
    leave_out(&mut combinations, &exclude, &vectors)?;
    let all = add(combinations, &include, &vectors);
    match all.len() {
        0 => refuse("`exclude` leaves no combination of the matrix"),
        count if count > MATRIX_JOBS_MAX => {
            refuse(format!("the matrix has {count} combinations; at most {MATRIX_JOBS_MAX} run"))
        }
        _ => Ok(all),
    }
}

fn entries<'v>(items: &'v [Value], key: &str) -> Result<Vec<&'v Object>, MatrixError> {
    let mut entries = Vec::new();
    for item in items {
        match item {
            Value::Object(object) if !object.is_empty() => entries.push(object.as_ref()),
            _ => return refuse(format!("an item of `{key}` is not a mapping of matrix keys")),
        }
    }
    Ok(entries)
}

type Vectors<'v> = [(&'v str, &'v [Value])];

fn product(vectors: &Vectors<'_>) -> Result<Vec<Object>, MatrixError> {
    if vectors.is_empty() {
        return Ok(Vec::new());
    }
    let mut combinations = vec![Object::default()];
    for (key, items) in vectors {
        if combinations.len().saturating_mul(items.len()) > PRODUCT_MAX {
            return refuse(format!("the matrix has more than {PRODUCT_MAX} combinations"));
        }
        combinations = combinations
            .iter()
            .flat_map(|before| {
                items.iter().map(|item| {
                    let mut combination = before.clone();
                    combination.insert(*key, item.clone());
                    combination
                })
            })
            .collect();
    }
    Ok(combinations)
}

/// The product before `exclude`; keeps a hostile matrix from filling the memory.
const PRODUCT_MAX: usize = 16 * MATRIX_JOBS_MAX;

fn leave_out(
    combinations: &mut Vec<Object>,
    exclude: &[&Object],
    vectors: &Vectors<'_>,
) -> Result<(), MatrixError> {
    for entry in exclude {
        for (key, _) in entry.entries() {
            if !vectors.iter().any(|(vector, _)| is_equal(&(*vector).into(), &key.into())) {
                return refuse(format!("`exclude` names `{key}`, which is no list of the matrix"));
            }
        }
        combinations.retain(|combination| {
            !entry.entries().all(|(key, value)| {
                combination.get(key).is_some_and(|present| fits(value, present))
            })
        });
    }
    Ok(())
}

fn add(mut combinations: Vec<Object>, include: &[&Object], vectors: &Vectors<'_>) -> Vec<Object> {
    let is_vector =
        |key: &str| vectors.iter().any(|(vector, _)| is_equal(&(*vector).into(), &key.into()));
    // Combinations that an include makes of its own are no targets of later ones.
    let mut own = Vec::new();
    for entry in include {
        let mut matched = false;
        for combination in &mut combinations {
            let same = entry.entries().filter(|(key, _)| is_vector(key)).all(|(key, value)| {
                combination.get(key).is_some_and(|present| fits(value, present))
            });
            if same {
                matched = true;
                for (key, value) in entry.entries().filter(|(key, _)| !is_vector(key)) {
                    combination.insert(key, value.clone());
                }
            }
        }
        if !matched {
            own.push((*entry).clone());
        }
    }
    combinations.append(&mut own);
    combinations
}

/// Loose equality leaf by leaf: an object fits when each of its keys fits.
fn fits(wanted: &Value, present: &Value) -> bool {
    match (wanted, present) {
        (Value::Object(wanted), Value::Object(present)) => wanted
            .entries()
            .all(|(key, value)| present.get(key).is_some_and(|found| fits(value, found))),
        (Value::Array(wanted), Value::Array(present)) => {
            wanted.len() == present.len()
                && wanted.iter().zip(present.iter()).all(|(a, b)| fits(a, b))
        }
        _ => is_equal(wanted, present),
    }
}

/// The values of a combination for a job's name: `ubuntu-latest, 14`.
#[must_use]
pub fn label(combination: &Object) -> String {
    let mut words = Vec::new();
    for (_, value) in combination.entries() {
        leaves(value, &mut words);
    }
    words.join(", ")
}

fn leaves(value: &Value, words: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| leaves(item, words)),
        Value::Object(object) => object.entries().for_each(|(_, value)| leaves(value, words)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            let text = value.to_text();
            if !text.is_empty() {
                words.push(text);
            }
        }
    }
}
