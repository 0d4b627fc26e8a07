//! The answer of an HTTP request, whole.

use http_body_util::BodyExt as _;
use hyper::body::{Body, Incoming};

/// Status, headers and body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// `200`, `404`, …
    pub status: u16,
    /// Names in lower case, in the order in which they came. Values that are not text are
    /// left out.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Response {
    /// The first header called `name`, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Whether the status is 200 to 299.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as text; bytes that are not UTF-8 read as `U+FFFD`.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Why a body could not be read.
#[derive(Debug)]
pub(crate) enum BodyError {
    TooLarge,
    Broken(hyper::Error),
}

pub(crate) fn headers_of(headers: &::http::HeaderMap) -> Vec<(String, String)> {
    let text = |value: &::http::HeaderValue| value.to_str().ok().map(str::to_owned);
    let texts = headers.iter();
    texts.filter_map(|(name, value)| Some((name.as_str().to_owned(), text(value)?))).collect()
}

/// Reads a body piece by piece up to `bytes_max`; `each` gets every piece.
pub(crate) async fn read_body(
    mut body: Incoming,
    bytes_max: u64,
    mut each: impl FnMut(&[u8]),
) -> Result<(), BodyError> {
    // An honest length is refused before anything is read.
    if body.size_hint().lower() > bytes_max {
        return Err(BodyError::TooLarge);
    }
    let mut bytes = 0u64;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(BodyError::Broken)?;
        let Some(piece) = frame.data_ref() else { continue };
        bytes += piece.len() as u64;
        if bytes > bytes_max {
            return Err(BodyError::TooLarge);
        }
        each(piece);
    }
    Ok(())
}
