//! The report for a terminal of 80 to 120 columns, coloured with ANSI escapes (strip them where there is no terminal).

use super::{Certificate, Condition, Continuity, Dispersion, Form, Report};
use genphys_compiler::verdict::{Answer, VerdictKind};

const BOLD: &str = "\x1b[1m";
const DIM: &str = "\x1b[2m";
const GREEN: &str = "\x1b[32m";
const YELLOW: &str = "\x1b[33m";
const RED: &str = "\x1b[31m";
const RESET: &str = "\x1b[0m";

/// Where the second column starts.
const COLUMN: usize = 15;

/// Everything that was derived; with the derivation and the certificates when the report carries the derivation.
pub fn check(report: &Report, width: usize) -> String {
    let mut sheet = Sheet::new(width);
    header(&mut sheet, report);
    continuity(&mut sheet, &report.continuity);
    dispersion(&mut sheet, &report.dispersion);
    verdict(&mut sheet, report);
    kernel(&mut sheet, report);
    sheet.out
}

/// The derivation in a few lines: density, velocity, source, lambda and verdict.
pub fn summary(report: &Report, width: usize) -> String {
    let mut sheet = Sheet::new(width);
    header(&mut sheet, report);
    let form = &report.continuity;
    for (label, value) in [("p", &form.p), ("v", &form.v), ("R", &form.r), ("lambda", &report.dispersion.lambda)] {
        if let Some(value) = value {
            sheet.row(label, value);
        }
    }
    sheet.painted("verdict", verdict_color(report.verdict), report.verdict.as_str(), "");
    sheet.row("C1", &format!("{}: {}", report.c1.answer, report.c1.reason));
    sheet.row("C2", &format!("{}: {}", report.c2.answer, report.c2.reason));
    sheet.out
}

fn header(sheet: &mut Sheet, report: &Report) {
    let title = report.title.as_ref().map_or(String::new(), |t| format!("  {t}"));
    sheet.out += &format!("{BOLD}{}{RESET}{title}\n", report.name);
    for part in report.equation.split("; ") {
        sheet.plain(part);
    }
    let parameters = report.parameters.iter().map(|p| p.assumption.clone());
    let mut assumptions: Vec<String> = Vec::new();
    for text in report.dimension.map(|n| format!("N = {n}")).into_iter().chain(parameters) {
        // A relation between parameters is listed with each of them.
        for part in text.split(", ").filter(|part| !assumptions.iter().any(|known| known == part)).collect::<Vec<_>>() {
            assumptions.push(part.to_owned());
        }
    }
    if !assumptions.is_empty() {
        sheet.plain(&format!("where {}", assumptions.join(", ")));
    }
}

fn continuity(sheet: &mut Sheet, form: &Continuity) {
    sheet.heading("Continuity", "M L phi = dt(p) + div(p v) - R");
    let rows = [
        ("p", &form.p),
        ("flux p v", &form.flux),
        ("v", &form.v),
        ("R", &form.r),
        ("multiplier M", &form.multiplier),
        ("part", &form.part),
    ];
    for (label, value) in rows {
        // All of `M L phi` is the usual case and needs no remark.
        if let Some(value) = value.as_ref().filter(|value| label != "part" || *value != "whole") {
            sheet.row(label, value);
        }
    }
    if let Some(steps) = form.proof_steps {
        sheet.row("proof", &format!("{}, replayed", count(steps, "step")));
    }
    sheet.row(if form.p.is_some() { "chosen" } else { "undecided" }, &form.reason);
    for (i, step) in form.proof.iter().flatten().enumerate() {
        if i == 0 {
            sheet.row("derivation", &step.before);
        }
        sheet.row(&format!("{:>4}", i + 1), &format!("{}: {}", step.rule, step.because));
        sheet.row("", &format!("=> {}", step.after));
    }
    forms(sheet, form.forms.as_deref().unwrap_or_default());
}

/// The forms beside the chosen one; more than this many are only counted.
const MOST_FORMS: usize = 20;

fn forms(sheet: &mut Sheet, all: &[Form]) {
    for (i, form) in all.iter().take(MOST_FORMS).enumerate() {
        if i == 0 {
            sheet.row("forms", &format!("{}, best first", all.len()));
        }
        let why = if i == 0 { "the one chosen" } else { &form.why_not };
        sheet.row(&format!("{:>4}", i + 1), &format!("p = {},  p v = {},  R = {}", form.p, form.flux, form.r));
        sheet.row("", &format!("M = {}: {why}", form.multiplier));
    }
    if all.len() > MOST_FORMS {
        sheet.row("", &format!("and {} more; --json has all", all.len() - MOST_FORMS));
    }
}

fn dispersion(sheet: &mut Sheet, relation: &Dispersion) {
    sheet.heading("Dispersion", "phi ~ exp(-i omega t + i k.x), s = -i omega, kappa = |k|^2");
    if let Some(symbol) = &relation.symbol {
        sheet.row("symbol", &format!("{symbol} = 0"));
    }
    let longest = relation.branches.iter().map(|b| b.omega.chars().count()).max().unwrap_or(0);
    for (i, branch) in relation.branches.iter().enumerate() {
        let mark = if relation.selected == Some(i) { "   <- selected" } else { "" };
        let label = if i == 0 { "omega" } else { "" };
        sheet.row(label, &format!("{:longest$}   {}{mark}", branch.omega, branch.range));
    }
    if let Some(lambda) = &relation.lambda {
        sheet.row("lambda", lambda);
    }
    sheet.row(if relation.symbol.is_some() { "because" } else { "undecided" }, &relation.reason);
}

