//! One row of the table, and its columns.

use genphys_compiler::verdict::{Answer, VerdictKind};
use serde_json::{Map, Value};

/// The judgement of one equation.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The item's name.
    pub name: String,
    /// The equation: as given, or for a file as it was understood.
    pub pde: String,
    /// The columns carried through.
    pub carried: Vec<String>,
    /// What was derived, or what is wrong with the item.
    pub answer: Result<Answered, String>,
    /// The time from text to verdict in microseconds.
    pub micros: u64,
}

/// What was derived; expressions are in the input language, and none where a stage left them open.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    /// The density.
    pub p: Option<String>,
    /// The velocity.
    pub v: Option<String>,
    /// The source, a rate per volume.
    pub r: Option<String>,
    /// The frequencies of all branches, the selected one first, separated by ` ; `.
    pub omega_branches: Option<String>,
    /// The decay rate of the selected branch.
    pub lambda: Option<String>,
    /// A positive density.
    pub c1: Answer,
    /// Under which condition.
    pub c1_condition: Option<String>,
    /// The dispersion criterion.
    pub c2: Answer,
    /// Under which condition.
    pub c2_condition: Option<String>,
    /// Both together.
    pub verdict: VerdictKind,
    /// Eq. 16 alone.
    pub paper_rule: Answer,
    /// Why, in words.
    pub reason: String,
}

/// The columns derived, between those carried through and `error`, `micros`.
const DERIVED: [&str; 12] = [
    "p",
    "v",
    "R",
    "omega_branches",
    "lambda",
    "C1",
    "C1_condition",
    "C2",
    "C2_condition",
    "verdict",
    "paper_rule",
    "reason",
];

/// The columns of a table: `name`, `pde`, those carried through, those derived, `error`, and last `micros`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    names: Vec<String>,
    carried: usize,
}

impl Columns {
    /// The columns of a table that carries these of its inputs through.
    pub fn new(carried: &[String]) -> Columns {
        let ours = |name: &str| ["name", "pde", "error", "micros"].contains(&name) || DERIVED.contains(&name);
        let mut names: Vec<String> = vec!["name".into(), "pde".into()];
        for column in carried {
            let mut name = column.clone();
            while ours(&name) || names.contains(&name) {
                name = format!("input_{name}");
            }
            names.push(name);
        }
        names.extend(DERIVED.into_iter().chain(["error", "micros"]).map(str::to_owned));
        Columns { names, carried: carried.len() }
    }

    /// Their names, in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The position behind the columns that the input alone determines: name, pde and those carried through.
    pub(super) fn given(&self) -> usize {
        2 + self.carried
    }
}

impl Row {
    /// Every value but `micros`, in the order of the columns.
    pub(super) fn texts(&self) -> Vec<Option<&str>> {
        let mut out = vec![Some(self.name.as_str()), Some(self.pde.as_str())];
        out.extend(self.carried.iter().map(|value| Some(value.as_str())));
        match &self.answer {
            Ok(a) => out.extend(a.texts().into_iter().chain([None])),
            Err(error) => out.extend([None; DERIVED.len()].into_iter().chain([Some(error.as_str())])),
        }
        out
    }

    /// As a JSON object, its keys those of `columns`.
    pub fn json(&self, columns: &Columns) -> Value {
        let value = |text: Option<&str>| text.map_or(Value::Null, Value::from);
        let values = self.texts().into_iter().map(value).chain([Value::from(self.micros)]);
        Value::Object(columns.names.iter().cloned().zip(values).collect::<Map<_, _>>())
    }
}

impl Answered {
    fn texts(&self) -> [Option<&str>; DERIVED.len()] {
        [
            self.p.as_deref(),
            self.v.as_deref(),
            self.r.as_deref(),
            self.omega_branches.as_deref(),
            self.lambda.as_deref(),
            Some(self.c1.as_str()),
            self.c1_condition.as_deref(),
            Some(self.c2.as_str()),
            self.c2_condition.as_deref(),
            Some(self.verdict.as_str()),
            Some(self.paper_rule.as_str()),
            Some(self.reason.as_str()),
        ]
    }
}
