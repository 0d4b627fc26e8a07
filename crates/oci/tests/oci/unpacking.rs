//! Honest images: what is unpacked is what was packed.

use crate::{Bench, archive::Archive};
use bowline_host::files;
use bowline_oci::{
    Layer,
    layer::{Content, LayerBuilder, Owner},
    unpack,
};
use std::{
    collections::BTreeMap,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

fn unpacked(bench: &Bench, layers: &[Layer]) -> PathBuf {
    unpack::rootfs(&bench.store, &bench.image(layers)).unwrap().remove(0)
}

/// Path to content, `dir` or link target.
fn tree(root: &Path) -> BTreeMap<String, String> {
    let entries = files::walk(root, 1000).unwrap().into_iter();
    entries
        .map(|entry| {
            let path = root.join(&entry.relative);
            let what = match entry.kind {
                files::Kind::Dir => "dir".to_owned(),
                files::Kind::File => std::fs::read_to_string(path).unwrap(),
                files::Kind::Symlink => {
                    format!("-> {}", std::fs::read_link(path).unwrap().display())
                }
                files::Kind::Other => panic!("{}", entry.relative),
            };
            (entry.relative, what)
        })
        .collect()
}

fn expect(root: &Path, expected: &[(&str, &str)]) {
    let expected = expected.iter().map(|(path, what)| (path.to_string(), what.to_string()));
    assert_eq!(tree(root), expected.collect());
}

#[test]
fn everything_that_a_layer_holds_comes_back() {
    let bench = Bench::start();
    let deep = format!("{}/{}", "d".repeat(200), "f".repeat(200));
    let mut layer = LayerBuilder::new();
    let owner = Owner { uid: 1000, gid: 100 };
    let content = |text: &str| Content::Bytes(text.as_bytes().to_vec());
    layer.dir("bin", 0o755, Owner::default()).unwrap();
    layer.file("bin/app", content("program"), 0o755, owner).unwrap();
    layer.file("bin/su", content("setuid"), 0o4755, Owner::default()).unwrap();
    layer.hard_link("bin/app2", "bin/app").unwrap();
    layer.symlink("sh", "/bin/app", owner).unwrap();
    layer.dir("closed", 0o500, Owner::default()).unwrap();
    layer.file("closed/ä", content(""), 0o000, Owner::default()).unwrap();
    layer.file(&deep, content("deep"), 0o644, Owner::default()).unwrap();
    let root = unpacked(&bench, &[layer.write(&bench.store).unwrap()]);
    let meta = |path: &str| root.join(path).symlink_metadata().unwrap();
    assert_eq!(std::fs::read_to_string(root.join(&deep)).unwrap(), "deep");
    assert_eq!(meta("bin/app").ino(), meta("bin/app2").ino(), "one file, two names");
    assert_eq!(meta("bin/app").permissions().mode() & 0o7777, 0o755);
    assert_eq!(std::fs::read_link(root.join("sh")).unwrap(), Path::new("/bin/app"));
    for path in ["bin", "bin/app", "sh", "closed", "closed/ä"] {
        assert_eq!(meta(path).mtime(), 315_532_800, "{path}");
    }
    assert_eq!(meta("closed/ä").permissions().mode() & 0o7777, 0);
    if files::is_root() {
        assert_eq!((meta("bin/app").uid(), meta("bin/app").gid()), (1000, 100));
        assert_eq!((meta("sh").uid(), meta("closed").uid()), (1000, 0));
        assert_eq!(meta("bin/su").permissions().mode() & 0o7777, 0o4755);
        assert_eq!(meta("closed").permissions().mode() & 0o7777, 0o500);
    } else {
        assert_eq!(meta("bin/su").permissions().mode() & 0o7777, 0o755);
    }
}

#[test]
fn whiteouts_hide_what_lies_below_and_not_their_siblings() {
    let bench = Bench::start();
    let below = Archive::new()
        .dir("d/")
        .file("d/old", "1")
        .file("d/kept", "1")
        .dir("gone/")
        .file("gone/x", "1")
        .file("swap", "file")
        .dir("opaque/")
        .file("opaque/old", "1")
        .end();
    // Markers behind and before the new entries: the order must not matter.
    let above = Archive::new()
        .file("opaque/new", "2")
        .file("opaque/.wh..wh..opq", "")
        .file("d/.wh.old", "")
        .file(".wh.gone", "")
        .file("gone/y", "2")
        .file(".wh.swap", "")
        .file("swap", "2")
        .file(".wh.never-there", "")
        .end();
    let layers = [bench.plain_layer(&below), bench.plain_layer(&above)];
    expect(
        &unpacked(&bench, &layers),
        &[
            ("d", "dir"),
            ("d/kept", "1"),
            ("gone", "dir"),
            ("gone/y", "2"),
            ("opaque", "dir"),
            ("opaque/new", "2"),
            ("swap", "2"),
        ],
    );
    // Our own writer's markers mean the same.
    let mut layer = LayerBuilder::new();
    layer.whiteout("d/old").unwrap();
    layer.opaque("opaque").unwrap();
    layer.whiteout("gone").unwrap();
    let layers = [bench.plain_layer(&below), layer.write(&bench.store).unwrap()];
    expect(
        &unpacked(&bench, &layers),
        &[("d", "dir"), ("d/kept", "1"), ("opaque", "dir"), ("swap", "file")],
    );
}

#[test]
fn a_path_may_change_its_kind_from_layer_to_layer() {
    let bench = Bench::start();
    let below = Archive::new()
        .dir("dir/")
        .file("dir/x", "1")
        .file("file", "1")
        .dir("usr/")
        .dir("usr/lib/")
        .symlink("lib", "usr/lib")
        .symlink("link", "file")
        .dir("kept/")
        .file("kept/x", "1")
        .end();
    let above = Archive::new()
        .file("dir", "now a file")
        .dir("file/")
        .file("file/x", "2")
        .file("lib/new", "through the link inside the image")
        .file("link", "now a file")
        .dir("kept/")
        .end();
    let root = unpacked(&bench, &[bench.plain_layer(&below), bench.plain_layer(&above)]);
    expect(
        &root,
        &[
            ("dir", "now a file"),
            ("file", "dir"),
            ("file/x", "2"),
            ("kept", "dir"),
            ("kept/x", "1"),
            ("lib", "-> usr/lib"),
            ("link", "now a file"),
            ("usr", "dir"),
            ("usr/lib", "dir"),
            ("usr/lib/new", "through the link inside the image"),
        ],
    );
}

#[test]
fn archives_of_other_tools_are_read() {
    let bench = Bench::start();
    let long = format!("long/{}", "n".repeat(150));
    let archive = Archive::new()
        .extended(b'g', &[("comment", "a commit id")])
        .raw(b'L', "././@LongLink", "", long.len() as u64 + 1, format!("{long}\0").as_bytes())
        .file("cut", "GNU")
        .pax(&[
            ("path", "pax/ä"),
            ("mtime", "100.25"),
            ("atime", "1"),
            ("SCHILY.xattr.user.x", "v"),
        ])
        .file("cut", "PAX")
        .raw(0, "./old-folder/", "", 0, b"")
        .raw(b'K', "././@LongLink", "", 4, b"pax\0")
        .symlink("./link", "cut")
        .dir("./")
        .cut();
    // Without the two zero blocks, as some tools leave them out.
    let image = bench.image_of(&archive);
    let root = unpack::rootfs(&bench.store, &image).unwrap().remove(0);
    expect(
        &root,
        &[
            ("link", "-> pax"),
            ("long", "dir"),
            (&long, "GNU"),
            ("old-folder", "dir"),
            ("pax", "dir"),
            ("pax/ä", "PAX"),
        ],
    );
    assert_eq!(root.join("pax/ä").symlink_metadata().unwrap().mtime(), 100);
    let notes = unpack::notes(&bench.store, &image).unwrap();
    assert_eq!(notes, ["pax/ä: the attribute `user.x` is left out"]);
}

#[test]
fn images_with_equal_layers_share_one_tree() {
    let bench = Bench::start();
    let layer = bench.plain_layer(&Archive::new().file("a", "1").end());
    let first = bench.image(std::slice::from_ref(&layer));
    let mut config = bowline_oci::ImageConfig::new("amd64");
    config.config.env = vec!["A=1".to_owned()];
    let second = bowline_oci::image::write(&bench.store, &config, &[layer]).unwrap();
    assert_ne!(first, second);
    let tree = |digest| unpack::rootfs(&bench.store, digest).unwrap();
    assert_eq!(tree(&first), tree(&second));
    assert_eq!(unpacked(&bench, &[]).read_dir().unwrap().count(), 0, "an image from scratch");
}

/// What GNU tar writes in each of its formats, we read as GNU tar does.
#[test]
fn archives_of_gnu_tar_come_back_in_every_format() {
    let bench = Bench::start();
    let work = tempfile::tempdir().unwrap();
    let from = work.path().join("from");
    let deep = "d".repeat(90);
    std::fs::create_dir_all(from.join(&deep).join("sub")).unwrap();
    std::fs::write(from.join("a"), "x".repeat(1000)).unwrap();
    std::fs::write(from.join(&deep).join("short"), "1").unwrap();
    std::fs::hard_link(from.join("a"), from.join("second")).unwrap();
    std::os::unix::fs::symlink("../nowhere", from.join("link")).unwrap();
    for format in ["v7", "ustar", "oldgnu", "gnu", "pax"] {
        if matches!(format, "oldgnu" | "gnu" | "pax") {
            let long = from.join(&deep).join("sub").join("ä".repeat(100));
            std::fs::write(long, "long").unwrap();
            let target = "t".repeat(150);
            let _ = std::os::unix::fs::symlink(target, from.join("long-link"));
        }
        let archive = work.path().join("archive");
        let made = std::process::Command::new("tar")
            .args(["--format", format, "-cf"])
            .arg(&archive)
            .arg("-C")
            .arg(&from)
            .arg(".")
            .status();
        match made {
            Ok(status) => assert!(status.success(), "{format}"),
            Err(error) => {
                println!("skipped: no GNU tar here ({error})");
                return;
            }
        }
        let root = unpacked(&bench, &[bench.plain_layer(&std::fs::read(&archive).unwrap())]);
        assert_eq!(tree(&root), tree(&from), "{format}");
    }
}
