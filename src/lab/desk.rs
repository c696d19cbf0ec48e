//! What the panels want done. A panel puts it on the desk; the app takes it from there.

use std::path::PathBuf;
use std::sync::Arc;

use super::panel::PanelKind;
use crate::train::ask::{FaceId, NewFace};
use crate::train::event::{Control, LiveSetting};

/// Wishes of one frame, in order.
#[derive(Debug, Default)]
pub struct Desk {
    /// For the trainer.
    pub controls: Vec<Control>,
    /// For the app.
    pub commands: Vec<Command>,
}

/// Something the app does itself.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Bring a panel to the front.
    Show(PanelKind),
    /// Write a file into the run's folder and say so.
    Save {
        /// Name without folder, e.g. `losses.png`.
        name: String,
        /// What it holds.
        bytes: Vec<u8>,
    },
    /// Say something for a few seconds.
    Say(String),
    /// Let the user choose an image file; it goes to the photo panel.
    ChoosePhoto,
    /// This file goes to the photo panel.
    OpenPhoto(PathBuf),
    /// Show the morph panel with this face.
    Morph(FaceId),
    /// Let this face be chosen everywhere, and let the network know it.
    AddFace {
        /// What it is called.
        name: String,
        /// Number and pixels.
        face: Arc<NewFace>,
    },
    /// Go on from the last checkpoint with a new trainer.
    Restart {
        /// Where the old device is the trouble.
        on_cpu: bool,
    },
    /// Replay: go to this step.
    Seek(u64),
    /// Replay: play so many steps per second; 0 pauses.
    PlaySpeed(f64),
    /// Begin or leave the guided tour.
    Lesson(bool),
    /// Put all panels back where they were at first.
    ResetLayout,
}

impl Desk {
    /// Tells the trainer.
    pub fn tell(&mut self, control: Control) {
        self.controls.push(control);
    }

    /// Changes a setting of the running training.
    pub fn set(&mut self, setting: LiveSetting) {
        self.tell(Control::Set(setting));
    }

    /// Writes a file into the run's folder and says so.
    pub fn save(&mut self, name: impl Into<String>, bytes: Vec<u8>) {
        self.commands.push(Command::Save {
            name: name.into(),
            bytes,
        });
    }

    /// Says something for a few seconds.
    pub fn say(&mut self, text: impl Into<String>) {
        self.commands.push(Command::Say(text.into()));
    }
}
