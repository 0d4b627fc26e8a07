//! The store: blobs are what their names say, trees appear whole, writers do not disturb.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests may stop at once")]

use bowline_host::{files, task};
use bowline_store::{Error, Store, digest_of};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("store")).unwrap();
    (folder, store)
}

fn names(folder: &std::path::Path) -> Vec<String> {
    files::list(folder).unwrap().into_iter().map(|entry| entry.name).collect()
}

#[test]
fn a_blob_comes_back_and_leaves_no_temporary_files() {
    let (folder, store) = store();
    let digest = store.put(b"content").unwrap();
    assert_eq!(store.put(b"content").unwrap(), digest);
    assert_eq!(store.get(&digest, 7).unwrap(), b"content");
    assert_eq!((store.size(&digest).unwrap(), store.contains(&digest)), (7, true));
    std::fs::write(folder.path().join("file"), b"from a file").unwrap();
    let other = store.put_file(folder.path().join("file")).unwrap();
    assert_eq!(store.get(&other, 100).unwrap(), b"from a file");
    let mut writer = store.writer().unwrap();
    writer.write(b"dropped").unwrap();
    drop(writer);
    let mut expected = vec![digest.hex().to_owned(), other.hex().to_owned()];
    expected.sort();
    assert_eq!(names(&store.root().join("blobs/sha256")), expected);
}

#[test]
fn a_read_has_a_limit_and_an_absent_blob_is_an_error() {
    let (_folder, store) = store();
    let digest = store.put(b"content").unwrap();
    assert!(matches!(store.get(&digest, 6), Err(Error::TooLarge { bytes: 7, bytes_max: 6, .. })));
    let absent = digest_of(b"absent");
    assert!(matches!(store.get(&absent, 100), Err(Error::Missing(d)) if d == absent));
    assert!(matches!(store.size(&absent), Err(Error::Missing(_))));
    assert!(matches!(store.check(&absent), Err(Error::Missing(_))));
}

#[test]
fn a_damaged_blob_is_never_given_out_and_can_be_stored_anew() {
    let (_folder, store) = store();
    let digest = store.put(b"content").unwrap();
    for check_only in [false, true] {
        let path = store.path(&digest);
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, b"CONTENT").unwrap();
        let result =
            if check_only { store.check(&digest) } else { store.get(&digest, 100).map(drop) };
        assert!(matches!(result, Err(Error::Damaged { .. })), "{result:?}");
        assert!(!store.contains(&digest));
        assert_eq!(store.put(b"content").unwrap(), digest);
        store.check(&digest).unwrap();
    }
    assert_eq!(names(&store.root().join("corrupt")).len(), 2, "kept for whoever looks");
}

#[test]
fn many_writers_of_the_same_content_do_not_disturb_each_other() {
    let (_folder, store) = store();
    let content = Arc::new(vec![7; 1 << 20]);
    let writers: Vec<_> = (0..8)
        .map(|n| {
            let (store, content) = (store.clone(), Arc::clone(&content));
            task::thread(&format!("writer-{n}"), move || store.put(&content).unwrap())
        })
        .collect();
    let digests: Vec<_> = writers.into_iter().map(|writer| writer.join().unwrap()).collect();
    assert!(digests.iter().all(|digest| *digest == digest_of(&content)));
    store.check(&digests[0]).unwrap();
    assert_eq!(names(&store.root().join("blobs/sha256")).len(), 1);
}

#[test]
fn a_tree_is_made_once_by_whoever_comes_first() {
    let (_folder, store) = store();
    let made = Arc::new(AtomicUsize::new(0));
    let makers: Vec<_> = (0..6)
        .map(|n| {
            let (store, made) = (store.clone(), Arc::clone(&made));
            task::thread(&format!("maker-{n}"), move || {
                let slot = store.tree_dir("checkout-1").unwrap();
                slot.make(|folder| {
                    assert!(!slot.path().exists(), "nobody sees it half-made");
                    made.fetch_add(1, Ordering::SeqCst);
                    std::fs::write(folder.join("file"), "content").unwrap();
                    Ok::<_, Error>(())
                })
                .unwrap()
            })
        })
        .collect();
    for maker in makers {
        let path = maker.join().unwrap();
        assert_eq!(std::fs::read(path.join("file")).unwrap(), b"content");
    }
    assert_eq!(made.load(Ordering::SeqCst), 1);
}

