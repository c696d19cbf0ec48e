//! A stretch of a run, event after event.

use std::ops::Range;
use std::sync::Arc;

use super::pictures::{Pixels, grid_of};
use super::read::Record;
use crate::train::event::{Event, FaceGrid};

/// A stretch of a run: events in the order in which they happened. They are made one by one, as a
/// long run has millions.
#[derive(Debug)]
pub struct Feed {
    pub(super) record: Arc<Record>,
    pub(super) steps: Range<usize>,
    pub(super) others: Range<usize>,
    /// Grids that are not in here are passed over.
    pub(super) pixels: Pixels,
}

impl Iterator for Feed {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        loop {
            let step = self.record.steps[self.steps.clone()].first();
            let other = self.record.others[self.others.clone()].first();
            match (step, other) {
                (Some(step), other) if other.is_none_or(|other| step.step <= other.after) => {
                    let event = Event::Step(step.clone());
                    self.steps.start += 1;
                    return Some(event);
                }
                (_, Some(other)) => {
                    let event = self.complete(self.others.start, &other.event);
                    self.others.start += 1;
                    if event.is_some() {
                        return event;
                    }
                }
                (_, None) => return None,
            }
        }
    }
}

impl Feed {
    /// The event at `at` among the others, a grid with its pixels.
    fn complete(&self, at: usize, event: &Event) -> Option<Event> {
        let Some(grid) = grid_of(event) else {
            return Some(event.clone());
        };
        let pixels = match self.pixels.get(&at)? {
            Ok(pixels) => pixels.clone(),
            Err(text) => return Some(Event::Note { text: text.clone() }),
        };
        let grid = FaceGrid {
            pixels,
            ..grid.clone()
        };
        Some(match event {
            Event::Gallery(_) => Event::Gallery(grid),
            _ => Event::Faces(grid),
        })
    }
}
