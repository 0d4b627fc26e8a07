//! Attack 8 of the table: archives that try to reach outside, lie about themselves, or fill
//! the disk. Nothing is outside the root, nothing half-made stays.

use crate::{Bench, archive::Archive};
use bowline_oci::{
    Error,
    layer::{Content, LayerBuilder, Owner},
    unpack::{self, Limits},
};

/// Unpacks the archive as an image; the folder of the result.
fn unpacked(bench: &Bench, archive: &[u8]) -> Result<std::path::PathBuf, Error> {
    let result = unpack::rootfs(&bench.store, &bench.image_of(archive));
    bench.assert_untouched();
    result.map(|folders| folders[0].clone())
}

fn refused(name: &str, archive: &[u8], wanted: &str) {
    let bench = Bench::start();
    let error = unpacked(&bench, archive).expect_err(name).to_string();
    assert!(error.contains(wanted), "{name}: {error}");
    bench.assert_no_tree();
}

#[test]
fn paths_with_dots_are_refused() {
    for path in ["../outside", "a/../../outside", "a/..", "..", "./../../x", "a/../b"] {
        refused(path, &Archive::new().file(path, "evil").end(), "holds `..`");
    }
    let long = format!("{}/../../outside", "a".repeat(99));
    refused("PAX path", &Archive::new().pax(&[("path", &long)]).file("x", "e").end(), "`..`");
}

#[test]
fn absolute_paths_land_inside() {
    let bench = Bench::start();
    let outside = bench.folder.path().join("outside");
    let archive = Archive::new().file(outside.to_str().unwrap(), "inside").end();
    let root = unpacked(&bench, &archive).unwrap();
    let inside = root.join(outside.strip_prefix("/").unwrap());
    assert_eq!(std::fs::read_to_string(inside).unwrap(), "inside");
}

#[test]
fn writing_through_a_symbolic_link_stays_inside() {
    let bench = Bench::start();
    let folder = bench.folder.path().to_str().unwrap();
    // To a folder outside by an absolute and by a relative way, and to the file itself.
    let up = "../../../../../../../../../../..";
    let archive = Archive::new()
        .symlink("absolute", folder)
        .symlink("relative", &format!("{up}{folder}"))
        .end();
    unpacked(&bench, &archive).unwrap();
    for link in ["absolute", "relative"] {
        let target = if link == "absolute" { folder.to_owned() } else { format!("{up}{folder}") };
        let archive =
            Archive::new().symlink(link, &target).file(&format!("{link}/outside"), "evil").end();
        // The target does not exist inside, so there is nowhere to write.
        let error = unpacked(&bench, &archive).unwrap_err();
        assert!(matches!(error, Error::Refused { .. }), "{error}");
    }
    let archive = Archive::new()
        .symlink("file", bench.folder.path().join("outside").to_str().unwrap())
        .file("file", "replaced, not written through")
        .end();
    let root = unpacked(&bench, &archive).unwrap();
    assert!(root.join("file").symlink_metadata().unwrap().is_file());
}

#[test]
fn hard_links_stay_inside() {
    let bench = Bench::start();
    let outside = bench.folder.path().join("outside");
    let outside = outside.to_str().unwrap();
    refused("absolute", &Archive::new().hard_link("x", outside).end(), "which is no file");
    refused("dots", &Archive::new().hard_link("x", "../../outside").end(), "holds `..`");
    let through = Archive::new()
        .symlink("d", bench.folder.path().to_str().unwrap())
        .hard_link("x", "d/outside")
        .end();
    refused("through a link", &through, "which is no file");
    refused("folder", &Archive::new().dir("d/").hard_link("x", "d").end(), "which is no file");
    let itself = Archive::new().file("x", "").hard_link("x", "x").end();
    refused("itself", &itself, "links to itself");
    // Linked to a symbolic link and then written: the link is replaced.
    let archive = Archive::new()
        .symlink("l", outside)
        .hard_link("x", "l")
        .file("x", "not written through")
        .end();
    let root = unpacked(&bench, &archive).unwrap();
    assert!(root.join("x").symlink_metadata().unwrap().is_file());
}

#[test]
fn writing_to_one_name_of_a_file_leaves_the_other() {
    let bench = Bench::start();
    let archive = Archive::new().file("a", "one").hard_link("b", "a").file("a", "two").end();
    let root = unpacked(&bench, &archive).unwrap();
    assert_eq!(std::fs::read_to_string(root.join("a")).unwrap(), "two");
    assert_eq!(std::fs::read_to_string(root.join("b")).unwrap(), "one");
}

#[test]
fn devices_and_pipes_are_refused() {
    for (flag, reason) in [(b'3', "device"), (b'4', "device"), (b'6', "named pipe")] {
        refused("node", &Archive::new().raw(flag, "dev/x", "", 0, b"").end(), reason);
    }
    let socket = Archive::new().raw(b's', "x", "", 0, b"").end();
    refused("unknown type", &socket, "entry type `s` in a layer is not supported");
}

#[test]
fn a_size_that_contradicts_itself_is_refused() {
    // The attack hides an archive in the content: whoever believes the header's size reads on
    // inside it (RUSTSEC-2025-0111).
    let hidden = Archive::new().file("hidden", "evil").cut();
    let said = hidden.len().to_string();
    for header in [0, 1, hidden.len() as u64 - 1] {
        let archive =
            Archive::new().pax(&[("size", &said)]).raw(b'0', "visible", "", header, &hidden).end();
        refused("PAX size", &archive, "contradicts the size");
    }
    let archive = Archive::new().raw(b'5', "d/", "", 512, &[0; 512]).end();
    refused("folder with content", &archive, "no file has content");
    let archive = Archive::new().extended(b'g', &[("size", "0")]).file("x", "y").end();
    refused("global size", &archive, "global header");
}

