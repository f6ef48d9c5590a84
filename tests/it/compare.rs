//! `compare`: several equations, one table.

use crate::command::{DIFFUSION, Folder, POISSON, YUKAWA, refused};

const SMALL: [&str; 6] = ["--data", "builtin:two_moons", "-n", "60", "--seeds", "3"];

#[test]
fn a_table_json_csv_and_a_picture_say_the_same() {
    let folder = Folder::new();
    let base = ["compare", DIFFUSION, POISSON, YUKAWA, "--set", "m=0.5", "--evaluations", "32", "--out", "t.csv"];
    let run = folder.run(&[&base[..], &SMALL, &["--plot", "t.png", "--json"]].concat());
    assert_eq!(run.code, 0, "{}", run.err);
    let value: serde_json::Value = serde_json::from_str(&run.out).expect("JSON and nothing else");
    let equations = value["equations"].as_array().expect("rows");
    assert_eq!(equations.len(), 3);
    for row in equations {
        // 16 steps of Heun's method and one evaluation for the denoising step; weights need one more to begin with.
        let weighted = row["equation"].as_str().expect("text").contains("m^2");
        assert_eq!(row["evaluations"], if weighted { 34 } else { 33 }, "{row}");
        let energy = &row["metrics"]["energy"];
        assert_eq!(energy["values"].as_array().expect("values").len(), 3);
        let number = |key: &str| energy[key].as_f64().expect("a number");
        assert!(number("low") < number("mean") && number("mean") < number("high"));
        let coverage = row["metrics"]["coverage"]["mean"].as_f64().expect("a number");
        assert!((0.0..=1.0).contains(&coverage));
    }
    let mut reader = csv::Reader::from_path(folder.path().join("t.csv")).expect("a table");
    let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().expect("rows");
    assert_eq!(rows.len(), 4 * 4, "floor and three equations, four metrics");
    assert_eq!((&rows[0][0], &rows[0][2]), ("floor", "energy"));
    let mean: f64 = rows[4][3].parse().expect("a number");
    assert_eq!(mean, equations[0]["metrics"]["energy"]["mean"].as_f64().expect("a number"));
    let picture = std::fs::read(folder.path().join("t.png")).expect("a picture");
    assert!(picture.starts_with(b"\x89PNG"));
    let table = folder.run(&[&base[..8], &SMALL].concat());
    assert_eq!(table.code, 0, "{}", table.err);
    for part in ["two_moons", "floor", "energy", "coverage", "(m=0.5)", "95% interval"] {
        assert!(table.out.contains(part), "{part} in\n{}", table.out);
    }
}

#[test]
fn samples_of_a_fine_run_are_as_good_as_real_draws() {
    let folder = Folder::new();
    let run = folder.run(&[&["compare", DIFFUSION, POISSON, "--json", "--metric", "energy,mmd"], &SMALL[..]].concat());
    assert_eq!(run.code, 0, "{}", run.err);
    let value: serde_json::Value = serde_json::from_str(&run.out).expect("JSON");
    let mean = |row: &serde_json::Value, metric: &str| row["metrics"][metric]["mean"].as_f64().expect("a number");
    for row in value["equations"].as_array().expect("rows") {
        // Both are means over 3 pairs of 60 draws of one law; energy distances of that size scatter by half of themselves.
        assert!(mean(row, "energy") < 3.0 * mean(&value["floor"], "energy"), "{row}");
        // The unbiased MMD scatters about 0 like 1/60.
        assert!(mean(row, "mmd").abs() < 0.05, "{row}");
    }
}

#[test]
fn wrong_comparisons_are_refused() {
    let folder = Folder::new();
    let with = |more: &[&str]| folder.run(&[&["compare", POISSON, "--data", "builtin:two_moons"], more].concat());
    refused(&with(&["--seeds", "1"]), &["--seeds", "at least 2"]);
    refused(&with(&["--evaluations", "0"]), &["--evaluations"]);
    refused(&with(&["--set", "m=1"]), &["none of the equations", "`m`"]);
    refused(&with(&["--plot", "t.jpg"]), &[".png"]);
    let yukawa = folder.run(&["compare", YUKAWA, "--data", "builtin:two_moons"]);
    refused(&yukawa, &["no value"]);
    assert!(folder.names().is_empty());
}
