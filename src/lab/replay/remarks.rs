//! What there is to say about the files of a run.

use crate::lab::state::{Kind, Log};

/// Sentences about the files.
#[derive(Debug, Default)]
pub(super) struct Remarks(Vec<(Kind, String)>);

impl Remarks {
    /// Good to know.
    pub fn note(&mut self, text: String) {
        self.0.push((Kind::Note, text));
    }

    /// Something is not as it should be.
    pub fn warn(&mut self, text: String) {
        self.0.push((Kind::Warning, text));
    }

    /// Writes them down.
    pub fn tell(&self, log: &mut Log) {
        for (kind, text) in &self.0 {
            match kind {
                Kind::Note => log.note(0, text),
                Kind::Warning => log.warn(0, text),
            }
        }
    }
}
