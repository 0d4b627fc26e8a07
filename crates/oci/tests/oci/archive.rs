//! A tar writer without any scruples, for archives that no honest tool makes.

/// Builds an archive from raw headers.
#[derive(Default)]
pub struct Archive(Vec<u8>);

impl Archive {
    pub fn new() -> Self {
        Self::default()
    }

    /// An entry with a header of our choice; `size` is what the header says.
    pub fn raw(mut self, flag: u8, path: &str, link: &str, size: u64, content: &[u8]) -> Self {
        let mut block = [0u8; 512];
        let name = path.as_bytes();
        block[..name.len().min(100)].copy_from_slice(&name[..name.len().min(100)]);
        let mode: &[u8] = if flag == b'5' { b"0000755\0" } else { b"0000644\0" };
        block[100..108].copy_from_slice(mode);
        block[108..116].copy_from_slice(b"0000000\0");
        block[116..124].copy_from_slice(b"0000000\0");
        block[124..136].copy_from_slice(format!("{size:011o}\0").as_bytes());
        block[136..148].copy_from_slice(b"02263557000\0");
        block[156] = flag;
        block[157..157 + link.len()].copy_from_slice(link.as_bytes());
        block[257..265].copy_from_slice(b"ustar\x0000");
        block[148..156].copy_from_slice(b"        ");
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        self.0.extend_from_slice(&block);
        self.0.extend_from_slice(content);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    pub fn file(self, path: &str, content: &str) -> Self {
        self.raw(b'0', path, "", content.len() as u64, content.as_bytes())
    }

    pub fn dir(self, path: &str) -> Self {
        self.raw(b'5', path, "", 0, b"")
    }

    pub fn symlink(self, path: &str, target: &str) -> Self {
        self.raw(b'2', path, target, 0, b"")
    }

    pub fn hard_link(self, path: &str, existing: &str) -> Self {
        self.raw(b'1', path, existing, 0, b"")
    }

    /// A PAX header for the entry behind it.
    pub fn pax(self, records: &[(&str, &str)]) -> Self {
        self.extended(b'x', records)
    }

    pub fn extended(self, flag: u8, records: &[(&str, &str)]) -> Self {
        let mut text = String::new();
        for (key, value) in records {
            let bare = key.len() + value.len() + 3;
            let length = (bare + 1..).find(|all| all.to_string().len() + bare == *all).unwrap();
            text.push_str(&format!("{length} {key}={value}\n"));
        }
        self.raw(flag, "PaxHeader", "", text.len() as u64, text.as_bytes())
    }

    /// With the two zero blocks.
    pub fn end(mut self) -> Vec<u8> {
        self.0.extend_from_slice(&[0; 1024]);
        self.0
    }

    /// As it is.
    pub fn cut(self) -> Vec<u8> {
        self.0
    }
}
