//! Instructions that say how the image is run: LABEL, EXPOSE, USER, VOLUME and the like.

use super::stage::Reader;
use crate::{
    codes,
    dockerfile::{Arguments, Instruction, Word},
};
use bowline_oci::{ContainerConfig, Empty};

/// The words of a list, expanded; a value may bring several.
pub(super) fn words(instruction: &Instruction, reader: &mut Reader<'_, '_>) -> Option<Vec<String>> {
    match &instruction.arguments {
        Arguments::Words(list) => {
            let mut all = Vec::new();
            for word in list {
                all.push(reader.expand(instruction, word, &word.text)?);
            }
            Some(all)
        }
        Arguments::Json(items) => {
            let offset = instruction.line.text.find('[').unwrap_or(0);
            let mut all = Vec::new();
            for item in items {
                let word = Word { text: item.clone(), offset };
                all.push(reader.expand(instruction, &word, item)?);
            }
            Some(all)
        }
        _ => {
            reader.missing(instruction);
            None
        }
    }
}

/// The one text of an instruction, expanded.
pub(super) fn text(instruction: &Instruction, reader: &mut Reader<'_, '_>) -> Option<String> {
    let Arguments::Text(word) = &instruction.arguments else {
        reader.missing(instruction);
        return None;
    };
    let text = reader.expand(instruction, word, &word.text)?;
    if text.is_empty() {
        reader.missing(instruction);
        return None;
    }
    Some(text)
}

/// `8080`, `8080/udp`, `8000-8002/tcp`.
pub(super) fn expose(
    instruction: &Instruction,
    reader: &mut Reader<'_, '_>,
    config: &mut ContainerConfig,
) {
    let Some(list) = words(instruction, reader) else { return };
    for text in list.iter().flat_map(|text| text.split_whitespace()) {
        let Some(ports) = ports(text) else {
            let message = format!("`{text}` is no port");
            let help = "write it as `8080`, `8080/udp` or `8000-8002`";
            reader.problems.instruction(&codes::SYNTAX, instruction, message, help);
            continue;
        };
        config.exposed_ports.extend(ports.into_iter().map(|port| (port, Empty {})));
    }
}

fn ports(text: &str) -> Option<Vec<String>> {
    let (range, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let protocol = protocol.to_ascii_lowercase();
    if !matches!(protocol.as_str(), "tcp" | "udp" | "sctp") {
        return None;
    }
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    let number = |text: &str| text.parse::<u16>().ok().filter(|port| *port > 0);
    let (first, last) = (number(first)?, number(last)?);
    (first <= last).then(|| (first..=last).map(|port| format!("{port}/{protocol}")).collect())
}

/// Name and value of each pair of ENV or LABEL, expanded with the variables from before.
pub(super) fn pairs(
    instruction: &Instruction,
    reader: &mut Reader<'_, '_>,
) -> Option<Vec<(String, String)>> {
    let Arguments::Pairs(pairs) = &instruction.arguments else {
        reader.missing(instruction);
        return None;
    };
    let mut all = Vec::new();
    for pair in pairs {
        let name = reader.expand(instruction, &pair.name, &pair.name.text)?;
        let value = reader.expand(instruction, &pair.value, &pair.value.text)?;
        if name.is_empty() {
            let message = "a name is empty";
            reader.problems.word(&codes::SYNTAX, instruction, &pair.name, message, "");
            return None;
        }
        all.push((name, value));
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::ports;

    #[test]
    fn ports_have_a_protocol_and_may_be_ranges() {
        assert_eq!(ports("8080").as_deref(), Some(&["8080/tcp".to_owned()][..]));
        assert_eq!(ports("53/UDP").as_deref(), Some(&["53/udp".to_owned()][..]));
        assert_eq!(ports("8000-8002").map(|ports| ports.len()), Some(3));
        for text in ["", "0", "http", "70000", "8002-8000", "80/icmp", "80:80"] {
            assert_eq!(ports(text), None, "{text}");
        }
    }
}
