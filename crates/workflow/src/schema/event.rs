//! Events: the keys that each takes, and the activity types that it has.

use crate::schema::{Row, Table, Usable, contexts, key, required, required_with, with};

/// One event.
#[derive(Debug)]
pub(crate) struct EventRow {
    /// `push`.
    pub(crate) name: &'static str,
    /// Of `branches branches-ignore tags tags-ignore paths paths-ignore types workflows names
    /// versions inputs secrets outputs`.
    pub(crate) keys: &'static [&'static str],
    /// The activity types; empty means any name is taken (with `types` among the keys).
    pub(crate) types: &'static [&'static str],
}

const fn plain(name: &'static str) -> EventRow {
    EventRow { name, keys: &[], types: &[] }
}

const fn typed(name: &'static str, types: &'static [&'static str]) -> EventRow {
    EventRow { name, keys: &["types"], types }
}

const CHANGED: &[&str] = &["created", "edited", "deleted"];
const PULL_REQUEST_KEYS: &[&str] =
    &["branches", "branches-ignore", "paths", "paths-ignore", "types"];
const PULL_REQUEST: &[&str] = &[
    "assigned",
    "unassigned",
    "labeled",
    "unlabeled",
    "milestoned",
    "demilestoned",
    "opened",
    "edited",
    "closed",
    "reopened",
    "synchronize",
    "converted_to_draft",
    "ready_for_review",
    "locked",
    "unlocked",
    "enqueued",
    "dequeued",
    "review_requested",
    "review_request_removed",
    "auto_merge_enabled",
    "auto_merge_disabled",
    "stacked",
];

/// Every event that a workflow may name.
pub(crate) const EVENTS: &[EventRow] = &[
    typed("branch_protection_rule", CHANGED),
    typed("check_run", &["created", "completed", "requested_action", "rerequested"]),
    typed("check_suite", &["completed", "requested", "rerequested"]),
    plain("create"),
    plain("delete"),
    plain("deployment"),
    plain("deployment_status"),
    typed(
        "discussion",
        &[
            "created",
            "edited",
            "deleted",
            "transferred",
            "pinned",
            "unpinned",
            "labeled",
            "unlabeled",
            "locked",
            "unlocked",
            "category_changed",
            "answered",
            "unanswered",
        ],
    ),
    typed("discussion_comment", CHANGED),
    plain("fork"),
    plain("gollum"),
    EventRow { name: "image_version", keys: &["types", "names", "versions"], types: &["ready"] },
    typed("issue_comment", CHANGED),
    typed(
        "issues",
        &[
            "opened",
            "edited",
            "deleted",
            "transferred",
            "pinned",
            "unpinned",
            "closed",
            "reopened",
            "assigned",
            "unassigned",
            "labeled",
            "unlabeled",
            "locked",
            "unlocked",
            "milestoned",
            "demilestoned",
            "typed",
            "untyped",
            "field_added",
            "field_removed",
        ],
    ),
    typed("label", CHANGED),
    EventRow {
        name: "merge_group",
        keys: &["branches", "branches-ignore", "types"],
        types: &["checks_requested"],
    },
    typed("milestone", &["created", "closed", "opened", "edited", "deleted"]),
    plain("page_build"),
    typed("project", &["created", "closed", "reopened", "edited", "deleted"]),
    typed("project_card", &["created", "moved", "converted", "edited", "deleted"]),
    typed("project_column", &["created", "updated", "moved", "deleted"]),
    plain("public"),
    EventRow { name: "pull_request", keys: PULL_REQUEST_KEYS, types: PULL_REQUEST },
    typed("pull_request_comment", CHANGED),
    typed("pull_request_review", &["submitted", "edited", "dismissed"]),
    typed("pull_request_review_comment", CHANGED),
    EventRow { name: "pull_request_target", keys: PULL_REQUEST_KEYS, types: PULL_REQUEST },
    EventRow {
        name: "push",
        keys: &["branches", "branches-ignore", "tags", "tags-ignore", "paths", "paths-ignore"],
        types: &[],
    },
    typed("registry_package", &["published", "updated"]),
    typed(
        "release",
        &["published", "unpublished", "created", "edited", "deleted", "prereleased", "released"],
    ),
    EventRow { name: "repository_dispatch", keys: &["types"], types: &[] },
    plain("schedule"),
    plain("status"),
    typed("watch", &["started"]),
    EventRow { name: "workflow_call", keys: &["inputs", "secrets", "outputs"], types: &[] },
    EventRow { name: "workflow_dispatch", keys: &["inputs"], types: &[] },
    EventRow {
        name: "workflow_run",
        keys: &["workflows", "types", "branches", "branches-ignore"],
        types: &["requested", "completed", "in_progress"],
    },
];

/// The event of a name.
pub(crate) fn event(name: &str) -> Option<&'static EventRow> {
    EVENTS.iter().find(|event| event.name == name)
}

const DEFAULT: Usable = contexts(&["github", "inputs", "vars"]);
const OUTPUT: Usable = contexts(&["github", "jobs", "vars", "inputs"]);

/// An input of `workflow_dispatch`.
pub(crate) const DISPATCH_INPUT: Table = Table {
    what: "an input",
    rows: &[
        key("description"),
        key("deprecationMessage"),
        key("type"),
        key("required"),
        key("default"),
        key("options"),
    ],
};

/// An input of `workflow_call`.
pub(crate) const CALL_INPUT: Table = Table {
    what: "an input",
    rows: &[
        key("description"),
        key("deprecationMessage"),
        required("type"),
        key("required"),
        with("default", DEFAULT),
    ],
};

/// A secret of `workflow_call`.
pub(crate) const CALL_SECRET: Table =
    Table { what: "a secret", rows: &[key("description"), key("required")] };

/// An output of `workflow_call`.
pub(crate) const CALL_OUTPUT: Table =
    Table { what: "an output", rows: &[key("description"), required_with("value", OUTPUT)] };

/// The row of `on.workflow_call.outputs.<id>.value`.
pub(crate) const CALL_OUTPUT_VALUE: Row = required_with("value", OUTPUT);

/// An entry of `schedule`.
pub(crate) const SCHEDULE: Table =
    Table { what: "a schedule", rows: &[required("cron"), key("timezone")] };
