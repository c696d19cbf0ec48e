//! The sentences.

use std::path::Path;
use std::time::Duration;

use super::pace::Pace;
use crate::eval::probe::CodeReport;
use crate::train::event::{KnowledgeReport, RunInfo, RunState, StepReport, StopReason};

/// What is about to be trained, on what, where to: one line each.
pub fn started(info: &RunInfo) -> Vec<String> {
    let epochs = info.last_step.div_ceil(info.steps_per_epoch.max(1));
    let steps = if info.resumed_at > 0 {
        let (at, last) = (count(info.resumed_at), count(info.last_step));
        format!("going on after step {at} of {last}")
    } else {
        format!("{} in {epochs} epochs", count(info.last_step))
    };
    [
        ("Device", info.device.clone()),
        ("Data", info.data.clone()),
        (
            "Model",
            format!(
                "{} parameters, preset {}",
                short(info.parameters),
                info.preset
            ),
        ),
        (
            "Batch",
            format!(
                "{} images per step, {} steps per epoch",
                count(info.images_per_step),
                count(info.steps_per_epoch)
            ),
        ),
        ("Steps", steps),
        ("Folder", info.dir.display().to_string()),
    ]
    .into_iter()
    .map(|(name, text)| format!("{name:<7} {text}"))
    .collect()
}

/// Where training stands, the most important first, since a narrow terminal cuts the end.
pub fn step(report: &StepReport, pace: &Pace) -> String {
    let mut parts = vec![
        format!("Epoch {}", report.epoch),
        format!("step {}/{}", report.step, pace.last_step),
        format!("{:.0} images/s", pace.images_per_s()),
        format!("total {:.3}", report.total),
    ];
    parts.extend(report.dis.map(|dis| format!("dis {dis:.3}")));
    parts.extend(report.face.map(|face| format!("face {face:.3}")));
    parts.extend(report.pose.map(|pose| format!("pose {pose:.3}")));
    parts.push(format!(
        "α {:.2}/{:.2}",
        report.alpha_pose, report.alpha_face
    ));
    parts.push(format!("waiting {:.0}%", pace.wait_percent()));
    if report.step < pace.last_step {
        parts.extend(pace.left().map(|left| format!("{} left", duration(left))));
    }
    parts.join(" · ")
}

/// How training ended and what to do next.
pub fn stopped(step: u64, reason: &StopReason, pace: &Pace) -> Vec<String> {
    let resume = format!("visage train --resume {}", quoted(&pace.dir));
    match reason {
        StopReason::Finished => vec![format!(
            "Finished after {} steps. The results are in {}.",
            count(step),
            pace.dir.display()
        )],
        StopReason::Interrupted if pace.checkpoint.is_none() => vec![format!(
            "Stopped at step {}. No checkpoint could be written, so there is nothing to go on from.",
            count(step)
        )],
        StopReason::Interrupted => vec![
            format!("Stopped at step {}. To go on:", count(step)),
            format!("    {resume}"),
        ],
        StopReason::Unsaved { text } => vec![text.clone()],
        StopReason::Unusable { text } | StopReason::Failed { text } => {
            let mut lines = vec![format!("Training failed at step {}: {text}", count(step))];
            if let Some(saved) = pace.checkpoint {
                lines.push(format!("To go on from step {}:", count(saved)));
                lines.push(format!("    {resume}"));
            }
            lines
        }
    }
}

/// What each code knows: the questions on which the capacity of a code does not help.
pub fn knowledge(report: &KnowledgeReport) -> Vec<String> {
    let codes = &report.table.codes;
    let find = |name: &str| codes.iter().find(|code| code.code == name);
    let (Some(f_f), Some(f_p), Some(chance)) = (find("F_f"), find("F_p"), find("chance")) else {
        return Vec::new();
    };
    let mut parts = Vec::new();
    let pose = |code: &CodeReport| Some(code.retrieval.pose_other_identity.as_ref()?.yaw_deg);
    if let (Some(p), Some(f), Some(c)) = (pose(f_p), pose(f_f), pose(chance)) {
        parts.push(format!(
            "yaw of the nearest other person, by F_p {p:.0}° off, by F_f {f:.0}° (chance {c:.0}°)"
        ));
    }
    let who = |code: &CodeReport| code.retrieval.identity_other_pose;
    if let (Some(f), Some(p), Some(c)) = (who(f_f), who(f_p), who(chance)) {
        parts.push(format!(
            "same person in another pose, by F_f {:.0} %, by F_p {:.0} % (chance {:.0} %)",
            100.0 * f,
            100.0 * p,
            100.0 * c
        ));
    }
    if let Some(swap) = &report.table.swap {
        parts.push(format!(
            "swapped face {:.3} from the truth (mean face {:.3})",
            swap.decoded.l1, swap.mean_face.l1
        ));
    }
    if parts.is_empty() {
        return parts;
    }
    vec![format!(
        "What the codes know after step {}: {}.",
        count(report.step),
        parts.join("; ")
    )]
}

