//! Long use: what is left after many releases is bounded, and pruning may die anywhere.

use bowline_host::files;
use bowline_testkit::crash::House;
use std::collections::BTreeSet;
use std::path::Path;

/// The effect that takes one thing away.
const REMOVED: &str = "prune.remove";

/// How many promoted versions the house keeps.
const KEPT: usize = 2;

/// So many releases bring a house that keeps two to where nothing grows any more.
const SETTLED_AFTER: usize = 4;

/// A house that keeps as little as it may.
fn house() -> House {
    let house = crate::house(1, 0);
    let text = house.repository.read("bowline.yaml");
    let keep = format!("{text}keep: {{ releases: {KEPT}, days: 0 }}\n");
    house.repository.write("bowline.yaml", &keep);
    house
}

/// What may not grow with the number of releases.
#[derive(Debug, PartialEq, Eq)]
struct Counts {
    blobs: usize,
    images: usize,
    locks: usize,
    pods: usize,
    sockets: usize,
    processes: usize,
    descriptors: usize,
    namespaces: usize,
    mounts: usize,
}

fn counts(house: &House) -> Counts {
    let state = house.world.state();
    let names = |folder: &str| names(&state.join(folder));
    let trees = names("store/trees");
    let shown: Vec<&String> = trees.iter().filter(|name| !name.starts_with('.')).collect();
    let processes = house.world.processes();
    let of_all = |what: &str| -> Vec<String> {
        let folders = processes.iter().map(|one| format!("/proc/{}/{what}", one.pid));
        folders.flat_map(|folder| self::names(Path::new(&folder))).collect()
    };
    let namespaces = processes.iter().flat_map(|one| {
        let links = ["mnt", "net", "pid"].map(|kind| format!("/proc/{}/ns/{kind}", one.pid));
        links.into_iter().filter_map(|link| files::read_link(link).ok())
    });
    Counts {
        blobs: names("store/blobs/sha256").len(),
        images: shown.iter().filter(|name| name.starts_with("rootfs-")).count(),
        // Of checkouts the newest ten stay.
        locks: names("store/locks").iter().filter(|name| name.contains("rootfs-")).count(),
        pods: names("pods").len(),
        sockets: sockets(&house.world.root().join("r")),
        processes: processes.len(),
        descriptors: of_all("fd").len(),
        namespaces: namespaces.collect::<BTreeSet<_>>().len(),
        mounts: files::read_text("/proc/self/mounts", 1 << 20).map_or(0, |t| {
            t.lines().filter(|line| line.contains(&*state.to_string_lossy())).count()
        }),
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = files::list(folder).unwrap_or_default();
    entries.into_iter().map(|entry| entry.name).collect()
}

fn sockets(folder: &Path) -> usize {
    let found = files::walk(folder, 1000).expect("the runtime folder can be read");
    found.iter().filter(|entry| entry.kind == files::Kind::Other).count()
}

fn bytes(folder: &Path) -> u64 {
    let found = files::walk(folder, 100_000).expect("the folder can be read");
    found.iter().filter(|entry| entry.kind == files::Kind::File).map(|entry| entry.size).sum()
}

/// Releases good commits, bad ones and rollbacks; the answer of what runs at the end.
fn use_for(house: &mut House, releases: usize) -> String {
    let mut serving = String::new();
    for number in 0..releases {
        if number % 4 == 1 {
            house.commit_bad();
            house.run(&["release"]).expect_exit(4);
        }
        let before = std::mem::replace(&mut serving, house.commit_good());
        house.run(&["release"]).expect_exit(0);
        if number % 4 == 2 {
            house.run(&["rollback"]).expect_exit(0);
            serving = before;
        }
    }
    serving
}

#[test]
fn many_releases_leave_no_more_than_a_few() {
    let mut house = house();
    let serving = use_for(&mut house, SETTLED_AFTER);
    house.expect_settled(&serving, 1);
    let (few, store) = (counts(&house), bytes(&house.world.state().join("store/blobs")));
    let serving = use_for(&mut house, 2 * SETTLED_AFTER);
    house.expect_settled(&serving, 1);
    let many = counts(&house);
    assert_eq!(few, many);
    let now = bytes(&house.world.state().join("store/blobs"));
    assert!(now <= store + store / 10, "{now} bytes of blobs after {store}");

    // The newest that was not taken back can be gone back to; one of long ago says why not.
    let gone = house.run(&["rollback", "--to", "v0.0.1-build.1"]).expect_exit(2);
    assert!(gone.stderr.contains("was pruned on"), "{gone}");
    assert!(gone.stderr.contains("bowline release "), "{gone}");
    house.expect_settled(&serving, 1);
    house.run(&["rollback"]).expect_exit(0);
    // Everything that was found out about the releases is still there.
    let state = house.world.state();
    for event in house.events("workflow.reports_kept") {
        for report in event.body["tests"].as_array().into_iter().flatten() {
            let digest = report["digest"].as_str().expect("a digest").replace("sha256:", "");
            assert!(files::exists(state.join("store/blobs/sha256").join(digest)), "{report}");
        }
    }
}

#[test]
fn pruning_may_die_anywhere_and_the_way_back_is_whole() {
    let mut house = house();
    use_for(&mut house, SETTLED_AFTER);
    let before = house.commit_good();
    house.run(&["release"]).expect_exit(0);
    let newest = house.commit_good();
    // The end of a release is its pruning.
    assert!(house.crash_after(&["release"], REMOVED), "a release prunes");
    house.expect_settled(&newest, 1);
    // Again and again, each time one removal further.
    let mut places = 0;
    while house.crash_after(&["prune"], REMOVED) {
        places += 1;
    }
    assert!(places > 0, "there was more to remove");
    house.run(&["rollback"]).expect_exit(0);
    house.expect_settled(&before, 1);
    house.run(&["prune"]).expect_exit(0);
    let rest = house.run(&["prune", "--dry-run", "-o", "json"]).expect_exit(0);
    assert_eq!(rest.stdout.trim(), "{\"items\":[],\"next\":null}", "{rest}");
    let next = house.commit_good();
    house.run(&["release"]).expect_exit(0);
    house.expect_settled(&next, 1);
}
