//! A small run for tests that watch and steer it.

use std::path::Path;

use visage::config::RunConfig;
use visage::device::DeviceRequest;
use visage::run::{RunFile, RunPlan};

/// Steps of a run that a slow machine must not see the end of while a test still steers it.
const LONGER_THAN_ANY_TEST: u64 = 1_000_000;

/// A small network on generated faces, on the CPU, that answers after its end.
pub fn plan(dir: &Path, sets: &[&str]) -> RunPlan {
    let common = [
        "batch.recon=4",
        "batch.face=2",
        "pose.batch_size=1",
        "snapshot.every_steps=0",
        "knowledge.pictures=0",
    ];
    let sets: Vec<String> = common.iter().chain(sets).map(|s| s.to_string()).collect();
    RunPlan {
        dir: dir.join("run"),
        numbered: false,
        config: RunConfig::resolve(Some("demo"), None, &sets).unwrap(),
        file: RunFile::new(None, Some(DeviceRequest::Cpu), Some(LONGER_THAN_ANY_TEST)),
        resume: false,
        paused: false,
        stay: true,
        record: true,
        network: None,
        goal: None,
    }
}
