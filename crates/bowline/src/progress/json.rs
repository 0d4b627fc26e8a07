//! One JSON object a notice, on stderr.

use crate::printer;
use bowline_engine::notice::{Notice, Watcher};

/// `--progress json`.
pub struct Json;

impl Watcher for Json {
    fn notice(&self, notice: &Notice) {
        if let Ok(text) = serde_json::to_string(notice) {
            let text = bowline_diag::inert_json(&text);
            printer::talk(&text);
        }
    }
}
