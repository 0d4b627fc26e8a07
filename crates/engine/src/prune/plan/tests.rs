//! Any history, any policy: what is needed stays, and what goes has gone for good.

use super::*;
use proptest::prelude::*;

fn digest(number: usize) -> Digest {
    format!("sha256:{number:064x}").parse().expect("a digest")
}

fn blob(number: usize) -> What {
    What::Blob(digest(number))
}

fn thing(what: What, bytes: u64, day: i64) -> Thing {
    Thing { what, bytes, used_at: Timestamp(day * super::super::DAY_MS) }
}

/// Version `number`: its image is blob `10 * number`, made of the two after it and a tree.
fn brought(number: usize, quarantined: bool) -> Brought {
    Brought {
        release: format!("v{number}"),
        set: What::ReplicaSet(format!("prod/shop-{number}")),
        images: vec![digest(10 * number)],
        quarantined,
    }
}

/// `quarantined[i]`: whether version `i` was taken back after it was promoted.
fn facts(quarantined: &[bool], keep: Keep, open: Option<usize>) -> Facts {
    let count = quarantined.len();
    let promoted: Vec<Brought> =
        quarantined.iter().enumerate().map(|(number, bad)| brought(number, *bad)).collect();
    let stable = promoted.iter().rev().find(|one| !one.quarantined).cloned();
    let known = |number: usize| Known {
        key: "prod/shop".into(),
        version: format!("v{number}"),
        image: Some(digest(10 * number)),
        run: What::Run(format!("shop-{number}")),
        checkout: What::Tree(format!("commit-{number}")),
        open: open == Some(number),
    };
    let mut needs = BTreeMap::new();
    let mut things = Vec::new();
    for number in 0..count {
        let parts = vec![
            blob(10 * number + 1),
            blob(10 * number + 2),
            What::Tree(format!("rootfs-{number}")),
        ];
        let set = What::ReplicaSet(format!("prod/shop-{number}"));
        needs.insert(set.clone(), vec![blob(10 * number)]);
        things.extend(parts.iter().map(|part| thing(part.clone(), 7, 0)));
        needs.insert(blob(10 * number), parts);
        let day = i64::try_from(number).unwrap_or(0);
        things.extend([
            thing(set, 0, 0),
            thing(blob(10 * number), 1, 0),
            thing(blob(10 * number + 3), 5, 0),
            thing(What::Run(format!("shop-{number}")), 100, day),
            thing(What::Tree(format!("commit-{number}")), 0, day),
            thing(What::Cache(format!("actions/s/{number}")), 50, day),
        ]);
    }
    things.push(thing(What::Cache("go-mod".into()), 50, 0));
    things.push(thing(What::Tree("of-another-kind".into()), 0, 0));
    Facts {
        now: Timestamp(i64::try_from(count).unwrap_or(0) * super::super::DAY_MS),
        applications: vec![Application {
            key: "prod/shop".into(),
            keep,
            history_max: None,
            promoted,
            in_use: stable.into_iter().collect(),
        }],
        releases: (0..count).map(known).collect(),
        // The third part of each version is a report.
        evidence: (0..count).map(|number| digest(10 * number + 3)).collect(),
        in_use: BTreeSet::new(),
        needs,
        things,
        limits: Limits { log_bytes_max: 1000, cache_bytes_max: 200, checkouts_max: 3 },
    }
}

/// The things that are left.
fn after(facts: &Facts, removals: &[Removal]) -> Facts {
    let gone: BTreeSet<&What> = removals.iter().map(|removal| &removal.what).collect();
    let mut facts = facts.clone();
    facts.things.retain(|thing| !gone.contains(&thing.what));
    facts
}

/// All that version `number` is made of is there.
fn is_whole(facts: &Facts, number: usize) -> bool {
    let there: BTreeSet<&What> = facts.things.iter().map(|thing| &thing.what).collect();
    let mut parts = vec![What::ReplicaSet(format!("prod/shop-{number}")), blob(10 * number)];
    parts.extend(facts.needs[&blob(10 * number)].clone());
    parts.iter().all(|part| there.contains(part))
}