#[test]
fn broken_archives_are_errors_not_shorter_images() {
    let whole = Archive::new().file("a", "content").file("b", "content").end();
    // In a header, in content, in padding.
    for length in [100, 512 + 3, 512 + 100, 1024 + 300] {
        refused("cut", &whole[..length], "it ends in the middle");
    }
    let mut flipped = whole.clone();
    flipped[0] ^= 1;
    refused("checksum", &flipped, "checksum");
    let pax_only = Archive::new().pax(&[("path", "x")]).end();
    refused("extended header alone", &pax_only, "behind an extended header");
    let malformed = Archive::new().raw(b'x', "p", "", 10, b"99 path=x\n").file("f", "").end();
    refused("PAX record", &malformed, "malformed");
    refused("sparse", &Archive::new().raw(b'S', "f", "", 0, b"").end(), "sparse");
    let sparse = Archive::new().pax(&[("GNU.sparse.major", "1")]).file("f", "").end();
    refused("PAX sparse", &sparse, "sparse");
    let zero = Archive::new().pax(&[("path", "a\0b")]).file("f", "").end();
    refused("zero byte", &zero, "zero byte");
    let root = Archive::new().symlink("./", "/etc").end();
    refused("root replaced", &root, "replace the root");
}

#[test]
fn a_bomb_of_bytes_stops_at_the_limit() {
    let limits = Limits { unpacked_bytes_max: 1 << 20, ..Limits::default() };
    let bench = Bench::start();
    let mut layer = LayerBuilder::new();
    let zeros = Content::Bytes(vec![0; 9 << 20]);
    layer.file("zeros", zeros, 0o644, Owner::default()).unwrap();
    let packed = layer.write(&bench.store).unwrap();
    assert!(packed.size < 20_000, "{} bytes unpack to nine million", packed.size);
    let image = bench.image(&[packed]);
    let error = unpack::rootfs_limited(&bench.store, &image, limits).unwrap_err();
    assert!(matches!(error, Error::TooLarge { limit: 1_048_576, unit: "bytes", .. }), "{error}");
    bench.assert_no_tree();
    // Ten gigabytes by word only.
    let claim = Archive::new().raw(b'0', "big", "", 0o77_777_777_777, b"x").end();
    refused("claim", &claim, "it ends in the middle");
    let huge = (10u64 << 30).to_string();
    let claim = Archive::new().pax(&[("size", &huge)]).raw(b'0', "big", "", 0, b"x").end();
    refused("claim by PAX", &claim, "it ends in the middle");
    let name = "n".repeat(2 << 20);
    let claim = Archive::new().raw(b'L', "long", "", name.len() as u64, name.as_bytes()).end();
    refused("long name", &claim, "larger than the limit");
}

#[test]
fn the_limit_counts_all_layers_together() {
    let bench = Bench::start();
    let layers = ["a", "b", "c"]
        .map(|name| bench.plain_layer(&Archive::new().file(name, &"x".repeat(1000)).end()));
    let each = 512 + 1024 + 1024;
    let limits = |unpacked_bytes_max| Limits { unpacked_bytes_max, ..Limits::default() };
    let image = bench.image(&layers);
    let error = unpack::rootfs_limited(&bench.store, &image, limits(3 * each - 1)).unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }), "{error}");
    unpack::rootfs_limited(&bench.store, &image, limits(3 * each)).unwrap();
}

#[test]
fn a_bomb_of_entries_stops_at_the_limit() {
    let bench = Bench::start();
    let many = (0..101).fold(Archive::new(), |archive, n| archive.file(&format!("f{n}"), ""));
    let image = bench.image_of(&many.end());
    let limits = |entries_max| Limits { entries_max, ..Limits::default() };
    let error = unpack::rootfs_limited(&bench.store, &image, limits(100)).unwrap_err();
    assert!(matches!(error, Error::TooLarge { limit: 100, unit: "entries", .. }), "{error}");
    bench.assert_no_tree();
    unpack::rootfs_limited(&bench.store, &image, limits(101)).unwrap();
}

#[test]
fn whiteouts_reach_nothing_outside() {
    for name in [".wh.", ".wh..", ".wh...", "a/.wh..."] {
        refused(name, &Archive::new().dir("a/").file(name, "").end(), "hides no name");
    }
    let bench = Bench::start();
    let folder = bench.folder.path().to_str().unwrap();
    let archive = Archive::new()
        .symlink("d", folder)
        .file("d/.wh.outside", "")
        .file("d/.wh..wh..opq", "")
        .end();
    unpacked(&bench, &archive).unwrap();
    let opaque = Archive::new().file(".wh..wh..opq", "").end();
    unpacked(&bench, &opaque).unwrap();
}

#[test]
fn long_names_are_refused_and_deep_paths_are_cut_off() {
    let name = "n".repeat(256);
    let archive = Archive::new().pax(&[("path", &name)]).file("x", "").end();
    refused("name", &archive, "longer than 255 bytes");
    let deep = "d/".repeat(3000);
    let archive = Archive::new().pax(&[("path", &deep)]).dir("x/").end();
    refused("path", &archive, "longer than 4096 bytes");
}

#[test]
fn content_that_is_not_what_the_configuration_says_is_refused() {
    let bench = Bench::start();
    let mut layer = bench.plain_layer(&Archive::new().file("a", "content").end());
    layer.diff_id = bowline_store::digest_of(b"something else");
    let image = bench.image(&[layer]);
    let error = unpack::rootfs(&bench.store, &image).unwrap_err();
    assert!(matches!(error, Error::DiffId { .. }), "{error}");
    bench.assert_no_tree();
}
