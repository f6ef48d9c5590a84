//! `genphys explain --forms`: every continuity form that was found, best first.

use crate::command::run;
use serde_json::Value;

#[test]
fn forms_are_listed_best_first_with_reasons() {
    let equation = "phi_tt + 2 eps phi_t - lap(phi) = 0 where eps > 0";
    let shown = run(&["explain", "--forms", equation]);
    assert!(shown.code == 0 && shown.out.contains("3, best first"), "{}{}", shown.out, shown.err);
    let json: Value = serde_json::from_str(&run(&["explain", "--json", "--forms", equation]).out).expect("JSON");
    let (form, forms) = (&json["continuity"], json["continuity"]["forms"].as_array().expect("a list"));
    // The first is the one chosen; the damping is a flow of density there, and a loss in another.
    assert_eq!((&forms[0]["p"], &forms[0]["R"], &forms[0]["why_not"]), (&form["p"], &form["R"], &"".into()));
    assert!(forms.iter().any(|f| f["p"] == "phi_t" && f["R"] == "-2 eps phi_t"), "{forms:?}");
    assert!(forms[1..].iter().all(|f| f["why_not"] != ""), "{forms:?}");
    let plain: Value = serde_json::from_str(&run(&["explain", "--json", equation]).out).expect("JSON");
    assert!(plain["continuity"].get("forms").is_none());
}
