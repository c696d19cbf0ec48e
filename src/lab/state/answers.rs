//! The latest answers.

use std::sync::Arc;

use crate::train::ask::{Answer, Question};

/// Answers that are kept: those of all panels in view, and then some.
const MOST: usize = 12;

/// The latest answers, one per question.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    latest: Vec<Arc<Answer>>,
}

impl Answers {
    /// Takes note of an answer.
    pub fn push(&mut self, answer: Arc<Answer>) {
        self.latest.retain(|old| old.question != answer.question);
        self.latest.push(answer);
        if self.latest.len() > MOST {
            self.latest.remove(0);
        }
    }

    /// All that are kept, the newest first.
    pub fn newest_first(&self) -> impl Iterator<Item = &Arc<Answer>> {
        self.latest.iter().rev()
    }

    /// The latest answer to exactly this question, else to one of its kind. Compare
    /// [`Answer::question`] to learn which; the window shows the older one until the new one is
    /// there.
    pub fn like(&self, question: &Question) -> Option<&Arc<Answer>> {
        let kind = std::mem::discriminant(question);
        let same = |answer: &&Arc<Answer>| answer.question == *question;
        let alike = |answer: &&Arc<Answer>| std::mem::discriminant(&answer.question) == kind;
        self.newest_first()
            .find(same)
            .or_else(|| self.newest_first().find(alike))
    }
}
