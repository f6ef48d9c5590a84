//! The words of the language. Unicode as pasted from a paper is already ASCII words and [`Operator`]s here.

use crate::expr::Rational;
use crate::source::Span;
use nom::{Input, Needed};
use std::fmt;
use std::iter::Enumerate;
use std::slice::Iter;

/// One word and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Which word.
    pub kind: TokenKind,
    /// Where it stands.
    pub span: Span,
}

/// The kinds of words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// A name: `phi_t`, `m`, `where`.
    Name(String),
    /// An exact number: `3`, `0.25`, `1e-3`.
    Number(Rational),
    /// A text in quotes, its escapes resolved.
    Text(String),
    /// A differential operator written as a symbol before its operand.
    Operator(Operator),
    /// Punctuation.
    Symbol(Symbol),
    /// The end of the text.
    End,
}

/// Operators that only Unicode can write as symbols.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// Nabla squared, or a capital Delta.
    Lap,
    /// Nabla.
    Grad,
    /// Nabla and a dot.
    Div,
    /// A partial derivative.
    Partial {
        /// Order in time.
        time: u32,
        /// Orders along the axes.
        axes: [u32; 3],
    },
}

macro_rules! symbols {
    ($($(#[$doc:meta])* $name:ident $text:literal),* $(,)?) => {
        /// Punctuation.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Symbol { $($(#[$doc])* $name),* }

        impl Symbol {
            /// All of them; where one begins with another, the longer comes first.
            pub const ALL: &'static [Symbol] = &[$(Symbol::$name),*];

            /// As written.
            pub fn as_str(self) -> &'static str {
                match self { $(Symbol::$name => $text),* }
            }
        }
    };
}

symbols! {
    /// At most.
    AtMost "<=",
    /// At least.
    AtLeast ">=",
    /// Different from.
    Differs "!=",
    /// Less than.
    Less "<",
    /// Greater than.
    Greater ">",
    /// Equal.
    Equal "=",
    /// Plus.
    Plus "+",
    /// Minus.
    Minus "-",
    /// Times.
    Star "*",
    /// Over.
    Slash "/",
    /// To the power of.
    Caret "^",
    /// Magnitude bar.
    Bar "|",
    /// Opens a round bracket.
    Open "(",
    /// Closes a round bracket.
    Close ")",
    /// Opens a block.
    OpenBlock "{",
    /// Closes a block.
    CloseBlock "}",
    /// Separates assumptions and arguments.
    Comma ",",
    /// Ends an item, separates equations.
    Semicolon ";",
    /// Stands before the kind of a field.
    Colon ":",
}

impl fmt::Display for TokenKind {
    /// As a message names it: `` `phi_t` ``, `` `+` ``, `the end of the text`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TokenKind::Name(name) if name.chars().count() > 40 => {
                write!(f, "`{}...`", name.chars().take(40).collect::<String>())
            }
            TokenKind::Name(name) => write!(f, "`{name}`"),
            TokenKind::Number(_) => f.write_str("a number"),
            TokenKind::Text(_) => f.write_str("a text in quotes"),
            TokenKind::Operator(_) => f.write_str("an operator"),
            TokenKind::Symbol(s) => write!(f, "`{}`", s.as_str()),
            TokenKind::End => f.write_str("the end of the text"),
        }
    }
}

/// What the grammar reads: tokens of which the last is always [`TokenKind::End`].
#[derive(Clone, Copy, Debug)]
pub struct Tokens<'a>(pub &'a [Token]);

impl<'a> Tokens<'a> {
    /// The next token.
    pub fn next(self) -> &'a Token {
        // The grammar never consumes the end token, so one is always left.
        &self.0[0]
    }

    /// The token after the next one, if any.
    pub fn second(self) -> Option<&'a Token> {
        self.0.get(1)
    }
}

impl<'a> Input for Tokens<'a> {
    type Item = &'a Token;
    type Iter = Iter<'a, Token>;
    type IterIndices = Enumerate<Iter<'a, Token>>;

    fn input_len(&self) -> usize {
        self.0.len()
    }

    fn take(&self, index: usize) -> Self {
        Tokens(&self.0[..index])
    }

    fn take_from(&self, index: usize) -> Self {
        Tokens(&self.0[index..])
    }

    fn take_split(&self, index: usize) -> (Self, Self) {
        (self.take_from(index), self.take(index))
    }

    fn position<P: Fn(Self::Item) -> bool>(&self, predicate: P) -> Option<usize> {
        self.0.iter().position(predicate)
    }

    fn iter_elements(&self) -> Self::Iter {
        self.0.iter()
    }

    fn iter_indices(&self) -> Self::IterIndices {
        self.0.iter().enumerate()
    }

    fn slice_index(&self, count: usize) -> Result<usize, Needed> {
        if count <= self.0.len() { Ok(count) } else { Err(Needed::new(count - self.0.len())) }
    }
}
