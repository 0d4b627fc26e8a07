//! What went wrong with a request, as Kubernetes words it: a body of `kind: Status`.

use crate::api::kind::Kind;
use serde_json::{Value, json};

/// One field that is to blame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// `FieldValueInvalid`, `FieldValueNotSupported`, `FieldValueRequired`, …
    pub reason: &'static str,
    /// What is wrong with it.
    pub message: String,
    /// The path in the object, for example `spec.containers[0].image`.
    pub field: String,
}

/// A refused request.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// The HTTP status.
    pub code: u16,
    /// The word that clients compare.
    pub reason: &'static str,
    /// The sentence for people.
    pub message: String,
    /// The object's group, resource and name, where there is one.
    pub subject: Option<(&'static Kind, String)>,
    /// The fields that are to blame.
    pub causes: Vec<Cause>,
}

impl Failure {
    fn new(code: u16, reason: &'static str, message: String) -> Self {
        Self { code, reason, message, subject: None, causes: Vec::new() }
    }

    fn about(mut self, kind: &'static Kind, name: &str) -> Self {
        self.subject = Some((kind, name.to_owned()));
        self
    }

    /// 404: no such object.
    pub fn not_found(kind: &'static Kind, name: &str) -> Self {
        let message = format!("{} \"{name}\" not found", kind.resource());
        Self::new(404, "NotFound", message).about(kind, name)
    }

    /// 404: nothing is served under this path.
    pub fn no_such_path(message: String) -> Self {
        Self::new(404, "NotFound", message)
    }

    /// 409: the name is taken.
    pub fn exists(kind: &'static Kind, name: &str) -> Self {
        let message = format!("{} \"{name}\" already exists", kind.resource());
        Self::new(409, "AlreadyExists", message).about(kind, name)
    }

    /// 409: the object changed since the client read it.
    pub fn conflict(kind: &'static Kind, name: &str, why: &str) -> Self {
        let message =
            format!("Operation cannot be fulfilled on {} \"{name}\": {why}", kind.resource());
        Self::new(409, "Conflict", message).about(kind, name)
    }

    /// 422: fields cannot be honoured.
    pub fn invalid(kind: &'static Kind, name: &str, causes: Vec<Cause>) -> Self {
        let list: Vec<String> =
            causes.iter().map(|c| format!("{}: {}", c.field, c.message)).collect();
        let message = format!("{} \"{name}\" is invalid: {}", kind.kind, list.join(", "));
        let mut failure = Self::new(422, "Invalid", message).about(kind, name);
        failure.causes = causes;
        failure
    }

    /// 400: the request itself is malformed.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message.into())
    }

    /// 403: the object must not be made now.
    pub fn forbidden(kind: &'static Kind, name: &str, why: &str) -> Self {
        let message = format!("{} \"{name}\" is forbidden: {why}", kind.resource());
        Self::new(403, "Forbidden", message).about(kind, name)
    }

    /// 405: the path does not take this verb.
    pub fn method(message: impl Into<String>) -> Self {
        Self::new(405, "MethodNotAllowed", message.into())
    }

    /// 410: the version asked for has left the window.
    pub fn expired(message: impl Into<String>) -> Self {
        Self::new(410, "Expired", message.into())
    }

    /// 413: too big.
    pub fn too_large(message: impl Into<String>) -> Self {
        Self::new(413, "RequestEntityTooLarge", message.into())
    }

    /// 415: a media type that is not read.
    pub fn media_type(message: impl Into<String>) -> Self {
        Self::new(415, "UnsupportedMediaType", message.into())
    }

    /// 500: the database failed.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(500, "InternalError", message.into())
    }

    /// The `kind: Status` body.
    #[must_use]
    pub fn body(&self) -> Value {
        let mut body = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": self.message, "reason": self.reason, "code": self.code,
        });
        if let Some((kind, name)) = &self.subject {
            let causes: Vec<Value> = self
                .causes
                .iter()
                .map(|c| json!({"reason": c.reason, "message": c.message, "field": c.field}))
                .collect();
            body["details"] = json!({"name": name, "group": kind.group, "kind": kind.plural});
            if !causes.is_empty() {
                body["details"]["causes"] = Value::Array(causes);
            }
        }
        body
    }
}
