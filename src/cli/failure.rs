//! How a command fails, and what the user is told: the cause once, where it is, and what would help.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use genphys::classify::ClassifyError;
use genphys::io::{ReadError, WriteError};
use genphys_compiler::diagnostic::{Diagnostic, Diagnostics};
use genphys_compiler::source::{Source, Span};
use genphys_runtime::density::FieldError;
use genphys_runtime::sampler::SampleError;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::path::{Path, PathBuf};

/// What helps where a GPU fails.
pub const WITHOUT_GPU: &str = "--device cpu does without a GPU";

/// The exit code of a fault of ours.
pub const BUG: u8 = 3;

/// Why a command did not do what was asked.
#[derive(Debug)]
pub enum Failure {
    /// The text of the equation is wrong.
    Text(Box<Diagnostics>),
    /// Anything else that was given is wrong, or asks for what cannot be had.
    Input {
        /// What.
        message: String,
        /// What would help.
        help: Option<String>,
    },
    /// The verdict is not the one that the file expects.
    Differs {
        /// The file.
        source: Source,
        /// Its `expect`.
        span: Span,
        /// What the verdict is.
        message: String,
    },
    /// A fault of ours.
    Bug(String),
    /// Ctrl-C.
    Interrupted {
        /// Where the state of the unfinished run was saved, to be resumed.
        saved: Option<PathBuf>,
    },
    /// Ctrl-C in a run that can be continued.
    Paused {
        /// Where the rows done are.
        partial: PathBuf,
    },
}

impl Failure {
    /// Wrong input without a remedy to offer.
    pub fn input(message: impl Into<String>) -> Failure {
        Failure::Input { message: message.into(), help: None }
    }

    /// With this remedy, for wrong input.
    pub fn help(self, text: impl Into<String>) -> Failure {
        match self {
            Failure::Input { message, .. } => Failure::Input { message, help: Some(text.into()) },
            other => other,
        }
    }

    /// A field that could not be evaluated.
    pub fn of_field(what: &str, e: &FieldError) -> Failure {
        let failure = Failure::input(format!("{what}{e}"));
        if matches!(e, FieldError::Device { .. }) { failure.help(WITHOUT_GPU) } else { failure }
    }

    /// A run that did not come to its end; where it was no GPU that failed, `otherwise` may help.
    pub fn of_run(what: &str, e: &SampleError, otherwise: &str) -> Failure {
        match e {
            SampleError::Field { source, .. } => match Failure::of_field(&format!("{what}{e}: "), source) {
                failure @ Failure::Input { help: Some(_), .. } => failure,
                failure => failure.help(otherwise),
            },
            e => Failure::input(format!("{what}{e}")).help(otherwise),
        }
    }

    /// The exit code of the process.
    pub fn exit_code(&self) -> u8 {
        match self {
            Failure::Text(_) | Failure::Input { .. } => 2,
            Failure::Differs { .. } => 1,
            Failure::Bug(_) => BUG,
            Failure::Interrupted { .. } | Failure::Paused { .. } => 130,
        }
    }

    /// Drawn for a terminal, with ANSI colours.
    pub fn drawn(&self, width: usize) -> String {
        let renderer = Renderer::styled().term_width(width);
        match self {
            Failure::Text(diagnostics) => {
                let groups: Vec<Group> = diagnostics.all.iter().map(|d| group(&diagnostics.source, d)).collect();
                renderer.render(&groups)
            }
            Failure::Input { message, help } => {
                let help = help.as_ref().map_or(String::new(), |text| format!("\n  = \x1b[1mhelp\x1b[0m: {text}"));
                format!("\x1b[1;91merror\x1b[0m\x1b[1m: {message}\x1b[0m{help}")
            }
            Failure::Differs { source, span, message } => {
                let here = AnnotationKind::Primary.span(span.range()).label("the file expects this");
                let snippet = Snippet::source(&*source.text).path(&*source.name).annotation(here);
                renderer.render(&[Level::ERROR.primary_title(message.as_str()).element(snippet)])
            }
            Failure::Bug(message) => bug(message),
            Failure::Interrupted { saved } => interrupted(saved.as_ref()),
            Failure::Paused { partial } => paused(partial),
        }
    }

    /// The message as JSON: `{"error": {"code", "message", "line", "column", "help"}}`.
    pub fn json(&self) -> Value {
        match self {
            Failure::Text(diagnostics) => {
                let Some(first) = diagnostics.all.first() else { return error("text", "the text is wrong", None) };
                let value = error(first.code, &first.message, first.help.as_deref());
                placed(value, &diagnostics.source, first.span)
            }
            Failure::Input { message, help } => error("input", message, help.as_deref()),
            Failure::Differs { source, span, message } => placed(error("expect", message, None), source, *span),
            Failure::Bug(message) => error("bug", message, Some("this is a bug in genphys; please report it")),
            Failure::Interrupted { saved } => error("interrupted", &interrupted(saved.as_ref()), None),
            Failure::Paused { partial } => error("interrupted", &paused(partial), None),
        }
    }
}

fn error(code: &str, message: &str, help: Option<&str>) -> Value {
    json!({"error": {"code": code, "message": message, "line": null, "column": null, "help": help}})
}

