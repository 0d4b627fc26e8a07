//! The query of a request: the options of Kubernetes verbs, decoded once.

use crate::api::failure::Failure;

/// The options that a request may carry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// `watch`.
    pub watch: bool,
    /// `resourceVersion`; empty when absent.
    pub resource_version: String,
    /// `resourceVersionMatch`.
    pub resource_version_match: String,
    /// `sendInitialEvents`.
    pub send_initial_events: bool,
    /// `allowWatchBookmarks`.
    pub bookmarks: bool,
    /// `timeoutSeconds`.
    pub timeout_seconds: Option<u64>,
    /// `labelSelector`.
    pub label_selector: String,
    /// `fieldSelector`.
    pub field_selector: String,
    /// `continue`.
    pub continue_token: String,
    /// `fieldManager`.
    pub field_manager: String,
    /// `force`, of an apply.
    pub force: bool,
    /// `dryRun`: nothing is kept.
    pub dry_run: bool,
    /// `propagationPolicy`.
    pub propagation: String,
    /// `gracePeriodSeconds`.
    pub grace_seconds: Option<u64>,
}

impl Query {
    /// Reads the text after `?`. Some clients begin it with `&`.
    ///
    /// # Errors
    /// 400 for a value that is no number, no flag, or a `dryRun` that is not `All`, and for an
    /// option that this API does not know: it would be ignored in silence.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let mut query = Self::default();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = decode(value)?;
            query.set(name, value)?;
        }
        Ok(query)
    }

    fn set(&mut self, name: &str, value: String) -> Result<(), Failure> {
        match name {
            "watch" => self.watch = flag(name, &value)?,
            "resourceVersion" => self.resource_version = value,
            "resourceVersionMatch" => self.resource_version_match = value,
            "sendInitialEvents" => self.send_initial_events = flag(name, &value)?,
            "allowWatchBookmarks" => self.bookmarks = flag(name, &value)?,
            "timeoutSeconds" => self.timeout_seconds = Some(number(name, &value)?),
            "labelSelector" => self.label_selector = value,
            "fieldSelector" => self.field_selector = value,
            "continue" => self.continue_token = value,
            "fieldManager" => self.field_manager = value,
            "force" => self.force = flag(name, &value)?,
            "propagationPolicy" => self.propagation = value,
            "gracePeriodSeconds" => self.grace_seconds = Some(number(name, &value)?),
            "dryRun" if value == "All" => self.dry_run = true,
            "dryRun" => return Err(Failure::bad_request("dryRun takes only the value All")),
            // A page size may be exceeded: every list is given whole. Unknown fields are always
            // refused, so every value of fieldValidation is carried out as Strict.
            "limit" | "fieldValidation" | "pretty" | "timeout" => {}
            _ => return Err(Failure::bad_request(format!("unknown query option `{name}`"))),
        }
        Ok(())
    }
}

fn flag(name: &str, value: &str) -> Result<bool, Failure> {
    match value {
        "true" | "1" | "" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(Failure::bad_request(format!("`{name}` takes true or false, not `{value}`"))),
    }
}

fn number(name: &str, value: &str) -> Result<u64, Failure> {
    value
        .parse()
        .map_err(|_| Failure::bad_request(format!("`{name}` takes a number, not `{value}`")))
}

/// Undoes `+` and `%41` of a form-encoded text.
pub(crate) fn decode(text: &str) -> Result<String, Failure> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digit = |b: Option<u8>| b.and_then(|b| char::from(b).to_digit(16));
                let (Some(high), Some(low)) = (digit(rest.next()), digit(rest.next())) else {
                    return Err(Failure::bad_request("a percent sign without two digits"));
                };
                bytes.push(u8::try_from(high * 16 + low).expect("two hex digits are a byte"));
            }
            _ => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).map_err(|_| Failure::bad_request("the query is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::Query;

    #[test]
    fn a_query_that_begins_with_an_ampersand_is_read() {
        let text = "&watch=true&timeoutSeconds=290&labelSelector=app%3Dshop%2Ca+in+%28b%29";
        let query = Query::parse(text).expect("well formed");
        assert!(query.watch && query.timeout_seconds == Some(290));
        assert_eq!(query.label_selector, "app=shop,a in (b)");
    }

    #[test]
    fn an_option_that_would_be_ignored_is_refused() {
        for text in ["wach=true", "watch=maybe", "dryRun=Some", "labelSelector=%4", "force=x"] {
            assert_eq!(Query::parse(text).expect_err(text).code, 400, "{text}");
        }
    }
}
