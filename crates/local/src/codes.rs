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
        "the local cluster refused a request",
        "The request reached the in-process Kubernetes API and was refused; the message is the \
         API's own and names the field.",
    ),
    code(
        "BOW0904",
        "the edge did not take the route table",
        "Requests are routed as before. The edge's log is in the state folder under `edge/`.",
    ),
    code(
        "BOW0905",
        "a newer conductor has set the weights already",
        "Weights carry the generation of who set them. An older one is refused, so that two \
         processes never fight over the traffic.",
    ),
    code(
        "BOW0906",
        "weights that make no sense",
        "The canary's weight is a number from 0 to 100, and the stable version has a hash. \
         Nothing was changed.",
    ),
    code(
        "BOW0907",
        "there is no such pod on this machine",
        "`bowline ls` lists the pods that run here, with their namespaces.",
    ),
    code(
        "BOW0908",
        "a process did not start or end in time",
        "A pod's shim or the edge's shim did not answer in time. Its log in the state folder says \
         more.",
    ),
    code(
        "BOW0909",
        "another process runs this cluster",
        "One process at a time conducts the pods of a state folder. Wait for it to end.",
    ),
    code(
        "BOW0910",
        "the local cluster was stopped",
        "Something still waited for the cluster when it was stopped. What runs keeps running; \
         `bowline up` takes it up again.",
    ),
];
