//! Whether an edge's counts can be true. Counts that cannot are no counts: whoever asked is told
//! so, and judges nothing by them.

use crate::{
    answer::{Counters, SecondCounts},
    limits::{COUNTERS_AGE_SECONDS_MAX, REQUESTS_A_SECOND_MAX},
};

/// What is wrong with counts from the second `from` on, that were asked for and answered in these
/// seconds of the machine's monotonic clock.
pub(crate) fn fault(counters: &Counters, from: u64, asked: u64, answered: u64) -> Option<String> {
    let now = counters.now;
    if now.saturating_add(COUNTERS_AGE_SECONDS_MAX) < asked {
        return Some(format!("its second {now} is long over"));
    }
    if now > answered.saturating_add(COUNTERS_AGE_SECONDS_MAX) {
        return Some(format!("its second {now} is to come"));
    }
    if counters.from < from {
        return Some(format!("it begins at second {}, not {from}", counters.from));
    }
    if !counters.routes.is_sorted_by(|one, next| one.route < next.route) {
        return Some("its routes are not in order".to_owned());
    }
    counters.routes.iter().find_map(|route| {
        if !route.versions.is_sorted_by(|one, next| one.hash < next.hash) {
            return Some(format!("the versions of `{}` are not in order", route.route));
        }
        let faults = route.versions.iter().find_map(|version| rows(counters, &version.seconds));
        faults.map(|fault| format!("`{}`: {fault}", route.route))
    })
}

fn rows(counters: &Counters, rows: &[SecondCounts]) -> Option<String> {
    if !rows.is_sorted_by(|one, next| one.second < next.second) {
        return Some("its seconds are not in order".to_owned());
    }
    rows.iter().find_map(|row| {
        let second = row.second;
        if second < counters.from || second > counters.now.saturating_add(COUNTERS_AGE_SECONDS_MAX)
        {
            return Some(format!("the second {second} was not asked for"));
        }
        if row.requests > REQUESTS_A_SECOND_MAX {
            return Some(format!("{} requests in the second {second}", row.requests));
        }
        // The running second is counted while it is read.
        let ordered = row.failed <= row.bad && row.bad <= row.requests;
        let over = second < counters.now;
        (over && !ordered).then(|| format!("more failures than requests in the second {second}"))
    })
}
