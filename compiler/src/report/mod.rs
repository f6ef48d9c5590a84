//! The report on an equation: everything derived, as plain data that other programs read.
//!
//! In:   an [`Analysis`](crate::Analysis).
//! Out:  [`Report`], which serialises to the JSON of `docs/report.md`.
//! Holds: every expression is a string in the input language, so that it parses back; a stage that is undecided has
//!        `null` in its fields and the reason beside them.

pub mod build;

use crate::verdict::{self, Answer, VerdictKind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The report on one equation. Field names are those of the JSON; see `docs/report.md`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// The name of the block, or `equation`.
    pub name: String,
    /// The title of the block.
    pub title: Option<String>,
    /// The equation as it was understood; equations of a system are separated by `; `.
    pub equation: String,
    /// The parameters, in order of appearance.
    pub parameters: Vec<Parameter>,
    /// Whether the unknown is real or complex.
    pub field: FieldKind,
    /// The unknowns, in order of appearance.
    #[serde(default)]
    pub unknowns: Vec<Unknown>,
    /// The space dimension, where the text fixes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dimension: Option<u32>,
    /// The continuity form.
    pub continuity: Continuity,
    /// The dispersion relation.
    pub dispersion: Dispersion,
    /// A positive, well-behaved density.
    pub c1: Condition,
    /// The dispersion criterion, Eq. 16 of the paper.
    pub c2: Condition,
    /// Both conditions together.
    pub verdict: VerdictKind,
    /// What Eq. 16 alone would say.
    pub paper_rule: Answer,
    /// The kernel of the density.
    pub kernel: Kernel,
    /// What the author of the file expects, where stated.
    pub expect: Option<VerdictKind>,
}

/// A parameter and what is assumed of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// Its name in every expression of the report.
    pub name: String,
    /// The assumption, for example `m > 0`.
    pub assumption: String,
}

/// An unknown field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unknown {
    /// Its name.
    pub name: String,
    /// Real or complex.
    pub field: FieldKind,
}

/// The values of the unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FieldKind {
    /// Real.
    Real,
    /// Complex.
    Complex,
}

/// `M L phi = dt(p) + div(p v) - R`, or the part of it that `part` names.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Continuity {
    /// The density.
    pub p: Option<String>,
    /// The flux `p v`.
    pub flux: Option<String>,
    /// The velocity.
    pub v: Option<String>,
    /// The source, a rate per volume.
    #[serde(rename = "R")]
    pub r: Option<String>,
    /// The multiplier `M`; one for each equation of a system, separated by `; `.
    pub multiplier: Option<String>,
    /// `whole`, `real` or `imaginary`.
    pub part: Option<String>,
    /// The number of steps of the derivation.
    pub proof_steps: Option<usize>,
    /// Why this form was chosen, or what is missing where there is none.
    pub reason: String,
    /// The derivation; in `explain` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Vec<ProofStep>>,
    /// The inequivalent forms that were found, best first; with `explain --forms` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forms: Option<Vec<Form>>,
}

/// One of several continuity forms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Form {
    /// The density.
    pub p: String,
    /// The flux `p v`.
    pub flux: String,
    /// The source, a rate per volume.
    #[serde(rename = "R")]
    pub r: String,
    /// The multiplier `M`; one for each equation of a system, separated by `; `.
    pub multiplier: String,
    /// Why it is not preferred to the first; empty for that.
    pub why_not: String,
}

/// One step of the derivation of the continuity form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProofStep {
    /// The rule.
    pub rule: String,
    /// Why the rule is true.
    pub because: String,
    /// The term before.
    pub before: String,
    /// The term after.
    pub after: String,
}

/// The dispersion relation, with `phi ~ exp(-i omega t + i k.x)`, `s = -i omega`, `kappa = |k|^2`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dispersion {
    /// The symbol `P(s, kappa)`.
    pub symbol: Option<String>,
    /// Its roots; empty where they are not known.
    pub branches: Vec<Branch>,
    /// The index of the branch that carries the density.
    pub selected: Option<usize>,
    /// `lambda(kappa) = -s` of the selected branch.
    pub lambda: Option<String>,
    /// Why that branch, or what is missing.
    pub reason: String,
}

/// One branch of the dispersion relation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Branch {
    /// The frequency `omega(kappa)`.
    pub omega: String,
    /// The wave numbers for which it is valid, in words.
    pub range: String,
}

/// The answer to C1 or C2, with its evidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// The answer.
    pub answer: Answer,
    /// Under which condition, where conditional.
    pub condition: Option<String>,
    /// Why, in words.
    pub reason: String,
    /// The proof, where there is one.
    pub certificate: Option<Certificate>,
    /// Numbers anyone can plug in, where refuted.
    pub witness: Option<Witness>,
    /// The sign or the lemma that would decide it, where undecided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
    /// The certificate as data, which `genphys verify` replays; `certificate` says the same in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<verdict::Certificate>,
    /// The witness as data, which `genphys verify` computes again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refutation: Option<verdict::Witness>,
}

/// A proof as a tree: a claim, the rule that gives it, and what the rule rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// What is claimed.
    pub claim: String,
    /// The rule, one word.
    pub rule: String,
    /// Why the rule is true.
    pub because: String,
    /// The signs that the rule asks for, each a relation to zero.
    pub needs: Vec<String>,
    /// The claims that the rule rests on.
    pub premises: Vec<Certificate>,
}

impl Certificate {
    /// The number of claims in the proof.
    pub fn steps(&self) -> usize {
        1 + self.premises.iter().map(Certificate::steps).sum::<usize>()
    }
}

/// A point at which a condition fails.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Witness {
    /// What fails there, in words.
    pub statement: String,
    /// The point, the parameters and the values there, as exact or decimal numbers.
    pub values: BTreeMap<String, String>,
}

/// The kernel `g_t` of the density: the law of one source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kernel {
    /// Its form: `gaussian`, `cauchy`, `student`, `tempered-cauchy`, `stable`, or `subordinated` for a mixture of Gaussians.
    pub form: Option<String>,
    /// `log g_t` in `q = |x - y|^2`, `t`, the dimension `N` and the parameters.
    pub log_density: Option<String>,
    /// What `q` and `t` stand for, where they are not those of the equation: a frame, a clock, a drift, a tensor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coordinates: Option<String>,
}
