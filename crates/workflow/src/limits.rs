//! How much is read and computed; GitHub's own numbers where it has them.

/// Depth of an expression's tree.
pub const DEPTH_MAX: usize = 50;
/// Characters of one expression.
pub const EXPRESSION_CHARACTERS_MAX: usize = 21_000;
/// Open parentheses, calls and signs inside one another. GitHub has no such limit; it keeps
/// the parser's stack small.
pub const PARENTHESES_MAX: usize = 200;
/// Bytes of all values of one evaluation, counted as GitHub does: two a character.
pub const EVALUATION_BYTES_MAX: usize = 1 << 20;
/// Depth of JSON that `fromJSON` reads.
pub const JSON_DEPTH_MAX: usize = 100;
/// Characters of an id.
pub const ID_CHARACTERS_MAX: usize = 100;
/// Combinations of one matrix.
pub const MATRIX_JOBS_MAX: usize = 256;
/// Characters of a job's name that comes from its matrix values.
pub const NAME_CHARACTERS_MAX: usize = 100;
/// Bytes of a pattern of a filter.
pub const PATTERN_BYTES_MAX: usize = 1000;
