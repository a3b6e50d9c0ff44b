//! Where the report goes: a table on stdout, files, or data on stdout instead of the table.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::commands::context::Context;
use crate::commands::exit_code::{CommandError, ExitCode};
use crate::files;
use crate::judge::report::Report;

/// One form of the report, and its place; none is stdout.
#[derive(Debug, PartialEq)]
pub(super) struct Goal {
    form: Form,
    file: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Text,
    Json,
    Csv,
}

impl Goal {
    /// What the command line asks for. A place that cannot be written is refused now: judging takes
    /// its time, and must not be for nothing.
    pub(super) fn of(json: Option<&Path>, csv: Option<&Path>) -> Result<Vec<Self>, CommandError> {
        let mut goals = Vec::new();
        for (form, place) in [(Form::Json, json), (Form::Csv, csv)] {
            let Some(place) = place else { continue };
            if place == Path::new("-") {
                goals.push(Self { form, file: None });
                continue;
            }
            let folder = folder(place);
            if place.is_dir() || !folder.is_dir() {
                return Err(CommandError::new(
                    ExitCode::Usage,
                    format!(
                        "the report cannot be written to {}: {}. Name a file in a folder that exists",
                        place.display(),
                        if place.is_dir() {
                            "that is a folder"
                        } else {
                            "its folder is not there"
                        }
                    ),
                ));
            }
            let file = Some(place.to_owned());
            goals.push(Self { form, file });
        }
        match goals.iter().filter(|goal| goal.file.is_none()).count() {
            0 => goals.push(Self {
                form: Form::Text,
                file: None,
            }),
            1 => {}
            _ => {
                return Err(CommandError::new(
                    ExitCode::Usage,
                    "JSON and CSV cannot both go to stdout. Give one of them a file's name",
                ));
            }
        }
        Ok(goals)
    }
}

pub(super) fn write(goals: &[Goal], report: &Report, context: &Context) -> anyhow::Result<()> {
    for goal in goals {
        let text = match goal.form {
            Form::Text => report.text(),
            Form::Json => serde_json::to_string_pretty(report)? + "\n",
            Form::Csv => report.csv(),
        };
        match &goal.file {
            None => context.print(text)?,
            Some(file) => {
                files::write(file, &text).with_context(|| {
                    format!(
                        "the report cannot be written to {}; check the folder's rights and the space on the disk",
                        file.display()
                    )
                })?;
            }
        }
    }
    Ok(())
}

fn folder(file: &Path) -> &Path {
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_on_stdout_takes_the_tables_place() {
        let forms = |json: Option<&str>, csv: Option<&str>| -> Vec<(Form, bool)> {
            Goal::of(json.map(Path::new), csv.map(Path::new))
                .unwrap()
                .iter()
                .map(|goal| (goal.form, goal.file.is_some()))
                .collect()
        };
        assert_eq!(forms(None, None), [(Form::Text, false)]);
        assert_eq!(forms(Some("-"), None), [(Form::Json, false)]);
        assert_eq!(
            forms(Some("a.json"), Some("a.csv")),
            [(Form::Json, true), (Form::Csv, true), (Form::Text, false)]
        );
    }

    #[test]
    fn a_place_that_cannot_be_is_refused_at_once() {
        let refused =
            |json: &str, csv: &str| Goal::of(Some(Path::new(json)), Some(Path::new(csv))).unwrap_err();
        assert_eq!(refused("-", "-").exit_code, ExitCode::Usage);
        assert!(refused("/", "-").message.contains("is a folder"));
        assert!(
            refused("/no/such/folder/a.json", "-")
                .message
                .contains("not there")
        );
    }
}