fn verdict(sheet: &mut Sheet, report: &Report) {
    let (kind, color) = (report.verdict.as_str(), verdict_color(report.verdict));
    sheet.out += &format!("\n{BOLD}{:<17}{color}{kind}{RESET}{}\n", "Verdict", expectation(report));
    condition(sheet, "C1", &report.c1, report.continuity.proof.is_some());
    condition(sheet, "C2", &report.c2, report.continuity.proof.is_some());
    sheet.row("Eq. 16 alone", report.paper_rule.as_str());
}

fn expectation(report: &Report) -> String {
    match report.expect {
        Some(kind) if kind == report.verdict => ", the verdict that the file expects".into(),
        Some(kind) => format!(", but the file expects {kind}"),
        None => String::new(),
    }
}

fn condition(sheet: &mut Sheet, label: &str, condition: &Condition, whole: bool) {
    let when = condition.condition.as_ref().map_or(String::new(), |c| format!(" when {c}"));
    sheet.painted(label, answer_color(condition.answer), condition.answer.as_str(), &when);
    sheet.row("", &condition.reason);
    if let Some(witness) = &condition.witness {
        let values: Vec<String> = witness.values.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        let at = if values.is_empty() { String::new() } else { format!(" ({})", values.join(", ")) };
        sheet.row("  witness", &format!("{}{at}", witness.statement));
    }
    match &condition.certificate {
        Some(certificate) if whole => tree(sheet, certificate, "", ""),
        Some(certificate) => sheet.row("  proof", &count(certificate.steps(), "step")),
        None => {}
    }
}

/// A proof tree, each claim above what it rests on.
fn tree(sheet: &mut Sheet, node: &Certificate, own: &str, below: &str) {
    let label = if own.is_empty() { "  proof" } else { "" };
    sheet.hanging(label, own, below, &step(node));
    for (i, premise) in node.premises.iter().enumerate() {
        let last = i + 1 == node.premises.len();
        let (branch, stem) = if last { ("`- ", "   ") } else { ("|- ", "|  ") };
        tree(sheet, premise, &format!("{below}{branch}"), &format!("{below}{stem}"));
    }
}

fn step(node: &Certificate) -> String {
    let needs = if node.needs.is_empty() { String::new() } else { format!(", needs {}", node.needs.join(", ")) };
    format!("{}  [{}: {}{needs}]", node.claim, node.rule, node.because)
}

fn kernel(sheet: &mut Sheet, report: &Report) {
    if let (Some(form), Some(log_density)) = (&report.kernel.form, &report.kernel.log_density) {
        sheet.heading("Kernel", "density of one source, q = |x - y|^2");
        sheet.row("form", form);
        sheet.row("log density", log_density);
        if let Some(coordinates) = &report.kernel.coordinates {
            sheet.row("where", coordinates);
        }
    }
}

fn count(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

fn verdict_color(kind: VerdictKind) -> &'static str {
    match kind {
        VerdictKind::SGenerative => GREEN,
        VerdictKind::Conditional | VerdictKind::Undecided => YELLOW,
        VerdictKind::NotSGenerative => RED,
    }
}

fn answer_color(answer: Answer) -> &'static str {
    match answer {
        Answer::Yes => GREEN,
        Answer::Conditional | Answer::Undecided => YELLOW,
        Answer::No => RED,
    }
}

/// Lines of two columns, wrapped at a width.
struct Sheet {
    out: String,
    width: usize,
}

impl Sheet {
    fn new(width: usize) -> Sheet {
        Sheet { out: String::new(), width: width.clamp(60, 120) }
    }

    fn heading(&mut self, title: &str, remark: &str) {
        let width = COLUMN + 2;
        self.out += &format!("\n{BOLD}{title:<width$}{RESET}{DIM}{remark}{RESET}\n");
    }

    fn plain(&mut self, text: &str) {
        for line in wrap(text, self.width - 2) {
            self.out += &format!("  {line}\n");
        }
    }

    fn row(&mut self, label: &str, text: &str) {
        self.hanging(label, "", "", text);
    }

    /// A row whose first line starts with `first`, the following ones with `then`.
    fn hanging(&mut self, label: &str, first: &str, then: &str, text: &str) {
        let room = self.width.saturating_sub(COLUMN + 2 + first.chars().count()).max(24);
        for (i, line) in wrap(text, room).iter().enumerate() {
            let (label, lead) = if i == 0 { (label, first) } else { ("", then) };
            self.out += format!("  {label:COLUMN$}{lead}{line}").trim_end();
            self.out += "\n";
        }
    }

    /// A row whose first word is coloured.
    fn painted(&mut self, label: &str, color: &str, word: &str, rest: &str) {
        let from = self.out.len();
        self.row(label, &format!("{word}{rest}"));
        // The label may hold the same word; the column after it does not.
        let at = from + 2 + COLUMN;
        if self.out.is_char_boundary(at) && self.out[at..].starts_with(word) {
            self.out.replace_range(at..at + word.len(), &format!("{color}{BOLD}{word}{RESET}"));
        }
    }
}

/// Breaks a text at spaces into lines of at most `width` characters; a longer word stands alone.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for (i, word) in text.split(' ').enumerate() {
        let length = word.chars().count();
        if i > 0 && used + 1 + length > width {
            lines.push(String::new());
            used = 0;
        } else if i > 0 {
            used += 1;
            if let Some(line) = lines.last_mut() {
                line.push(' ');
            }
        }
        used += length;
        if let Some(line) = lines.last_mut() {
            line.push_str(word);
        }
    }
    lines
}
