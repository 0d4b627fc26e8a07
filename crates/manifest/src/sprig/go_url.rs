//! Go's `net/url`: reading a URL, writing it again, its messages.

use memchr::{memchr, memrchr};

/// Name and password, unescaped.
pub(super) struct User {
    name: Vec<u8>,
    password: Option<Vec<u8>>,
}

/// A URL in its parts, unescaped.
pub(super) struct Url {
    pub scheme: Vec<u8>,
    pub opaque: Vec<u8>,
    pub user: Option<User>,
    pub host: Vec<u8>,
    pub path: Vec<u8>,
    pub raw_path: Vec<u8>,
    pub query: Vec<u8>,
    pub fragment: Vec<u8>,
    pub raw_fragment: Vec<u8>,
    pub force_query: bool,
}

/// Where a text stands decides what is escaped.
#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Path,
    Host,
    User,
    Fragment,
}

fn keeps(byte: u8, mode: Mode) -> bool {
    if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
        return true;
    }
    match (byte, mode) {
        (
            b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' | b':'
            | b'[' | b']' | b'<' | b'>' | b'"',
            Mode::Host,
        ) => true,
        (b'$' | b'&' | b'+' | b',' | b'/' | b':' | b';' | b'=' | b'@', Mode::Path) => true,
        (b'$' | b'&' | b'+' | b',' | b';' | b'=', Mode::User) => true,
        (b'$' | b'&' | b'+' | b',' | b'/' | b':' | b';' | b'=' | b'?' | b'@', Mode::Fragment) => {
            true
        }
        (b'!' | b'(' | b')' | b'*', Mode::Fragment) => true,
        _ => false,
    }
}

fn escape(text: &[u8], mode: Mode) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        if keeps(*byte, mode) {
            out.push(*byte);
        } else {
            out.extend_from_slice(format!("%{byte:02X}").as_bytes());
        }
    }
    out
}

fn quoted(text: &[u8]) -> String {
    let mut out = Vec::new();
    crate::tmpl::text::quote(&mut out, text, false);
    String::from_utf8_lossy(&out).into_owned()
}

fn unescape(text: &[u8], mode: Mode) -> Result<Vec<u8>, String> {
    let (mut out, mut at) = (Vec::with_capacity(text.len()), 0);
    while let Some(byte) = text.get(at).copied() {
        if byte == b'%' {
            let hex = text.get(at + 1..at + 3).and_then(|hex| std::str::from_utf8(hex).ok());
            let hex = hex.filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
            let Some(value) = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) else {
                let shown = &text[at..text.len().min(at + 3)];
                return Err(format!("invalid URL escape {}", quoted(shown)));
            };
            if mode == Mode::Host && value < 0x80 && value != b'%' {
                let shown = &text[at..at + 3];
                return Err(format!("invalid URL escape {}", quoted(shown)));
            }
            out.push(value);
            at += 3;
            continue;
        }
        if mode == Mode::Host && byte < 0x80 && !keeps(byte, mode) {
            return Err(format!("invalid character {} in host name", quoted(&[byte])));
        }
        out.push(byte);
        at += 1;
    }
    Ok(out)
}

impl User {
    pub fn text(&self) -> Vec<u8> {
        let mut out = escape(&self.name, Mode::User);
        if let Some(password) = &self.password {
            out.push(b':');
            out.extend(escape(password, Mode::User));
        }
        out
    }

    fn parse(text: &[u8]) -> Result<Self, String> {
        let legal =
            |byte: &u8| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(byte);
        if !text.iter().all(legal) {
            return Err("net/url: invalid userinfo".to_owned());
        }
        Ok(match memchr(b':', text) {
            None => Self { name: unescape(text, Mode::User)?, password: None },
            Some(at) => Self {
                name: unescape(&text[..at], Mode::User)?,
                password: Some(unescape(&text[at + 1..], Mode::User)?),
            },
        })
    }
}

/// The scheme and what follows it.
fn scheme(text: &[u8]) -> Result<(&[u8], &[u8]), String> {
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if at > 0 => {}
            b':' if at == 0 => return Err("missing protocol scheme".to_owned()),
            b':' => return Ok((&text[..at], &text[at + 1..])),
            _ => return Ok((b"", text)),
        }
    }
    Ok((b"", text))
}

fn port(text: &[u8]) -> bool {
    match text.split_first() {
        None => true,
        Some((b':', digits)) => digits.iter().all(u8::is_ascii_digit),
        Some(_) => false,
    }
}

impl Url {
    /// `url.Parse`.
    pub fn parse(whole: &[u8]) -> Result<Self, String> {
        let wrong = |message: String| format!("parse {}: {message}", quoted(whole));
        let (rest, fragment) = match memchr(b'#', whole) {
            Some(at) => (&whole[..at], &whole[at + 1..]),
            None => (whole, &b""[..]),
        };
        let mut url =
            Self::parts(rest).map_err(|message| format!("parse {}: {message}", quoted(rest)))?;
        url.fragment = unescape(fragment, Mode::Fragment).map_err(wrong)?;
        url.raw_fragment = fragment.to_vec();
        Ok(url)
    }

