//! The reference page of study files, written from the table of keys.

use super::keys;
use super::schema::{Key, Presence};
use std::fmt::Write as _;

/// The reference of all keys of a study, in Markdown: what `docs/study-reference.md` holds.
pub fn reference() -> String {
    let mut page = String::from(
        "# Study files\n\n\
         <!-- Written from the table of keys in crates/sgdyn/src/study/description/keys. To renew it: \
         SGDYN_WRITE_REFERENCE=1 cargo test -p sgdyn --lib study::description::reference -->\n\n\
         A study is one TOML file. Keys that are unknown, or that do not fit what the study says elsewhere, are errors. \
         A list in the place of a value is a sweep.\n\n\
         From the command line, `--quick` applies the table `[quick]`, and then each `--set path=value` sets one key \
         (the value is TOML; a bare word is a text).\n",
    );
    for (table, about) in keys::TABLES {
        let _ = match *table {
            "" => writeln!(page, "\n## Top level\n\n{about}\n"),
            table => writeln!(page, "\n## `[{table}]`\n\n{about}\n"),
        };
        write_table(&mut page, table);
    }
    page
}

fn write_table(page: &mut String, table: &str) {
    match table {
        "sweep" => page.push_str(
            "| key | values | meaning |\n|---|---|---|\n| `zip` | a list of paths, or a list of such lists | Lists that \
             are walked together instead of multiplied, such as `[[\"rule.learning_rate\", \"rule.batch_size\"]]`. \
             They must have the same length. |\n",
        ),
        "quick" => page.push_str("Any key above, such as `\"ensemble.replicas\" = 1000`.\n"),
        _ => {
            page.push_str("| key | values | unit | default | where | meaning |\n|---|---|---|---|---|---|\n");
            for key in keys::all().filter(|key| key.path.rsplit_once('.').map_or("", |(table, _)| table) == table) {
                write_key(page, key);
            }
        }
    }
}

fn write_key(page: &mut String, key: &Key) {
    let name = key.path.rsplit('.').next().unwrap_or(key.path);
    let name = if name == "*" { "any name".to_owned() } else { format!("`{name}`") };
    let default = match key.presence {
        Presence::Required => "required".to_owned(),
        Presence::Optional => String::new(),
        Presence::Default(value) => format!("`{value}`"),
    };
    let when: Vec<_> = key.when.iter().map(ToString::to_string).collect();
    let cell = |text: &str| text.replace('|', "\\|");
    let _ = writeln!(
        page,
        "| {name} | {} | {} | {default} | {} | {} |",
        cell(&key.shape.to_string()),
        key.unit,
        cell(&when.join("; ")),
        cell(key.documentation)
    );
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_committed_page_is_the_table_of_keys() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/study-reference.md");
        if std::env::var_os("SGDYN_WRITE_REFERENCE").is_some() {
            std::fs::write(path, super::reference()).unwrap();
        }
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            committed == super::reference(),
            "docs/study-reference.md is out of date: run SGDYN_WRITE_REFERENCE=1 cargo test -p sgdyn --lib \
             study::description::reference"
        );
    }
}
