//! When two typed values are the same: maps and sets without order, floats within half a unit in the last place, and
//! what a message leaves out is its default.

use std::collections::BTreeMap;

use serde_json::Value as Json;

/// Whether two typed values are the same.
pub fn same_value(want: &Json, got: &Json) -> bool {
    let (Some((kind, a)), Some((other, b))) = (only(want), only(got)) else { return want == got };
    let all = |a: &[&Json], b: &[&Json]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_value(a, b));
    kind == other
        && match kind {
            "intValue" => text(a) == text(b),
            "floatValue" => same_float(a, b),
            "latlngValue" => ["latitude", "longitude"].iter().all(|part| same_float(&a[part], &b[part])),
            "listValue" | "vectorValue" => all(&values(a), &values(b)),
            "setValue" => {
                let (a, mut b) = (values(a), values(b));
                let mut take = |a| b.iter().position(|b| same_value(a, b)).map(|at| b.remove(at));
                a.into_iter().all(|a| take(a).is_some()) && b.is_empty()
            }
            "mapValue" => {
                let (a, b) = (fields(a), fields(b));
                a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same_value(a, b)))
            }
            "nullValue" => true,
            _ => without_defaults(a) == without_defaults(b),
        }
}

fn only(value: &Json) -> Option<(&str, &Json)> {
    value.as_object().filter(|fields| fields.len() == 1)?.iter().next().map(|(kind, value)| (kind.as_str(), value))
}

fn values(list: &Json) -> Vec<&Json> {
    list["values"].as_array().into_iter().flatten().collect()
}

fn fields(map: &Json) -> BTreeMap<&str, &Json> {
    map["fields"].as_object().into_iter().flatten().map(|(key, value)| (key.as_str(), value)).collect()
}

fn text(number: &Json) -> String {
    number.as_str().map_or_else(|| number.to_string(), str::to_owned)
}

fn same_float(a: &Json, b: &Json) -> bool {
    let float = |json: &Json| match json {
        Json::Null => Some(0.0),
        Json::String(text) => text.parse().ok(),
        other => other.as_f64(),
    };
    let (Some(a), Some(b)): (Option<f64>, Option<f64>) = (float(a), float(b)) else { return a == b };
    let near = (a - b).abs() <= 4e-16 * a.abs().max(b.abs());
    (a.is_nan() && b.is_nan()) || (a.is_sign_negative() == b.is_sign_negative() && (a == b || near))
}

fn without_defaults(message: &Json) -> Json {
    let is_default = |value: &Json| {
        value.as_object().is_some_and(serde_json::Map::is_empty) || value.as_array().is_some_and(Vec::is_empty)
    };
    match message {
        Json::Object(fields) => {
            let kept = fields.iter().filter(|(_, value)| !is_default(value));
            Json::Object(kept.map(|(key, value)| (key.clone(), without_defaults(value))).collect())
        }
        Json::Array(items) => items.iter().map(without_defaults).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::same_value;

    #[test]
    fn order_counts_in_lists_and_not_in_sets_and_maps() {
        let list = |kind: &str, a: i64, b: i64| json!({ kind: { "values": [{ "intValue": a }, { "intValue": b.to_string() }] } });
        assert!(same_value(&list("setValue", 1, 2), &list("setValue", 2, 1)));
        assert!(!same_value(&list("listValue", 1, 2), &list("listValue", 2, 1)));
        let float = |n: f64| json!({ "floatValue": n });
        assert!(!same_value(&float(0.0), &float(-0.0)));
        assert!(same_value(&json!({ "floatValue": "NaN" }), &json!({ "floatValue": "NaN" })));
        assert!(same_value(&json!({ "mapValue": {} }), &json!({ "mapValue": { "fields": {} } })));
    }
}
