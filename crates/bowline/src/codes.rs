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
    Code {
        id: "BOW1803",
        title: "the demo finds no free port",
        text: "`bowline demo` asks the kernel for a free port on 127.0.0.1, and none was given. \
            Close programs that hold many ports, or look at the limit of open files.",
    },
    Code {
        id: "BOW1804",
        title: "the demo's folder is there already",
        text: "`bowline demo --folder FOLDER` writes a new repository and never over something \
            that exists. Name a folder that does not exist yet, or leave the flag out: the \
            repository then lies inside the state folder.",
    },
    Code {
        id: "BOW1805",
        title: "there is nothing to run, or it is not asked for in a form that can be run",
        text: "`bowline run` carries out the event `push`, with the workflows of \
            `.github/workflows` or the one that `-W` names. A secret is given as `NAME=VALUE`.",
    },
    Code {
        id: "BOW1806",
        title: "a verb, a flag or a value is not known",
        text: "Nothing was done. `bowline help` lists the verbs, `bowline VERB --help` the flags \
            of one. A near name is offered when there is one.",
    },
    Code {
        id: "BOW1807",
        title: "there is nothing to check",
        text: "`bowline check` looks at `bowline.yaml`, `.github/workflows`, the Dockerfile and \
            the folder of manifests. With none of them there, \"in order\" would mean nothing.",
    },
    Code {
        id: "BOW1820",
        title: "`BOWLINE_CACHE_GB` is not a number of gigabytes",
        text: "It says how much all caches may take together before the longest unused are pruned, \
               for example `BOWLINE_CACHE_GB=20`. Without it they may take 10 GB.",
    },
    Code {
        id: "BOW1821",
        title: "nothing can be pruned while a `bowline run` is at work",
        text: "A run works in checkouts, toolchains and caches of the state folder. Wait for its \
               end; the next release prunes by itself.",
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
