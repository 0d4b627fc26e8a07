//! The error codes of this crate.

use bowline_diag::Code;

pub(crate) const FIELD: Code = Code {
    id: "BOW0601",
    title: "an object lacks what makes it an object",
    text: "Every object needs `apiVersion`, `kind` and `metadata.name`, each a non-empty string. \
           Without them it cannot be applied, found again or removed. Objects with only \
           `generateName` get another name each time and are refused for the same reason.",
};
pub(crate) const DUPLICATE: Code = Code {
    id: "BOW0602",
    title: "an object stands twice in the manifests",
    text: "Two documents describe the same object (group, kind, namespace and name). Applying \
           both would let the order of files decide which one wins, so neither is applied.",
};
pub(crate) const SHAPE: Code = Code {
    id: "BOW0603",
    title: "a document is not an object",
    text: "A manifest's document is a mapping with `apiVersion` and `kind`, or a `List` whose \
           `items` are such mappings.",
};
pub(crate) const RENDER: Code = Code {
    id: "BOW0604",
    title: "the folder wants to be rendered, not read",
    text: "A `kustomization.yaml` or `Chart.yaml` says that the files around it are input to \
           Kustomize or Helm. Reading them as plain YAML would apply something else than you \
           mean, so they are refused; a release does not render yet. Commit the output of \
           `bowline render` to another folder and name that folder in `bowline.yaml`.",
};
pub(crate) const IMAGE: Code = Code {
    id: "BOW0605",
    title: "no container runs the image that was built",
    text: "The image enters by name: the container whose `image` has exactly this repository \
           name (without tag and digest) gets the digest that was built. No container has it, \
           so the release would deploy something else.",
};
pub(crate) const LIMIT: Code = Code {
    id: "BOW0606",
    title: "the manifests are too many",
    text: "At most 5,000 files and 20,000 objects are read.",
};
pub(crate) const NOTHING: Code = Code {
    id: "BOW0607",
    title: "the manifests hold no object",
    text: "No file of the folder holds an object. An empty folder is never taken for \"deploy \
           nothing\": that would remove what runs.",
};
pub(crate) const FOREIGN: Code = Code {
    id: "BOW0608",
    title: "an object is an order to Argo CD",
    text: "`Application`, `ApplicationSet` and `AppProject` tell Argo CD which folder of which \
           repository it shall deploy. Bowline deploys the manifests of the commit itself and \
           does not follow such an order yet: name the folder that it points at as \
           `deploy.path`.",
};
pub(crate) const OVERLAY: Code = Code {
    id: "BOW0630",
    title: "the overlay cannot be built",
    text: "A `kustomization.yaml` or a file that it names is not what Kustomize takes, or a \
           patch, replacement or generator finds nothing to work on. `kubectl kustomize` fails \
           there too; nothing is rendered.",
};
pub(crate) const REFUSED: Code = Code {
    id: "BOW0631",
    title: "the overlay wants something that is not there",
    text: "Remote bases, plugins, Helm charts inside of a kustomization and the like are not \
           carried out. Leaving them out would render something else than you mean, so the \
           whole overlay is refused: copy a remote base into the repository, and render a \
           chart beside the overlay.",
};

pub(crate) const CHART: Code = Code {
    id: "BOW0620",
    title: "the chart is not as Helm wants it",
    text: "A file of the chart cannot be read, `Chart.yaml` lacks what it must say, or the chart \
           cannot be rendered by itself. Helm refuses the same.",
};
pub(crate) const VALUES: Code = Code {
    id: "BOW0621",
    title: "the values are not as Helm wants them",
    text: "A values file is no mapping, or a `--set` argument is not in Helm's grammar: \
           `a.b=c`, `list[0].name=x`, `list={x,y}`, with `\\` before a comma or dot that is \
           part of a name or value.",
};
pub(crate) const TEMPLATE: Code = Code {
    id: "BOW0622",
    title: "a template failed",
    text: "A template of the chart does not parse or does not run. The place is where the \
           failure began; the notes say which `include` or `tpl` led there.",
};
pub(crate) const DEPENDENCY: Code = Code {
    id: "BOW0623",
    title: "a dependency of the chart is not vendored",
    text: "Rendering fetches nothing. Every dependency that `Chart.yaml` names lies in \
           `charts/`, as a folder or a `.tgz`; `helm dependency build` puts it there.",
};
pub(crate) const SCHEMA: Code = Code {
    id: "BOW0624",
    title: "the values do not fit the chart's schema",
    text: "`values.schema.json` of the chart, or of a chart in it, does not allow the values. A \
           schema that refers to an address fails too, because nothing is fetched.",
};
pub(crate) const RENDERED_YAML: Code = Code {
    id: "BOW0625",
    title: "a template renders to bad YAML",
    text: "What a template wrote is no YAML object. The place is the template line that wrote \
           the bad line, which often lacks an `indent` or a quote.",
};
pub(crate) const CHART_LIMIT: Code = Code {
    id: "BOW0626",
    title: "the chart reached a limit",
    text: "Charts are rendered within limits: 100 MiB and 10,000 files a chart, 5 MiB a file, \
           50 million steps and 64 MiB of output a render. The message names the one reached.",
};

/// All codes of this crate.
pub const CODES: &[Code] = &[
    FIELD,
    DUPLICATE,
    SHAPE,
    RENDER,
    IMAGE,
    LIMIT,
    NOTHING,
    FOREIGN,
    CHART,
    VALUES,
    TEMPLATE,
    DEPENDENCY,
    SCHEMA,
    RENDERED_YAML,
    CHART_LIMIT,
    OVERLAY,
    REFUSED,
];
