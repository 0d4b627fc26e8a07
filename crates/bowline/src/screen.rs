//! What goes to a screen, as pure text: widths, cuts, signs, and the redrawing of lines in
//! place.

use bowline_diag::inert_lines;

/// The text that erases `drawn` and leaves the cursor where its first line began.
pub fn erase(drawn: &[String], columns: usize) -> String {
    redraw(drawn, &[], &[], columns)
}

/// The text that replaces the region `drawn`: first the lines that stay, then the region `next`.
///
/// Each line overwrites the old one and clears only what is left of it, so nothing flickers.
pub fn redraw(drawn: &[String], settled: &[String], next: &[String], columns: usize) -> String {
    let rows: usize = drawn.iter().map(|line| width(line).div_ceil(columns.max(1)).max(1)).sum();
    let mut out = if rows == 0 { String::new() } else { format!("\u{1b}[{rows}A\r") };
    for line in settled.iter().chain(next) {
        out.push_str(line);
        out.push_str("\u{1b}[K\n");
    }
    if rows > 0 {
        out.push_str("\u{1b}[J");
    }
    out
}

/// A line that wraps would break the region's height, so its middle is left out.
pub fn cut(text: &str, columns: usize) -> String {
    let room = columns.saturating_sub(1);
    if width(text) <= room {
        return text.to_owned();
    }
    let tail_room = room.saturating_sub(1) / 3;
    let head_room = room.saturating_sub(1) - tail_room;
    let head = taken(text.chars(), head_room);
    let tail: String = taken(text.chars().rev(), tail_room).chars().rev().collect();
    format!("{head}…{tail}")
}

fn taken(characters: impl Iterator<Item = char>, room: usize) -> String {
    let mut used = 0;
    let fits = |character: &char| {
        used += cells(*character);
        used <= room
    };
    characters.take_while(fits).collect()
}

/// Cells that a text takes on a screen.
pub fn width(text: &str) -> usize {
    text.chars().map(cells).sum()
}

/// Wide characters of East Asian scripts and pictures take two cells, combining ones none
/// (Unicode TR 11, its large blocks).
fn cells(character: char) -> usize {
    match u32::from(character) {
        0x0300..=0x036f | 0x200b..=0x200f | 0xfe00..=0xfe0f => 0,
        0x1100..=0x115f
        | 0x2e80..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1f64f
        | 0x1f680..=0x1f6ff
        | 0x1f900..=0x1f9ff
        | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

/// Talk in which colours are the only commands to the terminal: whatever else got into it is
/// shown as a replacement. The last line of defence; texts are made inert where they come in.
pub fn coloured_only(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut parts = text.split('\u{1b}');
    out.push_str(&inert_lines(parts.next().unwrap_or_default()));
    for part in parts {
        let is_digit = |c: char| c.is_ascii_digit() || c == ';';
        let rest = part.strip_prefix('[').map(|rest| rest.trim_start_matches(is_digit));
        let is_colour = rest.is_some_and(|rest| rest.starts_with('m'));
        out.push(if is_colour { '\u{1b}' } else { '\u{fffd}' });
        out.push_str(&inert_lines(part));
    }
    out
}

/// Bowline's own signs in ASCII where the terminal knows nothing else.
pub fn signs(text: &str, ascii: bool) -> String {
    if !ascii {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '✓' => out.push('+'),
            '×' => out.push('x'),
            '▸' => out.push('>'),
            '·' | '–' => out.push('-'),
            '…' => out.push_str("..."),
            '→' => out.push_str("->"),
            '▁'..='█' => out.push_str(if character < '▅' { "." } else { "#" }),
            other => out.push(other),
        }
    }
    out
}

/// Whether a locale's name says UTF-8.
pub fn is_utf8(locale: &str) -> bool {
    let name = locale.to_ascii_lowercase();
    name.contains("utf-8") || name.contains("utf8")
}

#[cfg(test)]
mod tests {
    use super::{coloured_only, cut, is_utf8, redraw, signs, width};

    #[test]
    fn a_long_line_loses_its_middle() {
        assert_eq!(cut("short", 20), "short");
        assert_eq!(cut("workflow: Run go test ./...", 20), "workflow: Ru… ./...");
        assert!(width(&cut("カートに入れる商品を選ぶ", 10)) < 10);
        assert_eq!(cut("abc", 1), "…");
    }

    #[test]
    fn a_region_is_overwritten_in_place_and_what_stays_goes_above_it() {
        let lines = |texts: &[&str]| texts.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>();
        let first = redraw(&[], &[], &lines(&["a", "b"]), 80);
        assert_eq!(first, "a\u{1b}[K\nb\u{1b}[K\n");
        let second = redraw(&lines(&["a", "b"]), &lines(&["done"]), &lines(&["c"]), 80);
        assert_eq!(second, "\u{1b}[2A\rdone\u{1b}[K\nc\u{1b}[K\n\u{1b}[J");
        // The terminal became narrower: the drawn line takes two rows now.
        assert!(redraw(&lines(&["0123456789"]), &[], &[], 5).starts_with("\u{1b}[2A"));
    }

    #[test]
    fn colours_are_the_only_commands() {
        let text = "\u{1b}[31mred\u{1b}[0m\n\u{1b}[2J\u{1b}]8;;x\u{7}\u{1b}[1;31m\u{9b}2J";
        let shown =
            "\u{1b}[31mred\u{1b}[0m\n\u{fffd}[2J\u{fffd}]8;;x\u{fffd}\u{1b}[1;31m\u{fffd}2J";
        assert_eq!(coloured_only(text), shown);
    }

    #[test]
    fn signs_have_ascii_forms() {
        assert_eq!(signs("✓ a → b … ▁█", true), "+ a -> b ... .#");
        assert_eq!(signs("✓", false), "✓");
        assert!(is_utf8("de_DE.UTF-8") && is_utf8("C.utf8") && !is_utf8("POSIX"));
    }
}