fn placed(mut value: Value, source: &Source, span: Span) -> Value {
    let (line, column) = place(source, span.start);
    value["error"]["line"] = line.into();
    value["error"]["column"] = column.into();
    value
}

/// Line and column of a byte, both from 1; columns count characters.
fn place(source: &Source, byte: usize) -> (usize, usize) {
    let before = source.text.get(..byte).unwrap_or("");
    let line = before.matches('\n').count() + 1;
    (line, before.rsplit('\n').next().unwrap_or("").chars().count() + 1)
}

/// One message about a text, in the manner of rustc.
fn group<'a>(source: &'a Source, d: &'a Diagnostic) -> Group<'a> {
    let snippet = Snippet::source(&*source.text)
        .path(&*source.name)
        .annotation(AnnotationKind::Primary.span(d.span.range()).label(label(&d.label)))
        .annotations(
            d.related.iter().map(|(span, text)| AnnotationKind::Context.span(span.range()).label(label(text))),
        );
    let explain = format!("`genphys explain {}` tells more", d.code);
    Level::ERROR
        .primary_title(d.message.as_str())
        .id(d.code)
        .element(snippet)
        .elements(d.help.iter().map(|text| Level::HELP.message(text.as_str())))
        .element(Level::NOTE.message(explain))
}

fn label(text: &str) -> Option<Cow<'_, str>> {
    (!text.is_empty()).then_some(Cow::Borrowed(text))
}

fn bug(message: &str) -> String {
    let command: Vec<String> = std::env::args().collect();
    format!(
        "internal error: {message}\n\nThis is a bug in genphys, not in your input. Please report it with these lines:\n  \
         version {}, {} {}\n  command {}",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH,
        command.join(" ")
    )
}

fn interrupted(saved: Option<&PathBuf>) -> String {
    match saved {
        Some(path) => format!(
            "interrupted; the unfinished samples are in `{}`: the same command with --resume goes on from there",
            path.display()
        ),
        None => "interrupted; nothing was written".into(),
    }
}

fn paused(partial: &Path) -> String {
    format!(
        "interrupted; the rows done are in `{}`: the same command with --resume goes on behind them",
        partial.display()
    )
}

/// From here on a panic prints what to report instead of a trace.
pub fn report_panics_as_bugs() {
    std::panic::set_hook(Box::new(|info| {
        let message = info.payload_as_str().unwrap_or("a panic without a message");
        let place = info.location().map_or(String::new(), |l| format!(" ({}:{})", l.file(), l.line()));
        anstream::eprintln!("{}", bug(&format!("{message}{place}")));
    }));
}

impl From<Diagnostics> for Failure {
    fn from(diagnostics: Diagnostics) -> Failure {
        Failure::Text(Box::new(diagnostics))
    }
}

impl From<ReadError> for Failure {
    fn from(e: ReadError) -> Failure {
        Failure::Input { message: e.to_string(), help: e.help().map(Into::into) }
    }
}

impl From<ClassifyError> for Failure {
    fn from(e: ClassifyError) -> Failure {
        Failure::Input { message: e.to_string(), help: Some(e.help().into()) }
    }
}

impl From<WriteError> for Failure {
    fn from(e: WriteError) -> Failure {
        Failure::Input { message: e.to_string(), help: Some(e.help().into()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(failure: &Failure) -> String {
        anstream::adapter::strip_str(&failure.drawn(100)).to_string()
    }

    #[test]
    fn a_wrong_text_is_drawn_with_its_place() {
        let source = Source::new("telegraph.pde", "// a comment\nphi_tt + lap(grad(phi)) = 0\n");
        let diagnostic = Diagnostic {
            code: "E0204",
            message: "`lap` needs a scalar, found a vector".into(),
            span: Span::new(26, 35),
            label: "this is a vector field".into(),
            related: vec![(Span::new(22, 25), "`lap` is declared scalar -> scalar".into())],
            help: Some("write `div(grad(phi))`".into()),
        };
        let failure = Failure::from(Diagnostics { source, all: vec![diagnostic] });
        let text = plain(&failure);
        for part in
            ["error[E0204]: `lap`", "telegraph.pde:2:14", "^^^^^^^^^ this is a vector", "help: write", "explain E0204"]
        {
            assert!(text.contains(part), "{part} in\n{text}");
        }
        let json = failure.json();
        assert_eq!((&json["error"]["line"], &json["error"]["column"]), (&2.into(), &14.into()));
    }

    #[test]
    fn a_place_at_the_end_of_the_text_is_drawn() {
        for text in ["", "phi", "phi\n", "phi =\u{3b8}"] {
            let source = Source::new("<equation>", text);
            let diagnostic = Diagnostic {
                code: "E0101",
                message: "the text ends".into(),
                span: Span::new(text.len(), text.len()),
                label: String::new(),
                related: Vec::new(),
                help: None,
            };
            assert!(plain(&Failure::from(Diagnostics { source, all: vec![diagnostic] })).contains("the text ends"));
        }
    }

    #[test]
    fn other_input_is_one_message_and_a_remedy() {
        let text = plain(&Failure::input("no such thing").help("look elsewhere"));
        assert!(text.starts_with("error: no such thing") && text.contains("help: look elsewhere"), "{text}");
    }
}
