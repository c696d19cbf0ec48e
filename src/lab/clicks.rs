//! Quick clicks in slow frames.
//!
//! A slider follows the button while it is down. Where frames are rare, a press and its release may
//! arrive in the same frame, and the slider never sees the button down. What comes from the release
//! on is then kept for the next frame.

use eframe::egui::{Event, RawInput};

/// Input that waits for the next frame.
#[derive(Default)]
pub struct Clicks {
    later: Vec<Event>,
}

impl Clicks {
    /// Splits a frame's events before the release of a button that was pressed in the same frame.
    /// Whether another frame is needed.
    pub fn split(&mut self, input: &mut RawInput) -> bool {
        if !self.later.is_empty() {
            input.events.splice(0..0, self.later.drain(..));
        }
        let mut pressed = None;
        let release = input.events.iter().position(|event| match event {
            Event::PointerButton {
                button,
                pressed: true,
                ..
            } => {
                pressed = Some(*button);
                false
            }
            Event::PointerButton { button, .. } => pressed == Some(*button),
            _ => false,
        });
        if let Some(at) = release {
            self.later = input.events.split_off(at);
        }
        release.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use eframe::egui::{Modifiers, PointerButton, pos2};

    fn button(pressed: bool) -> Event {
        Event::PointerButton {
            pos: pos2(1.0, 2.0),
            button: PointerButton::Primary,
            pressed,
            modifiers: Modifiers::NONE,
        }
    }

    #[test]
    fn a_click_in_one_frame_becomes_two_frames() {
        let mut clicks = Clicks::default();
        let moved = Event::PointerMoved(pos2(3.0, 4.0));
        let mut frame = |events: Vec<Event>| {
            let mut input = RawInput {
                events,
                ..RawInput::default()
            };
            let again = clicks.split(&mut input);
            (input.events, again)
        };
        // Two clicks at once: every press has a frame in which the button is down.
        let all = vec![
            button(true),
            button(false),
            moved.clone(),
            button(true),
            button(false),
        ];
        assert_eq!(frame(all), (vec![button(true)], true));
        let next = vec![button(false), moved.clone(), button(true)];
        assert_eq!(frame(vec![]), (next, true));
        assert_eq!(frame(vec![]), (vec![button(false)], false));
        // A button that is held, and one that was pressed before, pass as they come.
        assert_eq!(frame(vec![button(true)]), (vec![button(true)], false));
        let last = vec![moved, button(false)];
        assert_eq!(frame(last.clone()), (last, false));
        assert_eq!(frame(vec![]), (vec![], false));
    }
}
