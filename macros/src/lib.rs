//! `genphys!`: a partial differential equation as a module of your crate, judged while it compiles.
//!
//! In:   the text of a `.pde` file, or its path.
//! Out:  a module with the verdict, the derivation as documentation, and the density flow as plain Rust.
//! Holds: only an equation whose verdict allows it compiles; every complaint stands at the words it is about.
//!   The module needs nothing but `std`: no egg, no code generation and no crate of ours at run time.

mod documentation;
mod header;
mod judge;
mod message;
mod module;
mod parameters;
mod text;

use genphys_compiler::source::Source;
use genphys_compiler::{Analysis, Budget, analyze_equation, operator, syntax};
use header::{Header, Origin};
use message::Message;
use proc_macro2::TokenStream;
use text::Text;

/// Derives, judges and compiles an equation into a module.
///
/// ```text
/// genphys! { pub mod heat { phi_t - lap(phi) = 0 where N = 2 } }
/// genphys! { pub pde yukawa { space x in R^3; param m > 0; equation phi_tt + lap(phi) - m^2 phi = 0; } }
/// genphys! { pub file "pde/yukawa.pde", N = 3 }
/// ```
///
/// * `mod NAME { ... }` holds any text that is a `.pde` file. A text alone is a module `equation`, a block `pde NAME { ... }` a
///   module NAME, a file a module called after its block or, for bare equations, after the file. Attributes, documentation
///   and a visibility before it are the module's.
/// * The dimension is the `N = 2` behind the name or the path, or the one of the text: `where N = 2`, `space x in R^2`, or a `test` item.
/// * A path is relative to the folder of your `Cargo.toml`; the crate is rebuilt when the file changes.
/// * The verdict must be s-generative. A block that says `require conditional;` or `require not_s_generative;` asks for that verdict
///   instead, and gets whatever can be generated.
///
/// # The module
/// `N`, `SOURCE`, `VERDICT`, `REPORT` (JSON), `Parameters`, `omega`; and where the kernel is closed, for a point source `log_density`,
/// `density`, `velocity` and `birth_rate`, and `Field` for a cloud of weighted points, in f64 or f32.
#[proc_macro]
pub fn genphys(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    expand(input.into()).unwrap_or_else(|message| message.tokens()).into()
}

fn expand(input: TokenStream) -> Result<TokenStream, Message> {
    let header = Header::parse(input)?; // tokens -> name, visibility, N, text
    let (text, tracked) = match &header.origin {
        Origin::Tokens(tokens) => (Text::of_tokens(tokens.clone(), header.place), None),
        Origin::File(path, place) => {
            let (text, absolute) = Text::of_file(path, *place)?;
            (text, Some(absolute))
        }
    };
    let analysis = analyse(&text, &header)?; // text -> Analysis
    let dim = judge::dimension(&header, &analysis, &text)?;
    judge::verdict(&analysis, &text)?;
    module::tokens(&header, &analysis, dim, tracked.as_deref())
}

fn analyse(text: &Text, header: &Header) -> Result<Analysis, Message> {
    let source: &Source = text.source();
    let parsed = syntax::parse(source).and_then(|ast| operator::resolve(&ast, source));
    let mut equation = parsed.map_err(|diagnostics| text.complain(&diagnostics))?;
    if let Some(name) = &header.name {
        equation.name = name.to_string();
    }
    Ok(analyze_equation(equation, Budget::default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(text: &str) -> String {
        expand(text.parse().expect("tokens")).map_err(|message| message.text).expect("a module").to_string()
    }

    #[test]
    fn a_file_is_watched_by_the_compiler_that_reads_it() {
        // rustc rebuilds a crate when a file that `include_str!` names has changed: by its full path, whichever file the macro stands in.
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pde/plume.pde");
        let watched = format!("::core::include_str!({path:?})");
        let without_spaces = |text: &str| text.split_whitespace().collect::<String>();
        let module = expanded("file \"tests/pde/plume.pde\", N = 2");
        assert_eq!(without_spaces(&module).matches(&without_spaces(&watched)).count(), 1);
        assert!(!expanded("mod heat { phi_t - lap(phi) = 0 where N = 2 }").contains("include_str"));
    }
}
