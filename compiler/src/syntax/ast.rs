//! The syntax tree: what was written, before any name has a meaning.
//!
//! Sums and products are flat lists, so that the depth of a tree is the nesting of brackets, never the length of a text.

use crate::expr::Rational;
use crate::source::Span;
use crate::syntax::token::Symbol;

/// A part of the tree and its place. Two are equal when the parts are, wherever they stand.
#[derive(Clone, Debug)]
pub struct At<T> {
    /// The part.
    pub node: T,
    /// Its place.
    pub span: Span,
}

impl<T> At<T> {
    /// `node` at `span`.
    pub fn new(node: T, span: Span) -> At<T> {
        At { node, span }
    }
}

impl<T: PartialEq> PartialEq for At<T> {
    fn eq(&self, other: &Self) -> bool {
        self.node == other.node
    }
}

/// A name as written.
pub type Ident = At<String>;

/// A formula at its place.
pub type Node = At<Formula>;

/// A whole text: bare equations (without a name), or a block `pde name { ... }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Ast {
    /// The name of the block; none for bare equations.
    pub name: Option<Ident>,
    /// The items in the order written. Bare texts have equations, then at most one list of assumptions.
    pub items: Vec<At<Item>>,
}

/// One item of a block.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// `title "..."`.
    Title(At<String>),
    /// `source "..."`.
    Source(At<String>),
    /// `field phi, chi: complex`.
    Field {
        /// The fields.
        names: Vec<Ident>,
        /// Declared complex?
        complex: bool,
    },
    /// `space x in R^N, N >= 1`.
    Space {
        /// The N of `R^N`.
        dimension: SpaceDimension,
        /// What is assumed of it.
        assumptions: Vec<At<Assumption>>,
    },
    /// `param m > 0`; in a bare text, `where m > 0`.
    Param(Vec<At<Assumption>>),
    /// `equation left = right`.
    Equation {
        /// Left side.
        left: Node,
        /// Right side.
        right: Node,
    },
    /// `expect not_s_generative by C1`, or `require ...`, which asks the same and stops a build when it fails.
    Expect {
        /// Written `require`?
        require: bool,
        /// The verdict, one of [`VERDICTS`].
        verdict: At<String>,
        /// The condition after `when`.
        when: Option<Condition>,
        /// The condition that fails, `C1` or `C2`.
        by: Option<Ident>,
    },
    /// `claim s_generative by "Table 2" because "..."`.
    Claim {
        /// The verdict of the source.
        verdict: At<String>,
        /// Where the source says so.
        by: At<String>,
        /// Why we differ.
        because: Option<At<String>>,
    },
    /// `test N = 3, m = 1`.
    Test(Vec<(Ident, Node)>),
}

/// The verdicts that a file may name.
pub const VERDICTS: [&str; 4] = ["s_generative", "conditional", "not_s_generative", "undecided"];

/// The dimension of the space item.
#[derive(Clone, Debug, PartialEq)]
pub enum SpaceDimension {
    /// `R^N`: any.
    Any,
    /// `R^3`, or `R` for 1.
    Fixed(At<Rational>),
}

/// The condition of a conditional verdict.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// In words.
    Words(At<String>),
    /// As constraints.
    Constraints(Vec<At<Assumption>>),
}

/// One assumption.
#[derive(Clone, Debug, PartialEq)]
pub enum Assumption {
    /// `0 < beta <= 1`: the first side, then each relation with its right side; at least one.
    Chain(Node, Vec<(Relation, Node)>),
    /// `c real nonzero`, `phi complex`, or `c` alone: properties from [`PROPERTIES`].
    Is(Ident, Vec<Ident>),
}

/// The properties that a name may be given in words.
pub const PROPERTIES: [&str; 7] = ["real", "complex", "nonzero", "positive", "negative", "nonnegative", "nonpositive"];

/// How two sides of an assumption compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
    /// `=`
    Equal,
    /// `!=`
    Differs,
}

impl Relation {
    /// All of them.
    pub const ALL: [Relation; 6] =
        [Relation::Less, Relation::AtMost, Relation::Greater, Relation::AtLeast, Relation::Equal, Relation::Differs];

    /// Its symbol.
    pub fn symbol(self) -> Symbol {
        match self {
            Relation::Less => Symbol::Less,
            Relation::AtMost => Symbol::AtMost,
            Relation::Greater => Symbol::Greater,
            Relation::AtLeast => Symbol::AtLeast,
            Relation::Equal => Symbol::Equal,
            Relation::Differs => Symbol::Differs,
        }
    }
}

/// A formula.
#[derive(Clone, Debug, PartialEq)]
pub enum Formula {
    /// A number, not negative, with a finite decimal expansion.
    Number(Rational),
    /// A name, with its derivative suffix if it has one.
    Name(String),
    /// `name(arguments)`.
    Call(Ident, Vec<Node>),
    /// Signed terms: at least two, or a single negative one.
    Sum(Vec<(Sign, Node)>),
    /// Factors: at least two. How the first is joined has no meaning and is `Times`.
    Product(Vec<(Join, Node)>),
    /// `base ^ exponent`.
    Power(Box<Node>, Box<Node>),
    /// `(-lap)^exponent operand`.
    FracLap {
        /// The power.
        exponent: Box<Node>,
        /// What it acts on.
        operand: Box<Node>,
    },
}

/// The sign before a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// `+`, or none before the first term.
    Plus,
    /// `-`
    Minus,
}

/// How a factor is joined to the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Join {
    /// `*`
    Times,
    /// `/`
    Over,
    /// Set beside it: means `*`, but is refused where it could be read as part of a denominator (`E0107`).
    Beside,
}