proptest! {
    #[test]
    fn what_can_be_gone_back_to_runs_or_proves_something_stays(
        quarantined in prop::collection::vec(any::<bool>(), 1..40),
        releases in 2_u32..12,
        days in 0_u32..20,
        open in 0_usize..40,
        cut in 0_usize..500,
    ) {
        let keep = Keep { releases, days };
        let before = facts(&quarantined, keep, Some(open));
        let removals = plan(&before);
        // Wherever it dies: the first `cut` removals were done.
        let left = after(&before, &removals[..cut.min(removals.len())]);
        let good = (0..quarantined.len()).rev().filter(|number| !quarantined[*number]);
        for number in good.take(releases as usize) {
            prop_assert!(is_whole(&left, number), "v{number} can be gone back to");
        }
        if open < quarantined.len() {
            let there = |what: &What| left.things.iter().any(|thing| thing.what == *what);
            let (run, checkout) = (format!("shop-{open}"), format!("commit-{open}"));
            let needed = [blob(10 * open), What::Run(run), What::Tree(checkout)];
            prop_assert!(needed.iter().all(there), "an open release goes on");
        }
        for number in 0..quarantined.len() {
            let report = blob(10 * number + 3);
            prop_assert!(left.things.iter().any(|thing| thing.what == report), "evidence stays");
            let set = What::ReplicaSet(format!("prod/shop-{number}"));
            if left.things.iter().any(|thing| thing.what == set) {
                prop_assert!(is_whole(&left, number), "a set is there, so its image is");
            }
        }
        prop_assert!(left.things.iter().any(|t| t.what.name() == "of-another-kind"));
    }

    #[test]
    fn a_second_plan_finds_nothing_and_what_is_left_is_bounded(
        quarantined in prop::collection::vec(any::<bool>(), 1..60),
        releases in 2_u32..12,
    ) {
        let before = facts(&quarantined, Keep { releases, days: 0 }, None);
        let removals = plan(&before);
        let left = after(&before, &removals);
        prop_assert_eq!(plan(&left), vec![]);
        let sets = left.things.iter().filter(|t| matches!(t.what, What::ReplicaSet(_))).count();
        prop_assert!(sets <= 2 * releases as usize + 1);
        let caches = left.things.iter().filter(|t| matches!(t.what, What::Cache(_)));
        prop_assert!(caches.map(|thing| thing.bytes).sum::<u64>() <= 200);
        for removal in &removals {
            prop_assert!(!removal.reason.to_string().is_empty());
        }
    }
}

#[test]
fn what_was_seen_in_use_stays_with_all_that_it_needs() {
    let mut facts = facts(&[false; 9], Keep { releases: 2, days: 0 }, None);
    facts.in_use.insert(What::ReplicaSet("prod/shop-0".into()));
    let left = after(&facts, &plan(&facts));
    let whole: Vec<usize> = (0..9).filter(|number| is_whole(&left, *number)).collect();
    assert_eq!(whole, [0, 7, 8]);
}

#[test]
fn the_manifest_s_own_limit_counts_old_versions() {
    let mut facts = facts(&[false; 9], Keep::default(), None);
    for (limit, kept) in [(None, 9), (Some(3), 4), (Some(0), 2)] {
        facts.applications[0].history_max = limit;
        let left = after(&facts, &plan(&facts));
        assert_eq!((0..9).filter(|number| is_whole(&left, *number)).count(), kept, "{limit:?}");
    }
}

#[test]
fn a_set_goes_before_its_image_and_says_which_release_is_lost() {
    let facts = facts(&[false; 4], Keep { releases: 2, days: 0 }, None);
    let removals = plan(&facts);
    let position = |what: &What| removals.iter().position(|removal| removal.what == *what);
    let (set, image) = (What::ReplicaSet("prod/shop-0".into()), blob(0));
    assert!(position(&set).expect("it goes") < position(&image).expect("it goes"));
    let lost = Lost { key: "prod/shop".into(), version: "v0".into(), kept: 2 };
    assert_eq!(removals[0].releases, [lost]);
}