    fn parts(text: &[u8]) -> Result<Self, String> {
        let mut url = Self {
            scheme: Vec::new(),
            opaque: Vec::new(),
            user: None,
            host: Vec::new(),
            path: Vec::new(),
            raw_path: Vec::new(),
            query: Vec::new(),
            fragment: Vec::new(),
            raw_fragment: Vec::new(),
            force_query: false,
        };
        if text.iter().any(|byte| *byte < b' ' || *byte == 0x7f) {
            return Err("net/url: invalid control character in URL".to_owned());
        }
        if text == b"*" {
            url.path = b"*".to_vec();
            return Ok(url);
        }
        let (scheme, mut rest) = scheme(text)?;
        url.scheme = scheme.to_ascii_lowercase();
        if rest.ends_with(b"?") && rest.iter().filter(|byte| **byte == b'?').count() == 1 {
            url.force_query = true;
            rest = &rest[..rest.len() - 1];
        } else if let Some(at) = memchr(b'?', rest) {
            url.query = rest[at + 1..].to_vec();
            rest = &rest[..at];
        }
        if !rest.starts_with(b"/") {
            if !url.scheme.is_empty() {
                url.opaque = rest.to_vec();
                return Ok(url);
            }
            let segment = &rest[..memchr(b'/', rest).unwrap_or(rest.len())];
            if segment.contains(&b':') {
                return Err("first path segment in URL cannot contain colon".to_owned());
            }
        }
        if rest.starts_with(b"//") && (!url.scheme.is_empty() || !rest.starts_with(b"///")) {
            let end = memchr(b'/', &rest[2..]).map_or(rest.len(), |at| at + 2);
            url.authority(&rest[2..end])?;
            rest = &rest[end..];
        }
        url.path = unescape(rest, Mode::Path)?;
        url.raw_path = rest.to_vec();
        Ok(url)
    }

    fn authority(&mut self, text: &[u8]) -> Result<(), String> {
        let host = match memrchr(b'@', text) {
            None => text,
            Some(at) => {
                self.user = Some(User::parse(&text[..at])?);
                &text[at + 1..]
            }
        };
        let invalid = |port: &[u8]| format!("invalid port {} after host", quoted(port));
        if host.starts_with(b"[") {
            let end = memrchr(b']', host).ok_or("missing ']' in host")?;
            if !port(&host[end + 1..]) {
                return Err(invalid(&host[end + 1..]));
            }
        } else if let Some(at) = memrchr(b':', host)
            && !port(&host[at..])
        {
            return Err(invalid(&host[at..]));
        }
        self.host = unescape(host, Mode::Host)?;
        Ok(())
    }

    /// The host without its port and brackets.
    pub fn hostname(&self) -> &[u8] {
        if let Some(inner) = self.host.strip_prefix(b"[") {
            return memchr(b']', inner).map_or(&self.host, |end| &inner[..end]);
        }
        match memrchr(b':', &self.host) {
            Some(at) if port(&self.host[at..]) => &self.host[..at],
            _ => &self.host,
        }
    }

    fn escaped_path(&self) -> Vec<u8> {
        let legal = |byte: &u8| keeps(*byte, Mode::Path) || b"!'()*[]%".contains(byte);
        let raw = &self.raw_path;
        if !raw.is_empty()
            && raw.iter().all(legal)
            && unescape(raw, Mode::Path).is_ok_and(|path| path == self.path)
        {
            return raw.clone();
        }
        if self.path == b"*" { b"*".to_vec() } else { escape(&self.path, Mode::Path) }
    }

    /// `URL.String`.
    pub fn text(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if !self.scheme.is_empty() {
            out.extend_from_slice(&self.scheme);
            out.push(b':');
        }
        if !self.opaque.is_empty() {
            out.extend_from_slice(&self.opaque);
        } else {
            let authority = !self.host.is_empty() || self.user.is_some();
            if !self.scheme.is_empty() || authority {
                if authority || self.path.starts_with(b"/") {
                    // An empty host needs no slashes unless it has a scheme and a path.
                    out.extend_from_slice(b"//");
                }
                if let Some(user) = &self.user {
                    out.extend(user.text());
                    out.push(b'@');
                }
                out.extend(escape(&self.host, Mode::Host));
            }
            let path = self.escaped_path();
            if !path.is_empty() && !path.starts_with(b"/") && !self.host.is_empty() {
                out.push(b'/');
            }
            if out.is_empty() {
                let segment = &path[..memchr(b'/', &path).unwrap_or(path.len())];
                if segment.contains(&b':') {
                    out.extend_from_slice(b"./");
                }
            }
            out.extend(path);
        }
        if self.force_query || !self.query.is_empty() {
            out.push(b'?');
            out.extend_from_slice(&self.query);
        }
        if !self.fragment.is_empty() {
            out.push(b'#');
            out.extend(escape(&self.fragment, Mode::Fragment));
        }
        out
    }
}
