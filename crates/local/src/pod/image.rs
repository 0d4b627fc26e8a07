//! What an image gives a pod: its root file system and what its configuration says.

use bowline_host::files;
use bowline_model::Digest;
use bowline_oci::{ContainerConfig, image, unpack};
use bowline_store::Store;
use std::path::PathBuf;

/// The largest `/etc/passwd` that is read, in bytes.
const PASSWD_BYTES_MAX: u64 = 1024 * 1024;

/// An image, ready to run.
#[derive(Clone, Debug)]
pub struct ReadyImage {
    /// Its root file system, topmost layer first.
    pub lower: Vec<PathBuf>,
    /// Entry point, environment, user, folder.
    pub config: ContainerConfig,
}

/// Unpacks an image (once; then it is there) and reads its configuration. Blocks.
///
/// # Errors
/// A sentence: the digest is not in the store, or damaged, or cannot be unpacked.
pub fn prepare(store: &Store, digest: &Digest) -> Result<ReadyImage, String> {
    let read = image::read(store, digest).map_err(|error| error.to_string())?;
    let lower = unpack::rootfs(store, digest).map_err(|error| error.to_string())?;
    Ok(ReadyImage { lower, config: read.config.config })
}

/// Who a container runs as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
    /// Home folder, where `/etc/passwd` names one.
    pub home: Option<String>,
}

/// Resolves `user[:group]` of an image, each a number or a name of the image's own files.
/// Empty is root.
///
/// # Errors
/// A sentence: a name that the image does not know.
pub fn user(image: &ReadyImage, text: &str) -> Result<User, String> {
    let (user, group) = text.split_once(':').unwrap_or((text, ""));
    let passwd = read(image, "etc/passwd");
    let found = passwd.iter().find(|fields| {
        let id = fields.get(2).is_some_and(|id| *id == if user.is_empty() { "0" } else { user });
        id || (!user.is_empty() && fields[0] == user)
    });
    let field = |index: usize| found.and_then(|fields| fields.get(index)).map(String::as_str);
    let number = |text: Option<&str>| text.and_then(|text| text.parse::<u32>().ok());
    let uid = match user {
        "" => 0,
        _ => number(Some(user))
            .or_else(|| number(field(2)))
            .ok_or_else(|| format!("the image has no user `{user}`"))?,
    };
    let gid = match group {
        "" => number(field(3)).unwrap_or(0),
        _ => match group.parse() {
            Ok(gid) => gid,
            Err(_) => {
                let groups = read(image, "etc/group");
                let found = groups.iter().find(|fields| fields[0] == group);
                number(found.and_then(|fields| fields.get(2)).map(String::as_str))
                    .ok_or_else(|| format!("the image has no group `{group}`"))?
            }
        },
    };
    let home = field(5).filter(|home| home.starts_with('/')).map(str::to_owned);
    Ok(User { uid, gid, home })
}

/// The lines of a file of the image as their fields; none when it is not there.
fn read(image: &ReadyImage, path: &str) -> Vec<Vec<String>> {
    for layer in &image.lower {
        // A layer's links are a stranger's: nothing outside of it is read.
        if let Ok(bytes) = files::read_beneath(layer, path, PASSWD_BYTES_MAX) {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let lines = text.lines().filter(|line| !line.is_empty());
            return lines.map(|line| line.split(':').map(str::to_owned).collect()).collect();
        }
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::{ReadyImage, files, user};
    use bowline_oci::ContainerConfig;

    #[test]
    fn names_are_looked_up_in_the_image_itself() {
        let folder = tempfile::tempdir().unwrap();
        files::create_dirs(folder.path().join("etc")).unwrap();
        let passwd = "root:x:0:0::/root:/bin/sh\napp:x:1000:1001::/srv:/bin/sh\n";
        files::write(folder.path().join("etc/passwd"), passwd.as_bytes()).unwrap();
        files::write(folder.path().join("etc/group"), b"www:x:33:\n").unwrap();
        let lower = vec![folder.path().to_owned()];
        let image = ReadyImage { lower, config: ContainerConfig::default() };
        for (text, expected) in [
            ("", Some((0, 0, Some("/root")))),
            ("app", Some((1000, 1001, Some("/srv")))),
            ("1000:www", Some((1000, 33, Some("/srv")))),
            ("65532:65532", Some((65_532, 65_532, None))),
            ("nobody", None),
            ("app:nobody", None),
        ] {
            let found = user(&image, text).ok();
            let found = found.as_ref().map(|u| (u.uid, u.gid, u.home.as_deref()));
            assert_eq!(found, expected, "{text}");
        }
    }
}
