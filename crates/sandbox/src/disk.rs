//! What a sandbox may write: a bound in bytes for its own folders, and a floor of free space for
//! the whole disk, so that others and the journal go on.
//!
//! The kernel has no quota that an ordinary user could set, so the owner of a sandbox looks at
//! intervals and ends what writes too much. A look is one `statfs`; the folders are walked only
//! when the disk has filled by as much as the sandbox has left, since nothing can grow by more
//! than the disk does.
#![expect(clippy::disallowed_methods, reason = "reads the sizes of a sandbox's files")]

use crate::limits::DISK_ENTRY_BYTES_MIN;
use bowline_host::files;
use std::fmt;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

/// How much a sandbox may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// In all its folders together.
    pub bytes_max: u64,
    /// What has to stay free on the disk.
    pub free_bytes_min: u64,
    /// Below that floor a sandbox that wrote no more than this goes on: it is not the cause.
    pub harmless_bytes_max: u64,
}

/// Which bound was passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Excess {
    /// The sandbox's own.
    Written {
        /// What its folders hold, in bytes.
        bytes: u64,
        /// The bound.
        bytes_max: u64,
    },
    /// The disk's.
    Free {
        /// What is free, in bytes.
        bytes: u64,
        /// The bound.
        bytes_min: u64,
    },
}

impl fmt::Display for Excess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Written { bytes_max, .. } => {
                write!(f, "more than {} were written to disk", size(*bytes_max))
            }
            Self::Free { bytes_min, .. } => {
                write!(f, "less than {} would stay free on the disk", size(*bytes_min))
            }
        }
    }
}

/// Bytes for people, exact where it is round.
#[must_use]
pub fn size(bytes: u64) -> String {
    for (shift, unit) in [(30, "GiB"), (20, "MiB"), (10, "KiB")] {
        if bytes >= 1 << shift && bytes.trailing_zeros() >= shift {
            return format!("{} {unit}", bytes >> shift);
        }
    }
    match bytes {
        0..=9_999 => format!("{bytes} bytes"),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

/// Watches the folders of one sandbox.
#[derive(Debug)]
pub struct Watch {
    folders: Vec<PathBuf>,
    bounds: Bounds,
    /// What the folders held at the last walk, and what was free on the disk then.
    known: Option<(u64, u64)>,
}

impl Watch {
    /// For these folders, all on one disk. Nothing is looked at yet.
    #[must_use]
    pub fn new(folders: Vec<PathBuf>, bounds: Bounds) -> Self {
        Self { folders, bounds, known: None }
    }

    /// Looks once; `None` when all is well.
    ///
    /// # Errors
    /// The disk cannot be asked.
    pub fn look(&mut self) -> Result<Option<Excess>, files::Error> {
        let Some(first) = self.folders.first() else { return Ok(None) };
        let free = files::disk_free(first)?;
        let Bounds { bytes_max, free_bytes_min, harmless_bytes_max } = self.bounds;
        let scarce = free < free_bytes_min;
        if let Some((held, free_then)) = self.known
            && held.saturating_add(free_then.saturating_sub(free)) <= bytes_max
            && !scarce
        {
            return Ok(None);
        }
        let held = self.held();
        self.known = Some((held, free));
        if held > bytes_max {
            return Ok(Some(Excess::Written { bytes: held, bytes_max }));
        }
        let causes = scarce && held > harmless_bytes_max;
        Ok(causes.then_some(Excess::Free { bytes: free, bytes_min: free_bytes_min }))
    }

    /// What the folders hold. What vanishes meanwhile, or cannot be read, counts as nothing:
    /// the floor holds for that too.
    fn held(&self) -> u64 {
        let mut open = self.folders.clone();
        let mut held: u64 = 0;
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                // Of a link itself, not of what it points to.
                let Ok(metadata) = entry.metadata() else { continue };
                let bytes = (metadata.blocks() * 512).max(DISK_ENTRY_BYTES_MIN);
                held = held.saturating_add(bytes);
                if held > self.bounds.bytes_max {
                    return held;
                }
                if metadata.is_dir() {
                    open.push(entry.path());
                }
            }
        }
        held
    }
}

#[cfg(test)]
mod tests {
    use super::{Bounds, Excess, Watch, size};

    #[test]
    fn a_bound_that_is_passed_is_named_and_a_small_writer_is_spared() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("a/b");
        std::fs::create_dir_all(&inner).unwrap();
        std::fs::write(inner.join("f"), vec![1; 200_000]).unwrap();
        let look = |bounds| Watch::new(vec![folder.path().into()], bounds).look().unwrap();
        let wide = Bounds { bytes_max: 1 << 40, free_bytes_min: 0, harmless_bytes_max: 1 << 20 };
        assert_eq!(look(wide), None);
        let passed = look(Bounds { bytes_max: 100_000, ..wide });
        assert!(matches!(passed, Some(Excess::Written { bytes_max: 100_000, .. })), "{passed:?}");
        assert_eq!(look(Bounds { free_bytes_min: u64::MAX, ..wide }), None, "it wrote little");
        let scarce = look(Bounds { free_bytes_min: u64::MAX, harmless_bytes_max: 100_000, ..wide });
        assert!(matches!(scarce, Some(Excess::Free { .. })), "{scarce:?}");
    }

    #[test]
    fn many_empty_files_count_too() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..100 {
            std::fs::write(folder.path().join(number.to_string()), b"").unwrap();
        }
        let bounds = Bounds { bytes_max: 100_000, free_bytes_min: 0, harmless_bytes_max: 0 };
        let found = Watch::new(vec![folder.path().into()], bounds).look().unwrap();
        assert!(matches!(found, Some(Excess::Written { .. })), "{found:?}");
    }

    #[test]
    fn sizes_are_said_as_they_were_set() {
        for (bytes, expected) in
            [(32 << 30, "32 GiB"), (64 << 20, "64 MiB"), (3 << 10, "3 KiB"), (7, "7 bytes")]
        {
            assert_eq!(size(bytes), expected);
        }
        assert_eq!(size(1_234_567), "1.2 MB");
    }
}