/// Training waits, or goes on.
pub fn state(step: u64, state: RunState) -> Vec<String> {
    vec![match state {
        RunState::Running => format!("Going on after step {}.", count(step)),
        RunState::Paused => format!("Paused after step {}.", count(step)),
        RunState::Finished => format!("All {} steps are done.", count(step)),
    }]
}

/// A checkpoint is on disk.
pub fn checkpoint(step: u64, path: &Path) -> String {
    format!(
        "Checkpoint of step {} saved in {}.",
        count(step),
        path.display()
    )
}

/// `12 s`, `3 min 20 s`, `2 h 05 min`, `4 d 3 h`.
pub(crate) fn duration(time: Duration) -> String {
    let seconds = time.as_secs_f64().round() as u64;
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{minutes} min {:02} s", seconds % 60),
        3600..86_400 => format!("{hours} h {:02} min", minutes % 60),
        _ => format!("{} d {} h", hours / 24, hours % 24),
    }
}

/// A whole number with its thousands apart: `1 234 567`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// `850`, `12.3 thousand`, `38.4 million`.
fn short(number: u64) -> String {
    match number {
        1_000_000.. => format!("{:.1} million", number as f64 / 1e6),
        10_000.. => format!("{:.1} thousand", number as f64 / 1e3),
        _ => count(number),
    }
}

/// A path as it can be pasted into a shell.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |char: char| char.is_alphanumeric() || "/\\._-:+=,@~".contains(char);
    if text.chars().all(plain) {
        text
    } else {
        format!("\"{text}\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_words() {
        assert_eq!([7, 1234, 1_234_567].map(count), ["7", "1 234", "1 234 567"]);
        let sizes = [999, 12_345, 38_400_000].map(short);
        assert_eq!(sizes, ["999", "12.3 thousand", "38.4 million"]);
        let times = [12, 200, 7500, 356_400].map(|s| duration(Duration::from_secs(s)));
        assert_eq!(times, ["12 s", "3 min 20 s", "2 h 05 min", "4 d 3 h"]);
    }

    #[test]
    fn paths_can_be_pasted() {
        assert_eq!(quoted(Path::new("runs/first-1")), "runs/first-1");
        assert_eq!(quoted(Path::new("my runs/1")), "\"my runs/1\"");
    }

    #[test]
    fn absent_terms_are_not_mentioned() {
        let report = StepReport {
            step: 5,
            epoch: 1,
            face: Some(4.2),
            ..StepReport::default()
        };
        let line = step(&report, &Pace::default());
        assert!(
            line.contains("face 4.200") && !line.contains("pose"),
            "{line}"
        );
    }

    #[test]
    fn ways_to_go_on() {
        let mut pace = Pace::default();
        pace.dir = "runs/a b".into();
        let nowhere = stopped(1500, &StopReason::Interrupted, &pace);
        assert!(nowhere[0].contains("nothing to go on from"), "{nowhere:?}");
        pace.checkpoint = Some(1500);
        let lines = stopped(1500, &StopReason::Interrupted, &pace);
        assert_eq!(
            lines,
            [
                "Stopped at step 1 500. To go on:",
                "    visage train --resume \"runs/a b\""
            ]
        );
        pace.checkpoint = None;
        let failed = StopReason::Failed {
            text: "The loss is not a number.".into(),
        };
        assert_eq!(
            stopped(7, &failed, &pace),
            ["Training failed at step 7: The loss is not a number."]
        );
        pace.checkpoint = Some(5);
        assert_eq!(stopped(7, &failed, &pace)[1], "To go on from step 5:");
    }
}
