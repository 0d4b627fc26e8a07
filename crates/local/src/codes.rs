//! The error codes of this crate.

use bowline_diag::Code;

const fn code(id: &'static str, title: &'static str, text: &'static str) -> Code {
    Code { id, title, text }
}

/// All of them, in order.
pub const CODES: &[Code] = &[
    code(
        "BOW0901",
        "the cluster database cannot be used",
        "The objects of the local cluster (Deployments, Pods, Services) are kept in `cluster.db` \
         in the state folder. SQLite could not read or write it, so nothing was changed. Check \
         the disk. The file can be moved aside after `bowline down`; the next release applies \
         all manifests again.",
    ),
    code(
        "BOW0902",
        "another version of Bowline wrote the cluster database",
        "The layout of `cluster.db` has a number, and this version does not know it. Use the \
         version that wrote the file.",
    ),
    code(
        "BOW0903",
        "a file of the local cluster cannot be used",
        "A pod's folder, its state file or its log could not be read or written. The message \
         names the path.",
    ),
    code(
        "BOW0904",
        "a pod's process could not be started",
        "The sandbox refused to start a process. `bowline doctor` says what this machine permits \
         and which setting or package is missing.",
    ),
    code(
        "BOW0905",
        "the local cluster refused a request",
        "The request reached the in-process Kubernetes API and was refused; the message is the \
         API's own and names the field.",
    ),
    code(
        "BOW0906",
        "the edge did not take the route table",
        "Requests are routed as before. The edge's log is in the state folder under `edge/`.",
    ),
    code(
        "BOW0907",
        "a newer conductor has set the weights already",
        "Weights carry the generation of who set them. An older one is refused, so that two \
         processes never fight over the traffic.",
    ),
    code(
        "BOW0908",
        "there is no such pod on this machine",
        "`bowline ls` lists the pods that run here, with their namespaces.",
    ),
    code(
        "BOW0909",
        "a process did not start or end in time",
        "A pod's shim or the edge's shim did not answer in time. Its log in the state folder says \
         more.",
    ),
    code(
        "BOW0910",
        "another process runs this cluster",
        "One process at a time conducts the pods of a state folder. Wait for it to end.",
    ),
];
