//! The crate's error codes.

use bowline_diag::Code;

/// A table that makes no sense by itself.
pub const TABLE_REFUSED: &str = "BOW0801";
/// A table older than the one in force.
pub const OLDER_GENERATION: &str = "BOW0802";
/// A listen address that another process has.
pub const PORT_TAKEN: &str = "BOW0803";
/// A listen address that cannot be bound for another reason.
pub const LISTEN_FAILED: &str = "BOW0804";
/// The edge cannot be reached.
pub const UNREACHABLE: &str = "BOW0805";
/// The edge's answer is not understood.
pub const ANSWER_UNREADABLE: &str = "BOW0806";
/// The edge's state cannot be kept or read.
pub const STATE_FAILED: &str = "BOW0807";
/// The control socket cannot be opened.
pub const CONTROL_FAILED: &str = "BOW0808";
/// The edge or its shim cannot be started.
pub const START_FAILED: &str = "BOW0809";
/// A control request that is not understood.
pub const REQUEST_REFUSED: &str = "BOW0810";
/// Wrong arguments of a hidden verb.
pub const ARGUMENTS: &str = "BOW0811";
/// The listen address needs a right.
pub const PORT_KEPT: &str = "BOW0812";

/// All codes of this crate.
pub const CODES: &[Code] = &[
    Code {
        id: TABLE_REFUSED,
        title: "the route table makes no sense by itself",
        text: "The edge checks a whole table before it takes any of it: names are unique, the \
               weights of a route add up to 100, the stable version is one of the versions. \
               Nothing was changed; the table before is still in force.",
    },
    Code {
        id: OLDER_GENERATION,
        title: "the route table is older than the one in force",
        text: "Every table carries a generation: the epoch of the conductor that wrote it and a \
               counter. An older one is refused, so that a conductor that lost its place cannot \
               move traffic. The same generation again is taken only when the table is the same.",
    },
    Code {
        id: PORT_TAKEN,
        title: "something else listens on the address",
        text: "A route's listen address is in use by another process. Stop that process, or give \
               the environment another address by `listen` in `bowline.yaml`.",
    },
    Code {
        id: LISTEN_FAILED,
        title: "the address cannot be listened on",
        text: "The machine refused the listen address: it has no such address, or \
               something of its own speaks against it.",
    },
    Code {
        id: UNREACHABLE,
        title: "the edge does not answer",
        text: "The edge's control socket is not there or does not answer in time. Traffic may \
               still flow: the edge serves on its own. `bowline up` starts what is missing.",
    },
    Code {
        id: ANSWER_UNREADABLE,
        title: "the edge's answer is not understood",
        text: "The edge and the caller are probably of different versions of Bowline. \
               `bowline down` and `bowline up` start an edge of the version that is installed.",
    },
    Code {
        id: STATE_FAILED,
        title: "the edge's state cannot be kept or read",
        text: "The edge keeps its table on disk so that it serves at once after a restart. When \
               the disk is full it serves on from memory and says so in its answer.",
    },
    Code {
        id: CONTROL_FAILED,
        title: "the edge's control socket cannot be opened",
        text: "Another edge may be running with the same state folder, or the folder of the \
               socket cannot be written to. A socket's path may have at most 107 bytes.",
    },
    Code {
        id: START_FAILED,
        title: "the edge cannot be started",
        text: "The edge's process or its shim ended at once or did not answer in time. The last \
               lines of its log say why.",
    },
    Code {
        id: REQUEST_REFUSED,
        title: "the control request is not understood",
        text: "An unknown path, method, query or field, or a body over the limit. Nothing is \
               ignored in silence.",
    },
    Code {
        id: ARGUMENTS,
        title: "wrong arguments of a hidden verb",
        text: "The verbs `edge` and `edge-shim` are started by Bowline itself.",
    },
    Code {
        id: PORT_KEPT,
        title: "the port is kept for root",
        text: "An ordinary user may listen on the ports from `net.ipv4.ip_unprivileged_port_start` \
               on, 1024 as a rule. Give the environment a higher port by `listen` in \
               `bowline.yaml`, or lower the setting.",
    },
];

#[cfg(test)]
mod tests {
    use super::CODES;

    #[test]
    fn every_code_is_of_this_crate_and_stands_there_once() {
        for (index, code) in CODES.iter().enumerate() {
            assert!(code.id.starts_with("BOW08") && code.id.len() == 7, "{}", code.id);
            assert!(CODES[..index].iter().all(|other| other.id != code.id), "{}", code.id);
        }
    }
}
