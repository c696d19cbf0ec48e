//! What a run began with, which stays the measure of its epochs.

use crate::config::RunConfig;
use crate::data::{FaceSource, StreamSizes};
use crate::train::checkpoint::{BeganWith, Progress};
use crate::train::event::Event;

/// Steps of one epoch. A run that is gone on with keeps those it began with, and with them its learning
/// rates and its end, if the faces have become others meanwhile, which is said. Other batches make
/// other epochs.
pub(super) fn epoch_length(
    progress: &mut Progress,
    source: &FaceSource,
    config: &RunConfig,
    emit: &mut dyn FnMut(Event),
) -> u64 {
    let sizes = StreamSizes::new(config);
    let now = BeganWith {
        census: source.census(),
        steps_per_epoch: sizes.steps_per_epoch(source.len()),
    };
    let began = progress.began_with.get_or_insert_with(|| now.clone());
    let same_batches = sizes.steps_per_epoch(began.census.items as usize) == began.steps_per_epoch;
    if began.census != now.census {
        let (before, after) = (began.census.items, now.census.items);
        let change = if before == after {
            format!("{after} faces as when the run began, but not the same ones")
        } else {
            format!("{after} faces, where the run began with {before}")
        };
        let schedule = if same_batches {
            "its epochs, learning rates and end stay as they were"
        } else {
            "with the new batches its epochs are others too"
        };
        emit(Event::Warning {
            text: format!("There are {change}; {schedule}."),
        });
    }
    if !same_batches {
        *began = now;
    }
    began.steps_per_epoch
}

#[cfg(test)]
mod tests {
    use super::*;

    fn length(progress: &mut Progress, people: usize, recon: usize) -> (u64, Vec<String>) {
        let source = FaceSource::generated(1, people, 64);
        let mut config = RunConfig::default();
        config.batch.recon = recon;
        let mut said = Vec::new();
        let steps = epoch_length(progress, &source, &config, &mut |event| match event {
            Event::Warning { text } => said.push(text),
            other => panic!("{other:?}"),
        });
        (steps, said)
    }

    #[test]
    fn other_faces_leave_the_epochs_as_they_were_and_are_named() {
        let mut progress = Progress::default();
        // 56 pictures of a person.
        assert_eq!(length(&mut progress, 4, 8), (28, vec![]));
        assert_eq!(length(&mut progress, 4, 8), (28, vec![]));
        let (steps, said) = length(&mut progress, 2, 8);
        assert_eq!(steps, 28);
        assert_eq!(
            said,
            [
                "There are 112 faces, where the run began with 224; its epochs, learning rates and end stay as they were."
            ]
        );
        // Other batches are a wish for other epochs.
        assert_eq!(length(&mut progress, 4, 16), (14, vec![]));
        assert_eq!(length(&mut progress, 4, 16), (14, vec![]));
    }
}
