use super::*;
use genphys_compiler::{Budget, analyze};
use serde_json::Value;
use std::path::Path;

/// The reports of the gallery, as they are saved.
fn gallery() -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/pde");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).expect("the gallery").map(|f| f.expect("a file").path()).collect();
    files.sort();
    let report = |path: &std::path::PathBuf| {
        let text = std::fs::read_to_string(path).expect("text");
        let analysis = analyze(&Source::new("gallery", &text), Budget::default()).expect("an equation");
        serde_json::to_value(Report::explained(&analysis)).expect("JSON")
    };
    files.iter().map(report).collect()
}

/// The items that do not hold, or that it is no report.
fn rejected(value: Value) -> Vec<String> {
    match serde_json::from_value::<Report>(value) {
        Ok(report) => {
            verify(&report).into_iter().filter(|f| !f.accepted).map(|f| format!("{}: {}", f.item, f.detail)).collect()
        }
        Err(e) => vec![format!("not a report: {e}")],
    }
}

#[test]
fn every_report_of_the_gallery_holds() {
    let reports = gallery();
    assert!(reports.len() >= 40);
    for report in reports {
        let name = report["name"].clone();
        assert_eq!(rejected(report), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn reports_on_other_equations_hold() {
    for text in [
        "3 phi_t - 3 lap(phi) = 0",
        "3 phi_t - 3 t lap(phi) = 0",
        "phi_t - s(t) lap(phi) - s(t) div(x phi) + r(t) phi = 0 where s(t) > 0",
        "phi_t - lap(phi) + t (-lap)^(1/2) phi = 0",
        "phi_t + t lap(lap(phi)) + t lap(phi) = 0",
        "phi_t + t phi_x - D lap(phi) = 0 where D real",
        "phi_tt + (D - 1)/t*phi_t + lap(phi) - q phi = 0 where D > 0, q >= 0",
    ] {
        let analysis = analyze(&Source::new("<equation>", text), Budget::default()).expect("an equation");
        let report = serde_json::to_value(Report::new(&analysis)).expect("JSON");
        assert_eq!(rejected(report), Vec::<String>::new(), "{text}");
    }
}

/// What carries no claim: prose, and the number of steps where the steps themselves are not listed.
const PROSE: [&str; 3] = ["reason", "proof_steps", "because"];

/// Changes that leave a true report: `lambda = 0/d` whatever d; a density that nothing moves, and a constant more of it.
const VOID: [(&str, &str); 2] =
    [("advection", "/c2/proof/cases/0/proof/coefficients/1"), ("local_decay", "/continuity/p")];

/// The evidence of a report.
const EVIDENCE: [&str; 10] = [
    "/continuity",
    "/c1/answer",
    "/c1/certificate",
    "/c1/witness",
    "/c1/proof",
    "/c1/refutation",
    "/c2/answer",
    "/c2/certificate",
    "/c2/proof",
    "/c2/refutation",
];

/// Pointers to every value below one, itself included.
fn places(value: &Value, at: &str, out: &mut Vec<String>) {
    let last = at.rsplit('/').next().unwrap_or("");
    if value.is_null() || PROSE.contains(&last) || at == "/continuity/proof" {
        return;
    }
    out.push(at.to_owned());
    match value {
        Value::Object(map) => map.iter().for_each(|(k, v)| places(v, &format!("{at}/{k}"), out)),
        Value::Array(list) => list.iter().enumerate().for_each(|(i, v)| places(v, &format!("{at}/{i}"), out)),
        _ => {}
    }
}

/// Every way to change one value: numbers, flags, words, expressions; parts dropped or doubled.
fn changes(value: &Value) -> Vec<Value> {
    match value {
        Value::Bool(b) => vec![Value::Bool(!b)],
        Value::Number(n) => {
            let x = n.as_f64().expect("a number");
            let whole = n.as_u64().map(|n| Value::from(n + 1));
            vec![whole.unwrap_or(Value::from(x * 1.01)), Value::from(-x)]
        }
        Value::String(text) => {
            let relations = [">", ">=", "=", "<=", "<", "!="];
            let words = ["yes", "no", "conditional", "undecided"];
            let texts: Vec<String> = if relations.contains(&text.as_str()) {
                relations.iter().map(ToString::to_string).collect()
            } else if words.contains(&text.as_str()) {
                words.iter().map(ToString::to_string).collect()
            } else {
                ["power", "sum", "scale", "identity", "C1", "C2"]
                    .map(str::to_owned)
                    .into_iter()
                    .chain([format!("({text}) + 1/7"), format!("-({text})"), format!("2*({text})"), String::new()])
                    .collect()
            };
            // Zero has no sign and no multiple.
            let void = |t: &String| t == text || text == "0" && ["-(0)", "2*(0)"].contains(&t.as_str());
            texts.into_iter().filter(|t| !void(t)).map(Value::from).collect()
        }
        Value::Array(list) => {
            let dropped = (0..list.len()).map(|i| {
                let mut list = list.clone();
                list.remove(i);
                Value::Array(list)
            });
            let doubled = list.iter().map(|v| Value::Array(list.iter().chain([v]).cloned().collect()));
            dropped.chain(doubled).collect()
        }
        Value::Object(map) => map
            .keys()
            .filter(|k| !PROSE.contains(&k.as_str()) && *k != "proof")
            .map(|key| {
                let mut map = map.clone();
                map.remove(key);
                Value::Object(map)
            })
            .chain([Value::Null])
            .collect(),
        Value::Null => Vec::new(),
    }
}

#[test]
fn a_report_changed_anywhere_does_not_hold() {
    let (mut count, mut accepted) = (0, Vec::new());
    for report in gallery() {
        let mut all = Vec::new();
        for part in EVIDENCE {
            report.pointer(part).iter().for_each(|v| places(v, part, &mut all));
        }
        let mut bare = report.clone();
        bare["continuity"] = serde_json::to_value(Continuity::default()).expect("JSON");
        for place in all {
            let here = report.pointer(&place).expect("a place");
            for changed in changes(here) {
                // The identity is the slow part, and no concern of C1 and C2.
                let mut copy =
                    if place.starts_with("/c1") || place.starts_with("/c2") { bare.clone() } else { report.clone() };
                let whole = copy.clone();
                *copy.pointer_mut(&place).expect("a place") = changed.clone();
                // Null parts are left out by the writer: the same report.
                if same(&copy, &whole) || VOID.contains(&(report["name"].as_str().unwrap_or(""), place.as_str())) {
                    continue;
                }
                if rejected(copy).is_empty() {
                    accepted.push(format!("{}: {place}: {here} -> {changed}", report["name"]));
                }
                count += 1;
            }
        }
    }
    assert!(accepted.is_empty(), "{} of {count} accepted:\n{}", accepted.len(), accepted.join("\n"));
    assert!(count > 5000, "{count}");
}

/// Do two reports read as the same?
fn same(a: &Value, b: &Value) -> bool {
    let read = |v: &Value| serde_json::from_value::<Report>(v.clone()).ok();
    read(a).is_some_and(|r| Some(r) == read(b))
}
