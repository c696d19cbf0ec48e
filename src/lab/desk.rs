//! What the panels want done. A panel puts it on the desk; the app takes it from there.

use std::sync::Arc;
use std::{fmt, io};

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
    /// The same with something that takes longer to make than a frame may last.
    Make {
        /// Name without folder.
        name: String,
        /// Makes what the file holds.
        work: Work,
    },
    /// Say something for a few seconds.
    Say(String),
    /// Let the user choose an image file; it goes to the photo panel.
    ChoosePhoto,
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
    /// Leave the trained network that is played with, and begin to train.
    TrainFromNothing,
    /// Replay: go to this step.
    Seek(u64),
    /// Replay: play so many steps per second; 0 pauses.
    PlaySpeed(f64),
    /// Begin or leave the guided tour.
    Lesson(bool),
    /// Put all panels back where they were at first.
    ResetLayout,
}

/// Makes the bytes of a file, away from the window's thread.
#[derive(Clone)]
pub struct Work(Arc<dyn Fn() -> io::Result<Vec<u8>> + Send + Sync>);

impl Work {
    /// Does it.
    ///
    /// # Errors
    ///
    /// Why it cannot be made.
    pub fn make(&self) -> io::Result<Vec<u8>> {
        (self.0)()
    }
}

impl fmt::Debug for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Work")
    }
}

impl PartialEq for Work {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
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

    /// The same with something that takes longer to make than a frame may last.
    pub fn make(
        &mut self,
        name: impl Into<String>,
        work: impl Fn() -> io::Result<Vec<u8>> + Send + Sync + 'static,
    ) {
        self.commands.push(Command::Make {
            name: name.into(),
            work: Work(Arc::new(work)),
        });
    }

    /// Says something for a few seconds.
    pub fn say(&mut self, text: impl Into<String>) {
        self.commands.push(Command::Say(text.into()));
    }
}
