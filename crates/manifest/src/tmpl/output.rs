//! What a render writes, and the map from each of its bytes back to the template.

use super::ast::Parsed;
use super::value::Str;
use crate::limits::CHAINS_MAX;
use std::collections::HashMap;
use std::sync::Arc;

/// A template file of a render, an index into [`SourceMap::files`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileId(pub u32);

/// A stack of template calls, an index into [`SourceMap::chains`]; 0 is the empty one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ChainId(pub u32);

/// A range of bytes in a template file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Site {
    /// The file.
    pub file: FileId,
    /// Its first byte.
    pub from: u32,
    /// The byte after its last.
    pub to: u32,
}

/// Bytes of the output from `start` up to the next segment, and what wrote them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The first byte of the output.
    pub start: u32,
    /// The text or the action that wrote them.
    pub site: Site,
    /// The calls that led there.
    pub chain: ChainId,
}

/// One call on a stack: `include` or `template`.
#[derive(Clone, Debug)]
pub struct Link {
    /// The stack below.
    pub below: ChainId,
    /// The place of the call.
    pub site: Site,
    /// The template that was called.
    pub name: Str,
}

/// The tables that sites and chains point into. One render has one.
#[derive(Default)]
pub struct SourceMap {
    pub(super) files: Vec<Arc<Parsed>>,
    /// By the address of what is kept alive in `files`.
    known_files: HashMap<usize, FileId>,
    links: Vec<Link>,
    known_links: HashMap<(ChainId, Site, Str), ChainId>,
}

impl SourceMap {
    pub(super) fn file(&mut self, parsed: &Arc<Parsed>) -> FileId {
        let address = Arc::as_ptr(parsed).addr();
        *self.known_files.entry(address).or_insert_with(|| {
            self.files.push(parsed.clone());
            FileId(u32::try_from(self.files.len() - 1).unwrap_or(u32::MAX))
        })
    }

    /// The chain of one more call; calls from one place in a loop share theirs. When there are
    /// too many chains, further calls are taken for part of the call below.
    pub(super) fn link(&mut self, below: ChainId, site: Site, name: &Str) -> ChainId {
        let key = (below, site, name.clone());
        if let Some(chain) = self.known_links.get(&key) {
            return *chain;
        }
        if self.links.len() >= CHAINS_MAX {
            return below;
        }
        self.links.push(Link { below, site, name: name.clone() });
        let chain = ChainId(u32::try_from(self.links.len()).unwrap_or(u32::MAX));
        self.known_links.insert(key, chain);
        chain
    }

    /// The calls of a chain, innermost first.
    pub fn calls(&self, chain: ChainId) -> impl Iterator<Item = &Link> {
        let at = move |chain: ChainId| self.links.get((chain.0 as usize).checked_sub(1)?);
        std::iter::successors(at(chain), move |link| at(link.below))
    }

    /// The name of a file.
    pub fn file_name(&self, file: FileId) -> Option<&Str> {
        self.files.get(file.0 as usize).map(|parsed| &parsed.name)
    }

    /// Line and column of a site's first byte, both from 1, the column in bytes.
    pub fn line_column(&self, site: Site) -> Option<(u32, u32)> {
        let parsed = self.files.get(site.file.0 as usize)?;
        let (line, column) = parsed.line_column(site.from);
        Some((line, column + 1))
    }
}

/// The output of one template with its segments.
#[derive(Debug, Default)]
pub struct Output {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// What wrote them, in order; neighbours differ.
    pub segments: Vec<Segment>,
}

impl Output {
    pub(super) fn mark(&mut self, site: Site, chain: ChainId) {
        let start = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        if let Some(last) = self.segments.last_mut() {
            if last.site == site && last.chain == chain {
                return;
            }
            // Nothing was written under it.
            if last.start == start {
                *last = Segment { start, site, chain };
                return;
            }
        }
        self.segments.push(Segment { start, site, chain });
    }

    /// What wrote a byte of the output.
    pub fn segment_of(&self, offset: usize) -> Option<&Segment> {
        if offset >= self.bytes.len() {
            return None;
        }
        let after = self.segments.partition_point(|segment| segment.start as usize <= offset);
        self.segments.get(after.checked_sub(1)?)
    }
}
