//! The engine's error codes: `BOW10xx`.

use bowline_diag::Code;

const fn code(id: &'static str, title: &'static str, text: &'static str) -> Code {
    Code { id, title, text }
}

/// Every code of this crate.
pub const CODES: &[Code] = &[
    code(
        "BOW1001",
        "`bowline.yaml` cannot be read",
        "The file must be one YAML document of at most 64 KiB. The place of the first mistake is \
        shown.",
    ),
    code(
        "BOW1002",
        "a key or value of `bowline.yaml` is not valid",
        "Unknown keys are refused, so that a slip never changes what is released. The page \
        `docs/bowline-yaml.md` lists every key.",
    ),
    code(
        "BOW1003",
        "another `bowline` is at work",
        "One process conducts on a state folder at a time. Wait for it, steer it with \
        `bowline rollout`, or end it: the same command resumes what it left.",
    ),
    code(
        "BOW1004",
        "the journal holds an entry that this version cannot read",
        "Nothing is skipped: an entry that cannot be read stops everything that depends on it. \
        Use the version of Bowline that wrote it.",
    ),
    code(
        "BOW1005",
        "the work tree differs from `HEAD`",
        "A release is of a commit. Commit the changes, or name the commit that you mean.",
    ),
    code(
        "BOW1006",
        "there is no `bowline.yaml` in the commit",
        "`bowline init` writes it from what it recognises. It must be committed, because a \
        release reads everything from the commit.",
    ),
    code(
        "BOW1007",
        "the environment is not clear",
        "`bowline.yaml` has several environments, or none of that name. Name one of them with \
        `--env NAME`; a release goes to one environment.",
    ),
    code(
        "BOW1008",
        "the image is quarantined in this environment",
        "It was taken back before, and equal content has an equal digest, so a rebuild does not \
        help. Another image passes without any switch; this one only with `--override REASON`, \
        which is recorded.",
    ),
    code(
        "BOW1009",
        "the folder of manifests is not in the commit",
        "`deploy.path` in `bowline.yaml` names it, relative to the repository's root. Add the \
        folder to the commit, or correct the path.",
    ),
    code(
        "BOW1010",
        "the cluster refuses or does not answer",
        "The fields that it refuses are named with their place. What a one-machine cluster cannot \
        honour is refused, never ignored; `docs/local.md` lists what it can.",
    ),
    code(
        "BOW1011",
        "an object names another namespace",
        "Objects of an environment live in the namespace of its name, so that one set of manifests \
        serves several environments. Leave `metadata.namespace` out.",
    ),
    code(
        "BOW1012",
        "there must be exactly one Rollout or Deployment",
        "One application is one workload: one Rollout or one Deployment in the folder that \
        `deploy.path` names. Several applications have a repository each.",
    ),
    code(
        "BOW1013",
        "no Service selects the pods",
        "Users reach an application through a Service: its selector must match the labels of the \
        pod template.",
    ),
    code(
        "BOW1014",
        "a gate blocks the release",
        "A condition of `gates` does not hold, or its report is missing or unreadable. Absence \
        is never success.",
    ),
    code(
        "BOW1015",
        "the Dockerfile is not in the commit",
        "`dockerfile` in `bowline.yaml` names it; `Dockerfile` when absent. It must be committed, \
        because a release reads everything from the commit.",
    ),
    code(
        "BOW1016",
        "no release of that name is known",
        "A version (`v0.0.1-build.3`), an id (`shop/3`) or at least the first seven digits of a \
        commit name a release. `bowline ls` lists what was released.",
    ),
    code(
        "BOW1017",
        "a workflow cannot be used",
        "The file is missing, or holds mistakes or keys that are not carried out yet; each is \
        shown with its place.",
    ),
    code(
        "BOW1018",
        "a job of the workflow failed",
        "The failing step is shown with its place and its last lines; `bowline logs JOB` has all of \
        them. `bowline run` runs the workflow again without a release, from the work tree as it \
        is.",
    ),
    code(
        "BOW1019",
        "there is no version to go back to",
        "A rollback needs an earlier version that was promoted in this environment, and whose image \
        is still in the store. `bowline ls` lists what was released.",
    ),
    code(
        "BOW1020",
        "`bowline init` recognises nothing to release",
        "A release needs a Dockerfile and a folder with Kubernetes manifests: a Rollout or \
        Deployment and the Service that selects its pods. `examples/checkout` of Bowline's own \
        repository is a small one to copy from.",
    ),
    code(
        "BOW1021",
        "the disk of the state folder is full",
        "Nothing is begun on a full disk, because half a build is worse than none. Free some \
        space, or set `BOWLINE_STATE` to a folder on another disk; the same command then goes \
        on.",
    ),
    code(
        "BOW1022",
        "an object belongs to another application",
        "Two applications in one environment must not bring objects of the same kind and name: \
        the users of one would meet the other. Rename the object, or use another environment.",
    ),
    code(
        "BOW1030",
        "the release was pruned",
        "An application keeps its last promoted versions (`keep.releases` in `bowline.yaml`); the \
        images of older ones are taken away. Their commits, records and reports stay: releasing \
        the commit again builds the same image.",
    ),
    code(
        "BOW1099",
        "a fault of Bowline itself",
        "Nothing is wrong with your repository. The journal is whole: the same command goes on from \
        its last entry. Please report the sentence, with what `bowline why` says.",
    ),
];
