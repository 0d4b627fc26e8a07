//! The error codes of this crate.

use bowline_diag::Code;

pub(crate) const SYNTAX: Code = Code {
    id: "BOW0301",
    title: "the Dockerfile cannot be read",
    text: "The file breaks the Dockerfile's own grammar: an instruction that nobody knows, a \
           heredoc or quote that never ends, a value that is missing. Nothing was run.",
};
pub(crate) const UNSUPPORTED: Code = Code {
    id: "BOW0302",
    title: "the Dockerfile asks for something that is not carried out yet",
    text: "The instruction or flag is valid, and Bowline knows it, but cannot do it yet. Leaving \
           it out would build another image than the one you described, so nothing was run. The \
           message names the consequence and a way without it.",
};
pub(crate) const BASE: Code = Code {
    id: "BOW0303",
    title: "a base image would have to be pulled",
    text: "Images are built here from `golang` stages (with the Go toolchain of this machine) and \
           `FROM scratch`. Any other base needs a pull from a registry, which is not there yet. A \
           static Go binary needs no base: end with `FROM scratch` and copy what it needs, for \
           example `/etc/ssl/certs/ca-certificates.crt`, from the build stage.",
};
pub(crate) const TOOLCHAIN: Code = Code {
    id: "BOW0304",
    title: "the Go toolchain that a stage asks for is not there",
    text: "The tag of the `golang` image names the least version that is wanted. An installed \
           version at least as new is used and noted; an older one, or none, is refused.",
};
pub(crate) const REFERENCE: Code = Code {
    id: "BOW0305",
    title: "a name leads nowhere",
    text: "A stage, a file of the context or a file of another stage that an instruction names \
           does not exist. Files that `.dockerignore` excludes count as not there.",
};
pub(crate) const RUN: Code = Code {
    id: "BOW0306",
    title: "a RUN step failed",
    text: "The command ended with another code than 0, by a signal, or ran longer than an hour. \
           Its last lines are shown. The build stopped there; nothing was kept of the image.",
};
pub(crate) const LIMIT: Code = Code {
    id: "BOW0307",
    title: "the build is larger than its limits",
    text: "At most 1 MiB of Dockerfile, 2,000 instructions, 100 stages and 200,000 files are \
           taken.",
};
pub(crate) const MACHINE: Code = Code {
    id: "BOW0308",
    title: "the machine refused something that the build needs",
    text: "A file could not be read or written, or a sandbox could not be started. `bowline \
           doctor` says what this machine lacks.",
};
pub(crate) const CANCELLED: Code = Code {
    id: "BOW0309",
    title: "the build was cancelled",
    text: "Everything that it had started is gone, and no part of the image was kept.",
};

/// All codes of this crate.
pub const CODES: &[Code] =
    &[SYNTAX, UNSUPPORTED, BASE, TOOLCHAIN, REFERENCE, RUN, LIMIT, MACHINE, CANCELLED];