#[test]
fn a_tree_that_failed_or_is_from_before_the_last_boot_is_made_again() {
    let (_folder, store) = store();
    let slot = store.tree_dir("t").unwrap();
    let failed = slot.make(|folder| {
        std::fs::write(folder.join("half"), "").unwrap();
        Err(Error::Key("failed".to_owned()))
    });
    assert!(failed.is_err() && !slot.path().exists() && !slot.is_ready().unwrap());
    let make = |text: &'static str| {
        slot.make(move |folder| {
            assert!(!folder.join("half").exists(), "what was left is cleared");
            std::fs::write(folder.join("file"), text).unwrap();
            files::set_mode(folder, 0o555).unwrap();
            Ok::<_, Error>(())
        })
        .unwrap()
    };
    let path = make("first");
    make("not again");
    assert_eq!(std::fs::read(path.join("file")).unwrap(), b"first");
    assert_eq!(files::metadata(&path).unwrap().mode, 0o555);
    std::fs::write(store.root().join("trees/.t.boot"), "another boot").unwrap();
    assert!(!slot.is_ready().unwrap());
    make("second");
    assert_eq!(std::fs::read(path.join("file")).unwrap(), b"second");
    slot.remove().unwrap();
    assert!(!path.exists());
}

#[test]
fn a_key_is_a_plain_name() {
    let (_folder, store) = store();
    for key in ["", ".", "..", "a/b", "../x", ".hidden", "a:b", "ä", &"x".repeat(201)] {
        assert!(matches!(store.tree_dir(key), Err(Error::Key(_))), "{key}");
    }
    assert!(store.tree_dir(&"x".repeat(200)).is_ok());
}

#[test]
fn what_a_crash_left_is_found_and_what_is_being_made_is_not() {
    let (_folder, store) = store();
    let digest = store.put(b"content").unwrap();
    for key in ["commit-1", "commit-2"] {
        store.tree_dir(key).unwrap().make(|_| Ok::<_, Error>(())).unwrap();
    }
    assert_eq!(store.leftovers().unwrap(), Vec::<std::path::PathBuf>::new());
    let keys = |store: &Store| -> Vec<String> {
        store.found_trees().unwrap().into_iter().map(|tree| tree.key).collect()
    };
    assert_eq!(keys(&store), ["commit-1", "commit-2"]);
    assert_eq!(store.found_blobs().unwrap()[0].digest, digest);
    store.remove_tree("commit-1").unwrap();
    store.remove_tree("commit-1").unwrap();
    assert_eq!(keys(&store), ["commit-2"]);
    assert!(!store.root().join("locks/tree-commit-1").exists());

    // A tree that somebody is making has its lock held; its lock and half are no leftovers.
    let made = store.tree_dir("commit-3").unwrap().make(|_| {
        assert_eq!(store.leftovers().unwrap(), Vec::<std::path::PathBuf>::new());
        Err(Error::Key("as in a crash".to_owned()))
    });
    assert!(made.is_err());
    std::fs::write(store.root().join("blobs/sha256/.0a.tmp"), b"half").unwrap();
    std::fs::create_dir(store.root().join("trees/.commit-4.partial")).unwrap();
    let left = store.leftovers().unwrap();
    let names: Vec<_> = left.iter().map(|path| path.file_name().unwrap()).collect();
    assert_eq!(names, [".0a.tmp", ".commit-4.partial", "tree-commit-3"]);
}

#[test]
fn nobody_clears_up_while_a_guest_is_there() {
    let (_folder, store) = store();
    let guest = store.guest().unwrap();
    assert!(store.alone().unwrap().is_none());
    drop(guest);
    assert!(store.alone().unwrap().is_some());
}
