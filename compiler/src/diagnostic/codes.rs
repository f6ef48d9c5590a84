//! The table of codes: what each message means, at more length than the message.

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// For example `E0107`.
    pub code: &'static str,
    /// In a few words.
    pub title: &'static str,
    /// What it means, why it is so, and what to do.
    pub text: &'static str,
}

/// The row of `code`, upper or lower case.
pub fn explain(code: &str) -> Option<&'static Code> {
    CODES.iter().find(|row| row.code.eq_ignore_ascii_case(code))
}

macro_rules! codes {
    ($($code:ident $title:literal $text:literal;)*) => {
        /// Every code, in order.
        pub const CODES: &[Code] = &[$(Code { code: stringify!($code), title: $title, text: $text },)*];
    };
}

codes! {
E0001 "character without meaning"
"The text has a character that is not part of the language. ASCII words always work. Greek letters, `∇`, `∇²`, `∇·`, `Δ`,
`∂ₜ`, `∂φ/∂t`, superscripts, `·`, `−`, `≤`, `≥` and `≠` are read as pasted from a paper; curls and other signs are not.";
E0002 "text too long"
"A text may have 64 KiB. Equations are short; a longer text is a file of another kind.";
E0003 "malformed number or derivative"
"A number must be followed by a space or a sign before a name: `2 eps`, not `2eps`. Decimals have digits on the left:
`0.5`. The orders above and below the bar of `∂²φ/∂t²` must agree.";
E0004 "name or number too long"
"Names have at most 64 letters, numbers at most 1000 digits and a power of ten up to 400. All numbers are exact; use a
parameter for one that is not.";
E0005 "text in quotes"
"A text in quotes ends with `\"` on the same or a later line. Inside, `\\\"` is a quote and `\\\\` a backslash.";
E0101 "does not fit here"
"The grammar expected something else at this place; the message says what.";
E0102 "unbalanced bracket"
"Each `(` needs its `)` and each `{` its `}`, properly nested.";
E0103 "missing `=`"
"An equation has two sides: `phi_t - lap(phi) = 0`, or `phi_t = lap(phi)`.";
E0104 "text after the end"
"The equation or the block was complete, and more text follows. Equations of a system are separated by `;`; assumptions
follow `where`.";
E0105 "unknown item"
"A block has the items title, source, field, space, param, equation, expect, require, claim and test, in any order.";
E0106 "missing `;`"
"Each item of a block ends in `;`.";
E0107 "ambiguous division"
"`1/2 k phi` may mean `(1/2) k phi` or `1/(2 k phi)`, so it is refused: write `(1/2)*k*phi` or `1/(2*k*phi)`.
One case is clear and is read: a factor with an unknown beside a quotient whose denominator has none, as in
`(D-1)/t phi_t`, which is `((D-1)/t) phi_t`. The symbol `∇·` must be followed by a bracket for the same reason.";
E0108 "nested too deep"
"Formulas may be nested 64 deep, counting brackets, signs, powers and operators.";
E0109 "item given twice"
"A block has one title, source, space, expectation, claim and list of test values. `expect` and `require` say the same.";
E0110 "no equation"
"A text has at least one equation: `phi_t - lap(phi) = 0`.";
E0111 "unknown verdict"
"A verdict is one of s_generative, conditional, not_s_generative and undecided, written with underscores.";
E0112 "units"
"Units are not checked, and what is not checked is not read.";
E0201 "unknown function"
"The functions are dt, dx, dy, dz, lap, grad, div, frac_lap, sqrt, exp, log, sin, cos, tanh, bessel_k, abs, abs2, conj, re and im. A name
with `(t)` or `(x)` is an unspecified coefficient function. A product with a bracket needs `*` or a space: `r*(1 - phi)`.";
E0202 "wrong number of arguments"
"The message shows how the function is used.";
E0203 "order or power not possible"
"The order of a derivative is a whole number from 1 to 64, written as such. The power of a fractional Laplacian is the
same everywhere in space.";
E0204 "scalar needed"
"This place needs a scalar, and a vector stands there. Gradients and the position `x` are vectors; a divergence is a
scalar.";
E0205 "vector needed"
"A divergence needs a vector: `div(grad(phi))`, `div(x phi)`.";
E0206 "scalar and vector added"
"The terms of a sum are all scalars or all vectors.";
E0207 "vector times vector"
"Products of vectors are not part of the language. The squared length of a vector is `abs2(v)`.";
E0208 "name with another meaning"
"`t` is the time, `x` the position, `e_x`, `e_y` and `e_z` its axes, `N` the dimension, `i` the imaginary unit; functions need
arguments; fields must not be called kappa, s, omega or q, which every report uses. Parameters may.";
E0209 "name that does not occur"
"A declared field, parameter or test value is not in the equation, most often by a slip of the pen.";
E0210 "derivative by another axis"
"Names carry derivatives by `t` and along the axes `x`, `y` and `z`. In more dimensions write `lap`, `grad` and `div`.";
E0211 "operator read as a parameter"
"A name that is neither declared nor a function is a parameter. `nabla`, `Delta` or the `d2phi` of `d2phi/dx2` would be one, which is seldom
meant: the Laplacian is `lap(phi)` or `∇²phi`, a derivative `phi_xx`, `dx(phi, 2)` or `∂²phi/∂x²`.";
E0301 "no unknown"
"An equation is about an unknown field: a name that carries a derivative, or a declared field.";
E0302 "unknowns and equations differ in number"
"A name that carries a derivative is an unknown. Each needs its equation, and a single equation has a single unknown.";
E0303 "no time derivative"
"A flow needs a time. A static equation such as `lap(phi) = 0` becomes one in one more dimension: `phi_tt + lap(phi) = 0`.";
E0304 "contradictory assumptions"
"No value satisfies all assumptions, so that every verdict would hold: `m > 0, m < 0`.";
E0305 "division by zero"
"The denominator is 0 whatever the parameters are.";
E0306 "dimension"
"The space dimension is a whole number from 1 on: `N = 3`. `N >= 1` admits all of them. Verdicts for a range of dimensions
cannot be asked for.";
E0307 "nothing left"
"All terms cancel.";
E0308 "too large"
"An exponent above 1000, numbers of very many digits, or an equation of thousands of terms: it cannot be worked out
exactly in a reasonable time.";
E0309 "not an assumption"
"Assumptions compare parameters and numbers: `m > 0`, `0 < beta <= 1`, `eps > m`, `D != 0`, `c real nonzero`. Parameters
are real. Fields are declared `real` or `complex`.";
E0310 "test value"
"A test value is a rational number that the assumptions admit, for a parameter or for `N`.";
E0311 "claim without a reason"
"When a source claims another verdict than the one expected, the file says why: `claim ... by \"...\" because \"...\"`.";
E0312 "real field in a complex equation"
"The equation has the imaginary unit and the field is declared real. A name `i` that is a parameter must be declared:
`where i real`.";
E0313 "axis outside the space"
"`phi_y` needs two dimensions, `phi_z` three, and the text states fewer. Without a statement, `phi_t - phi_xx` is set on a
line and `phi_t - phi_xx - 2 phi_yy` in a plane.";
}
