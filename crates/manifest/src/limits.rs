//! Limits of this crate, each with its unit last.

/// The most objects of all files together.
pub const RESOURCES_MAX: usize = 20_000;
/// The most YAML nodes of all files together, aliases counted: about 150 MB.
pub const NODES_MAX: usize = 300_000;
/// The most files.
pub const FILES_MAX: usize = 5_000;
/// Container names that an error about images lists.
pub const NAMES_SHOWN_MAX: usize = 10;
/// The largest template file.
pub const TEMPLATE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// How deep actions and parentheses of a template nest (Go allows as many parentheses).
pub const PARSE_DEPTH_MAX: usize = 10_000;
/// Actions, commands and turns of loops in one render.
pub const EXEC_STEPS_MAX: u64 = 50_000_000;
/// Bytes that the templates of one render write, those of `include` counted again.
pub const OUTPUT_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// How deep `template` calls nest (Go's own limit and message).
pub const TEMPLATE_DEPTH_MAX: usize = 100_000;
/// How deep functions carry out templates that call such functions.
pub const CALL_DEPTH_MAX: usize = 10_000;
/// How deep a value is printed; Go prints until its stack is full.
pub const VALUE_DEPTH_MAX: usize = 10_000;
/// Stacks of template calls that a render's source map keeps apart.
pub const CHAINS_MAX: usize = 1_000_000;
/// One file of a chart or overlay (Helm's own limit).
pub const TREE_FILE_BYTES_MAX: usize = 5 * 1024 * 1024;
/// All files of a chart or overlay together (Helm's own limit).
pub const TREE_BYTES_MAX: usize = 100 * 1024 * 1024;
/// Files of a chart or overlay.
pub const TREE_FILES_MAX: usize = 10_000;
/// Archives within archives, charts within charts.
pub const CHART_DEPTH_MAX: usize = 30;
/// The highest index of a list in `--set` (Helm's own limit).
pub const SET_INDEX_MAX: usize = 65_536;
/// Names within one another in `--set` (Helm's own limit).
pub const SET_DEPTH_MAX: usize = 30;
/// The longest name of a release (Helm's own limit).
pub const RELEASE_NAME_BYTES_MAX: usize = 53;
/// The largest `values.schema.json`.
pub const SCHEMA_BYTES_MAX: usize = 5 * 1024 * 1024;
/// How deep values nest.
pub const VALUES_DEPTH_MAX: usize = 1_000;
/// How deep one name is included in itself (Helm's own limit and message).
pub const INCLUDE_DEPTH_MAX: u32 = 1_000;
/// The most elements that `until`, `untilStep` and `seq` make.
pub const SEQUENCE_ITEMS_MAX: usize = 1_000_000;
/// The longest text that one function makes.
pub const TEXT_BYTES_MAX: usize = 64 * 1024 * 1024;
/// The most memory that one regular expression takes when it is compiled.
pub const REGEX_BYTES_MAX: usize = 4 * 1024 * 1024;
/// The most regular expressions that one render keeps.
pub const REGEXES_MAX: usize = 1_000;
/// RSA and DSA keys that one render makes.
pub const KEYS_MAX: u32 = 50;
/// Passwords that one render hashes or derives: each costs about 60 ms.
pub const PASSWORDS_MAX: u32 = 200;
/// The largest file that an overlay reads: custom resource definitions reach some megabytes.
pub const OVERLAY_FILE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// The most YAML nodes of one file of an overlay, aliases counted.
pub const OVERLAY_FILE_NODES_MAX: usize = 1_000_000;
/// The most objects of one overlay.
pub const OVERLAY_OBJECTS_MAX: usize = 100_000;
/// How deep kustomizations lead to others.
pub const OVERLAY_DEPTH_MAX: usize = 100;
/// How deep definitions of `crds` refer to others.
pub const OVERLAY_SCHEMA_DEPTH_MAX: usize = 64;
