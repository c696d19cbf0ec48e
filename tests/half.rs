//! Runs with maps of 16 bits: the loss scale, steps that it costs, and going on with it.

use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;

use serde_json::{Value, json};
use visage::config::RunConfig;
use visage::device::{DeviceRequest, choose};
use visage::run::{self, RunFile, RunPlan};
use visage::train::event::{Event, StopReason};
use visage::weights;

/// A small network on generated faces, on the software GPU; nothing if there is none.
fn plan(dir: &Path, last_step: u64) -> Option<RunPlan> {
    if let Err(error) = choose(DeviceRequest::Software) {
        let required = std::env::var_os("VISAGE_REQUIRE_GPU").is_some();
        assert!(!required, "VISAGE_REQUIRE_GPU is set, but {error}");
        return None;
    }
    let sets = [
        "precision=f16",
        "backbone=facecycle_paper",
        "recon.start_px=4",
        "recon.components=0",
        "recon.deform=false",
        "batch.recon=2",
        "batch.face=2",
        "pose.batch_size=1",
        "pose.num_negatives=2",
        "snapshot.faces=2",
        "snapshot.every_steps=0",
        "knowledge.pictures=0",
        "checkpoint.keep=9",
    ];
    Some(RunPlan {
        dir: dir.join("run"),
        numbered: false,
        config: RunConfig::resolve(Some("demo"), None, &sets.map(String::from)).unwrap(),
        file: RunFile::new(None, Some(DeviceRequest::Software), Some(last_step)),
        resume: false,
        paused: false,
        stay: false,
        record: true,
        network: None,
        goal: None,
    })
}

/// Runs a plan to its end; its steps and its notes about steps.
fn run(plan: &RunPlan) -> (Vec<u64>, Vec<String>) {
    let (_keep, controls) = channel();
    let (mut steps, mut notes) = (Vec::new(), Vec::new());
    let reason = run::go(plan, &controls, &mut |event| match event {
        Event::Step(report) => {
            assert!(report.grad_norm.is_finite() && report.total.is_finite());
            steps.push(report.step);
        }
        Event::Note { text } if text.starts_with("Step ") => notes.push(text),
        Event::Warning { text } => panic!("{text}"),
        _ => {}
    });
    assert_eq!(reason.unwrap(), StopReason::Finished);
    (steps, notes)
}

fn checkpoint(plan: &RunPlan, step: u64) -> PathBuf {
    plan.dir.join(format!("checkpoints/step_{step:08}"))
}

fn state(plan: &RunPlan, step: u64) -> Value {
    let text = std::fs::read(checkpoint(plan, step).join("state.json")).unwrap();
    serde_json::from_slice(&text).unwrap()
}

#[test]
fn steps_that_do_not_fit_lower_the_scale_and_change_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let Some(fresh) = plan(folder.path(), 4) else {
        return;
    };
    let (steps, notes) = run(&fresh);
    assert_eq!(steps.len() + notes.len(), 4);
    let mut saved = state(&fresh, 4);
    let scale = &mut saved["progress"]["loss_scale"];
    let found = scale["factor"].as_f64().unwrap();
    assert_eq!(found, 2f64.powi(16 - notes.len() as i32));

    // No gradient fits into 16 bits 2⁴⁰ times as large as it is. Three steps without a finite loss
    // would end the run; these four are of another kind.
    scale["factor"] = json!(2f64.powi(40));
    let path = checkpoint(&fresh, 4).join("state.json");
    std::fs::write(path, saved.to_string()).unwrap();
    let again = RunPlan {
        resume: true,
        ..plan(folder.path(), 8).unwrap()
    };
    let (steps, notes) = run(&again);
    assert_eq!((steps, notes.len()), (vec![], 4), "{notes:?}");
    assert!(notes[3].contains("multiplied by 68719476736"), "{notes:?}");
    let now = state(&again, 8);
    assert_eq!(
        now["progress"]["loss_scale"],
        json!({"factor": 2f64.powi(36), "good_steps": 0})
    );
    assert_eq!(now["optimizer_steps"], saved["optimizer_steps"]);
    let numbers = |step| {
        let file = checkpoint(&again, step).join("model.safetensors");
        weights::read(&file).unwrap().0
    };
    assert_eq!(numbers(4), numbers(8));
}
