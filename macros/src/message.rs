//! A compile error at the user's words.

use proc_macro2::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};

/// What is wrong, and where.
#[derive(Clone, Debug)]
pub struct Message {
    pub text: String,
    /// The first and the last of the words it is about.
    pub place: (Span, Span),
}

impl Message {
    /// A complaint about one word.
    pub fn at(span: Span, text: impl Into<String>) -> Message {
        Message { text: text.into(), place: (span, span) }
    }

    /// With a remedy.
    #[must_use]
    pub fn help(mut self, remedy: &str) -> Message {
        self.text.push_str("\n= help: ");
        self.text.push_str(remedy);
        self
    }

    /// `::core::compile_error! { "..." }`. The compiler underlines from the span of the first token to that of the last, so the
    /// path carries the one and the braces the other.
    pub fn tokens(&self) -> TokenStream {
        let (start, end) = self.place;
        let punct = |c, spacing| {
            let mut punct = Punct::new(c, spacing);
            punct.set_span(start);
            TokenTree::Punct(punct)
        };
        let mut literal = Literal::string(&self.text);
        literal.set_span(end);
        let mut group = Group::new(Delimiter::Brace, TokenTree::Literal(literal).into());
        group.set_span(end);
        let word = |word| TokenTree::Ident(Ident::new(word, start));
        TokenStream::from_iter([
            punct(':', Spacing::Joint),
            punct(':', Spacing::Alone),
            word("core"),
            punct(':', Spacing::Joint),
            punct(':', Spacing::Alone),
            word("compile_error"),
            punct('!', Spacing::Alone),
            TokenTree::Group(group),
        ])
    }
}
