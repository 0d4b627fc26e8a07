//! The crate's behaviour, from tables and from `fixtures/`.

#[path = "workflow/filter.rs"]
mod filter;
#[path = "workflow/fixtures.rs"]
mod fixtures;
#[path = "workflow/machine.rs"]
mod machine;
#[path = "workflow/matrix.rs"]
mod matrix;
#[path = "workflow/template.rs"]
mod template;
