//! The part of JSON Schema that `docs/report.schema.json` uses.

use serde_json::Value;

/// Asserts that `value` is valid; a schema keyword that is not known here fails too.
pub fn assert_valid(schema: &Value, value: &Value, what: &str) {
    if let Err(problem) = validate(schema, schema, value, "$") {
        panic!("{what}: {problem}");
    }
}

const KNOWN: [&str; 14] = [
    "$schema",
    "$defs",
    "$ref",
    "title",
    "description",
    "type",
    "enum",
    "anyOf",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "minimum",
    "const",
];

fn validate(root: &Value, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    let keywords = schema.as_object().ok_or(format!("{at}: the schema is no object"))?;
    if let Some(unknown) = keywords.keys().find(|k| !KNOWN.contains(&k.as_str())) {
        return Err(format!("{at}: unknown keyword {unknown}"));
    }
    if let Some(reference) = schema["$ref"].as_str() {
        let target = root.pointer(reference.trim_start_matches('#')).ok_or(format!("{at}: no {reference}"))?;
        return validate(root, target, value, at);
    }
    if let Some(options) = schema["anyOf"].as_array() {
        let problems: Vec<String> = options.iter().filter_map(|o| validate(root, o, value, at).err()).collect();
        if problems.len() == options.len() {
            return Err(problems.join("; "));
        }
    }
    if let Some(options) = schema["enum"].as_array()
        && !options.contains(value)
    {
        return Err(format!("{at}: {value} is none of {}", schema["enum"]));
    }
    if !schema["type"].is_null() && !types(&schema["type"]).iter().any(|t| is(value, t)) {
        return Err(format!("{at}: {value} is not of type {}", schema["type"]));
    }
    if let (Some(least), Some(number)) = (schema["minimum"].as_f64(), value.as_f64())
        && number < least
    {
        return Err(format!("{at}: {number} is below {least}"));
    }
    members(root, schema, value, at)
}

fn members(root: &Value, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if value.get(name).is_none() {
            return Err(format!("{at}: {name} is missing"));
        }
    }
    for (name, member) in value.as_object().into_iter().flatten() {
        let at = format!("{at}.{name}");
        match (&schema["properties"][name], &schema["additionalProperties"]) {
            (Value::Null, Value::Bool(false)) => return Err(format!("{at}: not in the schema")),
            (Value::Null, Value::Null | Value::Bool(true)) => {}
            (Value::Null, others) => validate(root, others, member, &at)?,
            (property, _) => validate(root, property, member, &at)?,
        }
    }
    if !schema["items"].is_null() {
        for (i, item) in value.as_array().into_iter().flatten().enumerate() {
            validate(root, &schema["items"], item, &format!("{at}[{i}]"))?;
        }
    }
    Ok(())
}

fn types(value: &Value) -> Vec<&str> {
    value
        .as_array()
        .map_or_else(|| value.as_str().into_iter().collect(), |a| a.iter().filter_map(Value::as_str).collect())
}

fn is(value: &Value, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        _ => false,
    }
}

#[test]
fn a_changed_report_is_refused() {
    let schema: Value = serde_json::from_str(include_str!("../../docs/report.schema.json")).expect("JSON");
    let run = crate::command::run(&["check", crate::command::YUKAWA, "--json"]);
    let good: Value = serde_json::from_str(&run.out).expect("JSON");
    let spoil: [fn(&mut Value); 5] = [
        |v| v["verdict"] = "perhaps".into(),
        |v| v["extra"] = 1.into(),
        |v| v["dispersion"]["selected"] = (-1).into(),
        |v| v["c1"]["certificate"]["premises"][0]["rule"] = 3.into(),
        |v| {
            v.as_object_mut().map(|o| o.remove("kernel"));
        },
    ];
    assert!(validate(&schema, &schema, &good, "$").is_ok());
    for spoil in spoil {
        let mut bad = good.clone();
        spoil(&mut bad);
        assert!(validate(&schema, &schema, &bad, "$").is_err(), "{bad}");
    }
}
