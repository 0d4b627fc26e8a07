//! Snapshots of whole commands.

/// Compares a whole command (exit code, stdout, stderr) with the snapshot of that name. What
/// differs from run to run is replaced by [`World::filters`](crate::World::filters).
///
/// `bow_snapshot!(world, "name", outcome)`; `INSTA_UPDATE=always` accepts what is new.
#[macro_export]
macro_rules! bow_snapshot {
    ($world:expr, $name:expr, $outcome:expr) => {{
        // As another user the sources may not be readable; the first run has compared them.
        let shown = $outcome.to_string();
        if !$crate::ordinary::is_again() {
            let mut settings = $crate::insta::Settings::clone_current();
            for (pattern, replacement) in $world.filters() {
                settings.add_filter(&pattern, replacement);
            }
            settings.set_prepend_module_to_snapshot(false);
            settings.set_omit_expression(true);
            settings.bind(|| $crate::insta::assert_snapshot!($name, shown));
        }
    }};
}
