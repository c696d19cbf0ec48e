//! `visage bench` from the outside: what it prints, and when it fails.

use serde_json::{Value, json};

use crate::process::{Finished, Place, names};

/// A few steps of a tiny network on `faces`.
fn bench(place: &Place, more: &[&str]) -> Finished {
    let few = ["--steps", "2", "--warmup", "1"];
    place.run(&place.tiny_of("bench", &[&few[..], more].concat()))
}

fn parsed(finished: Finished) -> Value {
    serde_json::from_str(&finished.expect(0).stdout).expect("JSON")
}

#[test]
fn a_step_is_taken_apart_and_judged_by_a_baseline() {
    let place = Place::new();
    place.faces(6);
    let now = parsed(bench(&place, &["--json"]));
    let number = |key: &str| {
        let number = now[key].as_f64().unwrap_or_else(|| panic!("{key}: {now}"));
        assert!(number > 0.0, "{key}: {number}");
        number
    };
    for key in ["images_per_s", "flops", "ceiling_flops", "peak_bytes"] {
        number(key);
    }
    assert!(number("first_step_ms") > number("step_ms"));
    assert_eq!(
        (&now["adapter"], &now["driver"]),
        (&json!("CPU"), &json!("burn-flex"))
    );
    let phases = now["phases_ms"].as_object().unwrap();
    let named: Vec<_> = phases.keys().map(String::as_str).collect();
    assert_eq!(
        named,
        [
            "augment",
            "backward",
            "forward",
            "load",
            "optimiser",
            "snapshot"
        ]
    );
    let inside = phases.iter().filter(|(name, _)| *name != "snapshot");
    let sum: f64 = inside.map(|(_, ms)| ms.as_f64().unwrap()).sum();
    let step = number("step_ms");
    // Of two steps the medians are means, and those add up.
    assert!((sum / step - 1.0).abs() < 1e-6, "{sum} {step}");
    // No run is left behind.
    assert_eq!(names(&place.path("")), ["cache", "faces"]);

    let against = |step_ms: f64, config: &Value| {
        let then = json!({ "config": config, "step_ms": step_ms, "ceiling_flops": number("ceiling_flops") });
        std::fs::write(place.path("then.json"), then.to_string()).unwrap();
        bench(&place, &["--baseline", "then.json"])
    };
    let said = against(100.0 * step, &now["config"]).expect(0).stdout;
    for word in ["now/then", "End to end", "GFLOP/s", "GiB"] {
        assert!(said.contains(word), "{word}: {said}");
    }
    against(step / 100.0, &now["config"])
        .expect(1)
        .says(&["times as long", "then.json"]);
    against(step, &json!("another"))
        .expect(2)
        .says(&["another step", "then.json"]);
}

#[test]
fn phases_and_operations_can_be_had_alone() {
    let place = Place::new();
    place.faces(6);
    let load = parsed(bench(&place, &["--phase", "load", "--json"]));
    assert_eq!(load["phase"], "load");
    assert!(load["images_per_s"].as_f64().unwrap() > 0.0);
    for phase in ["augment", "backward", "snapshot"] {
        let one = parsed(bench(&place, &["--phase", phase, "--json"]));
        assert!(one["ms"].as_f64().unwrap() > 0.0, "{phase}");
    }
    let ops = parsed(bench(&place, &["--op", "conv2,adam", "--json"]));
    assert_eq!(ops["ops"][0]["name"], "conv2");
    assert!(ops["ops"][0]["backward"]["median"].as_f64().unwrap() > 0.0);
    assert_eq!(ops["ops"][1]["backward"], Value::Null);
    let refused = place
        .run(&["bench", "--kernels", "--device", "cpu"])
        .expect(2);
    assert!(refused.stderr.contains("--device"), "{}", refused.stderr);
    let list = place.run(&["bench", "--op", "list"]).expect(0).stdout;
    assert!(list.lines().any(|name| name == "attention1"), "{list}");
}

#[test]
fn what_cannot_be_measured_ends_with_2_and_a_sentence() {
    let place = Place::new();
    place.faces(2);
    let mistakes: &[(&[&str], &[&str])] = &[
        (&["--op", "conf2"], &["no operation `conf2`", "conv2"]),
        (&["--phase", "sideways"], &["sideways", "forward"]),
        (&["--phase", "load", "--op", "adam"], &["--phase", "--op"]),
        (&["--baseline", "missing.json"], &["missing.json"]),
        (&["--lab", "--json"], &["--lab", "--json"]),
        (
            &["--set", "batch.recom=4"],
            &["did you mean `batch.recon`?"],
        ),
    ];
    for (mistake, words) in mistakes {
        place
            .run(&[&["bench"], *mistake].concat())
            .expect(2)
            .says(words);
    }
    place
        .run(&["bench", "--data", "missing", "--device", "cpu"])
        .expect(2)
        .says(&["does not exist", "missing"]);
}
