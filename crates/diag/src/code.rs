//! Error codes: `BOW`, two digits of the crate, two running digits; never reused.

/// One row of a crate's table of codes. `bowline explain` prints it, `docs/errors` is made
/// from it.
///
/// Crate numbers: 01 workflow · 02 runner · 03 image · 04 gate · 05 record · 06 manifest ·
/// 07 rollout · 08 traffic · 09 local · 10 engine · 11 source · 12 sandbox · 13 journal ·
/// 14 store · 15 oci · 16 host · 17 yaml · 18 bowline (command line, `bowline.yaml`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// `BOW0107`.
    pub id: &'static str,
    /// One line: what is wrong.
    pub title: &'static str,
    /// What it means, why it is refused, and what to do. Plain sentences, Markdown.
    pub text: &'static str,
}
