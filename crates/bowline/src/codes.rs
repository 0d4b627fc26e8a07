//! The joined table of error codes, for `explain` and for the documentation.

use bowline_diag::Code;

/// The command line's own codes.
pub const CODES: &[Code] = &[
    Code {
        id: "BOW1801",
        title: "the folder that was named cannot be used",
        text: "A verb works on the current folder, or on the one that `-C` names. It must exist \
            and be readable.",
    },
    Code {
        id: "BOW1802",
        title: "nothing of that name is known",
        text: "The name is looked for among releases, versions, environments, jobs and pods of \
            the journal in the state folder. `bowline ls` lists what is there.",
    },
];

/// Every code of the house, in order.
pub fn all() -> Vec<&'static Code> {
    let tables: [&'static [Code]; 17] = [
        bowline_workflow::CODES,
        bowline_runner::CODES,
        bowline_image::CODES,
        bowline_gate::CODES,
        bowline_record::CODES,
        bowline_manifest::CODES,
        bowline_rollout::codes::CODES,
        bowline_traffic::codes::CODES,
        bowline_local::codes::CODES,
        bowline_engine::CODES,
        bowline_source::CODES,
        bowline_sandbox::CODES,
        bowline_journal::codes::CODES,
        bowline_store::codes::CODES,
        bowline_oci::codes::CODES,
        bowline_host::codes::CODES,
        bowline_yaml::CODES,
    ];
    let mut all: Vec<&Code> = tables.into_iter().flatten().chain(CODES).collect();
    all.sort_by_key(|code| code.id);
    all
}
