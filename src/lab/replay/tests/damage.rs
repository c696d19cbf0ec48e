//! Files that are damaged or missing.

use super::*;

#[test]
fn a_cut_off_run_ends_with_a_word() {
    let mut run = Writer::new();
    run.run(0, 25, 10);
    for name in [jsonl::FILE, metrics_csv::FILE] {
        let bytes = fs::read(run.file(name)).unwrap();
        fs::write(run.file(name), &bytes[..bytes.len() - 5]).unwrap();
    }
    let state = at_end(run.path());
    assert_eq!((state.step, &state.phase), (24, &Phase::Running));
    assert_eq!(warnings(&state), Vec::<&str>::new(), "nothing is damaged");
    assert!(notes(&state)[0].contains("ends at step 24"));
}

#[test]
fn damaged_lines_are_counted_and_left_out() {
    let run = finished();
    let text = fs::read_to_string(run.file(jsonl::FILE)).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    let epoch = lines
        .iter()
        .position(|line| line.contains("\"epoch\","))
        .unwrap();
    lines[epoch] = "{\"event\":\"epoch\",\"epo";
    lines.insert(30, "\u{fffd}\0 nothing");
    lines.insert(50, "{\"event\":\"from the future\",\"step\":3}");
    fs::write(run.file(jsonl::FILE), lines.join("\n") + "\n").unwrap();
    let state = at_end(run.path());
    assert_eq!((state.step, state.epochs.len()), (100, 4));
    let warnings = warnings(&state);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("left out: 3;"), "{warnings:?}");
}

#[test]
fn each_table_stands_in_for_the_other() {
    let whole = at_end(finished().path());
    let curve = |state: &LabState| state.history.points(Curve::Total);

    let run = finished();
    fs::remove_file(run.file(jsonl::FILE)).unwrap();
    let state = at_end(run.path());
    assert_eq!((curve(&state), &state.last), (curve(&whole), &whole.last));
    assert!(warnings(&state)[0].contains("events.jsonl cannot be read"));

    for damage in [None, Some("a,b\n1,2\n")] {
        let run = finished();
        let path = run.file(metrics_csv::FILE);
        match damage {
            None => fs::remove_file(path).unwrap(),
            Some(text) => fs::write(path, text).unwrap(),
        }
        let state = at_end(run.path());
        assert_eq!((curve(&state), &state.last), (curve(&whole), &whole.last));
        assert_eq!(state.epochs.len(), 5);
        assert!(warnings(&state)[0].contains("metrics.csv cannot be read"));
    }

    // The first part of one, the last part of the other.
    let run = finished();
    for (name, keep_first) in [(metrics_csv::FILE, true), (jsonl::FILE, false)] {
        let text = fs::read_to_string(run.file(name)).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let most = lines.len() * 2 / 3;
        let part = if keep_first {
            &lines[..most]
        } else {
            &lines[lines.len() - most..]
        };
        fs::write(run.file(name), part.join("\n") + "\n").unwrap();
    }
    let state = at_end(run.path());
    assert_eq!((curve(&state), &state.last), (curve(&whole), &whole.last));
}

#[test]
fn lines_of_older_versions_are_understood() {
    let run = finished();
    fs::remove_file(run.file(metrics_csv::FILE)).unwrap();
    let text = fs::read_to_string(run.file(jsonl::FILE)).unwrap();
    let older = text.replace(",\"views_ms\":0.0", "");
    assert_ne!(older, text);
    fs::write(run.file(jsonl::FILE), older).unwrap();
    let state = at_end(run.path());
    assert_eq!(state.last, Some(report(100)));
}

#[test]
fn missing_and_damaged_pictures_cost_only_themselves() {
    let run = finished();
    let picture = |name: &str| run.file("faces").join(name);
    fs::remove_file(picture("swap_0000030.png")).unwrap();
    fs::remove_file(picture("swap_0000040.png")).unwrap();
    fs::write(picture("reconstruction_0000050.png"), "no picture").unwrap();
    fs::copy(
        picture("swap_latest.png"),
        picture("reconstruction_0000060.png"),
    )
    .unwrap();
    let state = at_end(run.path());
    assert_eq!(state.snapshots.swaps.len(), 8);
    assert_eq!(state.snapshots.reconstructions.len(), 9);
    let notes = notes(&state);
    let tells = |part: &str| notes.iter().filter(|note| note.contains(part)).count();
    assert_eq!(tells("missing and left out: 2"), 1, "{notes:?}");
    assert_eq!(tells("swap_0000030.png"), 1, "{notes:?}");
    assert_eq!(tells("reconstruction_0000050.png"), 1, "{notes:?}");
}

#[test]
fn measurements_that_only_the_table_has_are_mentioned() {
    let mut run = Writer::new();
    run.run(0, 5, 10);
    run.stop(5, StopReason::Finished);
    assert_eq!(notes(&at_end(run.path())), Vec::<&str>::new());
    fs::write(
        run.file("knowledge.csv"),
        "step,epoch,code,quantity,value\n",
    )
    .unwrap();
    assert!(notes(&at_end(run.path()))[0].contains("knowledge.csv"));
}

#[test]
fn a_log_that_goes_back_without_a_word_does_no_harm() {
    let dir = tempfile::tempdir().unwrap();
    let mut lines = Vec::new();
    for step in (1..=40).chain(11..=20) {
        for event in events_of(step, 100) {
            serde_json::to_writer(&mut lines, &event).unwrap();
            lines.push(b'\n');
        }
    }
    fs::write(dir.path().join(jsonl::FILE), lines).unwrap();
    let mut player = open(dir.path());
    let mut state = player.new_state();
    for step in [5, 15, 40, 3, 20] {
        show(&mut player, &mut state, step);
        assert_eq!(state.last, Some(report(step.min(20))));
    }
}

#[test]
fn a_configuration_that_cannot_be_used_costs_only_itself() {
    let run = finished();
    fs::write(run.file("config.toml"), "epochs = \"many\"").unwrap();
    let state = at_end(run.path());
    assert_eq!((state.step, state.config.is_none()), (100, true));
    assert!(warnings(&state)[0].contains("config.toml"));
}

#[test]
fn folders_that_are_no_run_are_refused_with_advice() {
    let refusal = |path: &Path| {
        let text = Replay::open(path).unwrap_err().to_string();
        assert!(text.contains(&path.display().to_string()), "{text}");
        text
    };
    let dir = tempfile::tempdir().unwrap();
    assert!(refusal(&dir.path().join("none")).starts_with("there is no such folder"));
    let file = dir.path().join("metrics.csv");
    fs::write(&file, "").unwrap();
    assert!(refusal(&file).starts_with("this is no folder"));
    // The table is there, but empty.
    assert!(refusal(dir.path()).contains("has not made a step yet"));
    fs::remove_file(&file).unwrap();
    assert!(refusal(dir.path()).contains("no run was recorded here"));
    // The folder of all runs.
    let run = dir.path().join("demo");
    drop(Recorder::open(&run, 0));
    Recorder::open(&run, 0).on_event(&started(&run, 0));
    let text = refusal(dir.path());
    assert!(
        text.contains(&format!("such as {}", run.display())),
        "{text}"
    );
    assert!(refusal(&run).contains("has not made a step yet"));
    fs::write(run.join(metrics_csv::FILE), "a,b\n1,2\n").unwrap();
    let text = Replay::open(&run).unwrap_err().to_string();
    assert!(
        text.contains("cannot be read") && text.ends_with("metrics.csv"),
        "{text}"
    );
}
