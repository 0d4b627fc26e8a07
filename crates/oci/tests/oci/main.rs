//! Images whole: golden bytes, layouts, unpacking, attacks.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests may stop at once")]

mod archive;
mod attacks;
mod images;
mod unpacking;

use bowline_oci::{ImageConfig, Layer, image, media_type};
use bowline_store::{Store, digest_of};

/// A store in a folder that goes away, with a file beside it that no image may touch.
pub struct Bench {
    /// Holds everything.
    pub folder: tempfile::TempDir,
    /// In the folder.
    pub store: Store,
}

impl Bench {
    /// With an empty store.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("store")).unwrap();
        std::fs::write(folder.path().join("outside"), "untouched").unwrap();
        Self { folder, store }
    }

    /// Stores an archive as an uncompressed layer.
    pub fn plain_layer(&self, archive: &[u8]) -> Layer {
        let digest = self.store.put(archive).unwrap();
        Layer {
            diff_id: digest_of(archive),
            size: archive.len() as u64,
            media_type: media_type::LAYER_TAR.to_owned(),
            digest,
        }
    }

    /// An image of these layers.
    pub fn image(&self, layers: &[Layer]) -> bowline_model::Digest {
        image::write(&self.store, &ImageConfig::new("amd64"), layers).unwrap()
    }

    /// An image with one layer made of these archive bytes.
    pub fn image_of(&self, archive: &[u8]) -> bowline_model::Digest {
        self.image(&[self.plain_layer(archive)])
    }

    /// Nothing but the store and the file is in the folder, and the file is as it was.
    pub fn assert_untouched(&self) {
        let mut names: Vec<_> = std::fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, ["outside", "store"]);
        let content = std::fs::read_to_string(self.folder.path().join("outside")).unwrap();
        assert_eq!(content, "untouched");
    }

    /// No tree was left.
    pub fn assert_no_tree(&self) {
        let trees = std::fs::read_dir(self.store.root().join("trees")).unwrap();
        let left: Vec<_> = trees.map(|entry| entry.unwrap().file_name()).collect();
        assert!(left.is_empty(), "{left:?}");
    }
}
