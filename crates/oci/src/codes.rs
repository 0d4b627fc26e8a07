//! The error codes of this crate and what people see for each error.

use crate::Error;
use bowline_diag::{Code, Diagnose, Diagnostic};

/// The table that `bowline explain` reads.
pub const CODES: &[Code] = &[
    Code {
        id: "BOW1501",
        title: "an image's metadata is not valid",
        text: "A manifest, index, configuration or layout does not follow the OCI image \
               specification 1.1, or its parts contradict each other. The image was not used.",
    },
    Code {
        id: "BOW1502",
        title: "an image uses something that is not supported",
        text: "Layers are read as plain tar and tar with gzip. Zstandard layers, images for \
               other systems, sparse files and schema 1 manifests are refused, never skipped.",
    },
    Code {
        id: "BOW1503",
        title: "a layer's archive is broken",
        text: "The tar archive or its compression is damaged, or says two different things \
               about the size of an entry, which is a known attack. Nothing of it was kept.",
    },
    Code {
        id: "BOW1504",
        title: "a layer tries what no image may do",
        text: "An entry names a place outside the image, a device node or something else that \
               could reach the machine that unpacks it. Nothing of the image was kept.",
    },
    Code {
        id: "BOW1505",
        title: "an image is larger than a limit",
        text: "Layers, entries and unpacked bytes are limited, so that a small file cannot \
               fill the disk. The limits stand in `crates/oci/src/limits.rs`.",
    },
    Code {
        id: "BOW1506",
        title: "a layer is not what the configuration says",
        text: "The unpacked content has another digest than the image's configuration lists \
               (`rootfs.diff_ids`). The image was put together wrongly or tampered with.",
    },
    Code {
        id: "BOW1507",
        title: "a file cannot be packed",
        text: "A file changed while it was read, or its path cannot stand in a layer. Make \
               sure that nothing writes into the folder during the build.",
    },
];

impl Diagnose for Error {
    fn diagnose(&self) -> Vec<Diagnostic> {
        let (code, help) = match self {
            Self::Store(error) => return error.diagnose(),
            Self::Files(error) => return error.diagnose(),
            Self::Invalid { .. } => ("BOW1501", "build or fetch the image again"),
            Self::Unsupported { .. } => {
                ("BOW1502", "use an image with gzip layers for this system")
            }
            Self::Archive { .. } => ("BOW1503", "build or fetch the image again"),
            Self::Refused { .. } => ("BOW1504", "do not use this image"),
            Self::TooLarge { .. } => ("BOW1505", "make the image smaller"),
            Self::DiffId { .. } => ("BOW1506", "do not use this image; build it again"),
            Self::Changed(_) => ("BOW1507", "stop what writes there, then build again"),
            Self::Path { .. } => ("BOW1507", "rename the file or leave it out of the image"),
        };
        vec![Diagnostic::error(code, self.to_string()).help(help)]
    }
}
