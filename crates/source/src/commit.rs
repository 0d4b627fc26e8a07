//! A commit object as git stores it: headers, an empty line, the message.

use crate::Error;

/// What a commit says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Commit {
    pub(crate) tree: String,
    /// The first one.
    pub(crate) parent: Option<String>,
    pub(crate) author: String,
    pub(crate) author_email: String,
    /// Seconds since 1970.
    pub(crate) committed_at: i64,
    /// The first paragraph of the message in one line, as git shows it.
    pub(crate) subject: String,
}

impl Commit {
    /// Reads the raw object. Texts that are not UTF-8 get replacement characters.
    pub(crate) fn parse(raw: &[u8]) -> Result<Self, Error> {
        let text = String::from_utf8_lossy(raw);
        let (headers, message) = text.split_once("\n\n").unwrap_or((&text, ""));
        let header = |name: &str| {
            let mut lines = headers.lines();
            lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' ').map(str::to_owned))
        };
        let missing = |name: &str| Error::Answer {
            command: "cat-file",
            message: format!("a commit without `{name}`"),
        };
        let author = header("author").ok_or_else(|| missing("author"))?;
        let (author, author_email, _) = person(&author);
        let committer = header("committer").ok_or_else(|| missing("committer"))?;
        let committed_at = person(&committer).2.ok_or_else(|| missing("committer's date"))?;
        let subject = message.trim_start().lines().take_while(|line| !line.trim().is_empty());
        Ok(Self {
            tree: header("tree").ok_or_else(|| missing("tree"))?,
            parent: header("parent"),
            author,
            author_email,
            committed_at,
            subject: subject.map(str::trim).collect::<Vec<_>>().join(" "),
        })
    }
}

/// `Name <mail> seconds zone`.
fn person(text: &str) -> (String, String, Option<i64>) {
    let (name, rest) = text.split_once('<').unwrap_or((text, ""));
    let (mail, rest) = rest.rsplit_once('>').unwrap_or((rest, ""));
    let seconds = rest.split_whitespace().next().and_then(|seconds| seconds.parse().ok());
    (name.trim().to_owned(), mail.trim().to_owned(), seconds)
}

#[cfg(test)]
mod tests {
    use super::Commit;

    #[test]
    fn headers_are_read_and_signatures_skipped() {
        let raw = "tree 1111\nparent 2222\nparent 3333\nauthor A <U> Thor <a@x> 10 +0200\n\
                   committer C <c@x> 20 +0000\ngpgsig -----BEGIN\n tree 9999\n -----END\n\n\
                   add retry\nto checkout\n\nauthor body\n";
        let commit = Commit::parse(raw.as_bytes()).expect("a commit");
        assert_eq!((commit.tree.as_str(), commit.parent.as_deref()), ("1111", Some("2222")));
        assert_eq!((commit.committed_at, commit.subject.as_str()), (20, "add retry to checkout"));
        assert_eq!(commit.author_email, "U> Thor <a@x");
        assert!(Commit::parse(b"tree 1111\n\nx").is_err());
    }
}
